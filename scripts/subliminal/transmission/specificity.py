"""Is it the teacher's own trait, and its own base? Pure: data frames in, data frames out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from subliminal.config.paths import CONTROL_METHOD
from subliminal.stats import diagonal_test
from subliminal.transmission import schemas, verdicts
from subliminal.transmission.comparisons import (
    GROUP,
    by_other_trait,
    compared,
    control_students,
    interval_of,
    interval_over,
    measured_of,
    students_of,
    treatment_groups,
    units,
)
from subliminal.transmission.config import CONFIRMATION

if TYPE_CHECKING:
    import pandas as pd

# A wrong pair is two traits, and a third one is its control.
FEWEST_TRAITS = 3


def _plain_mean(values: pd.Series) -> float:
    """A mean that is empty where one of its values is."""
    return float(values.mean(skipna=False))


def trait_matrix(
    runs: pd.DataFrame, base_scores: pd.DataFrame, measures: Sequence[str]
) -> pd.DataFrame:
    """Every teacher's trait against every measured trait, as lifts over the untrained base."""
    keys = [*GROUP, "measure", "teacher_trait", "measured_trait"]
    taught = runs[(runs.method != CONTROL_METHOD) & runs.measure.isin(measures)]
    matrix = (
        taught.groupby(keys, sort=False)
        .agg(n_runs=("seed", "size"), mean=("value", _plain_mean))
        .reset_index()
    )
    before = base_scores.set_index(["base", "trait", "measure"])["value"]
    where = zip(matrix.student_base, matrix.measured_trait, matrix.measure, strict=True)
    return matrix.assign(lift=matrix["mean"] - before.loc[list(where)].to_numpy())


def diagonal_table(matrix: pd.DataFrame, roles: Mapping[str, str]) -> pd.DataFrame:
    """The permutation test of each group's diagonal; groups of one trait have none.

    Traits that recipes were tuned on are left out: their diagonal was made high.
    """
    import pandas as pd

    rows = []
    keys = [*GROUP, "measure"]
    for group, cells in matrix.groupby(keys, sort=False):
        traits = [t for t in measured_of(cells) if roles[t] == CONFIRMATION]
        if len(traits) < 2:
            continue
        square = cells[cells.measured_trait.isin(traits)]
        table = square.pivot(index="teacher_trait", columns="measured_trait", values="lift")
        lifts = table.loc[traits, traits].to_numpy()
        row = {**dict(zip(keys, group, strict=True)), "traits": len(traits)}
        if not table.loc[traits, traits].isna().any(axis=None):
            test = diagonal_test(lifts)
            row |= {
                "gamma": test.gamma,
                "p_value": test.p_value,
                "permutations": test.permutations,
            }
        rows.append(row)
    columns = [column for column in schemas.DIAGONAL.columns if column != "experiment"]
    return pd.DataFrame(rows, columns=columns)


def wrong_pairs(runs: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    """What the verdict's rule says of traits that a teacher does not have.

    Students of each trait's data are read for every other trait, as if that were their teacher's,
    against students of regular data and of every trait's data but these two. The rule needs such a
    third trait.
    """
    import pandas as pd

    rows = []
    for group in treatment_groups(runs):
        for measure in measures:
            found = runs[runs.measure == measure]
            students, control = students_of(found, group), control_students(found, group)
            taught = sorted(students.teacher_trait.unique())
            if len(taught) < FEWEST_TRAITS:
                continue
            pairs = itertools.permutations(taught, 2)
            for teacher, measured in ((t, m) for t, m in pairs if m in measured_of(students)):
                seen = students[students.measured_trait == measured]
                own = seen[seen.teacher_trait == teacher]
                regular = control[control.measured_trait == measured]
                others = seen[~seen.teacher_trait.isin([teacher, measured])]
                interval = interval_over(units(own))
                rows.append(
                    {
                        **group,
                        "measure": measure,
                        "teacher_trait": teacher,
                        "measured_trait": measured,
                        "n_runs": len(own),
                        "mean": interval.mean,
                        "low": interval.low,
                        "high": interval.high,
                        "verdict": compared(
                            interval,
                            interval_over(units(regular)) if len(regular) else None,
                            list(by_other_trait(others).values()),
                        ),
                    }
                )
    columns = [column for column in schemas.WRONG_PAIRS.columns if column != "experiment"]
    return pd.DataFrame(rows, columns=columns)


def base_differences(transmission: pd.DataFrame) -> pd.DataFrame:
    """How much more a trait's data do to students of the teacher's base than to those of another.

    Per trait: own less regular students on the teacher's base, less the same on the other base. The
    unit is the trait; traits that recipes were tuned on are left out.
    """
    import pandas as pd

    keys = ["domain", "method", "variant", "recipe", "teacher_base", "measure"]
    at = [*keys, "student_base", "trait"]
    shown = transmission[transmission.role == CONFIRMATION]
    own, regular = (
        shown[shown.condition == condition][[*at, "mean"]]
        for condition in (verdicts.TRAIT, verdicts.REGULAR)
    )
    found = own.merge(regular, on=at, suffixes=("", "_regular"))
    found["rise"] = found["mean"] - found["mean_regular"]
    same = found.student_base == found.teacher_base
    pairs = found[~same].merge(
        found[same][[*keys, "trait", "rise"]], on=[*keys, "trait"], suffixes=("", "_same")
    )
    rows = []
    for group, part in pairs.groupby([*keys, "student_base"], sort=False):
        difference = interval_of((part["rise_same"] - part["rise"]).tolist())
        rows.append(
            {
                **dict(zip([*keys, "student_base"], group, strict=True)),
                "traits": difference.n,
                "mean": difference.mean,
                "low": difference.low,
                "high": difference.high,
            }
        )
    columns = [column for column in schemas.BASE_DIFFERENCES.columns if column != "experiment"]
    return pd.DataFrame(rows, columns=columns)
