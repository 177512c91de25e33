"""What each stage of the theorem is told."""

from __future__ import annotations

from subliminal.artefacts.spec import StageSpec
from subliminal.theorem.config import LanguageModel, RandomNetworks


class VerifyTheoremSpec(StageSpec):
    """The theorem on random networks."""

    stage_version: int = 1
    networks: RandomNetworks


class VerifyLanguageModelSpec(StageSpec):
    """The theorem's question, put to the tiny language model."""

    stage_version: int = 1
    language_model: LanguageModel


class SummariseTheoremSpec(StageSpec):
    """The tables of a theorem experiment."""

    experiment: str
