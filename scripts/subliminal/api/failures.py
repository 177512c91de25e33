"""What a failed request means: what may have happened there, and whether waiting mends it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from subliminal.api.access import API_KEY, BASE_URL, Access
from subliminal.config.errors import ConfigError

TOO_MANY, NOT_THERE = 429, 404
PASSING_STATUS = {408, 409}
# By which the model's own server says that it has ended, and not one before it.
ENDED_STATUS = {500, 503}
# Codes of 429 by which waiting helps: OpenAI's, and those of servers that have none of their own.
PASSING_CODES = (None, "", TOO_MANY, str(TOO_MANY), "rate_limit_exceeded")
# Those by which no waiting does.
NO_MONEY = ("insufficient_quota", "billing_hard_limit_reached")
# The protocol's word for a model that is not there.
NO_MODEL = "model_not_found"
GONE = (
    "see whether its provider still serves it to this account (config/models.yaml; "
    "docs/hosted-models.md says what is left of a retired one), then run the same command again: "
    "what came before is kept"
)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
ELSEWHERE = f"where it is of another account or project, export {API_KEY} with a key of that one"


class CutAnswerError(ConfigError):
    """An answer that ends in its middle."""


class Refusal(ConfigError):
    """The server does not do it, and will not: nothing has happened there."""


class Unknown(Refusal):
    """The server does not know what was asked for by its name."""


class Busy(ConfigError):
    """The server has not done it, and may later: nothing has happened there.

    Attributes:
        after: seconds that it asks to be left alone; None if it does not say.
    """

    def __init__(self, message: str, after: float | None) -> None:
        """Keep them."""
        super().__init__(message)
        self.after = after


class Lost(ConfigError):
    """No whole answer has come: it may have happened there, or not."""


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


class Told(NamedTuple):
    """What the body of an error says.

    Attributes:
        code: None if it has none.
    """

    code: Any
    words: str


def read_error(body: str) -> Told:
    """The code and the words of an error's body, whatever it is."""
    try:
        found = json.loads(body)["error"]
        return Told(found.get("code") or found.get("type"), f"{found.get('message') or body}")
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return Told(None, body)


def passing(error: BaseException, place: Access) -> Passing | None:
    """What a failure of a question means; None for one that stays.

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
    wait = _asked_wait(error.response.headers)
    if error.status_code == TOO_MANY:
        body = error.response.content.decode(errors="replace")
        why = _stays(read_error(body).code, place)
        if why is not None:
            raise ConfigError(
                f"the server at {place.url} refuses with status {TOO_MANY}: {why}, then run the "
                "same command again: answers that came are kept"
            )
        return Passing(limited=True, perhaps_done=False, wait=wait)
    if error.status_code in PASSING_STATUS or error.status_code >= 500:
        return Passing(
            limited=False,
            perhaps_done=True,
            writes_on=error.status_code not in ENDED_STATUS,
            wait=wait,
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


def failure_of(error: Exception, what: str, access: Access) -> Exception:
    """A failed request as `Refusal`, `Busy` or `Lost`; what is no request's stays as it is.

    Args:
        what: was asked for, for the message.
    """
    import httpx2
    import openai

    if isinstance(error, openai.APIStatusError):
        answer = error.response
        body = answer.content.decode(errors="replace")
        return refused(error.status_code, body, answer.headers, what, access)
    cause = error.__cause__ or error
    if isinstance(error, openai.APIConnectionError | TimeoutError):
        if isinstance(cause, httpx2.LocalProtocolError):  # its words would show the header
            return Refusal(
                f"a request to {access.url} cannot be written in HTTP; unset or correct {API_KEY} "
                "and the other OPENAI_ variables of the environment"
            )
        said = access.told(str(cause)) or type(cause).__name__
        return Lost(
            f"{what}: no whole answer from {access.url} ({BASE_URL}): {said}; if it is there "
            "again, run the same command again: nothing is ordered twice"
        )
    if isinstance(error, openai.OpenAIError):
        said = access.told(f"{type(error).__name__}: {error}")
        return Refusal(f"{what}: no request to {access.url} can be made: {said}")
    return error


def refused(
    status: int, body: str, headers: Mapping[str, str], what: str, access: Access
) -> Refusal | Busy | Lost:
    """An answer of an error's status, as one of these.

    Args:
        headers: none of them for an answer in a batch.
        what: was asked for, for the message.
    """
    code, words = read_error(body)
    told = f"{what}: the server at {access.url} says {access.told(f'{status} {words}')}"
    if 300 <= status < 400:
        to = access.told(headers.get("location", "")) or "nowhere"
        return Refusal(
            f"{told}, which leads to {to}, and no request follows, so that the key goes nowhere "
            f"else; export {BASE_URL}= the address itself"
        )
    if status in (401, 403):
        return Refusal(
            f"{told}; export {API_KEY} with a key of an account that may do this (accounts that "
            "have never fine-tuned may no longer begin to)"
        )
    if status == TOO_MANY:
        why = _stays(code, access)
        if why is not None:
            return Refusal(f"{told}: {why}")
        wait = _asked_wait(headers)
        return Busy(f"{told}; wait, then run the same command again", wait)
    if status in PASSING_STATUS or status >= 500:
        return Lost(f"{told}; wait, then run the same command again: nothing is ordered twice")
    if code == NO_MODEL:
        return Refusal(f"{told}; {GONE}")
    return Unknown(told) if status == NOT_THERE else Refusal(told)


def _stays(code: Any, access: Access) -> str | None:
    """Why no waiting mends a status 429, and what does; None where waiting helps."""
    if code in NO_MONEY:
        return f"the account has no credit left, or a limit of its own ({code}); mend that there"
    if code in PASSING_CODES:
        return None
    return f"a reason that is not known here, {access.told(repr(code))}; see its documentation"


def _asked_wait(headers: Mapping[str, str]) -> float | None:
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
