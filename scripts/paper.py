"""Print how to run each figure and table of the paper, and whether one still can, as of today.

python scripts/paper.py
python scripts/paper.py --on 2027-02-01    # as of another day
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        says = f"expected a day such as 2027-02-01, found {text!r}"
        raise argparse.ArgumentTypeError(says) from None


def main(argv: Sequence[str]) -> int:
    """Print a line per item."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--on", type=_day, default=date.today(), help="the day, if not today")
    day = parser.parse_args(argv).on

    from tabulate import tabulate

    from subliminal.workflow.bill import SOURCE
    from subliminal.workflow.paper_status import (
        GPU,
        SLOTS,
        said_bill,
        said_hours,
        said_timetable,
        statuses,
    )
    from subliminal.workflow.project import Project
    from subliminal.workflow.timetable import SOURCE as SPEED

    rows = [
        [
            status.command if status.hours is not None else status.item,
            status.on(day),
            said_hours(status.hours),
            said_timetable(status.timetable),
            said_bill(status.bill),
            ", ".join(sorted(status.needs.bases)) or "-",
            ", ".join(status.supplied) or "-",
            ", ".join(status.analogues) or "-",
        ]
        for status in statuses(Project.load(ROOT))
    ]
    head = [
        "command",
        f"on {day.isoformat()}",
        "hours",
        "hosted hours",
        "USD",
        "bases",
        "files to supply",
    ]
    print(tabulate(rows, [*head, "analogues"], "plain", disable_numparse=True))
    print(
        f"\nHours on {GPU.name}, one job after the other.\n"
        f"Hosted hours: from the first job to the last, {SLOTS} side by side, by {SPEED}.\n"
        f"USD: what hosted models cost, by {SOURCE}.\n"
        "Files to supply: config/files.yaml says where to get each; give path and checksum there.\n"
        "Analogues: experiments of the same design on models whose weights are open; type\n"
        "snakemake --cores 2 NAME."
    )
    return 0


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
