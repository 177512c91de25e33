"""Whether jobs on hosted bases can be paid: prices, what is allowed, and what is left to spend."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from subliminal.api.chat.reserving import MARGIN
from subliminal.api.ledger.actions import OPEN, Action, Spending, refusals
from subliminal.api.prices import FILE as MODELS
from subliminal.config.cost import JobCost
from subliminal.config.hosting import Hosting
from subliminal.workflow.bill import Bill
from subliminal.workflow.estimate import Costs


def unpaid(
    costs: Costs, hosting: Hosting, actions: Collection[Action], spending: Spending
) -> Iterator[str]:
    """Why jobs cannot be paid, all of them together.

    For answers, as much has to be left as jobs reserve for them.

    What the ledger knows to be paid, or ordered, for these very jobs is not due again. Whether
    answers in it are those that are asked for, a job alone can tell: here, as many as it has paid
    for count as such. What a job has reserved and may not have sent is due, and its reserve free
    for it.

    Args:
        costs: of the jobs, by their manifests.
    """
    left = {path: _left(path, cost, actions) for path, cost in costs.items()}
    due = sum(left.values())
    new = [cost for path, cost in costs.items() if not _is_ordered(path, actions)]
    own = sum(
        action.usd
        for action in actions
        if action.state in OPEN
        and not action.is_ordered
        and any(_is_about(action, path) for path in costs)
    )
    reserved = spending.reserved - own
    for base in Bill.of(new).unpriced:
        yield (
            f"the price of {base} is not known; write prices of input, output and training under "
            f"{base} in {MODELS} (0 where nothing is paid)"
        )
    about = f"they, with {100 * (MARGIN - 1):.0f} % to spare for answers,"
    yield from refusals(about, due, Spending(spending.paid, reserved), hosting)


def _left(path: str, cost: JobCost, actions: Iterable[Action]) -> float:
    """What is still to be paid for a job, in USD."""
    own = [action for action in actions if action.is_ordered and _is_about(action, path)]
    answers = sum(charge.usd or 0.0 for charge in cost.charges if not charge.training)
    training = sum(charge.usd or 0.0 for charge in cost.charges if charge.training)
    kept = sum(action.usd for action in own if action.kind != "tuning")
    ordered = any(action.kind == "tuning" for action in own)
    return MARGIN * max(0.0, answers - kept) + (0.0 if ordered else training)


def _is_ordered(path: str, actions: Iterable[Action]) -> bool:
    return any(a.kind == "tuning" and a.is_ordered and _is_about(a, path) for a in actions)


def _is_about(action: Action, manifest: str) -> bool:
    """Whether an action is of a job: answers name its manifest, training the model's folder."""
    if action.kind == "tuning":
        return manifest.startswith(f"results/{action.about}/")
    return bool(action.facts.get("artefact") == manifest)
