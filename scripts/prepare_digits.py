"""Read MNIST, check it, and write it as plain tensors."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments

    args = parse_arguments(__doc__, argv, paths=["digits", "manifest"])

    from subliminal.mnist.specs import PrepareDigitsSpec
    from subliminal.stages.prepare_digits import prepare_digits

    spec = PrepareDigitsSpec.model_validate_json(args.spec)
    prepare_digits(spec, args.digits, args.manifest)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
