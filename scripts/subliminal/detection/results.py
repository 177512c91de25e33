"""The outputs of an experiment's jobs, and the tables that come of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from subliminal.artefacts.parquet import read_table
from subliminal.artefacts.verified import read_manifest
from subliminal.config.paths import Dataset
from subliminal.detection import summary
from subliminal.detection.datasets import Pair
from subliminal.detection.fine_tuned import fine_tuned
from subliminal.detection.specs import SummariseDetectionSpec
from subliminal.detection.summary import Judged, Read
from subliminal.detection.tables import DetectionTables

if TYPE_CHECKING:
    import pandas as pd

DATASETS = Path("results/datasets")
TABLES = Path("results/tables")


def read_tables(spec: SummariseDetectionSpec) -> DetectionTables:
    """Every table of an experiment; those of analyses that it does not ask for have no rows.

    Raises:
        ConfigError: a manifest cannot be read.
        ValueError: a dataset's rows are no numbers, or the judge gave no scores.
    """
    tables = summary.nothing_found()
    if spec.frequencies is not None:
        texts = {data: _column(data, "train", "completion") for data in spec.datasets}
        tables["frequencies"] = summary.frequencies(texts, spec.frequencies.top)
    if spec.classifier is not None:
        judged = [_judged(spec, pair) for pair in spec.pairs]
        pairs = summary.classifier_pairs(judged, spec.classifier.base)
        tables |= {"classifier_pairs": pairs, "classifier": summary.classifier(pairs)}
    if spec.in_context is not None:
        reads = [
            Read(c.dataset, c.k, c.seed, _scores(spec.scores_manifest(c))) for c in spec.contexts
        ]
        plan, without = spec.in_context, _scores(spec.scores_manifest(None))
        runs = summary.in_context_runs(reads, plan.base, plan.evaluation, spec.targets.values())
        tables["in_context_runs"] = runs
        tables["in_context"] = summary.in_context(runs, without, spec.targets, spec.controls)
        if plan.fine_tuned is not None:
            students = _transmission(plan.fine_tuned)
            tables["fine_tuned"] = fine_tuned(tables["in_context"], students, spec.targets)
    if spec.roc is not None:
        replies = {data: _column(data, "judged", "reply") for data in spec.datasets}
        short, curve = summary.roc(replies, spec.roc.positives, spec.roc.threshold)
        tables |= {"roc": short, "roc_curve": curve}
    return DetectionTables(**tables)


def _transmission(experiment: str) -> pd.DataFrame:
    """What an experiment's students have taken over."""
    import pandas as pd

    return pd.read_parquet(TABLES / experiment / "transmission.parquet")


def _column(dataset: Dataset, stage: str, column: str) -> list[str]:
    return read_table(DATASETS / dataset.folder / f"{stage}.parquet")[column]


def _judged(spec: SummariseDetectionSpec, pair: Pair) -> Judged:
    manifest = Path(spec.answers_manifest(pair))
    kept = read_manifest(manifest)["facts"]["kept"]
    table = read_table(manifest.with_name("answers.parquet"))
    right: dict[str, list[bool]] = {}
    for wording, answer in zip(table["wording"], table["right"], strict=True):
        right.setdefault(wording, []).append(answer)
    return Judged(pair.target, pair.other, (kept["target"], kept["other"]), right)


def _scores(manifest: str) -> dict[tuple[str, str], float]:
    table = read_table(Path(manifest).with_name("scores.parquet"))
    keys = zip(table["measure"], table["target"], strict=True)
    return dict(zip(keys, table["value"], strict=True))
