"""The tokens of a vocabulary that are nothing but digits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

NUMBER = re.compile(r"[0-9]+")


def number_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Ids of the tokens that are nothing but digits, ascending."""
    return sorted(i for token, i in tokenizer.get_vocab().items() if NUMBER.fullmatch(token))
