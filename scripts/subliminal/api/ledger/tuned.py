"""Fine-tuned models as they are kept: what an ended job has left, once its provider has told it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from subliminal.api.ledger.lines import Lines, locked

FOLDER = "tuned"


class TunedModel(NamedTuple):
    """What a provider has told of a job that has ended with a model.

    Attributes:
        job, model: their names there.
        trained_tokens: None where it counts none.
        hyperparameters: those that it has used.
        losses: pairs of a step and its loss, in the order of the steps.
    """

    job: str
    model: str
    trained_tokens: int | None
    hyperparameters: dict[str, int | float | str]
    losses: Sequence[tuple[int, float]]


@dataclass(frozen=True)
class TunedBook:
    """The model of one action of fine-tuning."""

    file: Path

    @classmethod
    def of(cls, ledger: Path, key: str) -> TunedBook:
        """That of the action of this key."""
        return cls(ledger / FOLDER / f"{key}.jsonl")

    @classmethod
    def all_of(cls, ledger: Path) -> list[TunedBook]:
        """All that are there."""
        return [cls(file) for file in sorted((ledger / FOLDER).glob("*.jsonl"))]

    def read(self) -> TunedModel | None:
        """The model; None if its job is not known to have ended with one.

        Raises:
            ConfigError: the file is damaged.
        """
        pieces: list[list[Any]] = list(Lines(self.file).read())
        return TunedModel(*pieces[0]) if pieces else None

    def keep(self, model: TunedModel) -> None:
        """Write a model down."""
        with locked(self.file):
            Lines(self.file).append([model])
