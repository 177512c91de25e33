"""Measure the theorem's identities on random networks."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments

    args = parse_arguments(__doc__, argv, paths=["table", "summary", "manifest"])

    from subliminal.stages.verify_theorem import verify_theorem
    from subliminal.theorem.specs import VerifyTheoremSpec

    spec = VerifyTheoremSpec.model_validate_json(args.spec)
    verify_theorem(spec, args.table, args.summary, args.manifest)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
