"""Write results as a folder for others. Nothing is sent anywhere.

python scripts/export.py results exported/crate
python scripts/export.py results/models/tiny-a exported/tiny-a

All results become an RO-Crate. A base, teacher or student becomes a model as the hub takes it, with
its card; what a teacher wrote becomes a dataset. scripts/lineage.py tells what the cards warn of.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path, help="results, or a model or dataset below it")
    parser.add_argument("folder", type=Path, help="a folder that is not there yet")
    args = parser.parse_args(argv)

    from subliminal.sharing.export import export

    print(export(args.path, args.folder))


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
