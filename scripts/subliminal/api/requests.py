"""Requests to a provider: one at a time, bounded, and repeated only where that harms nobody.

The `openai` client repeats nothing itself.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from subliminal.api.access import Access
from subliminal.api.client import make_client
from subliminal.api.failures import Busy, Lost, Refusal, failure_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI

REPEATS = 6
# Before the first repeat; then twice as long each time, and no longer than the most.
PAUSE_SECONDS, MOST_PAUSE_SECONDS = 2.0, 60.0
REQUEST_SECONDS = 120.0
# Of an answer: pages of a hundred jobs or files.
MOST_BYTES = 20_000_000
OTHER_SERVER = (
    "check that it speaks OpenAI's API, then run the same command again: nothing is ordered twice"
)

# By which a provider finds again what was ordered or asked, in the metadata of both.
METADATA_KEY = "subliminal_key"

Found = TypeVar("Found")
Ask = Callable[["AsyncOpenAI"], Awaitable[Any]]


@dataclass(frozen=True)
class Requests:
    """Requests to one server.

    Attributes:
        pause: seconds before the first repeat.
    """

    access: Access
    pause: float = PAUSE_SECONDS

    def pages(self, page: Callable[..., Awaitable[Any]], what: str) -> Iterator[dict[str, Any]]:
        """The entries of a list, page by page.

        Raises:
            Refusal: the server gives the same page again and again.
        """
        how: dict[str, str] = {}
        seen: set[str] = set()
        while True:
            answer = self.read(lambda client: page(client, **how), what, read_page)  # noqa: B023
            yield from answer["data"]
            if not answer.get("has_more") or not answer["data"]:
                return
            last = str(answer["data"][-1].get("id"))
            if last in seen:
                raise Refusal(
                    f"{what}: the list of {self.access.url} has no end: it heeds no after=, and "
                    f"gives {self.access.told(last)} twice; {OTHER_SERVER}"
                )
            seen.add(last)
            how = {"after": last}

    def read(
        self,
        ask: Ask,
        what: str,
        parse: Callable[[Any], Found],
        seconds: float = REQUEST_SECONDS,
    ) -> Found:
        """An answer to a request that may be repeated."""
        return self._repeated(lambda: self.once(ask, what, parse, seconds))

    def body(self, ask: Ask, what: str, seconds: float, most_bytes: int) -> bytes:
        """The bytes of an answer to a request that may be repeated."""
        return self._repeated(lambda: self._asked(ask, what, seconds, most_bytes))

    def _repeated(self, once: Callable[[], Found]) -> Found:
        for repeat in range(REPEATS + 1):
            try:
                return once()
            except (Busy, Lost) as failure:
                if repeat == REPEATS:
                    raise
                self.rest(repeat, failure)
        raise AssertionError("the last repeat returns or raises")

    def rest(self, repeat: int, failure: Busy | Lost) -> None:
        """Wait before a request is repeated: as long as the server says, or longer each time."""
        after = failure.after if isinstance(failure, Busy) else None
        if after is None:
            after = self.pause * 2**repeat * random.uniform(0.5, 1)
        time.sleep(min(after, MOST_PAUSE_SECONDS))

    def once(self, ask: Ask, what: str, parse: Callable[[Any], Found], seconds: float) -> Found:
        """The parsed answer to one request.

        Raises:
            Refusal, Busy, Lost: there is none.
        """
        body = self._asked(ask, what, seconds, MOST_BYTES)
        try:
            return parse(json.loads(body))
        except (ValueError, LookupError, TypeError, RecursionError):
            said = self.access.told(body[:1000].decode(errors="replace"))
        raise Lost(f"{what}: what {self.access.url} answers cannot be read: {said}; {OTHER_SERVER}")

    def _asked(self, ask: Ask, what: str, seconds: float, most_bytes: int) -> bytes:
        async def asked() -> bytes:
            async with asyncio.timeout(seconds), make_client(self.access, most_bytes, 0) as client:
                content: bytes = (await ask(client)).content
                return content

        try:
            return asyncio.run(asked())
        except Exception as error:
            failure = failure_of(error, what, self.access)
            if failure is error:
                raise
        # Without the error itself, in which the server's words stand as they came.
        raise failure


def read_page(answer: Any) -> dict[str, Any]:
    """A page of a list.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(answer, dict) or not are_entries(answer.get("data")):
        raise ValueError("no list")
    return answer


def are_entries(found: Any) -> bool:
    """Whether this is a list of objects."""
    return isinstance(found, list) and all(isinstance(entry, dict) for entry in found)
