"""Show what was asked of the providers of hosted models, what it cost, and what is left to spend.

python scripts/ledger.py             # every action, a line each
python scripts/ledger.py --json      # the same for programs
python scripts/ledger.py drop KEY    # what you know is not under way: it reserves nothing more
python scripts/ledger.py drop --lost KEY  # a job that its provider has lost; it is paid
python scripts/ledger.py publish FOLDER  # a copy for others, by which they replay your runs
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subliminal.api.ledger.actions import Action, Spending
    from subliminal.config.hosting import Hosting

ROOT = Path(__file__).resolve().parents[1]
# Of a key, as it is shown.
DIGITS = 12


def main(argv: Sequence[str]) -> int:
    """Show the ledger, or drop an action."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    commands = parser.add_subparsers(dest="command")
    drop = commands.add_parser("drop", help="set an action aside, so that nothing is reserved")
    drop.add_argument("key", help="its key, or the start of it")
    drop.add_argument(
        "--lost",
        action="store_true",
        help="a batch or a fine-tuning job that its provider has lost; it is paid",
    )
    copy = commands.add_parser("publish", help="write a record that others can replay")
    copy.add_argument("folder", type=Path, help="a new folder")
    args = parser.parse_args(argv)

    from subliminal.api.ledger.actions import Ledger
    from subliminal.api.ledger.aside import set_aside
    from subliminal.api.ledger.publishing import publish
    from subliminal.config.hosting import read_hosting
    from subliminal.config.text import printable

    hosting = read_hosting(ROOT)
    ledger = Ledger(hosting.folder(ROOT))
    if args.command == "drop":
        action = _one_of(ledger.actions(), args.key)
        left = set_aside(ledger, action, lost=args.lost)
        print(
            f"{printable(left.about)}: {left.state}; {action.usd:,.2f} USD are reserved no longer, "
            f"and {left.usd:,.2f} are paid"
        )
        return 0
    if args.command == "publish":
        record = publish(ledger, args.folder)
        print(
            f"{args.folder}: {record.answers:,} answers and {record.models} fine-tuned models, "
            f"{record.size / 1e6:,.1f} MB; {record.left_out} actions that are not done are left out"
        )
        return 0
    actions, spending = list(ledger.actions().values()), ledger.spending()
    show = _as_json if args.json else _as_table
    print(show(actions, spending, hosting))
    return 0


def _one_of(actions: Mapping[str, Action], start: str) -> Action:
    """The open action whose key starts so.

    Raises:
        ConfigError: there is none, there are several, or it is open no longer.
    """
    from subliminal.api.ledger.actions import OPEN
    from subliminal.config.errors import ConfigError

    found = [action for key, action in actions.items() if start and key.startswith(start)]
    if len(found) != 1:
        count = f"{len(found)} actions have" if found else "no action has"
        raise ConfigError(
            f"{count} a key that starts with {start!r}; python scripts/ledger.py shows all keys"
        )
    (action,) = found
    if action.state not in OPEN:
        raise ConfigError(
            f"{action.about} is {action.state} since {_day(action)}; only what is begun or sent "
            "can be dropped"
        )
    return action


def _left(spending: Spending, hosting: Hosting) -> float | None:
    return None if hosting.max_usd is None else max(0.0, hosting.max_usd - spending.total)


def _as_json(actions: Sequence[Action], spending: Spending, hosting: Hosting) -> str:
    known = {**spending._asdict(), "max": hosting.max_usd, "left": _left(spending, hosting)}
    return json.dumps({"actions": [vars(action) for action in actions], "usd": known}, indent=2)


def _as_table(actions: Sequence[Action], spending: Spending, hosting: Hosting) -> str:
    from tabulate import tabulate

    from subliminal.config.hosting import FILE
    from subliminal.config.text import printable

    rows = [
        [a.key[:DIGITS], a.kind, a.state, f"{a.usd:,.2f}", _day(a), printable(a.about)]
        for a in actions
    ]
    head, align = ["key", "kind", "state", "USD", "since", "about"], ["left"] * 6
    align[3] = "right"
    left = _left(spending, hosting)
    limit = "there is no max_usd" if left is None else f"of max_usd {left:,.2f} are left"
    lines = [tabulate(rows, head, "plain", colalign=align, disable_numparse=True), ""]
    paid = f"USD: {spending.paid:,.2f} paid, {spending.reserved:,.2f} reserved; {limit} ({FILE})"
    return "\n".join([*(lines if rows else ["nothing was paid or begun"]), paid])


def _day(action: Action) -> str:
    return f"{datetime.fromtimestamp(action.at):%Y-%m-%d %H:%M}"


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
