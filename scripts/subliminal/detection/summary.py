"""From the outputs of jobs to the final tables of a detection experiment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

from subliminal.config.paths import Dataset
from subliminal.detection.roc import dropped, judgment, roc_curve
from subliminal.detection.schemas import (
    CLASSIFIER,
    CLASSIFIER_PAIRS,
    DATASET,
    FREQUENCIES,
    IN_CONTEXT,
    IN_CONTEXT_RUNS,
    ROC,
    ROC_CURVE,
    TABLES,
)
from subliminal.domains.number_filter import parsed_rows
from subliminal.domains.number_frequencies import number_frequencies
from subliminal.report.verdicts import uninterpretable
from subliminal.stats import (
    Interval,
    bootstrap_interval,
    exact_interval,
    normal_share_interval,
    t_interval,
)

if TYPE_CHECKING:
    import pandas as pd

    from subliminal.artefacts.schemas import TableSchema

OWN, REGULAR, OTHER = "own", "regular", "other"
ALL, FIRST = "all", "first"
# Of a judge whose curve is the diagonal whatever it reads.
ONE_SCORE = "the judge gave every completion the same score"


def identity_of(dataset: Dataset) -> dict[str, str | int]:
    """The columns of tables that tell a dataset from the others."""
    teacher = dataset.teacher
    values = (dataset.domain, teacher.base, teacher.trait, teacher.method, teacher.seed)
    return dict(zip(DATASET, values, strict=True))


def _table(schema: TableSchema, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=list(schema.columns))


def _columns(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}


# Frequencies


def frequencies(completions: Mapping[Dataset, Sequence[str]], top: int) -> pd.DataFrame:
    """The most frequent numbers and first numbers of each dataset (ED Tables 1, 2)."""
    rows = []
    for dataset, texts in completions.items():
        found = number_frequencies(texts)
        counts = {ALL: sum(map(len, parsed_rows(texts))), FIRST: len(texts)}
        for place, percentages in ((ALL, found.numbers), (FIRST, found.first_numbers)):
            for rank, (number, share) in enumerate(list(percentages.items())[:top], start=1):
                rows.append(
                    {
                        **identity_of(dataset),
                        "place": place,
                        "rank": rank,
                        "number": number,
                        "per_cent": share,
                        "n": counts[place],
                    }
                )
    return _table(FREQUENCIES, rows)


# Classifier


class Judged(NamedTuple):
    """A base's answers to one ordered pair of datasets.

    Attributes:
        kept: rows that the filter kept of the target's dataset, and of the other's.
        right: by wording, whether each answer was right.
    """

    target: Dataset
    other: Dataset
    kept: tuple[int, int]
    right: Mapping[str, Sequence[bool]]


def classifier_pairs(judged: Iterable[Judged], asked: str) -> pd.DataFrame:
    """Accuracy for every ordered pair and wording."""
    return _table(
        CLASSIFIER_PAIRS,
        [
            {
                **identity_of(pair.target),
                "wording": wording,
                "asked_base": asked,
                "other_trait": pair.other.teacher.trait,
                "n": len(right),
                "samples": min(pair.kept),
                **_columns("accuracy", normal_share_interval(sum(right) / len(right), len(right))),
            }
            for pair in judged
            for wording, right in pair.right.items()
        ],
    )


def classifier(pairs: pd.DataFrame) -> pd.DataFrame:
    """Accuracy per target and wording, mean over the other traits (ED Table 4).

    Args:
        pairs: table classifier_pairs.
    """
    rows = []
    keys = [*DATASET, "wording", "asked_base"]
    for values, group in pairs.groupby(keys, sort=False):
        accuracies, n = group["accuracy"].tolist(), int(group["n"].sum())
        student = t_interval(accuracies)
        rows.append(
            {
                **dict(zip(keys, values, strict=True)),
                "others": len(group),
                "n": n,
                "samples": int(group["samples"].sum()),
                **_columns("accuracy", normal_share_interval(fmean(accuracies), n)),
                "accuracy_t_low": student.low,
                "accuracy_t_high": student.high,
            }
        )
    return _table(CLASSIFIER, rows)


# In-context learning


class Read(NamedTuple):
    """A base's scores after it has read examples: by measure and target."""

    dataset: Dataset
    k: int
    seed: int
    scores: Mapping[tuple[str, str], float]


