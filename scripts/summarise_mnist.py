"""Make the tables of an MNIST experiment."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments

    args = parse_arguments(__doc__, argv, paths=["manifest"], several=["runs"])

    from subliminal.mnist.specs import SummariseMnistSpec
    from subliminal.stages.summarise_mnist import summarise_mnist

    spec = SummariseMnistSpec.model_validate_json(args.spec)
    summarise_mnist(spec, args.runs, args.manifest)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
