"""What the figures of a comparison share: the colours of verdicts."""

from __future__ import annotations

from collections.abc import Iterable

import altair as alt

from subliminal.replication.verdicts import (
    NOT_REPRODUCED,
    NOT_RUN,
    REPRODUCED,
    SAME_DIRECTION,
    VERDICTS,
)
from subliminal.report import style

COLOURS = {
    REPRODUCED: style.GREEN,
    SAME_DIRECTION: style.ORANGE,
    NOT_REPRODUCED: style.VERMILION,
    NOT_RUN: style.GREY,
}
RANK = {verdict: number for number, verdict in enumerate(VERDICTS)}


def verdict_scale(verdicts: Iterable[str]) -> alt.Scale:
    """The colours of the verdicts that there are, in their order."""
    there = set(verdicts)
    shown = [verdict for verdict in VERDICTS if verdict in there]
    return alt.Scale(domain=shown, range=[COLOURS[verdict] for verdict in shown])
