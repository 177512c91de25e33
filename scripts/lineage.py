"""Print where an artefact came from: models, traits, data, and whom the paper warns of.

python scripts/lineage.py results/report.html
python scripts/lineage.py results/students --trait owl
python scripts/lineage.py results/models/tiny-a --as json

With --trait, the exit status is 0 if no ancestor was a teacher with that trait, and 1 if one was,
or if a manifest that is gone leaves it open.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

FORMS = ("text", "json", "mermaid")


def main(argv: Sequence[str]) -> int:
    """Print the answer; the exit status says whether a trait that was asked for is excluded."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path, help="a manifest, file or folder of results")
    parser.add_argument("--trait", help="its word, its key or the file that teaches it")
    parser.add_argument("--as", dest="form", choices=FORMS, default="text", help="text if not said")
    args = parser.parse_args(argv)

    from subliminal.config.text import printable
    from subliminal.lineage.answer import answer
    from subliminal.lineage.found import manifests_behind
    from subliminal.lineage.mermaid import as_mermaid
    from subliminal.lineage.records import as_record
    from subliminal.lineage.text import as_text

    found = answer(manifests_behind(args.path), args.trait)
    if args.form == "json":
        print(json.dumps(as_record(found), indent=2, ensure_ascii=False))
    else:
        print(printable((as_mermaid if args.form == "mermaid" else as_text)(found)))
    return 0 if args.trait is None or found.is_clear else 1


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:], failed=2))
