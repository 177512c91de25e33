"""What `make` runs: Snakemake behind a warm start, until it ends or `make` is told to end.

python scripts/run.py 2 --config 'experiments=[tiny_full]'
"""

import os
import re
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SNAKEMAKE = ROOT / "scripts" / "snakemake_in_brief.py"


def main(argv: list[str]) -> int:
    """Check what was typed, run, and give back Snakemake's exit status."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the run has begun nothing is to tidy
    cores, *arguments = argv
    if not re.fullmatch(r"all|[1-9][0-9]{0,4}", cores):
        print(f"CORES={cores!r}: expected a number above 0; type make CORES=2", file=sys.stderr)
        return 1

    from subliminal.workflow.folder_lock import refuse_if_held
    from subliminal.workflow.guard import check_folders, give_a_home
    from subliminal.workflow.warm_run import run_warm

    check_folders(ROOT)
    refuse_if_held(ROOT)  # the Snakefile says it too, after all has been read
    give_a_home(ROOT)
    tempfile.gettempdir()
    parent = os.getppid()
    command = [sys.executable, str(SNAKEMAKE), "--cores", cores, *arguments]
    return run_warm(command, ended=lambda: is_ending(parent))


def is_ending(make: int) -> bool:
    """Whether `make` is gone, or has taken a signal that it does not pass on.

    It expects SIGINT and SIGHUP to come from a terminal, which sends them to everyone. Sent to it
    alone, it waits for its children, with the signal blocked and its handler taken off.
    """
    if os.getppid() != make:
        return True
    status = Path(f"/proc/{make}/status").read_text()
    blocked, ignored, caught = (
        int(mask, 16) for mask in re.findall(r"^Sig(?:Blk|Ign|Cgt):\t(\w+)", status, re.MULTILINE)
    )
    taken = blocked & ~ignored & ~caught
    return any(taken >> (number - 1) & 1 for number in (signal.SIGINT, signal.SIGHUP))


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
