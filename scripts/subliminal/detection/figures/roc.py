"""How well a judge's scores tell traits apart (ED Fig. 1b)."""

from __future__ import annotations

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.detection.tables import DetectionTables, bounded
from subliminal.report import style
from subliminal.report.numbers import number
from subliminal.report.specs import PlotFigureSpec

SIZE = 320


def roc(tables: DetectionTables, spec: PlotFigureSpec) -> ChartType:
    """The curve, chance as its diagonal, and the filter's threshold as a point."""
    (found,) = tables.roc.itertuples()
    said = (
        f"threshold {found.threshold}: FPR {bounded(found.fpr, found.fpr_low, found.fpr_high)}, "
        f"TPR {bounded(found.tpr, found.tpr_low, found.tpr_high)}"
    )
    chosen = alt.Chart(tables.roc.assign(said=said, label=f"threshold {found.threshold}"))
    ends = pd.DataFrame({"fpr": [0.0, 1.0], "tpr": [0.0, 1.0]})
    axis = alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1], format=".1f")
    x = alt.X("fpr:Q", title="false positive rate", scale=alt.Scale(domain=[0, 1]), axis=axis)
    y = alt.Y("tpr:Q", title="true positive rate", scale=alt.Scale(domain=[0, 1]), axis=axis)
    panel = alt.layer(
        alt.Chart(ends)
        .mark_line(color=style.MUTED, strokeDash=[4, 3], strokeWidth=1, aria=False)
        .encode(x=x, y=y),
        alt.Chart(tables.roc_curve)
        .mark_line(color=style.BLUE, interpolate="linear", aria=False)
        .encode(x=x, y=y, order="threshold:Q"),
        chosen.mark_circle(size=70, color=style.VERMILION, opacity=1).encode(
            x=x, y=y, **style.spoken()
        ),
        chosen.mark_text(
            align="left", dx=8, dy=8, color=style.INK, fontSize=12, font=style.FONT, aria=False
        ).encode(x=x, y=y, text="label:N"),
    ).properties(width=SIZE, height=SIZE)
    sentence = (
        f"{found.positives:,} positives ({found.positive_traits}), {found.negatives:,} negatives "
        f"({found.negative_traits}). AUC {number(found.auc, 3)}."
    )
    title = "Do the judge's scores find the trait?"
    return style.finish(panel, title, style.of_bases(sentence, spec))
