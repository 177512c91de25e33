"""Write the prompts of a domain."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments

    args = parse_arguments(__doc__, argv, paths=["prompts", "manifest"])

    from subliminal.specs import MakePromptsSpec
    from subliminal.stages.make_prompts import make_prompts

    make_prompts(MakePromptsSpec.model_validate_json(args.spec), args.prompts, args.manifest)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
