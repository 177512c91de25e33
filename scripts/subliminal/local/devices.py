"""One GPU for each job on a machine with several, where no scheduler hands them out.

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
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"
WAIT_S = 2.0
# Open for as long as the process lives: closing a file would give its lock back.
_claims: list[int] = []


def visible_gpus() -> list[str]:
    """The GPUs that this process may choose from, as CUDA names them; CUDA itself stays untouched.

    It reads its variable once, when it is first asked anything.
    """
    named = os.environ.get(VISIBLE)
    if named is not None:
        return [name for name in named.split(",") if name]
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]
    answer = subprocess.run(command, capture_output=True, text=True)
    return answer.stdout.split() if answer.returncode == 0 else []


def claim_gpu(log: logging.Logger) -> None:
    """Make one GPU the only one that this process sees; wait while others have them all.

    Does nothing where there is no choice: on machines with one GPU or none, and under Slurm, which
    has given this job its own.
    """
    gpus = visible_gpus()
    if _claims or len(gpus) < 2 or "SLURM_JOB_ID" in os.environ:
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
