"""One run per folder: a lock that no killed process can leave behind.

Snakemake's own lock is a file, which stays when its process is killed and does not say whose it is.
This one is the kernel's (flock) and goes with its process: whoever gets it knows that no run is
going, and may clear away what a killed one has left. Jobs do not inherit it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from subliminal.config.errors import ConfigError
from subliminal.config.flock import NO_FLOCK

LOCK = Path(".snakemake") / "run.lock"
LEFT_BEHIND = Path(".snakemake") / "locks"
BOOT = Path("/proc/sys/kernel/random/boot_id")
# A holder without a name has just begun, or only looks.
LOOKS = 10
LOOK_S = 0.05


@contextmanager
def held(root: Path, *, recover: bool) -> Iterator[None]:
    """Hold the folder's lock.

    On a file system without flock nothing is held, and Snakemake's own lock is all there is.

    Args:
        root: the repository's folder.
        recover: clear Snakemake's lock of a killed run away.

    Raises:
        ConfigError: another run is going here, or may be.
        OSError: the lock's file cannot be made.
    """
    (root / LOCK).parent.mkdir(exist_ok=True)
    descriptor = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        if not _locked(root, descriptor, fcntl.LOCK_EX):
            yield
            return
        if recover:
            _clear(root, _read(descriptor))
        if not is_left_behind(root):  # else it stays known whose that is
            _write(descriptor, [str(os.getpid()), *_machine()])
        yield
        if not is_left_behind(root):
            _write(descriptor, [])
    finally:
        os.close(descriptor)


def refuse_if_held(root: Path) -> None:
    """Pass where no run is known to be going.

    Raises:
        ConfigError: one is.
    """
    try:
        descriptor = os.open(root / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        _locked(root, descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _locked(root: Path, descriptor: int, how: int) -> bool:
    """Whether the lock was got; False where there are no such locks."""
    owner: list[str] = []
    for _ in range(LOOKS):
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            owner = _read(descriptor)
        except OSError as error:
            if error.errno in NO_FLOCK:
                return False
            raise
        if owner:
            break
        time.sleep(LOOK_S)
    pid, host, *_ = [*owner, "?", "?"]
    raise ConfigError(
        f"another run is going in {root} (process {pid} on {host}); "
        f"wait for it, or end it with: kill {pid}"
    )


def _clear(root: Path, owner: list[str]) -> None:
    """Remove Snakemake's lock if its owner, the last to hold ours, is surely gone.

    A lock of another machine may be alive: on some network file systems flock ends at the machine.
    """
    jobs = " ".join(_jobs(root))
    if jobs:
        raise ConfigError(
            f"jobs of a killed run are still going in {root}; wait for them, or type: kill {jobs}"
        )
    if not is_left_behind(root):
        return
    if not set(owner[1:]) & set(_machine()):
        raise ConfigError(
            f"{root / LEFT_BEHIND} is the lock of a run on another machine, or of an earlier "
            "version of this workflow; if that run is over, type: snakemake --unlock"
        )
    shutil.rmtree(root / LEFT_BEHIND)


def is_left_behind(root: Path) -> bool:
    """Whether Snakemake's lock is there, though no run is going."""
    return (root / LEFT_BEHIND).is_dir() and any((root / LEFT_BEHIND).iterdir())


def _jobs(root: Path) -> Iterator[str]:
    """The processes of jobs in the folder, which outlive a Snakemake that was killed."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").samefile(root):
                arguments = (process / "cmdline").read_bytes().split(b"\0")
                if b"scripts/stage.py" in arguments[1:2]:
                    yield process.name
        except OSError:  # gone, or another user's
            continue


def _machine() -> list[str]:
    """This machine by name and by boot: a container has the one anew, a restart the other."""
    return [socket.gethostname(), *(BOOT.read_text().split() if BOOT.is_file() else [])]


def _read(descriptor: int) -> list[str]:
    return os.pread(descriptor, 1000, 0).decode(errors="replace").split()


def _write(descriptor: int, words: list[str]) -> None:
    """Say who holds the lock, in a way that a power cut leaves readable."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, " ".join(words).encode(), 0)
    os.fsync(descriptor)
