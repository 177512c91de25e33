"""Is it the teacher's own trait that students take over? (Statistics of the trait matrix)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.evaluations.registry import MEASURES
from subliminal.report import style
from subliminal.report.numbers import GAMMA, count_range, counted, number, p_value
from subliminal.report.specs import PlotFigureSpec
from subliminal.transmission.figures.marks import change_colour, change_ink
from subliminal.transmission.tables import (
    ExperimentTables,
    base_pair,
    panel_places,
    panel_titles,
    panels,
    plain,
    student_bases,
)
from subliminal.transmission.verdicts import REGULAR

TITLE = "Change of every trait, by the trait of the teacher"
CONTROL_LABEL = "none (regular data)"
LARGEST_CELL, SMALLEST_CELL = 58, 30
AXIS_WIDTH = 150


def diagonal_text(diagonal: pd.DataFrame) -> str:
    """The result of the diagonal test of one matrix, or why there is none."""
    if diagonal.empty:
        return "no diagonal test: it needs two or more traits"
    test = diagonal.iloc[0]
    return f"diagonal {GAMMA} = {number(test['gamma'])}, p {p_value(test['p_value'])}"


def _said(cell: Any, place: str) -> str:
    control = cell.teacher_trait == CONTROL_LABEL
    data = "regular data" if control else f"data of {cell.teacher_trait}"
    change = f"{cell.printed} to {number(cell.mean)}"
    students = counted([cell.n_runs], "student")
    return f"{cell.measured_trait} after {data}: {change}, {students} ({place})"


def cells(matrix: pd.DataFrame, transmission: pd.DataFrame, place: str) -> pd.DataFrame:
    """One matrix with its control as the last row, and the text of its cells.

    Args:
        matrix, transmission: rows of one panel and one student base.
        place: the panel and its two bases.
    """
    taught = set(matrix["teacher_trait"])
    own = matrix[matrix["measured_trait"].isin(taught)]
    regular = transmission[transmission["condition"] == REGULAR]
    control = pd.DataFrame(
        {
            "teacher_trait": CONTROL_LABEL,
            "measured_trait": regular["trait"],
            "n_runs": regular["n_runs"],
            "mean": regular["mean"],
            "lift": regular["mean"] - regular["base_mean"],
        }
    )
    both = pd.concat([own[control.columns], control], ignore_index=True)
    both = both.assign(
        printed=both["lift"].map(lambda lift: number(lift, sign=True)),
        own=both["teacher_trait"] == both["measured_trait"],
    )
    return both.assign(said=[_said(cell, place) for cell in both.itertuples()])


def _heat_map(data: pd.DataFrame, title: Sequence[str], cell: int, limit: float) -> alt.LayerChart:
    teachers = list(data["teacher_trait"].drop_duplicates())
    measured = [teacher for teacher in teachers if teacher in set(data["measured_trait"])]
    y_axis = alt.Axis(
        title="teacher's trait",
        labelLimit=AXIS_WIDTH,
        labelPadding=6,
        ticks=False,
        domain=False,
    )
    x_axis = alt.Axis(title="measured trait", labelAngle=0, ticks=False, domain=False, orient="top")
    chart = alt.Chart(data).encode(
        x=alt.X("measured_trait:N", sort=measured, axis=x_axis),
        y=alt.Y("teacher_trait:N", sort=teachers, axis=y_axis),
    )
    return alt.layer(
        chart.mark_rect(stroke=style.GRID).encode(
            color=change_colour("lift", limit), **style.spoken()
        ),
        chart.transform_filter("datum.own").mark_rect(
            fill=None, stroke=style.INK, strokeWidth=1.5, aria=False
        ),
        chart.mark_text(fontSize=12, aria=False).encode(
            text="printed:N", color=change_ink("lift", limit)
        ),
    ).properties(
        width=cell * len(measured),
        height=max(28, round(cell * 0.62)) * len(teachers),
        title=style.panel_title(*title),
    )


def trait_matrix(tables: ExperimentTables, spec: PlotFigureSpec) -> ChartType:
    """A heat map per panel and student base: teachers in rows, measured traits in columns."""
    measure = MEASURES[spec.measure]
    tables = tables.of(measure)
    rows = plain(tables.trait_matrix)
    if rows.empty:
        return style.empty_chart(
            TITLE,
            "Nothing to show: this experiment has no student of a teacher with a trait that was "
            "trained on unshuffled data.",
            spec,
        )
    shown = panels(rows)
    titles, places = panel_titles(shown), panel_places(shown, "teacher_base")
    limit = max(0.1, float(rows["lift"].abs().max()))
    strips = []
    for panel in shown:
        part = panel.select(rows)
        context = panel.select(plain(tables.transmission))
        tests = panel.select(plain(tables.diagonal))
        bases = student_bases(part, panel)
        room = (style.WIDTH // len(bases) - AXIS_WIDTH) // part["teacher_trait"].nunique()
        maps = [
            _heat_map(
                cells(
                    part[part["student_base"] == base],
                    context[context["student_base"] == base],
                    f"{places[panel]}, {base_pair(panel, base)}".removeprefix(", "),
                ),
                [
                    titles[panel],
                    base_pair(panel, base),
                    diagonal_text(tests[tests["student_base"] == base]),
                ],
                min(LARGEST_CELL, max(SMALLEST_CELL, room)),
                limit,
            )
            for base in bases
        ]
        strips.append(alt.hconcat(*maps, spacing=26))
    sentence = f"Numbers: change of the {measure.noun}. n = {count_range(rows['n_runs'])} per cell."
    return style.finish(alt.vconcat(*strips, spacing=30), TITLE, style.of_bases(sentence, spec))
