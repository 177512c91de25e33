"""Compare a language model's first distillation updates with its teachers' displacements."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments, start_logging

    args = parse_arguments(
        __doc__,
        argv,
        paths=["table", "summary", "manifest"],
        several=["bases", "teachers", "datasets"],
    )

    from subliminal.stages.verify_on_language_model import verify_on_language_model
    from subliminal.theorem.specs import VerifyLanguageModelSpec

    spec = VerifyLanguageModelSpec.model_validate_json(args.spec)
    log = start_logging(f"verify_on_language_model {args.manifest.parent}")
    verify_on_language_model(
        spec,
        args.bases,
        args.teachers,
        args.datasets,
        args.table,
        args.summary,
        args.manifest,
        args.threads,
        log,
    )
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
