"""What each stage of the theorem is told."""

from __future__ import annotations

from subliminal.stage_versions import STAGE_VERSIONS
from subliminal.strict import Strict
from subliminal.theorem.config import LanguageModel, RandomNetworks


class VerifyTheoremSpec(Strict):
    """The theorem on random networks."""

    stage_version: int = STAGE_VERSIONS["verify_theorem"]
    networks: RandomNetworks


class VerifyLanguageModelSpec(Strict):
    """The theorem's question, put to the tiny language model."""

    stage_version: int = STAGE_VERSIONS["verify_on_language_model"]
    language_model: LanguageModel


class SummariseTheoremSpec(Strict):
    """The tables of a theorem experiment."""

    experiment: str
