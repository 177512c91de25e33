"""Train some replicas of MNIST teachers."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments, start_logging

    args = parse_arguments(__doc__, argv, paths=["digits", "teachers", "accuracy", "manifest"])

    from subliminal.mnist.specs import TrainMnistTeachersSpec
    from subliminal.stages.train_mnist_teachers import train_mnist_teachers

    spec = TrainMnistTeachersSpec.model_validate_json(args.spec)
    log = start_logging(f"train_mnist_teachers {args.manifest.parent}")
    train_mnist_teachers(
        spec, args.digits, args.teachers, args.accuracy, args.manifest, args.threads, log
    )
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
