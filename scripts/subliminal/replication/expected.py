"""The paper's values: `config/paper/expected.csv`, a row each."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import Field

from subliminal.replication.counterparts import Counterpart, Number, Wanted

Trust = Literal["text", "text layer", "vectors", "code", "third party"]
Interval = Literal["", "ci95", "range"]
Take = Literal["", "mean", "min", "max"]


class Expected(Counterpart):
    """One value of the paper."""

    cell: str = Field(description="The bar, point or row.")
    quantity: str = Field(description="What is measured.")
    repeats: str = Field(
        description="The cell of the same item whose claim it repeats: by an early figure, by "
        "single questions, or in other words. Empty: it counts by itself."
    )
    low: Number = Field(description="Lower bound, if it gives one.")
    high: Number = Field(description="Upper bound.")
    interval: Interval = Field(
        description="`ci95`: the bounds are of its 95 % interval. `range`: it is one of several "
        "values between them, and `value` is their middle. Empty: there are none."
    )
    trust: Trust = Field(description="How it was read.")
    null: Number = Field(description="The value that stands for no effect, where there is one.")
    not_compared: str = Field(
        description="Why no table holds ours, which leaves `table` empty. Empty: one does."
    )
    take: Take = Field(description="Ours: what is made of several rows.")

    @property
    def wanted(self) -> Wanted:
        """What ours must be."""
        plain = super().wanted
        return replace(
            plain,
            low=plain.value if self.low is None else self.low,
            high=plain.value if self.high is None else self.high,
            null=self.null,
        )

    def mistake(self) -> str | None:
        """What does not go together; None if all does."""
        if (says := super().mistake()) is not None:
            return says
        if len({self.low is None, self.high is None, not self.interval}) > 1:
            return "'low', 'high' and 'interval' go together; give all three, or none"
        if bool(self.table) is bool(self.not_compared):
            return "give 'table', or 'not_compared', the reason why there is none"
        if self.null is None:
            return None
        wanted = self.wanted
        if wanted.low - wanted.within <= self.null <= wanted.high + wanted.within:
            return f"null {self.null} is among the values that reproduce it; leave it empty"
        return None
