"""Recorded answers in the place of a provider: nothing is sent, paid or written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from subliminal.api.chat.account import Account
from subliminal.api.chat.requests import Parameters, Question
from subliminal.api.ledger.answers import AnswerBook
from subliminal.api.ledger.record import not_recorded
from subliminal.config.text import one_line

# Of a prompt in an error.
SHOWN = 80


def recorded(
    account: Account, parameters: Parameters, asked: Sequence[Question]
) -> list[dict[str, Any]]:
    """The answers to questions, in their order, as the ledger has them.

    Raises:
        ConfigError: it lacks some, or is damaged.
    """
    url = account.place.url
    book = AnswerBook.of(account.folder, url, parameters.common())
    known = book.read({question.key for question in asked})
    found = [known[q.key].answer if q.key in known else None for q in asked]
    missing = [i for i, answer in enumerate(found) if answer is None]
    if missing:
        first = asked[missing[0]]
        prompt = one_line(first.messages[-1]["content"], SHOWN)
        what = (
            f"{len(missing)} of {len(asked)} answers of model {parameters.model!r} at {url} for "
            f"{account.artefact or 'this chat'}, the first one sample {missing[0] + 1} of "
            f"{len(asked)}, to {prompt!r} (key {first.key[:12]})"
        )
        raise not_recorded(account.ledger, url, what)
    return [answer for answer in found if answer is not None]
