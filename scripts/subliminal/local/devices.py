"""One GPU for each job, where no scheduler hands them out.

Snakemake counts GPUs on one machine but does not say which one a job may use. A job claims one by
locking a file; the lock goes with its process, however that ends.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import subprocess
import tempfile
import time
from itertools import takewhile
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"
# How names of GPUs, and of parts of GPUs, begin that are no numbers.
UNIQUE = ("GPU-", "MIG-")
WAIT_S = 2.0
# Open for as long as the process lives: closing a file would give its lock back.
_claims: list[int] = []


def _uuids() -> dict[str, str]:
    """Every GPU's unique name by its number; a scheduler that hides some renumbers the others."""
    if shutil.which("nvidia-smi") is None:
        return {}
    command = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
    answer = subprocess.run(command, capture_output=True, text=True)
    lines = answer.stdout.splitlines() if answer.returncode == 0 else []
    return {number: uuid for number, uuid in (line.split(", ") for line in lines)}


def visible_gpus() -> list[str]:
    """The GPUs that this process may choose from, as CUDA names them; CUDA itself stays untouched.

    It reads its variable once, when it is first asked anything.
    """
    known, named = _uuids(), os.environ.get(VISIBLE)
    if named is None:
        return list(known.values())
    # As CUDA does it: what follows a name that no GPU has, such as -1, is not seen.
    listed = takewhile(lambda name: name in known or name.startswith(UNIQUE), named.split(","))
    return [known.get(name, name) for name in listed]


def claim_gpu(log: logging.Logger) -> None:
    """Make one GPU the only one that this process sees; wait while others have them all.

    A single GPU is claimed too: a second job on it would run out of memory. Where a scheduler has
    given this job a GPU of its own nobody else claims it.
    """
    gpus = visible_gpus()
    if _claims or not gpus:
        return
    waited = False
    while True:
        for gpu in gpus:
            file = os.open(_lock_file(gpu), os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                continue
            _claims.append(file)
            os.environ[VISIBLE] = gpu
            log.info("GPU %s", gpu)
            return
        if not waited:
            log.info("all %d GPUs are taken by other jobs; waiting for one", len(gpus))
            waited = True
        time.sleep(WAIT_S)


def _lock_file(gpu: str) -> Path:
    return Path(tempfile.gettempdir()) / f"subliminal-{os.getuid()}-{gpu}.lock"
