"""Let a teacher answer the prompts of a domain."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments, start_logging

    args = parse_arguments(
        __doc__, argv, paths=["prompts", "base", "raw", "manifest"], optional=["trained"]
    )

    from subliminal.specs import SampleCompletionsSpec
    from subliminal.stages.sample_completions import sample_completions

    spec = SampleCompletionsSpec.model_validate_json(args.spec)
    log = start_logging(f"sample_completions {spec.domain}/{spec.teacher}")
    sample_completions(
        spec, args.prompts, args.base, args.trained, args.raw, args.manifest, args.threads, log
    )
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
