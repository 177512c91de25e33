"""Everything that may cost money, written down before it is done and after it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from subliminal.api.ledger.lines import Lines, locked
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import FILE, Hosting

ACTIONS = "actions.jsonl"
Kind = Literal["chat", "batch", "tuning"]
State = Literal["begun", "sent", "done", "dropped"]
# What still may cost what it was begun with.
OPEN: tuple[State, ...] = ("begun", "sent")


@dataclass(frozen=True)
class Action:
    """Something that a provider is paid for.

    Attributes:
        key: the hash of all that it depends on, the server's address included.
        about: what it is, for readers.
        state: begun: it may have been sent, or not; sent: the provider has taken it; done: it is
            paid; dropped: it was not carried out, and nothing is paid.
        usd: what it costs: an estimate while it is begun or sent.
        at: seconds since the epoch, of the last change of state.
        facts: what is known of it, such as the provider's id.
    """

    key: str
    kind: Kind
    about: str
    state: State
    usd: float
    at: float
    facts: dict[str, Any] = field(default_factory=dict)


class Spending(NamedTuple):
    """USD: paid, and reserved by what is under way."""

    paid: float
    reserved: float

    @property
    def total(self) -> float:
        """Both."""
        return self.paid + self.reserved


@dataclass(frozen=True)
class Ledger:
    """The actions of all runs that share a folder."""

    folder: Path

    @property
    def _lines(self) -> Lines:
        return Lines(self.folder / ACTIONS)

    def actions(self) -> dict[str, Action]:
        """Every action as it is now, by key.

        Raises:
            ConfigError: the file is damaged.
        """
        return _folded(self._lines.read())

    def spending(self) -> Spending:
        """What all actions cost.

        Raises:
            ConfigError: the file is damaged.
        """
        return _spending(self.actions())

    def begin(
        self, key: str, kind: Kind, about: str, usd: float, hosting: Hosting
    ) -> Action | None:
        """Reserve what an action may cost, before it is sent; one that is there stays as it is.

        To look at what is left and to reserve it is one step: of two jobs that both could be paid
        and not together, one is refused.

        Args:
            usd: the estimate; of an action of kind chat that is open, it takes the earlier one's
                place.

        Returns:
            The action that is there already; None if this call has begun it.

        Raises:
            ConfigError: it may not be paid, or not so much.
        """
        with locked(self._lines.file):
            actions = self.actions()
            there = actions.pop(key, None)
            stays = there is not None and (there.kind != "chat" or there.usd >= usd)
            if there is not None and there.state != "dropped" and stays:
                return there
            _require_paid(about, usd, _spending(actions), hosting)
            self._append(Action(key, kind, about, "begun", usd, time.time()))
        return None

    def change(
        self, action: Action, state: State, usd: float | None = None, **facts: Any
    ) -> Action:
        """Write down what has become of an action.

        Args:
            usd: what it really cost, where that is known.
            facts: added to those that are known.
        """
        cost = 0.0 if state == "dropped" else action.usd if usd is None else usd
        changed = Action(
            action.key,
            action.kind,
            action.about,
            state,
            cost,
            time.time(),
            {**action.facts, **facts},
        )
        with locked(self._lines.file):
            self._append(changed)
        return changed

    def _append(self, action: Action) -> None:
        self._lines.append([vars(action)])


def _folded(pieces: list[Mapping[str, Any]]) -> dict[str, Action]:
    return {piece["key"]: Action(**piece) for piece in pieces}


def _spending(actions: Mapping[str, Action]) -> Spending:
    paid = sum(a.usd for a in actions.values() if a.state == "done")
    return Spending(paid, sum(a.usd for a in actions.values() if a.state in OPEN))


def _require_paid(about: str, usd: float, known: Spending, hosting: Hosting) -> None:
    """Pass where an action may be paid.

    Raises:
        ConfigError: it may not.
    """
    if usd == 0:
        return
    if not hosting.allow_paid:
        raise ConfigError(
            f"{about} would cost about {usd:.2f} USD, and {FILE} allows nothing that is paid; to "
            "pay for it, write there: allow_paid: true and max_usd: the most that you want to pay"
        )
    if hosting.max_usd is not None and usd > hosting.max_usd - known.total:
        left = max(0.0, hosting.max_usd - known.total)
        raise ConfigError(
            f"{about} would cost about {usd:.2f} USD, and of max_usd: {hosting.max_usd:g} "
            f"({FILE}) {left:.2f} are left: {known.paid:.2f} are paid and {known.reserved:.2f} "
            "reserved; raise max_usd, or ask for less"
        )
