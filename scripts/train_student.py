"""Fine-tune one student on one dataset."""

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
        paths=["train", "base", "weights", "training", "manifest"],
        optional=["teacher-base", "teacher"],
        checkpoints=True,
    )

    from subliminal.specs import TrainStudentSpec
    from subliminal.stages.train_student import train_student

    spec = TrainStudentSpec.model_validate_json(args.spec)
    log = start_logging(f"train_student {args.manifest.parent}")
    train_student(
        spec,
        args.train,
        args.base,
        args.teacher_base,
        args.teacher,
        args.weights,
        args.training,
        args.manifest,
        args.threads,
        log,
        args.checkpoint_seconds,
    )
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
