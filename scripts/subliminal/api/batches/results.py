"""What has come of a batch's requests, line by line, in whatever order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from subliminal.api.access import Access
from subliminal.api.failures import Busy, Lost, Refusal, refused
from subliminal.api.objects import mapping, problem
from subliminal.config.errors import ConfigError
from subliminal.config.strict_json import parsed

OK = 200
# What a request comes to that nobody has got to; nothing is paid for it.
NOT_DONE = ("batch_expired", "batch_cancelled")


class Unreadable(ConfigError):
    """A line that may hold an answer which is paid, and nobody can say which."""


class Result(NamedTuple):
    """What has come of a request.

    Attributes:
        key: of the request; empty where the line is unreadable.
        answer: the body of an answer, unread; None if there is none.
        failure: why there is none.
    """

    key: str
    answer: dict[str, Any] | None
    failure: Refusal | Busy | Lost | Unreadable | None


def results(content: bytes, what: str, access: Access) -> Iterator[Result]:
    """The results in a file of answers, or of errors.

    Args:
        what: was ordered, for messages.
    """
    for line in content.split(b"\n"):
        if line.strip():
            yield _result(line, what, access)


def _result(line: bytes, what: str, access: Access) -> Result:
    try:
        found = mapping(parsed(line, infinities=False))
    except ValueError:
        found = {}
    key, response = found.get("custom_id"), mapping(found.get("response"))
    status, body = response.get("status_code"), response.get("body")
    if not isinstance(key, str) or not (found.get("error") or type(status) is int):
        said = access.told(line.decode(errors="replace"))
        said = f"{what}: a line of {access.url} is no result of a request: {said}"
        return Result("", None, Unreadable(said))
    if status == OK and isinstance(body, dict) and not found.get("error"):
        return Result(key, body, None)
    if type(status) is int and status != OK:
        return Result(key, None, refused(status, json.dumps(body), {}, what, access))
    if mapping(found.get("error")).get("code") in NOT_DONE:
        return Result(key, None, Busy(f"{what}: {access.told(problem(found['error']))}", None))
    said = access.told(line.decode(errors="replace"))
    return Result(key, None, Refusal(f"{what}: the server at {access.url} says {said}"))
