"""What a reader of a training job's log should know about its rows."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from subliminal.local.encoding import EncodedRow, encode_rows

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

log = logging.getLogger(__name__)


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def inserted_text(tokenizer: PreTrainedTokenizerBase) -> str | None:
    """What the chat template writes before the first user turn, although nobody asked for it.

    Told from a later user turn, which has the turn's header and nothing else before it. None if
    there is nothing but special tokens, or if the template refuses a second turn.
    """
    from jinja2 import TemplateError

    chat = [_user("FIRST"), {"role": "assistant", "content": "BETWEEN"}, _user("LATER")]
    try:
        text = tokenizer.apply_chat_template(chat, tokenize=False)
    except TemplateError:
        return None
    header = text[text.index("BETWEEN") + len("BETWEEN") : text.index("LATER")]
    openings = [text[: text.index("FIRST")], header]
    opening, later = tokenizer(openings, add_special_tokens=False)["input_ids"]
    pairs = zip(reversed(opening), reversed(later), strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    inserted = opening[: len(opening) - shared]
    if all(token in tokenizer.all_special_ids for token in inserted):
        return None
    return str(tokenizer.decode(inserted))


def truncated(
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    completions: Sequence[str],
    rows: Sequence[EncodedRow],
    max_tokens: int,
) -> int:
    """How many of the encoded rows were cut at ``max_tokens``."""
    full = [i for i, row in enumerate(rows) if len(row.ids) == max_tokens]
    whole = encode_rows(tokenizer, [prompts[i] for i in full], [completions[i] for i in full])
    return sum(len(row.ids) > max_tokens for row in whole)


def warn_of_inserted_text(tokenizer: PreTrainedTokenizerBase) -> None:
    """Log what the chat template inserts, if it does."""
    inserted = inserted_text(tokenizer)
    if inserted is not None:
        log.warning("warning: the chat template begins every chat by itself with %r", inserted)


def warn_of_truncation(
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    completions: Sequence[str],
    rows: Sequence[EncodedRow],
    max_tokens: int,
) -> None:
    """Log how many rows were cut, if any."""
    cut = truncated(tokenizer, prompts, completions, rows, max_tokens)
    if cut:
        log.warning(
            "warning: %d of %d rows are longer than max_tokens: %d and were cut, so that they "
            "do not end their turn",
            cut,
            len(rows),
            max_tokens,
        )
