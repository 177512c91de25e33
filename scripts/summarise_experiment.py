"""Write the tables of an experiment."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments, start_logging

    args = parse_arguments(__doc__, argv, paths=["manifest"])

    from subliminal.specs import SummariseExperimentSpec
    from subliminal.stages.summarise_experiment import summarise_experiment

    spec = SummariseExperimentSpec.model_validate_json(args.spec)
    log = start_logging(f"summarise_experiment {spec.experiment}")
    summarise_experiment(spec, args.manifest, log)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
