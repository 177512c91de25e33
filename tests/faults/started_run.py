"""A run whose one job waits for as long as a test wants, and what is left of it after a signal."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from working_copy import REPOSITORY, WorkingCopy, environment

TARGET = "results/prompts/numbers.manifest.json"
TABLE = "results/prompts/numbers.parquet"
# A target of the Makefile, made as its others are.
MAKE = ("make", f"--eval=one: $(INSTALLED) ; $(snakemake) {TARGET}", "one")
SNAKEMAKE = ("snakemake", "--cores", "1", TARGET)
PATIENCE_S = 120
PRELOAD = 'PRELOAD = ("json",)'
# While there is a file `wait`, jobs say that they have begun and do not go on.
WAITING = """
    import time
    from pathlib import Path

    while Path("wait").exists():
        Path("begun").touch()
        time.sleep(0.05)
"""


def micro_copy(root: Path) -> WorkingCopy:
    """The repository with the micro configuration, a job that can wait, and a light zygote.

    Where a job runs is as ever; what it finds imported there makes no difference to these tests.
    """
    copy = WorkingCopy.of_repository(root)
    shutil.copytree(REPOSITORY / "tests" / "e2e" / "micro", root / "config", dirs_exist_ok=True)
    first = "    import argparse\n"
    copy.replace("scripts/stage.py", first, WAITING + first)
    warm_start = root / "scripts" / "subliminal" / "workflow" / "warm_run.py"
    code, count = re.subn(
        r"^PRELOAD = \(.*?^\)", PRELOAD, warm_start.read_text(), flags=re.M | re.S
    )
    assert count == 1
    warm_start.write_text(code)
    return copy


def wait_until(true: Callable[[], object], what: str) -> None:
    """Poll; a busy machine has time."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def processes_in(folder: Path) -> list[psutil.Process]:
    """The processes that work in a folder, jobs without parents and the zygote included."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()) == folder and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def signals_as_at_a_terminal() -> None:
    """Whoever starts the tests in the background, or by nohup, has these ignored."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@dataclass(frozen=True)
class StartedRun:
    """A run in a copy, whose job has begun."""

    copy: WorkingCopy
    process: subprocess.Popen[bytes]
    log: Path

    def ends(self, number: signal.Signals) -> str:
        """Send the first process a signal, and wait until all are gone; gives the output."""
        self.process.send_signal(number)
        self.process.wait(PATIENCE_S)
        wait_until(lambda: not processes_in(self.copy.root), "all processes to be gone")
        self.goes_on()
        return self.log.read_text()

    def goes_on(self) -> None:
        """Jobs wait no more."""
        for name in ("wait", "begun"):
            (self.copy.root / name).unlink(missing_ok=True)


@contextmanager
def started(copy: WorkingCopy, *command: str) -> Iterator[StartedRun]:
    """Start a run and wait for its job; at the end nothing of it is left."""
    (copy.root / "wait").touch()
    log = copy.root / "started.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=copy.root,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=signals_as_at_a_terminal,
        )
    run = StartedRun(copy, process, log)
    try:
        wait_until(
            lambda: (copy.root / "begun").exists() or process.poll() is not None, "the job's start"
        )
        assert process.poll() is None, log.read_text()
        yield run
    finally:
        run.goes_on()
        for left in processes_in(copy.root):
            os.kill(left.pid, signal.SIGKILL)
        process.wait(PATIENCE_S)
