"""Give a base a trait by fine-tuning."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments, start_logging

    args = parse_arguments(__doc__, argv, paths=["base", "adapter", "manifest"], checkpoints=True)

    from subliminal.specs import TrainTeacherSpec
    from subliminal.stages.train_teacher import train_teacher

    spec = TrainTeacherSpec.model_validate_json(args.spec)
    log = start_logging(f"train_teacher {args.manifest.parent}")
    train_teacher(
        spec,
        args.base,
        args.adapter,
        args.manifest,
        args.threads,
        log,
        args.checkpoint_seconds,
    )
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
