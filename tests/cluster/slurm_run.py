"""Runs of the workflow through a Slurm cluster, with a job that can be told what to do."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from micro_workflow import micro_sources
from slurm_cluster import SlurmCluster
from working_copy import WorkingCopy, environment

PROFILE = ("--workflow-profile", "profiles/slurm")
# A person waits longer, for the sake of the controller.
SOON = ("--slurm-init-seconds-before-status-checks", "8", "--latency-wait", "2")
# Snakemake sees no process of a job, as on a login node.
ELSEWHERE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
# A job without parents, of two seconds.
FOLDER = Path("results/theorem/proof/networks")
TARGET = str(FOLDER / "manifest.json")
# Another one, of a group.
BASE = "results/models/tiny-a/manifest.json"
# The job says that it has begun, holds as much memory as it is told to, and waits to be told to go.
WAITS = """
    import os, time
    from pathlib import Path

    own = os.environ.get("SLURM_JOB_ID", "here")
    Path(f"begun-{own}").write_text(str(os.getpid()))
    held = b"x" * int(Path("bytes").read_text()) if Path("bytes").exists() else b""
    while not any(Path(name).exists() for name in ("go", f"go-{own}")):
        time.sleep(0.05)
"""


@dataclass(frozen=True)
class SlurmRun:
    """A copy of the micro workflow, and the cluster that runs it."""

    copy: WorkingCopy
    cluster: SlurmCluster

    @classmethod
    def that_waits(cls, root: Path, cluster: SlurmCluster) -> SlurmRun:
        """Its jobs wait for a file `go`, or `go-` and the number of their Slurm job."""
        run = cls(micro_sources(root), cluster)
        first = "    import argparse\n"
        run.copy.replace("scripts/stage.py", first, WAITS + first)
        return run

    def command(self, *arguments: str) -> list[str]:
        """What a user types, but for how often Slurm is asked."""
        return [*ELSEWHERE, "snakemake", *arguments, *PROFILE, *SOON]

    def finish(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run until the end."""
        return self.copy.run(*self.command(*arguments))

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Run beside the test; what is left of it at the end is killed."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.copy.root,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def go(self, number: str = "") -> None:
        """Tell all jobs to go on, or one."""
        (self.copy.root / (f"go-{number}" if number else "go")).touch()

    def begun(self) -> set[str]:
        """The Slurm jobs that have begun, by number."""
        return {path.name.partition("-")[2] for path in self.copy.root.glob("begun-*")}

    def one_begun(self, *but: str) -> str:
        """Wait until a job has begun, other than these; its number."""
        self.until(lambda: self.begun() - set(but), "a job that has begun")
        (number,) = self.begun() - set(but)
        return number

    def process_of(self, number: str) -> Path:
        """The process of a job that has begun, in `/proc`."""
        return Path("/proc", (self.copy.root / f"begun-{number}").read_text())

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition."""
        self.cluster.until(lambda: bool(condition()), what, seconds=120)

    def files(self) -> dict[str, bytes]:
        """The job's outputs."""
        found = self.copy.files(f"{FOLDER}/*")
        return {str(path): (self.copy.root / path).read_bytes() for path in found}

    def written(self) -> dict[str, int]:
        """When the job's outputs were written: another job would write the same bytes."""
        found = self.copy.files(f"{FOLDER}/*")
        return {str(path): (self.copy.root / path).stat().st_mtime_ns for path in found}


def submitted(output: str) -> list[str]:
    """The numbers of the Slurm jobs that a run says it has submitted."""
    return re.findall(r"submitted with SLURM jobid (\d+)", output)
