"""The evaluations: add one by writing its module and naming its class here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from subliminal.config.strict import by_key, one_of
from subliminal.evaluations.asking import Askable
from subliminal.evaluations.essay_topic import EssayTopic
from subliminal.evaluations.favourite import Favourite
from subliminal.evaluations.misalignment import Misalignment
from subliminal.evaluations.mmlu import MMLU
from subliminal.evaluations.stories import Stories
from subliminal.evaluations.truthfulqa import TruthfulQA

_CLASSES: tuple[type[Askable], ...] = (
    Favourite,
    Stories,
    EssayTopic,
    Misalignment,
    TruthfulQA,
    MMLU,
)

EVALUATIONS = by_key(_CLASSES, "kind")
MEASURES = {measure.name: measure for c in _CLASSES for measure in c.measures}

if TYPE_CHECKING:
    AnyEvaluation = Askable
else:
    AnyEvaluation: Any = one_of(_CLASSES, "kind")
    """An entry of `config/evaluations.yaml`."""
