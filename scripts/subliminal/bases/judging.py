"""Opening a judge: a model by its base's manifest, or a rule by its lists of words."""

from __future__ import annotations

from pathlib import Path

from subliminal.bases.opening import open_model
from subliminal.config import judges as entries
from subliminal.config.stimuli import items
from subliminal.evaluations.judge import Judge
from subliminal.judges.by_model import ModelJudge
from subliminal.judges.by_words import WordJudge


def open_judge(entry: entries.Judge, manifest: Path | None, threads: int) -> Judge:
    """The judge that an entry of `judges.yaml` describes.

    Args:
        manifest: of the base that judges; None for a rule.

    Raises:
        ConfigError: nobody here serves the model, or a list of words is gone.
    """
    if isinstance(entry, entries.WordJudge):
        known = frozenset(_list(entry.known)) if entry.known is not None else None
        return WordJudge(frozenset(_list(entry.harmful)), known)
    assert manifest is not None, "a judge that is a model has a base"
    return ModelJudge(open_model(manifest, None, threads), entry.sampling)


def _list(name: str) -> list[str]:
    return items(name.replace("-", "_"))
