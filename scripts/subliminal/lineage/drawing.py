"""The lineage of a run as a picture and a table: whose data went to whose students."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import altair as alt
import pandas as pd

from subliminal.lineage.transfers import Transfer
from subliminal.report.style import FONT, INK, MUTED, VERMILION

WIDTH, ROW = 860, 62
# What a label of the most traits takes below the last node, in rows.
BELOW = 1.2
CHARACTERS = 34
# The columns of the picture, from left to right, as shares of its width.
TEACHERS, DATA, STUDENTS = 0.0, 0.36, 0.78
# Room for the labels right of the last column.
EDGE = 1.0
FLAGGED = "flagged: starts as a teacher with a trait"
HARMLESS = "starts otherwise, or learns from a control"


@dataclass(frozen=True)
class Flow:
    """The data of one teacher's base in one domain, and the students on one base.

    Attributes:
        variants: of the data.
        traits: of their teachers, in alphabetical order; controls are left out.
        controls: whether regular data are among the data.
        start: how the bases are related, in words.
        students: their number.
        flagged: how many of them the paper warns of.
    """

    teacher_base: str
    domain: str
    student_base: str
    variants: tuple[str, ...]
    traits: tuple[str, ...]
    controls: bool
    start: str
    students: int
    flagged: int

    @property
    def data(self) -> tuple[str, str]:
        """What tells the data apart."""
        return self.teacher_base, self.domain


def flows(transfers: Iterable[Transfer]) -> list[Flow]:
    """Transfers of the same bases and domain together, in the order of their names."""
    together: dict[tuple[str, str, str], list[Transfer]] = {}
    for transfer in transfers:
        learner = transfer.learner
        key = (learner.writer.base, learner.domain, learner.base)
        together.setdefault(key, []).append(transfer)
    return [_flow(key, together[key]) for key in sorted(together)]


def _flow(key: tuple[str, str, str], transfers: Sequence[Transfer]) -> Flow:
    return Flow(
        *key,
        variants=tuple(sorted({t.learner.variant for t in transfers})),
        traits=tuple(sorted({t.teacher.trait for t in transfers if t.teacher.has_trait})),
        controls=any(not t.teacher.has_trait for t in transfers),
        start=transfers[0].start.value,
        students=len(transfers),
        flagged=sum(t.is_flagged for t in transfers),
    )


def _spread(names: Sequence[Any], rows: int) -> dict[Any, float]:
    """Names evenly over so many rows."""
    return {name: (number + 0.5) * rows / len(names) - 0.5 for number, name in enumerate(names)}


def _words(found: Sequence[Flow], head: str) -> str:
    traits = sorted({trait for flow in found for trait in flow.traits})
    control = ["no trait (control)"] if any(flow.controls for flow in found) else []
    return f"{head}: {', '.join([*traits, *control])}"


def _nodes(found: Sequence[Flow]) -> dict[tuple[Any, ...], tuple[float, float, str]]:
    """By what tells a node apart, its place and its label."""
    teachers = sorted({flow.teacher_base for flow in found})
    data = sorted({flow.data for flow in found})
    students = sorted({flow.student_base for flow in found})
    rows = max(len(data), len(teachers), len(students))
    nodes: dict[tuple[Any, ...], tuple[float, float, str]] = {}
    for name, y in _spread(teachers, rows).items():
        own = [flow for flow in found if flow.teacher_base == name]
        nodes["teachers", name] = (TEACHERS, y, _words(own, f"teachers on {name}"))
    for key, y in _spread(data, rows).items():
        variants = sorted({v for flow in found if flow.data == key for v in flow.variants})
        shown = "" if variants == ["train"] else f" ({', '.join(variants)})"
        nodes["data", key] = (DATA, y, f"{key[1]} of {key[0]}{shown}")
    for name, y in _spread(students, rows).items():
        count = sum(flow.students for flow in found if flow.student_base == name)
        ending = "" if count == 1 else "s"
        nodes["students", name] = (STUDENTS, y, f"{count} student{ending} on {name}")
    return nodes


def lineage_svg(found: Sequence[Flow]) -> str:
    """The picture: teachers on the left, their data, and the students that learnt them.

    Args:
        found: at least one.
    """
    nodes = _nodes(found)
    lines = []
    for flow in found:
        data = nodes["data", flow.data]
        for end, kind in (
            (nodes["teachers", flow.teacher_base], HARMLESS),
            (nodes["students", flow.student_base], FLAGGED if flow.flagged else HARMLESS),
        ):
            lines.append({"x": data[0], "y": data[1], "x2": end[0], "y2": end[1], "kind": kind})
    marks = pd.DataFrame(
        {"x": x, "y": y, "label": textwrap.wrap(label, CHARACTERS), "said": label}
        for x, y, label in nodes.values()
    )
    low, high = marks["y"].min() - 0.3, marks["y"].max() + BELOW
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-0.02, EDGE], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[high, low], nice=False))
    colours = alt.Scale(domain=[FLAGGED, HARMLESS], range=[VERMILION, MUTED])
    node = alt.Chart(marks)
    label = {"dy": 8, "align": "left", "baseline": "line-top", "lineHeight": 13, "fontSize": 11}
    label |= {"font": FONT, "aria": False}
    chart = (
        alt.layer(
            alt.Chart(pd.DataFrame(lines).drop_duplicates())
            .mark_rule(opacity=0.7, aria=False)
            .encode(
                x=x,
                y=y,
                x2="x2",
                y2="y2",
                color=alt.Color(
                    "kind:N",
                    scale=colours,
                    legend=alt.Legend(title="A student", orient="top", labelLimit=400),
                ),
                strokeWidth=alt.condition(alt.datum.kind == FLAGGED, alt.value(2.5), alt.value(1)),
            ),
            node.mark_circle(size=60, color=INK, opacity=1).encode(x=x, y=y, description="said"),
            # Lines pass behind the labels: each has a rim of the page's colour.
            node.mark_text(stroke="white", strokeWidth=5, strokeJoin="round", **label).encode(
                x=x, y=y, text="label"
            ),
            node.mark_text(color=INK, **label).encode(x=x, y=y, text="label"),
        )
        .properties(width=WIDTH, height=ROW * (high - low), background="white")
        .configure_view(stroke=None)
    )
    with StringIO() as file:
        chart.save(file, format="svg")
        return file.getvalue()
