"""Finding answers again that a provider has kept and that were lost on their way."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from subliminal.api.access import Access
from subliminal.api.chat.pace import Pace
from subliminal.api.chat.reading import tells_log_probs
from subliminal.api.chat.requests import Parameters
from subliminal.api.failures import LONGEST_PAUSE_SECONDS, CutAnswerError, passing, pause
from subliminal.api.requests import METADATA_KEY
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import FILE

if TYPE_CHECKING:
    from openai import AsyncOpenAI

REPEATS = 6
FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.25, 8.0
LOOK_SECONDS = 60.0
MOST_LISTED = 10
# What servers answer that keep nothing.
NO_SUCH_PATH = {404, 405, 501}


class StoredAnswers:
    """The answers that a provider keeps, by the key that was sent along.

    Attributes:
        kept: false once the server has turned out to keep none.
    """

    def __init__(
        self, client: AsyncOpenAI, parameters: Parameters, pace: Pace, place: Access
    ) -> None:
        """Nothing is looked for yet."""
        self._client, self._parameters, self._pace = client, parameters, pace
        self._place, self.kept = place, True

    async def find(self, key: str, seconds: float) -> dict[str, Any] | None:
        """The answer to a question; None if there is none, or none that can be used.

        Args:
            seconds: how long it is looked for: it may be being written still.

        Raises:
            ConfigError: the server does not tell.
        """
        loop, wait = asyncio.get_running_loop(), FIRST_LOOK_SECONDS
        deadline = loop.time() + seconds
        while self.kept:
            found = await self._look(key)
            left = deadline - loop.time()
            if found is not None or left <= 0:
                return found
            await asyncio.sleep(min(wait, left))
            wait = min(2 * wait, LONGEST_LOOK_SECONDS)
        return None

    async def _look(self, key: str) -> dict[str, Any] | None:
        """One look, which is repeated if it fails for a passing reason."""
        import openai

        failures = 0
        while True:
            items, error = await self._listed(key)
            if items is not None:
                return self._of(key, items)
            status = error.status_code if isinstance(error, openai.APIStatusError) else None
            if status in NO_SUCH_PATH:
                self.kept = False
                return None
            failures += 1
            failure = passing(error, self._place)
            if failure is None or failures > REPEATS:
                raise self._unknown(error)
            await asyncio.sleep(min(failure.wait or pause(failures), LONGEST_PAUSE_SECONDS))

    async def _listed(self, key: str) -> tuple[list[Any] | None, Exception]:
        """What the server lists; None after a failure, which comes with it."""
        import openai

        failure: Exception = CutAnswerError(f"{self._place.url} lists no stored answers")
        content, headers = b"", {}
        await self._pace.start(0.0)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                answer = await self._client.chat.completions.with_raw_response.list(
                    metadata={METADATA_KEY: key}, model=self._parameters.model, limit=MOST_LISTED
                )
            content, headers = answer.content, dict(answer.headers)
        except (openai.OpenAIError, TimeoutError) as error:
            failure = error
        self._pace.learn(headers)
        try:
            items: Any = json.loads(content)["data"]
        except (ValueError, TypeError, LookupError, RecursionError):
            items = None
        return (items if isinstance(items, list) else None), failure

    def _of(self, key: str, items: list[Any]) -> dict[str, Any] | None:
        """The answer among those that are listed: a server may heed no filter."""
        for item in items:
            metadata = item.get("metadata") if isinstance(item, dict) else None
            if not isinstance(metadata, dict) or metadata.get(METADATA_KEY) != key:
                continue
            wanted = self._parameters.log_probs or self._parameters.alternatives
            if not wanted or tells_log_probs(item):
                return dict(item)
        return None

    def _unknown(self, error: BaseException) -> ConfigError:
        said = self._place.told(str(error)) or type(error).__name__
        return ConfigError(
            f"an answer was lost, and the server at {self._place.url} does not tell whether it has "
            f"written it: {said}; run the same command again later, or write store: false into "
            f"{FILE} to ask, and pay, again"
        )
