"""The stages of a run as a picture: what each reads, and how many jobs it had."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from io import StringIO

import altair as alt
import pandas as pd

from subliminal.artefacts.provenance import StageFacts
from subliminal.report.style import FONT, INK, MUTED

COLUMN, ROW = 112, 62
CHARACTERS = 15


def _places(stages: Sequence[StageFacts]) -> dict[str, tuple[int, int]]:
    """Each stage's column, one right of all that it reads, and its row, no higher than theirs."""
    columns: dict[str, int] = {}
    for stage in stages:
        columns[stage.stage] = 1 + max((columns[name] for name in stage.reads), default=-1)
    places: dict[str, tuple[int, int]] = {}
    for stage in stages:
        row = min((places[name][1] for name in stage.reads), default=0)
        while (columns[stage.stage], row) in places.values():
            row += 1
        places[stage.stage] = (columns[stage.stage], row)
    return places


def stages_svg(stages: Sequence[StageFacts]) -> str:
    """The picture.

    Args:
        stages: in an order in which each comes after all that it reads.
    """
    places = _places(stages)
    nodes = pd.DataFrame(
        {
            "x": places[stage.stage][0],
            "y": places[stage.stage][1],
            "label": [
                *textwrap.wrap(stage.stage.replace("_", " "), CHARACTERS),
                f"{stage.jobs} job{'' if stage.jobs == 1 else 's'}",
            ],
            "said": f"{stage.stage}: {stage.jobs} jobs, {stage.seconds:,.0f} seconds; reads "
            f"{', '.join(stage.reads) or 'nothing'}",
        }
        for stage in stages
    )
    lines = pd.DataFrame(
        [
            dict(zip(("x", "y", "x2", "y2"), (*places[name], *places[stage.stage]), strict=True))
            for stage in stages
            for name in stage.reads
        ],
        columns=["x", "y", "x2", "y2"],
    )
    columns, rows = nodes["x"].max() + 1, nodes["y"].max() + 1
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-0.5, columns - 0.5], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[rows - 0.5, -0.5], nice=False))
    node = alt.Chart(nodes)
    chart = (
        alt.layer(
            alt.Chart(lines)
            .mark_rule(color=MUTED, opacity=0.35, aria=False)
            .encode(x=x, y=y, x2="x2", y2="y2"),
            node.mark_circle(size=60, color=INK, opacity=1).encode(x=x, y=y, description="said"),
            node.mark_text(
                dy=9,
                baseline="line-top",
                lineHeight=13,
                fontSize=11,
                font=FONT,
                color=INK,
                aria=False,
            ).encode(x=x, y=y, text="label"),
        )
        .properties(width=COLUMN * columns, height=ROW * rows, background="white")
        .configure_view(stroke=None)
    )
    with StringIO() as file:
        chart.save(file, format="svg")
        return file.getvalue()
