"""Snakemake with the terminal of `make`: python scripts/snakemake_in_brief.py --cores 2

The logger plugin is found beside this script, so no variable has to name this folder: the jobs'
environment stays as it is. Jobs write to their logs alone, from which the plugin tells.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from snakemake.cli import main

DRY = {"-n", "--dry-run", "--dryrun"}


def brief(argv: Sequence[str]) -> int:
    """Run Snakemake; if all went well, say last where the report is, and what is new in it.

    A dry run is left to Snakemake, whose lines are what one asks it for.
    """
    from snakemake_logger_plugin_brief import LogHandler
    from subliminal.workflow.ending import last_lines

    if DRY.intersection(argv):
        main(list(argv))
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    try:
        main(["--logger", "brief", *argv])
    except SystemExit as end:
        if end.code == 0 and LogHandler.report is not None:
            print(
                *last_lines(Path(LogHandler.report), LogHandler.has_built),
                sep="\n",
                file=sys.stderr,
            )
        raise
    return 0


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(brief, sys.argv[1:]))
