"""What tests of the comparison with the paper share: its rows, and small ones made by hand."""

import math

import pandas as pd
import pytest
from working_copy import REPOSITORY

from subliminal.replication.claims import ClaimPart
from subliminal.replication.config import CLAIMS, EXPECTED
from subliminal.replication.counterparts import Wanted, read_rows
from subliminal.replication.expected import Expected
from subliminal.replication.items import itemised
from subliminal.replication.measured import measured_each
from subliminal.replication.specs import AskedItem, CompareWithPaperSpec
from subliminal.replication.tables import ReplicationTables

TEXT = (REPOSITORY / EXPECTED).read_text()
VALUES = read_rows(Expected, TEXT, EXPECTED)
PARTS = read_rows(ClaimPart, (REPOSITORY / CLAIMS).read_text(), CLAIMS)
HERE = {
    "item": "one",
    "experiment": "one",
    "source": "by hand",
    "table": "t",
    "column": "mean",
}
EMPTY = dict.fromkeys(Expected.model_fields, "") | HERE | {"trust": "text", "take": "mean"}
YES, CLOSE, NO = "reproduced", "same direction", "not reproduced"
NOT_RUN = "not run"


def paper(rule, value=None, **more):
    return Expected(**{**EMPTY, "rule": rule, "value": value if value is not None else "", **more})


def claim(rule, **more):
    empty = dict.fromkeys(ClaimPart.model_fields, "")
    return ClaimPart(**{**empty, **HERE, "claim": "So it is", "rule": rule, **more})


def near(value, low, high, within=0.0, null=None, one_run=False):
    return Wanted("equal", value, low, high, within, null, one_run)


TABLE = pd.DataFrame(
    {
        "trait": ["owl", "owl", "owl", "eagle", "eagle"],
        "condition": ["trait", "regular", "base", "trait", "base"],
        "primary": True,
        "k": [1.0, 1.0, math.nan, 1.0, math.nan],
        "mean": [0.6, 0.2, 0.1, 0.5, 0.3],
        "low": [0.5, 0.1, math.nan, 0.4, math.nan],
        "high": [0.7, 0.3, math.nan, 0.6, math.nan],
        "paper_mean": [0.7, 0.2, 0.1, 0.5, 0.3],
        "paper_low": [0.65, 0.1, math.nan, 0.4, math.nan],
        "paper_high": [0.75, 0.3, math.nan, 0.6, math.nan],
        "base_mean": [0.1, 0.1, 0.1, 0.3, 0.3],
        "n_runs": [5, 5, 1, 5, 1],
    }
)


def each(filters, columns, **more):
    found = measured_each(TABLE, claim("rises", filters=filters, each=columns, **more))
    return found and {name: pytest.approx(ours.value) for name, ours in found.items()}


def asked_item(name, not_compared=None):
    return AskedItem(name=name, title=name.title(), not_compared=not_compared)


def whole(made, claims, values):
    """All three tables."""
    return ReplicationTables(
        items=itemised(made.items, claims, values), claims=claims, paper=values
    )


def spec(**changed):
    fields = {
        "experiment": "paper",
        "runs": {"one": "analogue"},
        "not_run": {"two": "no such model"},
        "measures": {"analogue": None},
        "chances": {},
        "stand_ins": {},
        "claimed": {},
        "items": [asked_item("one")],
        "model_organisms": [],
    }
    return CompareWithPaperSpec(**{**fields, **changed})


RISES = {"filters": "condition=trait;trait=owl", "minus": "condition=base"}
