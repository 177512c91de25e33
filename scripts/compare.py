"""Compare the final tables of two runs, and what they were made with.

python scripts/compare.py results ../other-clone/results
python scripts/compare.py results/tables/tiny copy/tables/tiny

The exit status is that of diff: 0 if the tables hold the same, 1 if not, 2 for an error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """Print what differs; the exit status says whether anything in the tables does."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = "folder of results, one that holds `results`, or one of results/tables"
    parser.add_argument("a", type=Path, metavar="A", help=kinds)
    parser.add_argument("b", type=Path, metavar="B", help="another")
    args = parser.parse_args(argv)

    from subliminal.config.text import printable
    from subliminal.workflow.compare import compare, render

    comparison = compare(args.a, args.b)
    print(printable(render(comparison)))
    return 0 if comparison.same else 1


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:], failed=2))
