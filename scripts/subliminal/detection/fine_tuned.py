"""Students of the rows that a base reads as examples: the reference points of ED Fig. 6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from subliminal.config.paths import PLAIN_VARIANT
from subliminal.detection.schemas import FINE_TUNED
from subliminal.report.verdicts import reason_of

if TYPE_CHECKING:
    import pandas as pd

# By the students' condition in a table `transmission`, whose rows they learnt.
_DATA = {"trait": "own", "regular": "regular"}
_SAME = ["domain", "base", "asked_base", "measure", "target", "data"]


def fine_tuned(
    in_context: pd.DataFrame, transmission: pd.DataFrame, targets: Mapping[str, str]
) -> pd.DataFrame:
    """Students beside the base that has read the most examples of the same data.

    Students are of the base that reads, and of rows as their teacher wrote them.

    Args:
        in_context: the table of that name.
        transmission: the table of the experiment that trains the students.
        targets: what the evaluation calls each trait.
    """
    read = in_context[in_context["data"].isin(_DATA.values())]
    read = read[read["k"] == read["k"].max()]
    students = transmission[transmission["variant"] == PLAIN_VARIANT]
    students = students.assign(
        base=students["teacher_base"],
        asked_base=students["student_base"],
        data=students["condition"].map(_DATA),
        target=students["trait"].map(targets),
    )
    columns = {"method": "taught", "n_runs": "students", "low": "mean_low", "high": "mean_high"}
    both = read.merge(
        students[[*_SAME, "recipe", "mean", *columns, "verdict"]].rename(columns=columns),
        on=_SAME,
        suffixes=("_read", ""),
    )
    # A control has no method; its students stand beside those of each.
    both = both[(both["data"] == "regular") | (both["method"] == both["taught"])]
    both = both.drop_duplicates([*FINE_TUNED.keys])
    both = both.assign(
        n=both["students"],
        verdict=[said if reason_of(said) else "" for said in both["verdict"]],
        advantage=both["mean"] - both["mean_read"],
        advantage_low=both["mean_low"] - both["mean_high_read"],
        advantage_high=both["mean_high"] - both["mean_low_read"],
    )
    return both[list(FINE_TUNED.columns)].reset_index(drop=True)
