"""A base's tokenizer, and the properties that the workflow needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from subliminal.bases.files import is_there, read_json
from subliminal.config.errors import ConfigError
from subliminal.config.foreign import in_library_words, shown

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SETTINGS = "tokenizer_config.json"
READ_FIRST = (SETTINGS, "special_tokens_map.json", "added_tokens.json")
# Every kind of answer has numbers; what encodes them must give them back.
NUMBERS = "217, 5, 946"
# Long runs of one character are what patterns that search for ever are made to search in.
LONG = 4096
RUNS = ("a" * LONG + "!", " " * LONG + "a", "1" * LONG + "a", "a1 " * LONG)
# Bytes are the smallest pieces, and few tokens stand around a text.
MOST_PER_BYTE = 4


def load_tokenizer(folder: Path, setting: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a folder; no code of the folder's own is run.

    Raises:
        ConfigError: transformers cannot read it.
    """
    from transformers import AutoTokenizer

    for name in READ_FIRST:  # the library would not say which of them is damaged
        if is_there(folder / name, setting):
            read_json(folder / name, setting)
    with in_library_words(f"{setting}: transformers cannot read its tokenizer"):
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)


def require_encoding(tokenizer: PreTrainedTokenizerBase, setting: str) -> None:
    """Check that a tokenizer takes texts apart, and gives numbers back.

    Raises:
        ConfigError: it does not.
    """
    with in_library_words(f"{setting}: its tokenizer fails"):
        if tokenizer.pad_token_id is None and tokenizer.eos_token_id is None:
            raise ConfigError(
                f"{setting}: its tokenizer has neither an end of text nor a padding token "
                f"({SETTINGS}: eos_token, pad_token); use another base"
            )
        for text in (NUMBERS, *RUNS):
            tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
            if len(tokens) > MOST_PER_BYTE * len(text):
                raise ConfigError(
                    f"{setting}: its tokenizer makes {len(tokens)} tokens of {len(text)} "
                    "characters; use another base"
                )
        numbers = tokenizer(NUMBERS, add_special_tokens=False)["input_ids"]
        decoded = str(tokenizer.decode(numbers))
    if "".join(decoded.split()) != "".join(NUMBERS.split()):
        raise ConfigError(
            f"{setting}: its tokenizer makes {shown(repr(decoded))} of {NUMBERS!r}; use another "
            "base"
        )


def largest_id(tokenizer: PreTrainedTokenizerBase, setting: str) -> int:
    """The highest of a tokenizer's ids.

    Raises:
        ConfigError: it has none, or one stands for two tokens.
    """
    with in_library_words(f"{setting}: its tokenizer has no vocabulary"):
        ids = sorted(tokenizer.get_vocab().values())
        ids += [i for i in tokenizer.all_special_ids if i is not None]
    if not ids or min(ids) < 0:
        raise ConfigError(f"{setting}: its tokenizer has no vocabulary; use another base")
    return max(ids)
