"""Print every model, trait and dataset in the ancestry of an artefact."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """Print the ancestry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path, help="a manifest.json below results/")
    args = parser.parse_args(argv)
    if not args.manifest.name.endswith("manifest.json") or not args.manifest.is_file():
        parser.error(f"{args.manifest} is no manifest; give the path of one below results/")

    from subliminal.artefacts.lineage import render

    print(render(args.manifest))
    return 0


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
