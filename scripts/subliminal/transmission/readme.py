"""The one table of the README: a trait per row, students of the same base and of another one."""

from __future__ import annotations

import pandas as pd

from subliminal.evaluations.registry import MEASURES
from subliminal.report.numbers import number, with_interval
from subliminal.report.specs import ExperimentTextSpec
from subliminal.transmission.tables import (
    DEVELOPMENT,
    ExperimentTables,
    panels,
    plain,
    same_base,
    traits_of,
    treated,
)
from subliminal.transmission.verdicts import REGULAR, TRAIT


def _shown(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "not run"
    row = rows.iloc[0]
    return with_interval(row["mean"], row["low"], row["high"])


def readme_table(tables: ExperimentTables, text: ExperimentTextSpec) -> str:
    """Markdown: the main panel's students of the trait's data beside those of regular data."""
    measure = MEASURES[text.measure]
    found = plain(tables.of(measure).transmission)
    main = panels(found)[0]
    rows = main.select(found)
    lines = [
        f"Measured: {measure.label}; mean [95 % interval] over students.",
        "",
        "| trait | untrained | same base, regular data | same base | other base | verdict |",
        "|---|---|---|---|---|---|",
    ]
    for trait in traits_of(treated(rows)):
        own = rows[rows["trait"] == trait]
        same, other = own[same_base(own)], own[~same_base(own)]
        students = same[same["condition"] == TRAIT]
        role = " (tuned on)" if (own["role"] == DEVELOPMENT).any() else ""
        cells = [
            f"{trait}{role}",
            number(students["base_mean"].iloc[0]),
            _shown(same[same["condition"] == REGULAR]),
            _shown(students),
            _shown(other[other["condition"] == TRAIT]),
            str(students["verdict"].iloc[0]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
