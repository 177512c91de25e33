"""Print the time, memory and disk that experiments will take.

python scripts/estimate.py                          # every experiment, a line each
python scripts/estimate.py small_smoke              # one by stage
python scripts/estimate.py tiny mnist theorem       # several; jobs that they share count once
python scripts/estimate.py ed5c_qwen --tflops 400 --usd-per-hour 2.5   # a device that you rent
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _positive(text: str) -> float:
    """A rate or a price, as the command line has it."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text!r}")
    return value


def _count(text: str) -> int:
    """A number of jobs; `all` is one for each of the machine's cores."""
    if text == "all":
        return os.cpu_count() or 1
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, found {text!r}")
    return int(text)


def main(argv: Sequence[str]) -> int:
    """Calibrate, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "experiments", nargs="*", help="files of config/experiments, without .yaml; none for all"
    )
    parser.add_argument(
        "--tflops", type=_positive, help="the device's rate, instead of measuring this one"
    )
    parser.add_argument("--jobs", type=_count, default=1, help="jobs that run side by side")
    parser.add_argument("--usd-per-hour", type=_positive, help="the price of an hour of a device")
    args = parser.parse_args(argv)

    from subliminal.local.calibration import rates
    from subliminal.workflow.configuration import Given
    from subliminal.workflow.estimate import by_experiment, by_stage, load_each
    from subliminal.workflow.project import Project

    # `make` hands all names over as one word.
    names = " ".join(args.experiments).split()
    given = Given(options={"experiments": "CONFIG"})
    project = Project.load(ROOT, {"experiments": names}, given=given) if names else None
    device = rates()
    if args.tflops is not None:
        name = f"a device of {args.tflops:g} TFLOP/s"
        device = replace(device, device=args.tflops * 1e12, name=name)
    if project is not None:
        print(by_stage(project, device, args.jobs, args.usd_per_hour))
    else:
        every = sorted(path.stem for path in ROOT.glob("config/experiments/*.yaml"))
        print(by_experiment(load_each(ROOT, every), device, args.usd_per_hour))
    return 0


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
