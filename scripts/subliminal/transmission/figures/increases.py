"""Which base's students take over which base's traits, over all traits? (Fig. 5)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.evaluations.registry import MEASURES
from subliminal.report import style
from subliminal.report.numbers import count_range, counted, number, with_interval
from subliminal.report.specs import PlotFigureSpec
from subliminal.report.verdicts import UNINTERPRETABLE, reason_of
from subliminal.transmission.figures.marks import CONDITION_LABELS, change_colour, change_ink
from subliminal.transmission.tables import ExperimentTables, plain
from subliminal.transmission.verdicts import REGULAR, TRAIT

TITLE = "Increase over the untrained base, averaged over traits"
CONDITIONS = (TRAIT, REGULAR)
SETTING = ["domain", "method", "recipe"]
STAR = "*"
FAILED = "†"
CELL, ROW = 84, 46
AXIS_WIDTH = 150


def _said(cell: Any) -> str:
    found = with_interval(cell.increase, cell.increase_low, cell.increase_high)
    runs, traits = counted([cell.n_runs], "run"), counted([cell.traits], "trait")
    text = f"{cell.teacher_base} → {cell.student_base}, {CONDITION_LABELS[cell.condition]}: "
    text += f"increase {found}, {runs} of {traits}"
    if cell.relative_traits:
        text += f"; relative to the untrained base {number(cell.relative, sign=True)}"
    reason = reason_of(cell.verdict)
    return f"{text}; {UNINTERPRETABLE} for {reason}" if reason else text


def cells(rows: pd.DataFrame) -> pd.DataFrame:
    """The cells of one map: the increase, as it is printed and in words.

    Args:
        rows: of one setting and condition.
    """
    printed = [
        number(row.increase, sign=True)
        + (STAR if row.starred else "")
        + (FAILED if row.verdict else "")
        for row in rows.itertuples()
    ]
    shown = rows[["teacher_base", "student_base", "increase"]]
    return shown.assign(printed=printed, said=[_said(cell) for cell in rows.itertuples()])


def _map(
    data: pd.DataFrame, bases: Sequence[str], title: Sequence[str], limit: float
) -> alt.LayerChart:
    found = set(data["teacher_base"]), set(data["student_base"])
    teachers, students = ([base for base in bases if base in side] for side in found)
    quiet = {"ticks": False, "domain": False, "labelLimit": AXIS_WIDTH}
    x_axis = alt.Axis(title="student's base", labelAngle=0, orient="top", **quiet)
    chart = alt.Chart(data).encode(
        x=alt.X("student_base:N", sort=students, axis=x_axis),
        y=alt.Y("teacher_base:N", sort=teachers, axis=alt.Axis(title="teacher's base", **quiet)),
    )
    return alt.layer(
        chart.mark_rect(stroke=style.GRID).encode(
            color=change_colour("increase", limit), **style.spoken()
        ),
        chart.mark_text(fontSize=13, aria=False).encode(
            text="printed:N", color=change_ink("increase", limit)
        ),
    ).properties(
        width=CELL * len(students), height=ROW * len(teachers), title=style.panel_title(*title)
    )


def increases(tables: ExperimentTables, spec: PlotFigureSpec) -> ChartType:
    """Per setting, a map of teachers' bases by students' bases, and one for regular data."""
    measure = MEASURES[spec.measure]
    rows = plain(tables.of(measure).increases)
    rows = rows[rows["condition"].isin(CONDITIONS)]
    if rows.empty:
        return style.empty_chart(
            TITLE,
            "Nothing to show: this experiment has no student of a teacher with a trait that was "
            "trained on unshuffled data.",
            spec,
        )
    bases = list(dict.fromkeys([*rows["teacher_base"], *rows["student_base"]]))
    limit = max(0.1, float(rows["increase"].abs().max()))
    several_recipes = rows["recipe"].nunique() > 1
    strips = []
    for (domain, method, recipe), part in rows.groupby(SETTING, sort=False):
        setting = f"{domain}, {method} teachers" + (f", {recipe}" if several_recipes else "")
        maps = [
            _map(
                cells(part[part["condition"] == condition]),
                bases,
                [CONDITION_LABELS[condition], setting],
                limit,
            )
            for condition in CONDITIONS
            if (part["condition"] == condition).any()
        ]
        strips.append(alt.hconcat(*maps, spacing=40))
    trained = rows[rows["condition"] == TRAIT]
    sentence = (
        f"Numbers: change of the {measure.noun}, mean over {count_range(trained['n_runs'])} runs "
        f"of {counted(trained['traits'], 'trait')}. {STAR} its 95 % interval over runs excludes 0."
    )
    if (rows["verdict"] != "").any():
        sentence += f" {FAILED} a gate failed for some of its traits."
    return style.finish(alt.vconcat(*strips, spacing=30), TITLE, style.of_bases(sentence, spec))
