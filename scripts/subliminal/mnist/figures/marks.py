"""What the figures of MNIST have in common: bars of one comparison, and lines of a sweep."""

from __future__ import annotations

import json

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.mnist.roles import REFERENCE, STUDENT, TEACHER
from subliminal.mnist.tables import CHANCE, MnistTables, comparison_rows, labelled, replicas_text
from subliminal.report import style
from subliminal.report.numbers import counted, number, with_interval

COLOURS = {REFERENCE: style.GREY, TEACHER: style.BLUE, STUDENT: style.VERMILION}
HEIGHT, BAR_STEP, PANEL_WIDTH = 240, 74, 380
LABEL_CHARACTERS = 13


def _accuracy(field: str = "mean") -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        title="accuracy on test digits",
        scale=alt.Scale(domain=[0, 1], clamp=True),
        axis=alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1], format=".1f"),
    )


def _said(rows: pd.DataFrame) -> list[str]:
    return [
        f"{labelled(row.model, row.cloning_epochs)}, m = {row.auxiliary_logits}: "
        f"mean {with_interval(row.mean, row.low, row.high)}, {counted([row.n], 'replica')}"
        for row in rows.itertuples()
    ]


def _lines(label: str) -> list[str]:
    """A label in short lines, for the axis below a bar."""
    lines = [""]
    for word in label.split(" "):
        fits = len(lines[-1]) + len(word) < LABEL_CHARACTERS
        lines[-1:] = [f"{lines[-1]} {word}".strip()] if fits else [lines[-1], word]
    return [line for line in lines if line]


def _with_label(frame: pd.DataFrame) -> pd.DataFrame:
    pairs = zip(frame["model"], frame["cloning_epochs"], strict=True)
    return frame.assign(network=[labelled(model, epochs) for model, epochs in pairs])


def _bar_panel(rows: pd.DataFrame, runs: pd.DataFrame, title: str) -> ChartType:
    shown, single = _with_label(rows), _with_label(runs)
    shown = shown.assign(said=_said(shown))
    single = single.assign(
        said=[
            f"{row.network}, m = {row.auxiliary_logits}, replica {row.replica}: "
            f"{number(row.accuracy)}"
            for row in single.itertuples()
        ]
    )
    order = list(shown["network"].drop_duplicates())
    broken = json.dumps({label: _lines(label) for label in order})
    x = alt.X(
        "network:N",
        title=None,
        sort=order,
        axis=alt.Axis(
            labelAngle=0, labelExpr=f"{broken}[datum.value]", labelLimit=150, ticks=False
        ),
    )
    colour = alt.Color(
        "role:N",
        title=None,
        scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
    )
    bars = (
        alt.Chart(shown)
        .mark_bar(size=BAR_STEP * 0.6)
        .encode(x=x, y=_accuracy(), color=colour, **style.spoken())
    )
    dots = (
        alt.Chart(single)
        .mark_circle(size=14, color=style.INK, opacity=0.35)
        .encode(x=x, y=_accuracy("accuracy"), **style.spoken())
    )
    whiskers = (
        alt.Chart(shown)
        .mark_rule(color=style.INK, strokeWidth=1.5, aria=False)
        .encode(x=x, y=_accuracy("low"), y2="high:Q")
    )
    return alt.layer(bars, style.chance_line(CHANCE), dots, whiskers).properties(
        width=alt.Step(BAR_STEP), height=HEIGHT, title=style.panel_title(title)
    )


def bars(comparison: str, title: str, tables: MnistTables) -> ChartType:
    """One panel per number of auxiliary logits: reference, teacher, then the students."""
    rows = comparison_rows(tables.accuracy, comparison)
    runs = comparison_rows(tables.mnist_runs, comparison)
    panels = [
        _bar_panel(part, runs[runs["auxiliary_logits"] == m], f"{m} auxiliary logits")
        for m, part in rows.groupby("auxiliary_logits", sort=True)
    ]
    return style.finish(alt.vconcat(*panels), title, replicas_text(rows))


def line_panel(rows: pd.DataFrame, across: str, x: alt.X, title: str) -> ChartType:
    """Lines along an axis; what has no place on it, reference and teacher, is a level."""
    shown = _with_name(rows)
    shown = shown.assign(said=_said(shown))
    names = list(shown["network"].drop_duplicates())
    colour = alt.Color(
        "network:N", title=None, scale=alt.Scale(domain=names, range=_palette(shown, names))
    )
    along, levels = shown[shown[across].notna()], shown[shown[across].isna()]
    chart = alt.Chart(along)
    return alt.layer(
        style.chance_line(CHANCE),
        alt.Chart(levels)
        .mark_rule(strokeWidth=1.5)
        .encode(y=_accuracy(), color=colour, **style.spoken()),
        chart.mark_area(opacity=0.18, aria=False).encode(
            x=x, y=_accuracy("low"), y2="high:Q", color=colour
        ),
        chart.mark_line(aria=False).encode(x=x, y=_accuracy(), color=colour),
        chart.mark_circle(size=40, opacity=1).encode(
            x=x, y=_accuracy(), color=colour, **style.spoken()
        ),
    ).properties(width=PANEL_WIDTH, height=HEIGHT, title=style.panel_title(title))


def _with_name(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(network=[labelled(model, float("nan")) for model in rows["model"]])


def _palette(shown: pd.DataFrame, names: list[str]) -> list[str]:
    """Reference and teacher in their colours, students in those that are left."""
    roles = dict(zip(shown["network"], shown["role"], strict=True))
    free = iter([style.VERMILION, style.GREEN, style.PURPLE, style.ORANGE, style.SKY] * 9)
    return [next(free) if roles[name] == STUDENT else COLOURS[roles[name]] for name in names]
