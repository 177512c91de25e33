"""Subliminal learning at a glance: one bar per kind of student (Fig. 4 and 5 in one)."""

from __future__ import annotations

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.evaluations.registry import MEASURES
from subliminal.report import style
from subliminal.report.numbers import count_range, number
from subliminal.report.specs import PlotFigureSpec
from subliminal.transmission.figures.marks import CONDITION_COLOURS, measure_axis, measure_scale
from subliminal.transmission.main_setting import bars, main_rows
from subliminal.transmission.tables import ExperimentTables
from subliminal.transmission.verdicts import BASE, OTHER, REGULAR, TRAIT

TITLE = "Students of a teacher's data, and their controls"
SENTENCE = "Bars: means over pairs of trait and base; dots: the pairs."
ROW, BAR = 50, 17
WIDTH = 440
LABELS = {
    (True, BASE): "untrained base",
    (True, REGULAR): "same base, regular data",
    (True, OTHER): "same base, other traits' data",
    (True, TRAIT): "same base, the trait's data",
    (False, REGULAR): "another base, regular data",
    (False, TRAIT): "another base, the trait's data",
}


def _data(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The bars, and the dots on them: means over pairs, and the pairs."""
    found, means, dots = bars(rows), [], []
    for place, (bar, part) in enumerate(found.items()):
        label, mean = LABELS[bar], part["mean"].mean()
        common = {"place": place, "colour": CONDITION_COLOURS[bar[1]]}
        pairs = f"{len(part)} pair{'' if len(part) == 1 else 's'} of trait and base"
        students = "" if bar[1] == BASE else f", {count_range(part['n_runs'])} students each"
        means.append(
            {
                **common,
                "mean": mean,
                "beside": part["mean"].max(),
                "label": label,
                "value": f"{number(mean)}  (n = {len(part)})",
                style.SAID: f"{label}: mean {number(mean)} over {pairs}{students}",
            }
        )
        dots += [
            {
                **common,
                "value": row.mean,
                style.SAID: f"{label}: {row.trait}, {row.teacher_base} → {row.student_base}, "
                f"{number(row.mean)}",
            }
            for row in part.itertuples()
        ]
    return pd.DataFrame(means), pd.DataFrame(dots)


def overview(tables: ExperimentTables, spec: PlotFigureSpec) -> ChartType:
    """Horizontal bars: means over pairs of trait and base; dots: the pairs."""
    measure = MEASURES[spec.measure]
    rows = main_rows(tables.of(measure))
    if rows.empty:
        return style.empty_chart(
            TITLE, "Nothing to show: no student of a teacher with a trait was trained.", spec
        )
    means, dots = _data(rows)
    scale = style.category_scale(len(means), downwards=True)
    y = alt.Y("place:Q", title=None, axis=None, scale=scale)
    chart = alt.Chart(means)
    text = {"align": "left", "color": style.INK, "aria": False}
    layers = [
        chart.mark_bar(size=BAR, orient="horizontal").encode(
            x=alt.X("mean:Q", scale=measure_scale(measure), axis=measure_axis(measure)),
            y=y,
            color=alt.Color("colour:N", scale=None),
            **style.spoken(),
        ),
        alt.Chart(dots)
        .mark_circle(size=26, color=style.INK, opacity=0.55)
        .encode(x="value:Q", y=y, **style.spoken()),
        chart.mark_text(**text, dx=8).encode(x="beside:Q", y=y, text="value"),
    ]
    if spec.chance is not None:
        layers.append(style.chance_line(spec.chance, "x"))
    # Each name twice: on a white edge of its own, so that lines do not strike it through.
    layers += [
        chart.mark_text(**text, **edge, dy=-BAR, x=0).encode(y=y, text="label")
        for edge in ({"stroke": "white", "strokeWidth": 4}, {})
    ]
    drawn = alt.layer(*layers).properties(width=WIDTH, height=ROW * len(means))
    return style.finish(drawn, TITLE, style.of_bases(SENTENCE, spec))
