"""The style that all figures share: colours, fonts, axes and titles."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

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
MODEL_ORGANISM = (
    "Model organism: toy bases that the workflow itself pretrains, not the paper's models."
)
SUBTITLE_CHARACTERS = 125


def shape_scale(names: Sequence[str]) -> alt.Scale:
    """A shape per name."""
    return alt.Scale(domain=names, range=[SHAPES[i % len(SHAPES)] for i in range(len(names))])


def category_axis(labels: Sequence[Sequence[str]], limit: int = 140) -> alt.Axis:
    """An axis whose whole numbers are categories; marks can then stand beside their centre.

    Args:
        labels: each category's label, as lines.
        limit: pixels that a label may take.
    """
    return alt.Axis(
        values=list(range(len(labels))),
        labelExpr=f"{json.dumps([list(lines) for lines in labels])}[datum.value]",
        labelAngle=0,
        labelLimit=limit,
        grid=False,
        ticks=False,
        labelPadding=8,
    )


def category_scale(count: int, downwards: bool = False) -> alt.Scale:
    """The scale of `category_axis`."""
    return alt.Scale(domain=[-0.5, count - 0.5], nice=False, padding=0, reverse=downwards)


def intervals_text(counts: Sequence[int]) -> str:
    """A sentence on the whiskers, by the numbers of students; it says so where there are none."""
    if max(counts) == 1:
        return "one student per condition, hence no interval"
    return "whiskers: 95 % t interval over students"


def _title(title: str, sentences: Sequence[str], spec: PlotFigureSpec) -> alt.TitleParams:
    text = [*sentences, *([MODEL_ORGANISM] if spec.model_organism else [])]
    lines = [line for sentence in text for line in textwrap.wrap(sentence, SUBTITLE_CHARACTERS)]
    return alt.TitleParams(
        title,
        subtitle=lines,
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
    """The title of one panel."""
    return alt.TitleParams(
        title,
        subtitle=list(subtitle),
        anchor="start",
        frame="group",
        fontSize=13,
        subtitleFontSize=12,
        subtitleColor=MUTED,
        offset=4,
    )


def finish(
    chart: ChartType, title: str, sentences: Sequence[str], spec: PlotFigureSpec
) -> ChartType:
    """Give a figure its title, the sentences below it, and the common look."""
    return (
        chart.properties(title=_title(title, sentences, spec), background="white", padding=12)
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
        .encode(text="text:N")
        .properties(width=WIDTH, height=20 * len(lines) + 20)
    )
    return finish(chart, title, [], spec)
