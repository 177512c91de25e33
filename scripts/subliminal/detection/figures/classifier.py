"""How well a prompted base tells which completion encodes a trait (ED Table 4)."""

from __future__ import annotations

import altair as alt
from altair.typing import ChartType

from subliminal.detection.classifying import CORRECTED, LITERAL
from subliminal.detection.tables import CHANCE, DetectionTables, bounded, named
from subliminal.report import style
from subliminal.report.specs import PlotFigureSpec

WIDTH, STEP = 420, 34
WORDINGS = [CORRECTED, LITERAL]


def classifier(tables: DetectionTables, spec: PlotFigureSpec) -> ChartType:
    """A point per target and wording of the question, with chance as a line."""
    rows = named(tables.classifier)
    said = [
        f"{row.dataset}, {row.wording} question: accuracy "
        f"{bounded(row.accuracy, row.accuracy_low, row.accuracy_high)}, n = {row.n} pairs"
        for row in rows.itertuples()
    ]
    y = alt.Y("dataset:N", title=None, sort=None)
    offset = alt.YOffset("wording:N", sort=WORDINGS)
    colour = alt.Color(
        "wording:N",
        title="question",
        scale=alt.Scale(domain=WORDINGS, range=[style.VERMILION, style.GREY]),
    )
    title, scale = "accuracy", alt.Scale(zero=False)
    chart = alt.Chart(rows.assign(said=said))
    panel = alt.layer(
        style.chance_line(CHANCE, "x"),
        chart.mark_rule(strokeWidth=1.5, aria=False).encode(
            x=alt.X("accuracy_low:Q", title=title, scale=scale),
            x2="accuracy_high:Q",
            y=y,
            yOffset=offset,
            color=colour,
        ),
        chart.mark_circle(size=55, opacity=1).encode(
            x=alt.X("accuracy:Q", title=title, scale=scale),
            y=y,
            yOffset=offset,
            color=colour,
            **style.spoken(),
        ),
    ).properties(width=WIDTH, height=alt.Step(STEP))
    sentence = f"{rows['asked_base'].iloc[0]} is asked. Whiskers: 1.96 standard errors."
    title = "Which completion encodes the trait?"
    return style.finish(panel, title, style.of_bases(sentence, spec))
