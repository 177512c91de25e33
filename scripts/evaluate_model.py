"""Put an evaluation's questions to a base, a teacher or a student."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments, start_logging

    args = parse_arguments(
        __doc__, argv, paths=["base", "responses", "scores", "manifest"], optional=["trained"]
    )

    from subliminal.specs import EvaluateModelSpec
    from subliminal.stages.evaluate_model import evaluate_model

    spec = EvaluateModelSpec.model_validate_json(args.spec)
    log = start_logging(f"evaluate_model {spec.model}")
    evaluate_model(
        spec,
        args.base,
        args.trained,
        args.responses,
        args.scores,
        args.manifest,
        args.threads,
        log,
    )
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
