"""Recorded orders of fine-tuning in the place of a provider: nothing is sent, paid or written."""

from __future__ import annotations

from subliminal.api.ledger.actions import Ledger
from subliminal.api.ledger.record import not_recorded
from subliminal.api.ordering import Ordered, open_key
from subliminal.api.tuning.submission import Order, in_vain


def recorded_order(order: Order, url: str, ledger: Ledger) -> Ordered:
    """The job of an order, as the ledger has it.

    Args:
        url: of the server.

    Raises:
        ConfigError: it has none, or is damaged.
    """
    actions = ledger.actions()
    key = open_key(order.keys(url), in_vain, actions)
    if key not in actions or "job" not in actions[key].facts:
        raise not_recorded(
            ledger,
            url,
            f"the fine-tuning job of {order.artefact} (model {order.model!r} at {url}, training "
            f"file of sha256 {order.sha256[:12]}…)",
        )
    return Ordered(actions[key].facts["job"], key)
