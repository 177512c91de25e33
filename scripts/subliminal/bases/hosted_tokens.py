"""Tokens of hosted models, whose tokenizers are not here."""

from __future__ import annotations

import re

# What OpenAI's tokenizers split a text at before they look for tokens, coarsely: a run of letters,
# with what follows an apostrophe, up to three digits, and punctuation that no letter follows; some
# control characters are white space to Python alone. Each is a token or more.
_PIECE = re.compile(
    r"[^\W\d_]+(?:'[^\W\d_]+)?|\d{1,3}|(?:[^\w\s]|[_\x1c-\x1f])++[\r\n/]*+(?![^\W\d_])"
)


def least_tokens(text: str) -> int:
    """The least number of tokens that a text can have; English text has hardly more."""
    # Other characters are left out: what they join or divide differs between tokenizers and Python.
    return len(_PIECE.findall(text.encode("ascii", "ignore").decode()))
