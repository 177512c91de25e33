"""What a request for fine-tuning can come to, told apart by what may have happened there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from subliminal.api.access import API_KEY, BASE_URL, Access
from subliminal.api.chat.failures import PASSING_CODES, TOO_MANY
from subliminal.config.errors import ConfigError

if TYPE_CHECKING:
    from openai import APIStatusError

# The codes of status 429 that no waiting mends.
NO_MONEY = ("insufficient_quota", "billing_hard_limit_reached")


class Refusal(ConfigError):
    """The server does not do it, and will not: nothing has happened there."""


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


def failure_of(error: Exception, what: str, access: Access) -> Exception:
    """A failed request as one of these; what is no request's stays as it is.

    Args:
        what: was asked for, for the message.
    """
    import httpx2
    import openai

    if isinstance(error, openai.APIStatusError):
        return _by_status(error, what, access)
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


def _by_status(error: APIStatusError, what: str, access: Access) -> ConfigError:
    answer, status = error.response, error.status_code
    body = answer.content.decode(errors="replace")
    code, words = _error(body)
    told = f"{what}: the server at {access.url} says {access.told(f'{status} {words}')}"
    if 300 <= status < 400:
        to = access.told(answer.headers.get("location", "")) or "nowhere"
        return Refusal(
            f"{told}, which leads to {to}, and no request follows, so that the key goes nowhere "
            f"else; export {BASE_URL}= the address itself"
        )
    if status in (401, 403):
        return Refusal(
            f"{told}; export {API_KEY} with a key of an account that may do this (accounts that "
            "have never fine-tuned may no longer begin to)"
        )
    if status == TOO_MANY and code in NO_MONEY:
        return Refusal(f"{told}; the account has no money left, or a limit of its own")
    if status == TOO_MANY and code not in PASSING_CODES:
        why = access.told(repr(code))
        return Refusal(f"{told}, for a reason that is not known here: {why}; see its documentation")
    if status == TOO_MANY:
        return Busy(
            f"{told}; wait, then run the same command again",
            _seconds(answer.headers.get("retry-after")),
        )
    if status in (408, 409) or status >= 500:
        return Lost(f"{told}; wait, then run the same command again: nothing is ordered twice")
    return Refusal(told)


def _error(body: str) -> tuple[Any, str]:
    """The code and the words of an error's body, whatever it is."""
    try:
        found = json.loads(body)["error"]
        return found.get("code") or found.get("type"), f"{found.get('message') or body}"
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return None, body


def _seconds(value: str | None) -> float | None:
    """The header retry-after, where it is a number."""
    try:
        return max(0.0, float(value)) if value is not None else None
    except ValueError:
        return None
