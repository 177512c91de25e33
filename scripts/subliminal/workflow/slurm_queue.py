"""Slurm's jobs of a run that was killed: they go on, and a second run would pay for them again."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from subliminal.config.errors import ConfigError

# A job's number, the comment that Snakemake's executor gives it, and the folder that it runs in.
QUEUE = ("squeue", "--me", "--noheader", "--format=%i %k %Z")
COMMENTS = ("rule_", "group_")
# Where the executor keeps what Slurm says of jobs.
SUBMITTED = Path(".snakemake") / "slurm_logs"


def refuse_live_jobs(root: Path) -> None:
    """Pass where no job of this folder waits or runs in Slurm.

    Slurm is asked only in a folder that it was used in: it may take long to answer, or not answer.

    Raises:
        ConfigError: some do, or Slurm does not answer.
    """
    if shutil.which(QUEUE[0]) is None or not (root / SUBMITTED).exists():
        return
    asked = subprocess.run(QUEUE, capture_output=True, text=True)
    if asked.returncode != 0:
        raise ConfigError(
            f"jobs of an earlier run may be going on in {root}, and Slurm does not say: "
            f"{asked.stderr.strip() or 'no answer'}; when {' '.join(QUEUE[:2])} works, type the "
            "same command again"
        )
    jobs = " ".join(_of_folder(asked.stdout, root))
    if jobs:
        raise ConfigError(
            f"Slurm still has jobs of an earlier run in {root}; wait until they have left the "
            f"queue ({' '.join(QUEUE[:2])}), or type: scancel {jobs}"
        )


def _of_folder(queue: str, root: Path) -> list[str]:
    """The numbers of Snakemake's jobs in a folder."""
    lines = (line.split(maxsplit=2) for line in queue.splitlines() if line)
    place = os.path.realpath(root)
    return [
        number
        for number, comment, folder in lines
        if comment.startswith(COMMENTS) and os.path.realpath(folder) == place
    ]
