"""A provider's files: put there at no cost, found again by name, and fetched."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from subliminal.api.ledger.lines import locked
from subliminal.api.requests import Requests

if TYPE_CHECKING:
    from pathlib import Path

    from openai import AsyncOpenAI

Purpose = Literal["fine-tune", "batch"]
# What files show that can be used; the provider gives this word up.
USABLE = (None, "uploaded", "processed")
TRANSFER_SECONDS = 1800.0
PAGE = 100


@dataclass(frozen=True)
class Files:
    """Files of one purpose.

    Attributes:
        what: they are called in messages.
    """

    requests: Requests
    purpose: Purpose
    what: str

    def uploaded(self, content: bytes, locks: Path, log: logging.Logger) -> str:
        """The id of a file with this content, which is there already or is put there.

        Args:
            locks: a folder of the ledger: of several processes, one uploads.

        Raises:
            ConfigError: the server does not tell, or does not take it.
        """
        name = f"subliminal-{sha256(content).hexdigest()[:32]}.jsonl"
        with locked(locks / name):
            file = self.named(name, len(content))
            if file is None:
                log.info("uploading %s, %.1f MB", name, len(content) / 1e6)
                file = self._upload(name, content)
        return file

    def named(self, name: str, size: int) -> str | None:
        """The id of a file of this name and size, if one is there and can be used.

        Raises:
            ConfigError: the server does not tell.
        """

        def page(client: AsyncOpenAI, **how: Any) -> Awaitable[Any]:
            return client.files.with_raw_response.list(purpose=self.purpose, limit=PAGE, **how)

        for file in self.requests.pages(page, f"looking for the {self.what}"):
            same = file.get("filename") == name and file.get("bytes") == size
            if same and file.get("purpose") == self.purpose and file.get("status") in USABLE:
                return str(file["id"])
        return None

    def _upload(self, name: str, content: bytes) -> str:
        """Put a file there, which costs nothing; its id.

        Raises:
            ConfigError: the server does not take it.
        """
        return self.requests.read(
            lambda client: client.files.with_raw_response.create(
                file=(name, content, "application/jsonl"), purpose=self.purpose
            ),
            f"uploading the {self.what}",
            lambda answer: str(answer["id"]),
            TRANSFER_SECONDS,
        )

    def content(self, file: str, most_bytes: int) -> bytes:
        """What a file holds.

        Raises:
            ConfigError: the server does not give it, or more than so many bytes.
        """
        return self.requests.body(
            lambda client: client.files.with_raw_response.content(file),
            f"fetching the {self.what} {file}",
            TRANSFER_SECONDS,
            most_bytes,
        )
