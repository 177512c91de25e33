"""Snakemake with the terminal of `make`: python scripts/snakemake_in_brief.py --cores 2

The logger plugin is found beside this script, so no variable has to name this folder: the jobs'
environment stays as it is. Jobs write to their logs alone, from which the plugin tells.
"""

import os
import sys

from snakemake.cli import main

if __name__ == "__main__":
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    main(["--logger", "brief", *sys.argv[1:]])
