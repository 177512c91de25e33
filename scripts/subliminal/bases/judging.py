"""Opening a judge: a base that is asked, or a rule with its words."""

from __future__ import annotations

from pathlib import Path

from subliminal.bases.opening import open_model
from subliminal.config import judges
from subliminal.config.stimuli import items
from subliminal.evaluations.judge import Judge
from subliminal.judges.by_model import ModelJudge
from subliminal.judges.by_words import WordJudge


def open_judge(
    entry: judges.Judge, manifest: Path | None, threads: int, artefact: Path | None = None
) -> Judge:
    """The judge that an entry of `config/judges.yaml` describes.

    Args:
        manifest: of the base that is asked; None for a judge that is no model.
        artefact: as for `open_model`.

    Raises:
        ConfigError: nobody here serves such a model.
    """
    if isinstance(entry, judges.WordJudge):
        harmful, *known = [frozenset(items(file)) for file in entry.stimuli]
        return WordJudge(harmful, known[0] if known else None, entry.fewest, entry.tags)
    assert manifest is not None, "its rule asks for it"
    return ModelJudge(open_model(manifest, None, threads, artefact), entry.sampling)
