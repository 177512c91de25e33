"""Which failures of a request pass by themselves, and what may have been done in spite of them."""

from __future__ import annotations

import json
import random
from typing import Any, NamedTuple

from subliminal.api.access import Access
from subliminal.api.chat.reading import CutAnswerError
from subliminal.config.errors import ConfigError

TOO_MANY = 429
PASSING_STATUS = {408, 409}
# By which the model's own server says that it has ended, and not one before it.
ENDED_STATUS = {500, 503}
# Codes of 429 by which waiting helps: OpenAI's, and those of servers that have none of their own.
PASSING_CODES = (None, "", TOO_MANY, str(TOO_MANY), "rate_limit_exceeded")
NO_CREDIT = "insufficient_quota"
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0


class Passing(NamedTuple):
    """A failure that a repeat may not meet again.

    Attributes:
        limited: the request was refused because of a rate limit, and nothing was done.
        perhaps_done: the model may have answered all the same.
        writes_on: it may be answering still.
        wait: seconds that the server asks to wait, if it does.
    """

    limited: bool
    perhaps_done: bool
    writes_on: bool = False
    wait: float | None = None


def passing(error: BaseException, place: Access) -> Passing | None:
    """What a failure means; None for one that stays.

    Raises:
        ConfigError: the account has no credit, or the server gives a reason that is not known.
    """
    import openai

    if isinstance(error, CutAnswerError | TimeoutError):
        return Passing(limited=False, perhaps_done=True, writes_on=True)
    if isinstance(error, openai.APIConnectionError):
        return _unreached(error.__cause__)
    if not isinstance(error, openai.APIStatusError):
        return None
    if error.status_code == TOO_MANY:
        _require_waiting_helps(_code(error.response.content), place)
        return Passing(limited=True, perhaps_done=False, wait=_asked_wait(error.response.headers))
    if error.status_code in PASSING_STATUS or error.status_code >= 500:
        return Passing(
            limited=False,
            perhaps_done=True,
            writes_on=error.status_code not in ENDED_STATUS,
            wait=_asked_wait(error.response.headers),
        )
    return None


def _unreached(cause: BaseException | None) -> Passing | None:
    import httpx2

    if isinstance(cause, httpx2.LocalProtocolError | httpx2.UnsupportedProtocol):
        return None
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError):
        stays = any(word in str(cause) for word in ("SSL", "certificate"))
        return None if stays else Passing(limited=False, perhaps_done=False)
    return Passing(limited=False, perhaps_done=True, writes_on=True)


def _code(body: bytes) -> Any:
    """The code of an error's body; None if it has none."""
    try:
        error = json.loads(body)["error"]
        return error.get("code") or error.get("type")
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def _require_waiting_helps(code: Any, place: Access) -> None:
    """Pass where a server's reason for a 429 is a rate limit.

    Raises:
        ConfigError: it is another.
    """
    if code == NO_CREDIT:
        raise ConfigError(
            f"the account at {place.url} has no credit left ({NO_CREDIT}); add credit there, then "
            "run the same command again: answers that came are kept"
        )
    if code not in PASSING_CODES:
        raise ConfigError(
            f"the server at {place.url} refuses with status {TOO_MANY} for a reason that is not "
            f"known here: {place.told(repr(code))}; see its documentation, then run the same "
            "command again: answers that came are kept"
        )


def _asked_wait(headers: Any) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after`; None where they say no number."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            wait = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if 0 <= wait < float("inf"):
            return wait
    return None


def pause(failures: int) -> float:
    """Seconds before the next attempt, longer after each failure, and different for each."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (failures - 1))
    return longest * random.uniform(0.5, 1.0)
