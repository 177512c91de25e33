"""A provider's fine-tuning, request by request: jobs and what they tell.

Requests that only read are repeated after failures that pass. An order is sent once,
and its sender decides what follows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subliminal.api.access import Access, hosted_access, require_key
from subliminal.api.failures import Busy, Lost, Refusal
from subliminal.api.files import Files
from subliminal.api.requests import (
    METADATA_KEY,
    PAUSE_SECONDS,
    REQUEST_SECONDS,
    Ask,
    Requests,
    are_entries,
    read_page,
)
from subliminal.api.tuning.job import TuningJob, read_job
from subliminal.config.errors import ConfigError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

PAGE = 100
# Texts that are moderated at one go.
MODERATED = 32


@dataclass(frozen=True)
class Provider:
    """A server that fine-tunes."""

    requests: Requests

    @classmethod
    def of_environment(cls, pause_seconds: float = PAUSE_SECONDS) -> Provider:
        """The server that the environment names, with its key.

        Args:
            pause_seconds: before a request is repeated for the first time.

        Raises:
            ConfigError: there is no key, or a value that cannot be used.
        """
        access = hosted_access()
        require_key(access)
        return cls(Requests(access, pause_seconds))

    @property
    def access(self) -> Access:
        """Where it is."""
        return self.requests.access

    @property
    def files(self) -> Files:
        """Its training files."""
        return Files(self.requests, "fine-tune", "training file")

    def _job(self, answer: Any) -> TuningJob:
        return read_job(answer, self.access)

    def _listed_job(self, entry: Any) -> TuningJob:
        try:
            return self._job(entry)
        except ValueError as error:
            raise Lost(f"a list of {self.access.url} holds {error}") from None

    # What only reads

    def jobs_of(self, key: str) -> list[TuningJob]:
        """The jobs that were ordered under a key, the newest first.

        Raises:
            ConfigError: the server does not tell.
        """

        def page(client: AsyncOpenAI, **how: Any) -> Awaitable[Any]:
            return client.fine_tuning.jobs.with_raw_response.list(
                limit=PAGE, metadata={METADATA_KEY: key}, **how
            )

        entries = self.requests.pages(page, "looking for a job")
        jobs = [self._listed_job(entry) for entry in entries]
        # A server may not know the filter, and list all.
        return [job for job in jobs if job.metadata.get(METADATA_KEY) == key]

    def job(self, name: str) -> TuningJob:
        """A job as it is now.

        Raises:
            ConfigError: the server does not tell.
        """
        return self.requests.read(
            lambda client: client.fine_tuning.jobs.with_raw_response.retrieve(name),
            f"asking for fine-tuning job {name}",
            self._job,
        )

    def events(self, name: str) -> list[dict[str, Any]]:
        """What a job has told of itself, the newest first; nothing from a server without events.

        Raises:
            ConfigError: the server does not tell.
        """

        def page(client: AsyncOpenAI, **how: Any) -> Awaitable[Any]:
            return client.fine_tuning.jobs.with_raw_response.list_events(name, limit=PAGE, **how)

        try:
            return list(self.requests.pages(page, f"asking for the events of job {name}"))
        except Refusal:
            return []

    def newest_event(self, name: str) -> str:
        """The last thing that a job has told of itself; empty if nothing, or if nobody can say."""
        try:
            events = self.requests.once(
                lambda client: client.fine_tuning.jobs.with_raw_response.list_events(name, limit=1),
                f"asking for the events of job {name}",
                _entries,
                REQUEST_SECONDS,
            )
        except (Refusal, Busy, Lost):
            return ""
        return self.access.told(str(events[0].get("message", ""))) if events else ""

    def flagged(self, texts: Sequence[str]) -> dict[int, list[str]]:
        """The categories under which the moderation endpoint refuses texts, by their indices.

        Raises:
            ConfigError: the server does not tell.
        """
        found = {}
        for start in range(0, len(texts), MODERATED):
            some = list(texts[start : start + MODERATED])
            results = self.requests.read(
                _moderation(some), "moderating the training file", _results
            )
            if len(results) != len(some):
                raise ConfigError(
                    f"the moderation endpoint of {self.access.url} judges {len(results)} of "
                    f"{len(some)} texts; set moderation: false in config/openai.yaml"
                )
            for i, result in enumerate(results, start):
                flagged = result.get("flagged")
                if type(flagged) is not bool:
                    raise ConfigError(
                        f"the moderation endpoint of {self.access.url} does not say whether it "
                        f"refuses a text (flagged: {self.access.told(repr(flagged))}); set "
                        "moderation: false in config/openai.yaml"
                    )
                if flagged:
                    found[i] = self._categories(result.get("categories"))
        return found

    def _categories(self, told: Any) -> list[str]:
        """The names of those categories that are true, fit for a terminal."""
        each = told.items() if isinstance(told, dict) else ()
        return sorted(self.access.told(name) for name, applies in each if applies is True)

    # What changes something there

    def order(self, request: dict[str, Any], key: str) -> TuningJob:
        """Order a fine-tuning job, by one request that is not repeated.

        Args:
            request: model, training_file, method.

        Raises:
            Refusal, Busy: there is no job.
            Lost: there may be one.
        """
        return self.requests.once(
            lambda client: client.fine_tuning.jobs.with_raw_response.create(
                **request, metadata={METADATA_KEY: key}
            ),
            "ordering a fine-tuning job",
            self._job,
            REQUEST_SECONDS,
        )


def _moderation(texts: list[str]) -> Ask:
    return lambda client: client.moderations.with_raw_response.create(input=texts)


def _entries(answer: Any) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = read_page(answer)["data"]
    return entries


def _results(answer: Any) -> list[dict[str, Any]]:
    results = answer["results"]
    if not are_entries(results):
        raise ValueError("no results")
    return list(results)
