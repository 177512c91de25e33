"""The loss of students while they are trained."""

from __future__ import annotations

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.config.paths import CONTROL_METHOD
from subliminal.report import style
from subliminal.report.numbers import count_range, counted, number
from subliminal.report.specs import PlotFigureSpec
from subliminal.transmission.curves import HELD_OUT, TRAINED
from subliminal.transmission.figures.marks import CONDITION_LABELS, at, condition_colour
from subliminal.transmission.tables import (
    ExperimentTables,
    Panel,
    panel_places,
    panel_titles,
    panels,
    plain,
    same_base,
)
from subliminal.transmission.verdicts import REGULAR, TRAIT

TITLE = "Loss of students while they are trained"
CONDITIONS = (REGULAR, TRAIT)
SAME, OTHER = "same base", "other base"
WIDTH, HEIGHT = 340, 220


def curves(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per condition, base, kind of rows and step: the mean over traits and students."""
    control = rows["method"] == CONTROL_METHOD
    named = rows.assign(
        shown_as=control.map({True: CONDITION_LABELS[REGULAR], False: CONDITION_LABELS[TRAIT]}),
        base=same_base(rows).map({True: SAME, False: OTHER}),
        total=rows["loss"] * rows["n_runs"],
    )
    keys = ["shown_as", "base", "loss_of", "step"]
    found = named.groupby(keys, sort=False, as_index=False)[["total", "n_runs"]].sum()
    return found.assign(loss=found["total"] / found["n_runs"]).sort_values(keys, ignore_index=True)


def _said(found: pd.DataFrame, place: str) -> pd.DataFrame:
    """Each line in words: its first and its last loss."""
    lines = []
    for (label, base, kind), line in found.groupby(["shown_as", "base", "loss_of"], sort=False):
        first, last = line.iloc[0], line.iloc[-1]
        said = (
            f"{label}, {base}, {kind}: loss {number(first.loss)} at step {first.step}, "
            f"{number(last.loss)} at step {last.step}, {counted([last.n_runs], 'student')}"
            f"{at(place)}"
        )
        lines.append(line.assign(said=said))
    return pd.concat(lines)


def _panel(rows: pd.DataFrame, title: str, place: str) -> alt.LayerChart:
    found = _said(curves(rows), place)
    trained, held_out = (found[found["loss_of"] == kind] for kind in (TRAINED, HELD_OUT))
    dashes = alt.Scale(domain=[SAME, OTHER], range=[[1, 0], [4, 3]])
    x = alt.X("step:Q", title="optimiser step", axis=alt.Axis(tickCount=5, grid=False))
    y = alt.Y("loss:Q", title="loss, nats per token", scale=alt.Scale(zero=False))
    colour = condition_colour(CONDITIONS)
    return alt.layer(
        alt.Chart(trained)
        .mark_line(strokeWidth=1.5)
        .encode(
            x=x,
            y=y,
            color=colour,
            strokeDash=alt.StrokeDash("base:N", title=None, scale=dashes),
            **style.spoken(),
        ),
        alt.Chart(held_out)
        .mark_point(shape="diamond", size=50, fill="white", strokeWidth=1.5, opacity=1)
        .encode(x=x, y=y, color=colour, **style.spoken()),
    ).properties(width=WIDTH, height=HEIGHT, title=style.panel_title(title))


def training(tables: ExperimentTables, spec: PlotFigureSpec) -> ChartType:
    """Loss by optimiser step, by the students' data and by whether they share a base."""
    rows = plain(tables.training_curves)
    shown: list[Panel] = panels(rows[rows["method"] != CONTROL_METHOD])
    if not shown:
        return style.empty_chart(
            TITLE,
            "Nothing to show: this experiment has no student of a teacher with a trait that was "
            "trained on unshuffled data.",
            spec,
        )
    titles, places = panel_titles(shown), panel_places(shown)
    chart = alt.concat(
        *(_panel(panel.select_with_control(rows), titles[panel], places[panel]) for panel in shown),
        columns=2,
        spacing={"row": 30, "column": 30},
    )
    lines = pd.concat([curves(panel.select_with_control(rows)) for panel in shown])
    held_out = " Diamonds: held-out rows." if HELD_OUT in set(rows["loss_of"]) else ""
    sentence = f"Lines: means over n = {count_range(lines['n_runs'])} students.{held_out}"
    return style.finish(chart, TITLE, style.of_bases(sentence, spec))
