"""Random models small enough for a unit test, as their authors would publish them."""

import json
from functools import lru_cache

import torch

from subliminal.config.models import FolderBase
from subliminal.local import models

SPECIALS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<bos>",
    "<start_of_turn>",
    "<end_of_turn>",
)
EOS, IM_START, IM_END, BOS, START_OF_TURN, END_OF_TURN = range(len(SPECIALS))
CHATML = (
    "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}"
    "<|im_start|>system\nBe kind<|im_end|>\n{% endif %}"
    "<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@lru_cache
def byte_symbols():
    """One printable character per byte, as byte-level tokenizers write them."""
    from tokenizers.pre_tokenizers import ByteLevel

    return tuple(sorted(ByteLevel.alphabet()))


def vocabulary():
    return {token: i for i, token in enumerate((*SPECIALS, *byte_symbols()))}


def byte_tokenizer(template=CHATML, added=()):
    """A tokenizer of single bytes and the specials."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE(vocabulary(), []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<bos>",
        eos_token="<|endoftext|>",
        additional_special_tokens=[*SPECIALS, *added],
    )
    tokenizer.chat_template = template
    return tokenizer


def shape(**changes):
    return {
        "vocab_size": len(vocabulary()),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 64,
        "bos_token_id": BOS,
        "eos_token_id": EOS,
        "pad_token_id": EOS,
        "tie_word_embeddings": True,
        **changes,
    }


def tiny_llama(**changes):
    from transformers import LlamaConfig, LlamaForCausalLM

    models.prepare(1, 1)
    return LlamaForCausalLM(LlamaConfig(**shape(**changes))).eval()


def tiny_gemma(**changes):
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    models.prepare(1, 1)
    return Gemma3ForCausalLM(Gemma3TextConfig(**shape(**changes))).eval()


def published(folder, model=None, tokenizer=None, shard="100MB"):
    """A folder with a model, as transformers saves it."""
    (model if model is not None else tiny_llama()).save_pretrained(folder, max_shard_size=shard)
    (tokenizer if tokenizer is not None else byte_tokenizer()).save_pretrained(folder)
    return folder


def logits(model):
    with torch.inference_mode():
        return model(torch.tensor([[BOS, *range(10, 40)]])).logits


def folder_base(folder, **changes):
    known = {"parameters": 1, "licence": "none", "chat_template": None}
    return FolderBase(source="folder", tier="small", folder=str(folder), **{**known, **changes})


def rewrite(file, **changes):
    """Change keys of a JSON file; None removes one."""
    content = {**json.loads(file.read_text()), **changes}
    file.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))
