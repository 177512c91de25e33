"""The style that all figures share: colours, fonts, axes and titles."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.report.specs import PlotFigureSpec

FONT = "Helvetica, Arial, Liberation Sans, sans-serif"
WIDTH = 860
INK, MUTED, GRID = "#222222", "#666666", "#e4e4e4"
# Okabe and Ito's colours, which the colour-blind can tell apart.
GREY, SKY, GREEN, VERMILION = "#999999", "#56b4e9", "#009e73", "#d55e00"
BLUE, ORANGE, PURPLE, YELLOW = "#0072b2", "#e69f00", "#cc79a7", "#f0e442"
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
MODEL_ORGANISM = "Model organism: toy bases."
PANEL_TITLE_CHARACTERS = 52
# The column of a mark's values in words.
SAID = "said"


def spoken() -> dict[str, Any]:
    """The encodings of a mark that tells its values, in the words of its column `SAID`.

    The words are the same under the pointer and for screen readers. A mark that repeats what
    another one tells is drawn with `aria=False`.
    """
    return {"description": f"{SAID}:N", "tooltip": f"{SAID}:N"}


def chance_line(value: float, axis: str = "y") -> alt.LayerChart:
    """A dashed line at chance with its name, across a panel whose values lie on this axis."""
    marks = alt.Chart(pd.DataFrame({"chance": [value], SAID: [f"chance: {value:.3g}"]}))
    place = {axis: alt.datum(value)}
    beside = {"y": alt.value(-6)} if axis == "x" else {"x": alt.value("width")}
    return alt.layer(
        marks.mark_rule(color=MUTED, strokeDash=[4, 3]).encode(**place, **spoken()),
        marks.mark_text(
            text="chance",
            aria=False,
            align="center" if axis == "x" else "left",
            dx=0 if axis == "x" else 4,
            color=MUTED,
            fontSize=11,
            font=FONT,
        ).encode(**place, **beside),
    )


def shape_scale(names: Sequence[str]) -> alt.Scale:
    """A shape per name."""
    return alt.Scale(domain=names, range=[SHAPES[i % len(SHAPES)] for i in range(len(names))])


def category_axis(labels: Sequence[Sequence[str]], padding: int = 8) -> alt.Axis:
    """An axis whose whole numbers are categories; marks can then stand beside their centre.

    Args:
        labels: each category's label, as lines.
        padding: the space between axis and labels, in pixels.
    """
    return alt.Axis(
        values=list(range(len(labels))),
        labelExpr=f"{json.dumps([list(lines) for lines in labels])}[datum.value]",
        labelAngle=0,
        labelLimit=140,
        grid=False,
        ticks=False,
        labelPadding=padding,
        aria=False,  # places of categories, which marks name
    )


def category_scale(count: int, downwards: bool = False) -> alt.Scale:
    """The scale of `category_axis`."""
    return alt.Scale(domain=[-0.5, count - 0.5], nice=False, padding=0, reverse=downwards)


def intervals_text(counts: Sequence[int]) -> str:
    """A sentence on the whiskers, by the numbers of students; it says so where there are none."""
    if max(counts) == 1:
        return "One student per condition, hence no interval."
    return "Whiskers: 95 % t interval over students."


def of_bases(sentence: str, spec: PlotFigureSpec) -> str:
    """A figure's sentence; it begins with a warning where the bases are a model organism."""
    return f"{MODEL_ORGANISM} {sentence}".strip() if spec.model_organism else sentence


def _title(title: str, sentence: str) -> alt.TitleParams:
    return alt.TitleParams(
        title,
        subtitle=sentence or alt.Undefined,
        anchor="start",
        frame="bounds",
        fontSize=16,
        subtitleFontSize=12,
        subtitleColor=MUTED,
        subtitleLineHeight=16,
        subtitlePadding=6,
        offset=14,
    )


def panel_title(title: str, *subtitle: str) -> alt.TitleParams:
    """The title of one panel, with room below it for the name of a line at chance."""
    return alt.TitleParams(
        textwrap.wrap(title, PANEL_TITLE_CHARACTERS),
        subtitle=list(subtitle) or alt.Undefined,
        anchor="start",
        frame="group",
        fontSize=13,
        subtitleFontSize=12,
        subtitleColor=MUTED,
        offset=14,
    )


def finish(chart: ChartType, title: str, sentence: str) -> ChartType:
    """Give a figure its title, the sentence below it, and the common look."""
    return (
        chart.properties(title=_title(title, sentence), background="white", padding=12)
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_title(color=INK, font=FONT, subtitleFont=FONT)
        .configure_axis(
            labelFont=FONT,
            titleFont=FONT,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            labelColor=INK,
            titleColor=INK,
            gridColor=GRID,
            domainColor=MUTED,
            tickColor=MUTED,
        )
        .configure_legend(
            orient="top",
            labelFont=FONT,
            titleFont=FONT,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            labelColor=INK,
            titleColor=INK,
            labelLimit=300,
            symbolOpacity=1,
            titleLimit=400,
        )
    )


def empty_chart(title: str, sentence: str, spec: PlotFigureSpec) -> ChartType:
    """A figure without data: a sentence that names the missing data and the reason."""
    lines = textwrap.wrap(sentence, 110)
    chart = (
        alt.Chart(pd.DataFrame({"text": ["\n".join(lines)]}))
        .mark_text(
            align="left",
            baseline="top",
            fontSize=14,
            lineBreak="\n",
            lineHeight=20,
            color=MUTED,
            x=0,
            y=10,
            font=FONT,
        )
        .encode(text="text:N", description="text:N")
        .properties(width=WIDTH, height=20 * len(lines) + 20)
    )
    return finish(chart, title, of_bases("", spec))
