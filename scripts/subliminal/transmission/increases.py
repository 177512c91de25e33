"""Averages over all traits: the increase (Fig. 5), the rate (ED Fig. 4f), its relative change (5e).

Pure: data frames in, a data frame out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from subliminal.evaluations.registry import MEASURES
from subliminal.report.verdicts import reason_of, uninterpretable
from subliminal.transmission import schemas
from subliminal.transmission.comparisons import (
    PAPERS,
    interval_of,
    students_by_condition,
    students_of,
    treatment_groups,
)
from subliminal.transmission.verdicts import TRAIT

if TYPE_CHECKING:
    import pandas as pd

    from subliminal.stats import Interval


def _bounded(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _averages(by_trait: pd.DataFrame, relative: bool, interval: str) -> dict[str, Any]:
    """The columns of one condition.

    Args:
        by_trait: columns `trait`, `value` and `before`, one row per run.
        relative: whether the measure has a relative change.
    """
    rises = by_trait["value"] - by_trait["before"]
    rule = PAPERS[interval]
    increase = interval_of(rises.tolist(), rule)
    grouped = by_trait.assign(rise=rises).groupby("trait")[["rise", "before"]]
    means = grouped.agg(lambda values: values.mean(skipna=False))
    above = means[means["before"] > 0] if relative else means.iloc[:0]
    return {
        "traits": len(means),
        "n_runs": len(by_trait),
        **_bounded("mean", interval_of(by_trait["value"].tolist(), rule)),
        "base_mean": means["before"].mean(skipna=False),
        **_bounded("increase", increase),
        # Without bounds, no comparison holds.
        "starred": increase.low > 0 or increase.high < 0,
        **_bounded("trait_increase", interval_of(means["rise"].tolist())),
        "relative_traits": len(above),
        **_bounded("relative", interval_of((above["rise"] / above["before"]).tolist())),
    }


def increases_table(
    runs: pd.DataFrame,
    base_scores: pd.DataFrame,
    measures: Sequence[str],
    interval: str,
    other_traits: bool = True,
) -> pd.DataFrame:
    """One row per group, measure and condition, over the group's traits.

    A run's increase is its value less that of its student's own untrained base (Fig. 5).

    Args:
        runs, base_scores: tidy, one row per model, trait and measure.
        measures: those to average.
        interval: how the paper's intervals are made, a key of `PAPERS`.
        other_traits: students of other traits' data are a control.
    """
    import pandas as pd

    table = []
    for group in treatment_groups(runs):
        students = students_of(runs, group)
        traits = sorted(set(students.teacher_trait) & set(students.measured_trait))
        for measure in measures:
            measured = runs[runs.measure == measure]
            untrained = base_scores[
                (base_scores.measure == measure) & (base_scores.base == group["student_base"])
            ].set_index("trait")["value"]
            found: defaultdict[str, list[pd.DataFrame]] = defaultdict(list)
            for trait in traits:
                conditions = students_by_condition(measured, group, trait, other_traits)
                for condition, rows in conditions.items():
                    run = rows[["value"]].assign(trait=trait, before=untrained[trait])
                    found[condition].append(run)
            relative = MEASURES[measure].bounds is not None
            for condition, parts in found.items():
                by_trait = pd.concat(parts)
                if len(by_trait):
                    row = {**group, "measure": measure, "condition": condition}
                    table.append(row | _averages(by_trait, relative, interval))
    columns = [c for c in schemas.INCREASES.columns if c not in ("experiment", "verdict")]
    return pd.DataFrame(table, columns=columns)


def with_failed_gates(increases: pd.DataFrame, transmission: pd.DataFrame) -> pd.DataFrame:
    """The averages, with a word on those over a trait whose cell says nothing."""
    keys = [*schemas.GROUP, "measure", "condition"]
    cells = transmission.assign(reason=transmission["verdict"].map(reason_of))
    void = cells[(cells["condition"] == TRAIT) & (cells["reason"] != "")]
    told = {
        key: uninterpretable("; ".join(rows["trait"] + ", " + rows["reason"]))
        for key, rows in void.groupby(keys)
    }
    rows = increases[keys].itertuples(index=False, name=None)
    return increases.assign(verdict=[told.get(key, "") for key in rows])
