"""Check that a folder of results is what its manifests say.

python scripts/verify.py            # results/
python scripts/verify.py elsewhere  # another folder
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results"


def main(argv: Sequence[str]) -> int:
    """Print what is wrong, a line each; the exit status is 1 if anything is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=RESULTS)
    folder = parser.parse_args(argv).folder

    from subliminal.artefacts.verified import manifests_below, problems
    from subliminal.config.text import printable
    from subliminal.workflow.folder_lock import refuse_if_held

    refuse_if_held(ROOT)  # files that are just being written fit no manifest
    count = len(manifests_below(folder))
    if count == 0:
        print(f"no manifest below {folder}: run `make` first", file=sys.stderr)
        return 1
    found = problems(folder)
    for problem in found:
        print(printable(problem), file=sys.stderr)
    if not found:
        print(f"{count} artefacts below {folder} are what their manifests say")
    return 1 if found else 0


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
