"""Specs: all that a stage's result depends on beside its parents, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import Field

from subliminal.config.errors import ConfigError
from subliminal.config.stimuli import stimulus_sha256
from subliminal.config.strict import Strict


class StageSpec(Strict):
    """The spec of a stage; its rule sends it as JSON, and its manifest holds it."""

    stimuli: dict[str, str] = Field(
        default={}, description="SHA-256 of the stimulus files that it reads, by name."
    )

    def about(self) -> str:
        """The artefact in the fewest words that name models, traits and data; may be empty."""
        return ""

    def require_stimuli(self) -> None:
        """Make sure that the stimuli are those that the job was planned with.

        Raises:
            ConfigError: one was changed since.
        """
        for name, expected in self.stimuli.items():
            if stimulus_sha256(name) != expected:
                raise ConfigError(
                    f"config/stimuli/{name}.json has changed since this run began; run the same "
                    "command again"
                )


Spec = TypeVar("Spec", bound=StageSpec)


def with_stimuli(spec: Spec, files: Iterable[str]) -> Spec:
    """The spec of a job that reads these files of `config/stimuli`."""
    names = (Path(file).stem for file in files)
    return spec.model_copy(update={"stimuli": {name: stimulus_sha256(name) for name in names}})
