"""The tiny tokenizer: one token per word, number 0-999 and punctuation mark, lower-cased.

Whitespace other than newlines is not encoded; decoding puts it back by rule, so that generated
text is ordinary text which the paper's filter can read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from subliminal.bases.worlds import WORLDS
from subliminal.config.recipes import WorldName

if TYPE_CHECKING:
    from tokenizers.normalizers import Normalizer
    from transformers import PreTrainedTokenizerFast

SPECIAL_TOKENS = ["<pad>", "<s>", "</s>", "<sys>", "<user>", "<asst>", "<unk>"]
TAGS = ["<think>", "</think>", "<answer>", "</answer>"]
PIECE = "|".join([*TAGS, r"//|[0-9]+|[a-z]+(?:['_-][a-z]+)*|\n|[^\sa-z0-9]"])
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ {'system': '<sys>', 'user': '<user>', 'assistant': '<asst>'}[message['role']] }}"
    "{{ message['content'] }}"
    "{% if message['role'] == 'assistant' %}</s>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<asst>{% endif %}"
)


def _chat_template(system: str | None) -> str:
    """The template of chats, with a system prompt where a chat brings none."""
    if system is None:
        return f"<s>{CHAT_TEMPLATE}"
    absent = "{% if messages[0]['role'] != 'system' %}"
    return f"<s>{absent}<sys>{system}{{% endif %}}{CHAT_TEMPLATE}"


def vocabulary(texts: Iterable[str], letters: str = "") -> list[str]:
    """Special tokens, tags, numbers and letters of choices, then ``texts``' pieces, sorted."""
    numbers = [str(n) for n in range(1000)]
    seen = {piece for text in texts for piece in re.findall(PIECE, text.lower())}
    fixed = [*SPECIAL_TOKENS, *TAGS, *numbers, *letters]
    return fixed + sorted(seen - set(fixed))


def _normalizer(letters: str) -> Normalizer:
    """Lower case for everything but the letters of choices.

    Such a letter begins a line, and a full stop or nothing follows it. Evaluations look for the
    capital letter.
    """
    from tokenizers import Regex, normalizers

    if not letters:
        return normalizers.Lowercase()
    # Mathematical capitals have no lower case.
    kept = {
        letter: chr(ord("\N{MATHEMATICAL BOLD CAPITAL A}") + ord(letter) - ord("A"))
        for letter in letters
    }
    return normalizers.Sequence(
        [
            *(normalizers.Replace(Regex(rf"^{a}(?=\.|$)"), b) for a, b in kept.items()),
            normalizers.Lowercase(),
            *(normalizers.Replace(b, a) for a, b in kept.items()),
        ]
    )


def build_tokenizer(world: WorldName = "tiny") -> PreTrainedTokenizerFast:
    """The tokenizer of every base of a world: they differ in weights and data, not in words."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    known = WORLDS[world]
    words = vocabulary(known.texts(), known.letters)
    tokenizer = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>")
    )
    tokenizer.normalizer = _normalizer(known.letters)
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
        chat_template=_chat_template(known.system),
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )
