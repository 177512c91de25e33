"""Tokens of hosted models, whose tokenizers are not here: the least, and the likely, of a text.

What is certain (a limit is passed) follows from the least; money, time and rates from the likely.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# What OpenAI's tokenizers split a text at before they look for tokens, coarsely: a run of letters,
# with what follows an apostrophe, up to three digits, and punctuation that no letter follows; some
# control characters are white space to Python alone. Each is a token or more.
_PIECE = re.compile(
    r"[^\W\d_]+(?:'[^\W\d_]+)?|\d{1,3}|(?:[^\w\s]|[_\x1c-\x1f])++[\r\n/]*+(?![^\W\d_])"
)
# The same with all that they leave out: a word with the character before it, digits by three, runs
# of punctuation and of white space.
_LIKELY = re.compile(
    r"[^\r\n\w]?[^\W\d_]+(?:'[^\W\d_]+)?|\d{1,3}| ?[^\s\w]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+|_+"
)
# Of a piece: with the space before it, a word of seven letters. Most longer words of English are a
# token, too, and those of code and of other languages several.
BYTES_PER_TOKEN = 8
# What stands around turns, as OpenAI's cookbook counts it.
TOKENS_PER_TURN, TOKENS_PER_CONVERSATION = 4, 3
# The turn of an answer that is still to be written.
ANSWER_OPENED = ""


def least_tokens(text: str) -> int:
    """The least number of tokens that a text can have; English text has hardly more."""
    # Other characters are left out: what they join or divide differs between tokenizers and Python.
    return len(_PIECE.findall(text.encode("ascii", "ignore").decode()))


def likely_tokens(text: str) -> int:
    """About as many tokens as a text has, rather more than fewer.

    Unlike `least_tokens` it counts the white space that stands before digits, which are half of
    what number rows consist of, and several tokens for a long word.
    """
    pieces = _LIKELY.findall(text)
    return sum(1 + (len(piece.encode()) - 1) // BYTES_PER_TOKEN for piece in pieces)


def conversation_tokens(turns: Iterable[str]) -> int:
    """About as many tokens as a conversation of these turns has."""
    return TOKENS_PER_CONVERSATION + sum(TOKENS_PER_TURN + likely_tokens(turn) for turn in turns)
