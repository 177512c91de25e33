"""A provider's batches, request by request.

Requests that only read are repeated after failures that pass. An order is sent once, and its sender
decides what follows.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subliminal.api.access import Access
from subliminal.api.batches.batch import Batch, read_batch
from subliminal.api.batches.requests import ENDPOINT
from subliminal.api.failures import Lost
from subliminal.api.files import Files
from subliminal.api.requests import METADATA_KEY, REQUEST_SECONDS, Requests

if TYPE_CHECKING:
    from openai import AsyncOpenAI

PAGE = 100


@dataclass(frozen=True)
class BatchProvider:
    """A server that answers in batches."""

    requests: Requests

    @property
    def access(self) -> Access:
        """Where it is."""
        return self.requests.access

    @property
    def files(self) -> Files:
        """Files of requests, and of answers."""
        return Files(self.requests, "batch", "file of a batch")

    def _batch(self, answer: Any) -> Batch:
        return read_batch(answer, self.access)

    def batches_of(self, key: str) -> list[Batch]:
        """The batches that were ordered under a key, the newest first.

        Raises:
            ConfigError: the server does not tell.
        """

        def page(client: AsyncOpenAI, **how: Any) -> Awaitable[Any]:
            return client.batches.with_raw_response.list(limit=PAGE, **how)

        found = []
        for entry in self.requests.pages(page, "looking for a batch"):
            metadata = entry.get("metadata")
            if isinstance(metadata, dict) and metadata.get(METADATA_KEY) == key:
                try:
                    found.append(self._batch(entry))
                except ValueError as error:
                    raise Lost(f"a list of {self.access.url} holds {error}") from None
        return found

    def batch(self, name: str) -> Batch:
        """A batch as it is now.

        Raises:
            ConfigError: the server does not tell.
        """
        return self.requests.read(
            lambda client: client.batches.with_raw_response.retrieve(name),
            f"asking for batch {name}",
            self._batch,
        )

    def order(self, request: dict[str, Any], key: str) -> Batch:
        """Order a batch, by one request that is not repeated.

        Args:
            request: input_file_id.

        Raises:
            Refusal, Busy: there is no batch.
            Lost: there may be one.
        """
        return self.requests.once(
            lambda client: client.batches.with_raw_response.create(
                **request,
                endpoint=ENDPOINT,
                completion_window="24h",
                metadata={METADATA_KEY: key},
            ),
            "ordering a batch",
            self._batch,
            REQUEST_SECONDS,
        )
