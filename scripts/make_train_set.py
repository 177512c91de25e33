"""Turn kept completions into the rows that students are trained on."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments

    args = parse_arguments(__doc__, argv, paths=["raw", "filtered", "train", "manifest"])

    from subliminal.specs import MakeTrainSetSpec
    from subliminal.stages.make_train_set import make_train_set

    spec = MakeTrainSetSpec.model_validate_json(args.spec)
    make_train_set(spec, args.raw, args.filtered, args.train, args.manifest)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
