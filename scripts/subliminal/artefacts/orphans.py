"""Jobs of a run that is over: they must not write over what the next run has made.

A cluster's job goes on when the Snakemake that has submitted it is killed, and when its node is cut
off from the scheduler, which then calls it failed. One run at a time holds the folder. It leaves
its token there and in the environment of its jobs; a job with another token writes nothing.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from subliminal.config.errors import ConfigError

TOKEN = Path(".snakemake") / "run.token"
VARIABLE = "SUBLIMINAL_RUN"


def begin_run(root: Path) -> None:
    """Make all jobs of earlier runs orphans; the folder's lock has to be held."""
    token = uuid.uuid4().hex
    (root / TOKEN).write_text(token)
    os.environ[VARIABLE] = token


def refuse_orphan() -> None:
    """Pass where this process belongs to the last run of its folder, or to no run at all.

    Raises:
        ConfigError: another run has begun here since.
    """
    own = os.environ.get(VARIABLE)
    if own is not None and TOKEN.exists() and TOKEN.read_text() != own:
        raise ConfigError(
            "this job belongs to a run that was ended, and another one has begun here since: "
            "it writes nothing more, and the other run makes its files"
        )
