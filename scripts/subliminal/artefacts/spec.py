"""Specs: all that a stage's result depends on beside its files, and nothing else."""

from __future__ import annotations

from subliminal.config.strict import Strict


class StageSpec(Strict):
    """The spec of a stage; its rule sends it as JSON, and its manifest holds it."""

    def about(self) -> str:
        """The artefact in the fewest words that name models, traits and data; may be empty."""
        return ""
