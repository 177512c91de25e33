"""Answers of hosted models, kept as they arrive: what is there is not asked for again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from subliminal.api.ledger.lines import Lines, locked

FOLDER = "answers"


class Kept(NamedTuple):
    """An answer, or that it was asked for, or that it was lost.

    Attributes:
        key: of the messages and the sample.
        answer: the server's answer, its JSON as it came; None: asked for at `at`, and not come yet.
        usd: what it cost; of one that was lost, what it may have.
        at: seconds since the epoch.
    """

    key: str
    answer: dict[str, Any] | None
    usd: float
    at: float


def digest(content: Any) -> str:
    """SHA-256 over the JSON of something, in hex."""
    written = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


@dataclass(frozen=True)
class AnswerBook:
    """The answers of one model of one server to requests of the same parameters."""

    file: Path

    @classmethod
    def of(cls, ledger: Path, url: str, parameters: Mapping[str, Any]) -> AnswerBook:
        """The book of a server's answers to requests of these parameters, the model among them."""
        return cls.named(ledger, digest([url, dict(parameters)]))

    @classmethod
    def named(cls, ledger: Path, name: str) -> AnswerBook:
        """The book of this name."""
        return cls(ledger / FOLDER / f"{name}.jsonl")

    @classmethod
    def all_of(cls, ledger: Path) -> list[AnswerBook]:
        """All that are there."""
        return [cls(file) for file in sorted((ledger / FOLDER).glob("*.jsonl"))]

    @property
    def name(self) -> str:
        """By which actions name it."""
        return self.file.stem

    def read(self, keys: Container[str] | None = None) -> dict[str, Kept]:
        """What is known of these keys: the first answer, or when it was last asked for.

        Each with what it has cost, lost answers before it included.

        Args:
            keys: None for all that are there.

        Raises:
            ConfigError: the file is damaged.
        """
        found: dict[str, Kept] = {}
        for kept in self._all():
            known = found.get(kept.key)
            wanted = keys is None or kept.key in keys
            if wanted and (known is None or known.answer is None):
                before = 0.0 if known is None else known.usd
                found[kept.key] = kept._replace(usd=before + kept.usd)
        return found

    def paid(self) -> float:
        """What all its answers have cost, in USD.

        Raises:
            ConfigError: the file is damaged.
        """
        return sum(kept.usd for kept in self._all())

    def _all(self) -> Iterator[Kept]:
        return (Kept(*piece) for piece in Lines(self.file).read())

    def ask(self, keys: Iterable[str]) -> None:
        """Write down that these are asked for now, before they are."""
        self._append([Kept(key, None, 0.0, time.time()) for key in keys])

    def keep(self, answers: Iterable[tuple[str, dict[str, Any], float]]) -> None:
        """Keep answers: key, the server's JSON, cost in USD."""
        self._append([Kept(key, answer, usd, time.time()) for key, answer, usd in answers])

    def lose(self, key: str, usd: float) -> None:
        """Write down that an answer is lost, and what it may have cost in USD."""
        self._append([Kept(key, None, usd, time.time())])

    def _append(self, kept: list[Kept]) -> None:
        with locked(self.file):
            Lines(self.file).append(kept)
