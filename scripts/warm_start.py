"""Run a command (usually Snakemake) whose jobs share their heavy imports.

python scripts/warm_start.py -- snakemake --cores 2

subliminal/workflow/warm_run.py has the rest.
"""

import argparse
import sys

from subliminal.workflow.warm_run import PRELOAD, run_warm


def main(argv: list[str]) -> int:
    """Split our options from the command, run it and give back its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--preload",
        default=",".join(PRELOAD),
        help="comma-separated MODULE or MODULE:ATTRIBUTE, absent ones are skipped (%(default)s)",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- COMMAND [ARGUMENT ...]")
    options = parser.parse_args(argv)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("no command given")
    return run_warm(command, [name for name in options.preload.split(",") if name])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
