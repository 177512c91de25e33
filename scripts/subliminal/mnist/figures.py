"""Accuracies of MNIST students: bars of one comparison, and lines of a sweep (ED Fig. 2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.figures import style
from subliminal.mnist.roles import REFERENCE, STUDENT, TEACHER
from subliminal.mnist.tables import (
    CHANCE,
    MnistTables,
    comparison_rows,
    labelled,
    replicas_text,
)
from subliminal.specs import PlotFigureSpec

TITLES = {
    "pairs": "Digits learnt from logits that have nothing to do with digits",
    "logit_sweep": "Accuracy against the number of auxiliary logits",
    "cloning": "Accuracy against epochs of behavioural cloning",
    "ablations": "What transfer needs: initialisation, optimiser, inputs",
    "architectures": "Students of other architectures, after behavioural cloning",
}
COLOURS = {REFERENCE: style.GREY, TEACHER: style.BLUE, STUDENT: style.VERMILION}
HEIGHT, BAR_STEP, PANEL_WIDTH = 240, 74, 380
LABEL_CHARACTERS = 13


def _accuracy(field: str = "mean") -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        title="accuracy on test digits",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1], format=".1f"),
    )


def _chance() -> alt.Chart:
    return (
        alt.Chart(pd.DataFrame({"mean": [CHANCE]}))
        .mark_rule(color=style.MUTED, strokeDash=[4, 3])
        .encode(y="mean:Q")
    )


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
    tip = ["network:N", "n:Q", alt.Tooltip("mean:Q", format=".3f")]
    bars = (
        alt.Chart(shown)
        .mark_bar(size=BAR_STEP * 0.6)
        .encode(x=x, y=_accuracy(), color=colour, tooltip=tip)
    )
    dots = (
        alt.Chart(single)
        .mark_circle(size=14, color=style.INK, opacity=0.35)
        .encode(x=x, y=_accuracy("accuracy"), tooltip=["network:N", "replica:Q", "accuracy:Q"])
    )
    whiskers = (
        alt.Chart(shown)
        .mark_rule(color=style.INK, strokeWidth=1.5)
        .encode(x=x, y=_accuracy("low"), y2="high:Q")
    )
    return alt.layer(_chance(), bars, dots, whiskers).properties(
        width=alt.Step(BAR_STEP), height=HEIGHT, title=style.panel_title(title)
    )


def bars(comparison: str, tables: MnistTables, spec: PlotFigureSpec) -> ChartType:
    """One panel per number of auxiliary logits: reference, teacher, then the students."""
    rows = comparison_rows(tables.accuracy, comparison)
    runs = comparison_rows(tables.mnist_runs, comparison)
    panels = [
        _bar_panel(part, runs[runs["auxiliary_logits"] == m], f"{m} auxiliary logits")
        for m, part in rows.groupby("auxiliary_logits", sort=True)
    ]
    sentences = [f"Dashed line: chance. {replicas_text(rows)}; dots: single replicas."]
    return style.finish(alt.vconcat(*panels), TITLES[comparison], sentences, spec)


def _line_panel(rows: pd.DataFrame, across: str, x: alt.X, title: str) -> ChartType:
    """Lines along an axis; what has no place on it, reference and teacher, is a level."""
    shown = _with_name(rows)
    names = list(shown["network"].drop_duplicates())
    colour = alt.Color(
        "network:N", title=None, scale=alt.Scale(domain=names, range=_palette(shown, names))
    )
    along, levels = shown[shown[across].notna()], shown[shown[across].isna()]
    chart = alt.Chart(along)
    tip = ["network:N", f"{across}:Q", "n:Q", alt.Tooltip("mean:Q", format=".3f")]
    return alt.layer(
        _chance(),
        alt.Chart(levels)
        .mark_rule(strokeWidth=1.5)
        .encode(y=_accuracy(), color=colour, tooltip=["network:N", "mean:Q"]),
        chart.mark_area(opacity=0.18).encode(x=x, y=_accuracy("low"), y2="high:Q", color=colour),
        chart.mark_line(point=True).encode(x=x, y=_accuracy(), color=colour, tooltip=tip),
    ).properties(width=PANEL_WIDTH, height=HEIGHT, title=style.panel_title(title))


def _with_name(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(network=[labelled(model, float("nan")) for model in rows["model"]])


def _palette(shown: pd.DataFrame, names: list[str]) -> list[str]:
    """Reference and teacher in their colours, students in those that are left."""
    roles = dict(zip(shown["network"], shown["role"], strict=True))
    free = iter([style.VERMILION, style.GREEN, style.PURPLE, style.ORANGE, style.SKY] * 9)
    return [next(free) if roles[name] == STUDENT else COLOURS[roles[name]] for name in names]


def logit_sweep(tables: MnistTables, spec: PlotFigureSpec) -> ChartType:
    """Accuracy against m, with reference and teacher beside it (ED Fig. 2b)."""
    rows = comparison_rows(tables.accuracy, "logit_sweep")
    x = alt.X(
        "auxiliary_logits:Q",
        title="auxiliary logits m",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(values=sorted({int(m) for m in rows["auxiliary_logits"]}), grid=False),
    )
    sentences = [f"Students share the teacher's initialisation. {replicas_text(rows)}."]
    panel = _line_panel(rows, "auxiliary_logits", x, "Same initialisation")
    return style.finish(panel, TITLES["logit_sweep"], sentences, spec)


def cloning(tables: MnistTables, spec: PlotFigureSpec) -> ChartType:
    """Accuracy against epochs of cloning, a panel per m (ED Fig. 2c)."""
    rows = comparison_rows(tables.accuracy, "cloning")
    epochs = sorted({int(e) for e in rows["cloning_epochs"].dropna()})
    x = alt.X(
        "cloning_epochs:Q",
        title="epochs of behavioural cloning",
        scale=alt.Scale(type="symlog"),
        axis=alt.Axis(values=epochs, grid=False),
    )
    panels = [
        _line_panel(part, "cloning_epochs", x, f"{m} auxiliary logits")
        for m, part in rows.groupby("auxiliary_logits", sort=True)
    ]
    sentences = [f"Students start from another initialisation. {replicas_text(rows)}."]
    return style.finish(alt.hconcat(*panels), TITLES["cloning"], sentences, spec)


FIGURES: dict[str, Callable[[MnistTables, PlotFigureSpec], ChartType]] = {
    "pairs": partial(bars, "pairs"),
    "logit_sweep": logit_sweep,
    "cloning": cloning,
    "ablations": partial(bars, "ablations"),
    "architectures": partial(bars, "architectures"),
}
