"""Print the hours, memory and disk that an experiment will take, stage by stage.

python scripts/estimate.py small_smoke
python scripts/estimate.py ed5c_qwen --tflops 400    # for a device that is not at hand
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _rate(text: str) -> float:
    """A device's rate, as the command line has it."""
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text!r}")
    return rate


def main(argv: Sequence[str]) -> int:
    """Calibrate, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("experiment", help="a file of config/experiments, without .yaml")
    parser.add_argument(
        "--tflops", type=_rate, help="the device's rate, instead of measuring this one"
    )
    args = parser.parse_args(argv)

    from subliminal.config.errors import ConfigError
    from subliminal.local.calibration import product_rate
    from subliminal.transmission.config import TransmissionExperiment
    from subliminal.workflow.configuration import Given
    from subliminal.workflow.estimate import Estimator, render
    from subliminal.workflow.project import Project

    given = Given(options={"experiments": "CONFIG"})
    project = Project.load(ROOT, {"experiments": [args.experiment]}, given=given)
    if args.experiment not in project.config.names_of(TransmissionExperiment):
        raise ConfigError(
            f"{args.experiment} trains no language models; its file says how long it takes"
        )
    if args.tflops is not None:
        rate, device = args.tflops * 1e12, f"a device of {args.tflops:g} TFLOP/s"
    else:
        rate, device = product_rate(threads=1)
    print(render(Estimator(project, args.experiment).costs(), rate, device))
    return 0


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
