"""What the paper says, and where our counterpart of it is: the rows of the files of `config/paper`.

Where ours is: the rows of `table` of `experiment` that `filters` choose, such as
`condition=trait;trait=owl|wolf` (either trait), and of these `column`. From it is taken `minus`:
another column of the same rows (`base_mean`), a number (`0.5`), or the same column of the rows that
other filters choose (`condition=regular`); and it is divided by `over`: another column, or likewise
other rows.
`measure=primary` means the primary measure of the experiment that is run.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field

from subliminal.config.errors import Remark, RemarkedError
from subliminal.config.reading import parse
from subliminal.config.strict import FileName, Strict

Rule = Literal["equal", "at least", "at most", "rises", "falls", "none"]
WITH_A_VALUE = ("equal", "at least", "at most")


def _number(text: Any) -> Any:
    if text == "":
        return None
    try:
        return float(text)
    except ValueError:
        return text


Number = Annotated[float | None, BeforeValidator(_number)]


@dataclass(frozen=True)
class Wanted:
    """What ours must be.

    Attributes:
        value: the paper's; nothing where it gives a direction.
        low, high: the paper's interval; the value where it gives none.
        within: the difference that does not count.
        null: the value that stands for no effect; None where the value is no effect.
        one_run: the paper's value is of one model, too.
    """

    rule: Rule
    value: float = 0.0
    low: float = 0.0
    high: float = 0.0
    within: float = 0.0
    null: float | None = None
    one_run: bool = False


class Counterpart(Strict):
    """Something that the paper says, and where our counterpart of it is."""

    item: FileName = Field(description="A key of `items.yaml`.")
    experiment: FileName = Field(description="Whose tables hold ours.")
    source: str = Field(description="Where the paper or its repository says so.")
    rule: Rule = Field(description="What ours must be.")
    value: Number = Field(description="The paper's value; empty where it gives a direction.")
    within: Number = Field(description="The difference that does not count.")
    n: Number = Field(description="Runs behind it in the paper, if known.")
    table: str = Field(description="Ours: the table.")
    filters: str = Field(description="Ours: its rows.")
    column: str = Field(description="Ours: its column.")
    minus: str = Field(description="Ours: what is taken from it.")
    over: str = Field(description="Ours: what it is divided by.")

    @property
    def wanted(self) -> Wanted:
        """What ours must be."""
        value = 0.0 if self.value is None else self.value
        return Wanted(self.rule, value, value, value, self.within or 0.0, one_run=self.n == 1)

    def mistake(self) -> str | None:
        """What does not go together; None if all does."""
        if (self.rule in WITH_A_VALUE) is (self.value is None):
            return f"rule {self.rule!r} and value {self.value} do not go together; mend one"
        if self.rule == "none" and self.within is None:
            return "rule 'none' needs 'within', the largest difference that is none; add it"
        return None


Row = TypeVar("Row", bound=Counterpart)


def read_rows(kind: type[Row], text: str, shown: str) -> list[Row]:
    """The rows of a file's text.

    Args:
        shown: the file, for messages.

    Raises:
        RemarkedError: a row is wrong.
    """
    rows = csv.DictReader(StringIO(text))
    if (head := set(rows.fieldnames or [])) != set(kind.model_fields):
        wanted = ", ".join(sorted(set(kind.model_fields) - head)) or "nothing"
        beyond = ", ".join(sorted(head - set(kind.model_fields))) or "nothing"
        says = f"of the columns {wanted} is missing, and {beyond} is too much; restore the head"
        raise RemarkedError([Remark(shown, (), says, 1)])
    return [_row(kind, row, shown, rows.line_num) for row in rows]


def _row(kind: type[Row], row: Any, shown: str, line: int) -> Row:
    try:
        found: Row = parse(kind, row, shown)
    except RemarkedError as error:
        told = [Remark(shown, (), f"{r.path[-1]}: {r.says}", line) for r in error.remarks]
        raise RemarkedError(told) from None
    if (says := found.mistake()) is not None:
        raise RemarkedError([Remark(shown, (), says, line)])
    return found
