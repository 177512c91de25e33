"""Whether jobs on hosted bases can be paid: prices, what is allowed, and what is left to spend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from subliminal.api.ledger.actions import Action, Spending
from subliminal.config.cost import JobCost
from subliminal.config.hosting import FILE, Hosting
from subliminal.workflow.bill import Bill
from subliminal.workflow.estimate import Costs

MODELS = "config/models.yaml"


def unpaid(
    costs: Costs,
    snapshots: Mapping[str, str],
    hosting: Hosting,
    actions: Iterable[Action],
    spending: Spending,
) -> Iterator[str]:
    """Why jobs cannot be paid.

    What the ledger knows is paid, or has its reserve. Whether answers in it are those that are
    asked for, a job alone can tell: here, as many of the base's as there are count as such.

    Args:
        costs: of the jobs.
        snapshots: of hosted bases.
    """
    begun = [action for action in actions if action.state != "dropped"]
    new = [cost for path, cost in costs.items() if not _known(path, begun)]
    due = sum(_due(base, snapshot, new, begun) for base, snapshot in snapshots.items())
    for base in Bill.of(new).unpriced:
        yield (
            f"the price of {base} is not known; write prices of input, output and training under "
            f"{base} in {MODELS} (0 where nothing is paid)"
        )
    if not due:
        return
    if not hosting.allow_paid:
        yield (
            f"they would cost about {due:,.2f} USD, and {FILE} allows nothing that is paid; "
            "to pay for them, write there: allow_paid: true and max_usd: the most that you want "
            "to pay"
        )
    if hosting.max_usd is not None and due > hosting.max_usd - spending.total:
        left = max(0.0, hosting.max_usd - spending.total)
        yield (
            f"they would cost about {due:,.2f} USD, and of max_usd: {hosting.max_usd:g} "
            f"({FILE}) {left:,.2f} are left: {spending.paid:,.2f} are paid and "
            f"{spending.reserved:,.2f} reserved (make ledger); raise max_usd, or ask for less"
        )


def _due(base: str, snapshot: str, new: Iterable[JobCost], begun: Iterable[Action]) -> float:
    """What a base's provider still takes for jobs, in USD."""
    charges = [charge for cost in new for charge in cost.charges if charge.base == base]
    training = sum(charge.usd or 0.0 for charge in charges if charge.training)
    answers = sum(charge.usd or 0.0 for charge in charges if not charge.training)
    kept = sum(a.usd for a in begun if a.kind != "tuning" and snapshot in a.about)
    return training + max(0.0, answers - kept)


def _known(manifest: str, actions: Iterable[Action]) -> bool:
    """Whether an action is about a job's artefact, which it then names, below `results`."""
    return any(manifest.startswith(f"results/{action.about}/") for action in actions)
