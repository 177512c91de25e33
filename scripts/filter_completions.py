"""Drop every completion that breaks the domain's rule."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments

    args = parse_arguments(__doc__, argv, paths=["raw", "filtered", "manifest"])

    from subliminal.specs import FilterCompletionsSpec
    from subliminal.stages.filter_completions import filter_completions

    spec = FilterCompletionsSpec.model_validate_json(args.spec)
    filter_completions(spec, args.raw, args.filtered, args.manifest)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
