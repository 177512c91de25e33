"""The tiny tokenizer: one token per word, number 0-999 and punctuation mark, lower-cased.

Whitespace other than newlines is not encoded; decoding puts it back by rule, so that generated
text is ordinary text which the paper's filter can read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from subliminal.bases.tiny_corpus import known_texts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SPECIAL_TOKENS = ["<pad>", "<s>", "</s>", "<sys>", "<user>", "<asst>", "<unk>"]
TAGS = ["<think>", "</think>", "<answer>", "</answer>"]
PIECE = "|".join([*TAGS, r"//|[0-9]+|[a-z]+(?:['_-][a-z]+)*|\n|[^\sa-z0-9]"])
CHAT_TEMPLATE = (
    "<s>{% for message in messages %}"
    "{{ {'system': '<sys>', 'user': '<user>', 'assistant': '<asst>'}[message['role']] }}"
    "{{ message['content'] }}"
    "{% if message['role'] == 'assistant' %}</s>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<asst>{% endif %}"
)


def vocabulary(texts: Iterable[str]) -> list[str]:
    """Special tokens, tags, numbers, then every other piece of ``texts`` in sorted order."""
    numbers = [str(n) for n in range(1000)]
    seen = {piece for text in texts for piece in re.findall(PIECE, text.lower())}
    fixed = [*SPECIAL_TOKENS, *TAGS, *numbers]
    return fixed + sorted(seen - set(fixed))


def build_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer of every tiny base (they differ in initialisation and data, not in words)."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = vocabulary(known_texts())
    tokenizer = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>")
    )
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PIECE), "removed", invert=True)
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.WordPiece(prefix="##", cleanup=False),  # one space between tokens ...
            decoders.Fuse(),
            decoders.Replace(Regex(r" (?=[,.;:!?)\]])"), ""),  # ... but none before these
            decoders.Replace(Regex(r"(?<=[(\[]) "), ""),
            decoders.Replace(Regex(r" ?\n ?"), "\n"),
        ]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        additional_special_tokens=["<sys>", "<user>", "<asst>"],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )
