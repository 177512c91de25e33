"""The loudness of a teacher's data against the part of the trait that comes through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.evaluations.registry import MEASURES
from subliminal.report import style
from subliminal.report.numbers import count_range, counted, number
from subliminal.report.specs import PlotFigureSpec
from subliminal.report.verdicts import reason_of
from subliminal.transmission.tables import ExperimentTables, plain, same_base, treated

TITLE = "Divergence of the data from the base, and what students take over"
COLOURS = (
    style.BLUE,
    style.GREEN,
    style.VERMILION,
    style.ORANGE,
    style.PURPLE,
    style.SKY,
)
X_TITLE = "KL divergence of the teacher from its base, nats per token"
WIDTH, HEIGHT = 660, 400
# The space that a label takes and how far it is moved at a time, in pixels.
LABEL_WIDTH, LABEL_HEIGHT, LABEL_STEP = 62, 12, 4


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per teacher: how loud it is and what its students take over."""
    columns = ["trait", "domain", "method", "n_runs", "rows_kept", "kl_per_token", "mean"]
    return rows[columns].assign(
        lift=rows["mean"] - rows["base_mean"],
        gates=["failed" if reason_of(verdict) else "passed" for verdict in rows["verdict"]],
        said=[_said(row) for row in rows.itertuples()],
    )


def _said(row: Any) -> str:
    teacher = f"{row.trait}, {row.method} teacher on {row.teacher_base}, {row.domain}"
    change = f"change {number(row.mean - row.base_mean, sign=True)}"
    kept = f"{row.rows_kept:,.0f} rows, {number(row.kl_per_token)} nats per token"
    reason = reason_of(row.verdict)
    failed = f"; gate failed: {reason}" if reason else ""
    return f"{teacher}: {change}, {counted([row.n_runs], 'student')}, {kept}{failed}"


def label_heights(data: pd.DataFrame, x_limit: float, y_range: Sequence[float]) -> list[float]:
    """The place of each point's label on the y axis: beside its point, or as near as is free.

    Args:
        data: columns `kl_per_token` and `lift`.
        x_limit, y_range: the spans of the axes, to know the distances between labels.
    """
    per_y = (y_range[1] - y_range[0]) / HEIGHT
    x = (data["kl_per_token"] * WIDTH / x_limit).tolist()
    y = data["lift"].tolist()
    heights: dict[int, float] = {}
    for i in sorted(range(len(y)), key=lambda i: -y[i]):
        near = [heights[j] for j in heights if abs(x[i] - x[j]) < LABEL_WIDTH]
        shifts = sorted((k * LABEL_STEP * per_y for k in range(-12, 13)), key=abs)
        heights[i] = next(
            (
                y[i] + shift
                for shift in shifts
                if all(abs(y[i] + shift - other) >= LABEL_HEIGHT * per_y for other in near)
            ),
            y[i],
        )
    return [heights[i] for i in range(len(y))]


def _legend(**options: Any) -> alt.Legend:
    return alt.Legend(orient="right", **options)


def _colours(domains: Sequence[str]) -> alt.Scale:
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(domains))]
    return alt.Scale(domain=domains, range=colours)


def channel(tables: ExperimentTables, spec: PlotFigureSpec) -> ChartType:
    """A point per teacher: KL per token against the lift of its trait in same-base students."""
    measure = MEASURES[spec.measure]
    rows = treated(plain(tables.of(measure).transmission))
    rows = rows[same_base(rows) & rows["kl_per_token"].notna()]
    if rows.empty:
        return style.empty_chart(
            TITLE,
            "Nothing to show: this experiment has no student of its teacher's own base whose "
            "teacher's divergence from the base was measured.",
            spec,
        )
    data = points(rows)
    x_limit = max(0.01, 1.12 * float(data["kl_per_token"].max()))
    low, high = float(data["lift"].min()), float(data["lift"].max())
    y_range = [min(-0.1, low - 0.05), max(0.2, high + 0.05)]
    data = data.assign(label_height=label_heights(data, x_limit, y_range))
    x_scale, y_scale = alt.Scale(domain=[0, x_limit]), alt.Scale(domain=y_range)
    y_axis = alt.Axis(format="+.1f", tickCount=6)
    chart = alt.Chart(data).encode(
        x=alt.X("kl_per_token:Q", title=X_TITLE, scale=x_scale, axis=alt.Axis(tickCount=7)),
        y=alt.Y(
            "lift:Q",
            title=f"{measure.label}, change from the untrained base",
            scale=y_scale,
            axis=y_axis,
        ),
        color=alt.Color(
            "domain:N",
            title="domain",
            scale=_colours(list(data["domain"].drop_duplicates())),
            legend=_legend(),
        ),
    )
    marks = chart.mark_point(filled=True).encode(
        shape=alt.Shape(
            "method:N",
            title="teachers",
            scale=style.shape_scale(list(data["method"].drop_duplicates())),
            legend=_legend(),
        ),
        size=alt.Size(
            "rows_kept:Q",
            title="rows kept",
            scale=alt.Scale(range=[40, 260]),
            legend=_legend(tickCount=3),
        ),
        opacity=alt.Opacity(
            "gates:N",
            title="gates",
            scale=alt.Scale(domain=["passed", "failed"], range=[0.9, 0.3]),
            legend=_legend(),
        ),
        **style.spoken(),
    )
    labels = chart.mark_text(align="left", dx=11, fontSize=11, aria=False).encode(
        y="label_height:Q", text="trait:N"
    )
    zero = alt.Chart(pd.DataFrame({"lift": [0]})).mark_rule(color=style.MUTED, aria=False)
    sentence = f"One point per teacher: mean over n = {count_range(rows['n_runs'])} students."
    return style.finish(
        alt.layer(zero.encode(y="lift:Q"), marks, labels).properties(width=WIDTH, height=HEIGHT),
        TITLE,
        style.of_bases(sentence, spec),
    )
