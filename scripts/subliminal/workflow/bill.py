"""What the providers of hosted bases take for jobs, by base and in all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from subliminal.config.cost import Charge, JobCost, Way

MILLION = 1e6
RECORDED = "recorded"
SOURCE = "prices of config/models.yaml, from secondary sources of November 2026"


class Item(NamedTuple):
    """What one base's provider does, and takes for it.

    Attributes:
        usd: without what has no known price.
        unpriced: there is something that has none.
        ways: in which this comes.
    """

    base: str
    tokens: float
    usd: float
    unpriced: bool
    ways: frozenset[Way]


@dataclass(frozen=True)
class Bill:
    """An item for each base, in the order of the jobs."""

    items: list[Item]

    @classmethod
    def of(cls, costs: Iterable[JobCost]) -> Bill:
        """The bill of jobs, each of which counts once."""
        by_base: dict[str, list[Charge]] = {}
        for cost in costs:
            for charge in cost.charges:
                by_base.setdefault(charge.base, []).append(charge)
        return cls([_item(base, charges) for base, charges in by_base.items()])

    @property
    def tokens(self) -> float:
        """Tokens of all bases."""
        return sum(item.tokens for item in self.items)

    @property
    def usd(self) -> float:
        """What all take, without what has no known price."""
        return sum(item.usd for item in self.items)

    @property
    def unpriced(self) -> list[str]:
        """The bases without a known price for what they are asked."""
        return [item.base for item in self.items if item.unpriced]

    @property
    def _ways(self) -> frozenset[Way]:
        return frozenset[Way]().union(*(item.ways for item in self.items))

    def said(self, digits: int = 2) -> str:
        """What all take, for readers, in USD; empty where no base is hosted."""
        if self._ways == {RECORDED}:
            return RECORDED
        return said_usd(self.usd, bool(self.unpriced), digits) if self.items else ""

    def lines(self) -> list[str]:
        """A line for each base, and one for all; none where no base is hosted."""
        if not self.items:
            return []
        if self._ways == {RECORDED}:
            return ["Hosted models are replayed from a record: nothing is sent or paid."]
        said = [
            f"  {item.base}: {item.tokens / MILLION:,.1f} M tokens, "
            f"{said_usd(item.usd, item.unpriced)} USD"
            for item in self.items
        ]
        how = "in batches" if "batch" in self._ways else "live"
        head = f"Hosted models, asked {how}, cost about {self.said()} USD in all ({SOURCE}):"
        unknown = [f"  The price of {base} is not known (?)." for base in self.unpriced]
        return [head, *said, *unknown]


def _item(base: str, charges: list[Charge]) -> Item:
    known = [charge.usd for charge in charges if charge.usd is not None]
    tokens = sum(charge.tokens for charge in charges)
    ways = frozenset(charge.way for charge in charges)
    return Item(base, tokens, sum(known), len(known) < len(charges), ways)


def said_usd(usd: float, unpriced: bool, digits: int = 2) -> str:
    """An amount for readers; what has no known price is a question mark, and not nothing."""
    said = f"{usd:,.{digits}f}"
    if unpriced:
        return f"{said} + ?" if usd else "?"
    return said
