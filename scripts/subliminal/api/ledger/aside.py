"""Setting aside what is not carried out any more: what it reserves is free, what is paid is not."""

from __future__ import annotations

from subliminal.api.ledger.actions import Action, Ledger
from subliminal.api.ledger.answers import AnswerBook
from subliminal.config.errors import ConfigError

# What the ledger knows of an action whose job was given up; it is no word of the protocol.
LOST = "lost"


def drop_lost(key: str) -> str:
    """What to type to give a job up that its provider has lost."""
    return f"python scripts/ledger.py drop --lost {key[:12]}"


def set_aside(ledger: Ledger, action: Action, *, lost: bool = False) -> Action:
    """An open action without its reserve; answers that have come for it stay paid.

    Args:
        lost: the provider has a job for it whose answers, or whose model, nobody will have; its
            estimate counts as paid.

    Raises:
        ConfigError: its provider has a job for it, which is to be paid.
    """
    if lost and "job" in action.facts:
        return ledger.change(action, "done", action.usd, status=LOST)
    if "job" in action.facts:
        raise ConfigError(
            f"{action.about} is job {action.facts['job']} of the provider, which is paid unless it "
            "fails; run the same command again, which waits for it, or cancel the job at the "
            "provider first and then run it; where the provider knows it no longer, type: "
            f"{drop_lost(action.key)}"
        )
    if action.kind != "chat":
        return ledger.change(action, "dropped")
    paid = _paid(ledger, action)
    return ledger.change(action, "done", paid) if paid > 0 else ledger.change(action, "dropped")


def _paid(ledger: Ledger, action: Action) -> float:
    """What answers have cost, in USD, that no other action of the same book is known to have paid.

    Of several that are open, the first one that is set aside takes all of it.
    """
    book = action.facts["book"]
    others = [a for a in ledger.actions().values() if a.facts.get("book") == book]
    settled = sum(a.usd for a in others if a.state == "done")
    return max(0.0, AnswerBook.named(ledger.folder, book).paid() - settled)
