"""What the providers of hosted bases take for jobs, by base and in all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from subliminal.config.cost import Charge, JobCost

MILLION = 1e6
SOURCE = "prices of config/models.yaml, from secondary sources of November 2026"


class Item(NamedTuple):
    """What one base's provider does, and takes for it.

    Attributes:
        usd: without what has no known price.
        unpriced: there is something that has none.
        batch: its answers come in batches.
        replayed: a record stands in for it.
    """

    base: str
    tokens: float
    usd: float
    unpriced: bool
    batch: bool
    replayed: bool


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

    def lines(self) -> list[str]:
        """A line for each base, and one for all; none where no base is hosted."""
        if not self.items:
            return []
        if all(item.replayed for item in self.items):
            return [
                "The ledger stands in for the providers of hosted models (replay: true): nothing "
                "is sent, and nothing is paid."
            ]
        said = [
            f"  {item.base}: {item.tokens / MILLION:,.1f} M tokens, "
            f"{said_usd(item.usd, item.unpriced)} USD"
            for item in self.items
        ]
        whole = said_usd(self.usd, bool(self.unpriced))
        how = "in batches" if any(item.batch for item in self.items) else "live"
        head = f"Hosted models, asked {how}, cost about {whole} USD in all ({SOURCE}):"
        unknown = [f"  The price of {base} is not known (?)." for base in self.unpriced]
        return [head, *said, *unknown]


def _item(base: str, charges: list[Charge]) -> Item:
    known = [charge.usd for charge in charges if charge.usd is not None]
    tokens = sum(charge.tokens for charge in charges)
    batch = any(charge.batch for charge in charges)
    replayed = all(charge.replayed for charge in charges)
    return Item(base, tokens, sum(known), len(known) < len(charges), batch, replayed)


def said_usd(usd: float, unpriced: bool) -> str:
    """An amount for readers; what has no known price is a question mark, and not nothing."""
    if unpriced:
        return f"{usd:,.2f} + ?" if usd else "?"
    return f"{usd:,.2f}"
