"""What became of each figure, table and claim of the paper: a row each, in the paper's order."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from subliminal.replication.schemas import ITEMS
from subliminal.replication.specs import AskedItem
from subliminal.replication.verdicts import (
    NOT_REPRODUCED,
    NOT_RUN,
    REPRODUCED,
    SAME_DIRECTION,
)

ALL, SOME, NOTHING = "reproduced as far as it was tested", "partly reproduced", "nothing to compare"
STANDINGS = (ALL, SOME, SAME_DIRECTION, NOT_REPRODUCED, NOT_RUN, NOTHING)


def counted(paper: pd.DataFrame) -> pd.DataFrame:
    """The values that do not repeat another one's claim."""
    return paper[paper["repeats"] == ""]


def standing(verdicts: pd.Series) -> str:
    """How an item of the paper came out, by the verdicts on what it says.

    What was not run does not count, unless nothing was.
    """
    if verdicts.empty:
        return NOTHING
    run = verdicts[verdicts != NOT_RUN]
    if run.empty:
        return NOT_RUN
    if (run == REPRODUCED).all():
        return ALL
    if (run == REPRODUCED).any():
        return SOME
    return SAME_DIRECTION if (run == SAME_DIRECTION).any() else NOT_REPRODUCED


def itemised(items: Iterable[AskedItem], claims: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """A row per item that was asked for, whether or not the paper says anything of it."""
    values = counted(paper)
    rows = []
    for item in items:
        own = [frame.loc[frame["item"] == item.name, "verdict"] for frame in (claims, values)]
        of_claims, of_values = own
        rows.append(
            {
                "item": item.name,
                "title": item.title,
                "claims": len(of_claims),
                "claims_reproduced": int((of_claims == REPRODUCED).sum()),
                "values": len(of_values),
                "values_reproduced": int((of_values == REPRODUCED).sum()),
                "verdict": standing(pd.concat(own)),
                "why": item.not_compared or "",
            }
        )
    return pd.DataFrame(rows, columns=list(ITEMS.columns))