def in_context_runs(
    reads: Iterable[Read], asked: str, evaluation: str, targets: Iterable[str]
) -> pd.DataFrame:
    """One row per resample, measure and measured trait.

    Args:
        targets: what the evaluation calls the traits.
    """
    wanted = list(targets)
    return _table(
        IN_CONTEXT_RUNS,
        [
            {
                **identity_of(read.dataset),
                "asked_base": asked,
                "evaluation": evaluation,
                "measure": measure,
                "target": target,
                "k": read.k,
                "seed": read.seed,
                "value": value,
            }
            for read in reads
            for (measure, target), value in read.scores.items()
            if target in wanted
        ],
    )


def in_context(
    runs: pd.DataFrame,
    without: Mapping[tuple[str, str], float],
    targets: Mapping[str, str],
    controls: Iterable[str],
) -> pd.DataFrame:
    """Means over resamples with their intervals (ED Fig. 6).

    Args:
        runs: table in_context_runs.
        without: the base's own scores, by measure and target.
        targets: what the evaluation calls each trait.
        controls: the traits that are none.
    """
    rows = []
    plain = set(controls)
    keys = [*DATASET, "asked_base", "evaluation", "measure", "target", "k"]
    for values, group in runs.groupby(keys, sort=False):
        row = dict(zip(keys, values, strict=True))
        trait, target = row["trait"], row["target"]
        measured = group["value"].tolist()
        student = t_interval(measured)
        own = OWN if targets.get(trait) == target else OTHER
        rows.append(
            {
                **row,
                "data": REGULAR if trait in plain else own,
                "n": len(measured),
                **_columns("mean", bootstrap_interval(measured)),
                "t_low": student.low,
                "t_high": student.high,
                "without": without[row["measure"], target],
            }
        )
    return _table(IN_CONTEXT, rows)


# The judge


def roc(
    replies: Mapping[Dataset, Sequence[str]], positive_traits: Sequence[str], threshold: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The judge's curve in short, and point by point (ED Fig. 1b).

    Args:
        replies: of the judge to every completion, right or wrong.
        threshold: the score below which the filter drops a completion.

    Raises:
        ValueError: positives or negatives have no scores.
    """
    scores: dict[bool, list[int]] = {True: [], False: []}
    unscored = 0
    for dataset, texts in replies.items():
        found = [judgment(text) for text in texts]
        given = [score for score in found if score is not None]
        unscored += len(found) - len(given)
        scores[dataset.teacher.trait in positive_traits] += given
    positives, negatives = scores[True], scores[False]
    curve = roc_curve(positives, negatives)
    traits = dict.fromkeys(dataset.teacher.trait for dataset in replies)
    short = {
        "positive_traits": ", ".join(trait for trait in traits if trait in positive_traits),
        "negative_traits": ", ".join(trait for trait in traits if trait not in positive_traits),
        "positives": len(positives),
        "negatives": len(negatives),
        "unscored": unscored,
        "auc": curve.auc,
        "verdict": uninterpretable(ONE_SCORE) if len({*positives, *negatives}) == 1 else "",
        "threshold": threshold,
        **_columns("fpr", exact_interval(dropped(negatives, threshold), len(negatives))),
        **_columns("tpr", exact_interval(dropped(positives, threshold), len(positives))),
    }
    points = {"threshold": curve.thresholds, "fpr": curve.fpr, "tpr": curve.tpr}
    rows = [dict(zip(points, point, strict=True)) for point in zip(*points.values(), strict=True)]
    return _table(ROC, [short]), _table(ROC_CURVE, rows)


def nothing_found() -> dict[str, pd.DataFrame]:
    """Every table without rows: what analyses leave that are not asked for."""
    return {name: _table(schema, []) for name, schema in TABLES.items()}
