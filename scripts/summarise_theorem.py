"""Make the tables of a theorem experiment."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments

    args = parse_arguments(__doc__, argv, paths=["manifest"], several=["parts"])

    from subliminal.stages.summarise_theorem import summarise_theorem
    from subliminal.theorem.specs import SummariseTheoremSpec

    spec = SummariseTheoremSpec.model_validate_json(args.spec)
    summarise_theorem(spec, args.parts, args.manifest)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
