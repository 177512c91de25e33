"""Folders of bases that are damaged, or made to do harm."""

from broken_bases import config, files, generation, index, template, tokenizer, weights

FAULTS = [
    *files.FILES,
    *index.INDEXES,
    *weights.WEIGHT_FAULTS,
    *config.CONFIGS,
    *tokenizer.TOKENIZERS,
    *template.TEMPLATES,
    *generation.GENERATIONS,
]
