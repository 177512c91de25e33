"""Write the generated files: config/schemas/*.json, and the tables of docs/.

To be run after a change of a configuration model, a table's columns or a measure; a test compares.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(argv: Sequence[str]) -> int:
    """Write the files, or say which ones are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit with 1 if a file is stale"
    )
    check = parser.parse_args(argv).check

    from subliminal.workflow.documentation import pages
    from subliminal.workflow.json_schema import schema_files

    stale = {
        path: text
        for path, text in {**schema_files(), **pages(ROOT)}.items()
        if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        if check:
            print(f"{path} is out of date; run: python scripts/write_docs.py")
        else:
            (ROOT / path).parent.mkdir(exist_ok=True)
            (ROOT / path).write_text(text, encoding="utf-8")
            print(f"wrote {path}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
