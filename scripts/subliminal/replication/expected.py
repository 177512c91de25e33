"""The paper's values: `config/paper/expected.csv`, a row each.

Where ours is: the rows of `table` of `experiment` that `filters` choose, such as
`condition=trait;trait=owl`, and of these `column`. From it is taken `minus`: another column of the
same rows (`base_mean`), or the same column of the rows that other filters choose
(`condition=regular`); and it is divided by the column `over`. Of several rows `take` is meant.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from subliminal.config.errors import Remark, RemarkedError
from subliminal.config.reading import parse
from subliminal.config.strict import FileName, Strict

Rule = Literal["equal", "at least", "at most", "rises", "falls", "none"]
Trust = Literal["text", "text layer", "vectors", "code", "third party"]


def _number(text: Any) -> Any:
    if text == "":
        return None
    try:
        return float(text)
    except ValueError:
        return text


Number = Annotated[float | None, BeforeValidator(_number)]


class Expected(Strict):
    """One value of the paper."""

    item: FileName = Field(description="A key of `items.yaml`.")
    experiment: FileName = Field(description="Whose tables hold ours.")
    cell: str = Field(description="The bar, point or row.")
    quantity: str = Field(description="What is measured.")
    value: Number = Field(description="The paper's value; empty where it gives a direction.")
    low: Number = Field(description="Lower bound, if it gives one.")
    high: Number = Field(description="Upper bound.")
    n: Number = Field(description="Runs behind it, if known.")
    source: str = Field(description="Where the paper or its repository says so.")
    trust: Trust = Field(description="How it was read.")
    rule: Rule = Field(description="What ours must be for it to be reproduced.")
    within: Number = Field(description="The difference that does not count.")
    null: Number = Field(description="The value that stands for no effect.")
    table: str = Field(description="Ours: the table; empty where no table of ours holds it.")
    filters: str = Field(description="Ours: its rows.")
    column: str = Field(description="Ours: its column.")
    minus: str = Field(description="Ours: what is taken from it.")
    over: str = Field(description="Ours: what it is divided by.")
    take: Literal["", "mean", "min", "max"] = Field(description="Ours: what is made of rows.")


def read_expected(text: str, shown: str) -> list[Expected]:
    """The values of the file's text.

    Args:
        shown: the file, for messages.

    Raises:
        RemarkedError: a row is wrong.
    """
    rows = csv.DictReader(StringIO(text))
    if (head := list(rows.fieldnames or [])) != list(Expected.model_fields):
        says = f"expected the columns {','.join(Expected.model_fields)}, found {','.join(head)}"
        raise RemarkedError([Remark(shown, (), f"{says}; restore the head", 1)])
    return [_value(row, shown, rows.line_num) for row in rows]


def _value(row: Any, shown: str, line: int) -> Expected:
    try:
        found: Expected = parse(Expected, row, shown)
    except RemarkedError as error:
        told = [Remark(shown, (), f"{r.path[-1]}: {r.says}", line) for r in error.remarks]
        raise RemarkedError(told) from None
    if (found.rule in ("equal", "at least", "at most")) is (found.value is None):
        says = f"rule {found.rule!r} and value {found.value} do not go together; mend one"
        raise RemarkedError([Remark(shown, (), says, line)])
    return found


def of_experiments(expected: Iterable[Expected], experiments: Iterable[str]) -> list[Expected]:
    """The values whose experiments are among these."""
    chosen = set(experiments)
    return [value for value in expected if value.experiment in chosen]
