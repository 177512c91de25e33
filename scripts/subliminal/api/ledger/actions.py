"""Everything that may cost money, written down before it is done and after it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

    @property
    def is_ordered(self) -> bool:
        """Whether it costs what it costs, whatever is done now: it is paid, or a job is known."""
        return self.state == "done" or (self.state in OPEN and "job" in self.facts)


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

    def servers(self) -> list[str]:
        """The addresses at which actions were begun.

        Raises:
            ConfigError: the file is damaged.
        """
        found = {action.facts.get("server") for action in self.actions().values()}
        return sorted(url for url in found if url is not None)

    def begin(
        self, key: str, kind: Kind, about: str, usd: float, hosting: Hosting, **facts: Any
    ) -> Action | None:
        """Reserve what an action may cost, before it is sent; an order that is there stays.

        Args:
            usd: the estimate; of kind chat, with what is paid already: it takes an earlier one's
                place.
            facts: what is known of it.

        Returns:
            The action that is there already; None if this call has begun it.

        Raises:
            ConfigError: it may not be paid, or not so much.
        """
        action = Action(key, kind, about, "begun", usd, time.time(), facts)
        (there,) = self.begin_all([action], about, hosting)
        return there

    def begin_all(
        self, wanted: Sequence[Action], about: str, hosting: Hosting
    ) -> list[Action | None]:
        """Reserve what actions may cost together, before any is sent: all of them, or none.

        To look at what is left and to reserve it is one step: of two jobs that both could be paid
        and not together, one is refused. What was begun and may not be out yet has to be allowed
        again: the settings may have changed since.

        Args:
            wanted: as they are to be begun, each of a key of its own.
            about: what all of them are, for readers.

        Returns:
            For each the action that is there already; None if this call has begun it.

        Raises:
            ConfigError: they may not be paid, or not so much.
        """
        with locked(self._lines.file):
            others = self.actions()
            there = [_begun_before(action, others) for action in wanted]
            due = 0.0
            for action, found in zip(wanted, there, strict=True):
                if found is None or not found.is_ordered:
                    others.pop(action.key, None)
                    due += max(action.usd, found.usd if found is not None else 0.0)
            _require_paid(about, due, _spending(others), hosting)
            new = [a for a, found in zip(wanted, there, strict=True) if found is None]
            self._lines.append([vars(action) for action in new])
        return there

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
            self._lines.append([vars(changed)])
        return changed


def _begun_before(wanted: Action, actions: Mapping[str, Action]) -> Action | None:
    """The action that is there already, and whose place a new one does not take."""
    there = actions.get(wanted.key)
    return None if there is None or there.state == "dropped" or wanted.kind == "chat" else there


def _folded(pieces: Iterable[Mapping[str, Any]]) -> dict[str, Action]:
    return {piece["key"]: Action(**piece) for piece in pieces}


def _spending(actions: Mapping[str, Action]) -> Spending:
    paid = sum(a.usd for a in actions.values() if a.state == "done")
    return Spending(paid, sum(a.usd for a in actions.values() if a.state in OPEN))


def refusals(about: str, usd: float, known: Spending, hosting: Hosting) -> Iterator[str]:
    """Why something may not be paid; nothing where it may.

    Args:
        known: what everything else has cost and reserved.
    """
    if usd == 0:
        return
    cost = f"{about} would cost about {usd:,.2f} USD, and"
    if not hosting.allow_paid:
        yield (
            f"{cost} {FILE} allows nothing that is paid; to pay, write there: allow_paid: true and "
            "max_usd: the most that you want to pay"
        )
    if hosting.max_usd is not None and usd > hosting.max_usd - known.total:
        left = max(0.0, hosting.max_usd - known.total)
        yield (
            f"{cost} of max_usd: {hosting.max_usd:g} ({FILE}) {left:,.2f} are left: "
            f"{known.paid:,.2f} are paid and {known.reserved:,.2f} reserved for others (make "
            "ledger); raise max_usd, or ask for less"
        )


def _require_paid(about: str, usd: float, known: Spending, hosting: Hosting) -> None:
    """Pass where an action may be paid.

    Raises:
        ConfigError: it may not.
    """
    for why in refusals(about, usd, known, hosting):
        raise ConfigError(why)
