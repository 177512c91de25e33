"""What is looked at before Snakemake runs here, and how its own trouble with files is told.

Snakemake says what is wrong with rules and jobs. Of a `results` that is a file, a folder of another
user, a full disk or a `python` without packages it would give a traceback, or one for each job.
"""

from __future__ import annotations

import getpass
import logging
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from subliminal.artefacts.orphans import begin_run, refuse_orphan
from subliminal.config.errors import ConfigError
from subliminal.config.failures import message_for
from subliminal.workflow.folder_lock import held, is_left_behind
from subliminal.workflow.slurm_queue import refuse_live_jobs
from subliminal.workflow.waking import wake_once
from subliminal.workflow.warm_run import group_beside_zygote

FOLDERS = (".snakemake", "results", "logs")
PACKAGES = ("numpy", "pandas", "pyarrow", "pydantic", "torch")
# Prints what is missing, without loading anything.
FIND = (
    "import importlib.util, sys; "
    "print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name) is None))"
)


def guard(workflow: Any, root: Path, before: Callable[[], None]) -> None:
    """Put this module's checks before whatever a Snakemake process writes into the folder.

    A Snakefile is read before it is known what is to be done, hence the methods are wrapped.

    Args:
        workflow: Snakemake's, of the main process.
        root: the repository's folder.
        before: called before anything is planned, when it is known what is to be done.
    """

    # A full disk is told once below, not by each line that goes to Snakemake's log.
    logging.raiseExceptions = False

    def guarded(name: str) -> Callable[..., Any]:
        method = getattr(workflow, name)
        runs = name == "execute"

        def call(*args: Any, **kwargs: Any) -> Any:
            from snakemake.exceptions import CliException  # which Snakemake shows as a sentence
            from snakemake.scheduling.job_scheduler import JobScheduler

            try:
                if runs:
                    wake_once(JobScheduler)
                    before()
                if workflow.output_settings.dryrun:
                    return method(*args, **kwargs)
                check_folders(root)
                if runs:
                    check_run(workflow)
                with held(root, recover=runs):
                    if runs:
                        refuse_live_jobs(root)
                        if not is_left_behind(root):  # else that run may go on, without flock
                            begin_run(root)
                    return method(*args, **kwargs)
            except (ConfigError, OSError) as error:
                raise CliException(message_for(error)) from None

        return call

    for name in ("execute", "unlock", "cleanup_metadata", "delete_output"):
        setattr(workflow, name, guarded(name))


def guard_job(workflow: Any) -> None:
    """Look at a Snakemake process that runs jobs for another Snakemake, as on a cluster.

    It deletes nothing when a job fails or is cancelled: the Snakemake that has submitted it does,
    if it is still there. Else the files may by now be those of another run. Jobs of a group share
    a warm start.

    Raises:
        ConfigError: another run has begun here since.
    """
    refuse_orphan()
    execute = workflow.execute

    def guarded(*args: Any, **kwargs: Any) -> Any:
        workflow.execution_settings.keep_incomplete = True
        with group_beside_zygote(workflow):
            return execute(*args, **kwargs)

    workflow.execute = guarded


def check_run(workflow: Any) -> None:
    """Whether jobs can run at all, before the first one of many fails.

    Raises:
        ConfigError: they cannot.
    """
    cores = workflow.resource_settings.cores
    if cores is not None and cores < 1:
        raise ConfigError(f"--cores: expected a number above 0, found {cores}; type --cores 2")
    if not workflow.deployment_settings.deployment_method:
        check_python()
    name_the_user()


def check_folders(root: Path) -> None:
    """Whether Snakemake and the jobs can write where they have to.

    Raises:
        ConfigError: they cannot.
    """
    for path in (root / name for name in FOLDERS):
        if path.is_symlink() and not path.exists():
            raise ConfigError(
                f"{path} is a link to {path.readlink()}, which is not there; "
                f"make that folder, or type: rm {path}"
            )
        if path.exists() and not path.is_dir():
            raise ConfigError(f"{path} has to be a folder, found a file; move it away")
        place = path if path.exists() else root
        if not os.access(place, os.W_OK | os.X_OK):
            raise ConfigError(
                f"{place} cannot be written to by user {os.geteuid()}; "
                "make it yours (chown, chmod), or copy this folder to where you can write"
            )


def check_python() -> None:
    """Whether the `python` that jobs on this machine call has its packages.

    Raises:
        ConfigError: it lacks some, or there is none.
    """
    python = shutil.which("python")
    if python is None:
        missing = "there is no `python` on the PATH"
    else:
        found = subprocess.run([python, "-c", FIND, *PACKAGES], capture_output=True, text=True)
        if found.returncode == 0 and not found.stdout.strip():
            return
        missing = f"{python} lacks {', '.join(found.stdout.split()) or 'what it needs to start'}"
    raise ConfigError(
        f"jobs cannot run: {missing}; type `make`, or activate the environment that it has made: "
        ". .venv/bin/activate"
    )


def give_a_home(root: Path) -> None:
    """Snakemake keeps a cache in the user's home, which a number in a container may lack."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    known = os.path.isabs(cache)
    if known:
        with suppress(OSError):
            os.makedirs(cache, exist_ok=True)
    if not known or not os.access(cache, os.W_OK | os.X_OK):
        home = root / ".snakemake" / "home"
        os.environ.update(HOME=str(home), XDG_CACHE_HOME=str(home / ".cache"))


def name_the_user() -> None:
    """Snakemake asks for the user's name, which a number in a container may lack."""
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["USER"] = str(os.getuid())
