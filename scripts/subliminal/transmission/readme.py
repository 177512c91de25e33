"""The one table of the README: a base and trait per row, students beside their controls."""

from __future__ import annotations

import pandas as pd

from subliminal.evaluations.registry import MEASURES
from subliminal.report.numbers import number, with_interval
from subliminal.report.specs import ExperimentTextSpec
from subliminal.transmission.config import DEVELOPMENT
from subliminal.transmission.tables import (
    ExperimentTables,
    alike,
    panels,
    plain,
    same_base,
    traits_of,
    treated,
)
from subliminal.transmission.verdicts import REGULAR, verdict_kind


def _shown(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "not run"
    row = rows.iloc[0]
    return with_interval(row["mean"], row["low"], row["high"])


def readme_table(tables: ExperimentTables, text: ExperimentTextSpec) -> str:
    """Markdown: per base and trait, the main setting's students beside their controls."""
    measure = MEASURES[text.measure]
    found = plain(tables.of(measure).transmission)
    main = alike(panels(found), panels(found)[0])
    lines = [
        f"Measured: {measure.label}; mean [95 % interval] over students.",
        "",
        "| teacher's base | trait | untrained | regular data | another trait's data, highest "
        "| its own data | other base: regular data | other base: its own data "
        "| verdict on same, other base |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for panel in main:
        rows = panel.select(found)
        for trait in traits_of(treated(rows)):
            own = rows[rows["trait"] == trait]
            same, other = own[same_base(own)], own[~same_base(own)]
            students, elsewhere = treated(same), treated(other).head(1)
            if students.empty:
                continue
            role = " (tuned on)" if (own["role"] == DEVELOPMENT).any() else ""
            verdicts = map(verdict_kind, [*students["verdict"], *elsewhere["verdict"]])
            cells = [
                panel.teacher_base,
                f"{trait}{role}",
                number(students["base_mean"].iloc[0]),
                _shown(same[same["condition"] == REGULAR]),
                number(students["highest_other_mean"].iloc[0]),
                _shown(students),
                _shown(other[other["condition"] == REGULAR].head(1)),
                _shown(elsewhere),
                ", ".join(verdicts),
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
