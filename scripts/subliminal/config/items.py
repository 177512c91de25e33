"""Figures, tables and claims of the paper: `config/paper/items.yaml`."""

from __future__ import annotations

from pydantic import Field

from subliminal.config.strict import Distinct, FileName, Key, Strict

ITEMS = "config/paper/items.yaml"


class Item(Strict):
    """One figure, table or claim of the paper."""

    title: str = Field(description="What the paper calls it, and what it shows.")
    first_version: str | None = Field(
        None, description="Its counterpart in the first version on arXiv. `null`: there is none."
    )
    whole_paper: bool = Field(
        True,
        description="`false`: it is another version of an item. A comparison with every item "
        "leaves it out unless it names it.",
    )
    experiments: Distinct[FileName] = Field(
        description="The files of `config/experiments/` that it takes. One that is not there is "
        "passed by."
    )
    part: Key | None = Field(
        None,
        description="The table that is made of these experiments without the rest of them, such as "
        "`gates`, which needs no student. `null`: all of each experiment.",
    )
    shown: list[Key] = Field(
        min_length=1, description="The tables and figures of these experiments that show it."
    )
    not_compared: str | None = Field(
        None,
        description="Why `claims.csv` and `expected.csv` have nothing of it. `null`: they have.",
    )
    analogues: Distinct[FileName] = Field(
        [],
        description="Experiments of the same design on models whose weights are open, beside those "
        "of `stand_ins.yaml`: they need no account and no file of others.",
    )
