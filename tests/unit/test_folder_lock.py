"""The folder's lock: one holder, gone with its process, and no holder where there is no flock."""

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from subliminal.artefacts.orphans import TOKEN, VARIABLE, begin_run
from subliminal.config.errors import ConfigError
from subliminal.workflow import folder_lock
from subliminal.workflow.folder_lock import LEFT_BEHIND, LOCK, held, refuse_if_held
from subliminal.workflow.guard import guard

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
HOLDER = (
    "import sys, time; from pathlib import Path\n"
    "from subliminal.workflow.folder_lock import held\n"
    "with held(Path(sys.argv[1]), recover=True):\n"
    "    print('held', flush=True); time.sleep(600)\n"
)


@pytest.fixture
def left(tmp_path):
    """Snakemake's lock of some run."""
    (tmp_path / LEFT_BEHIND).mkdir(parents=True)
    (tmp_path / LEFT_BEHIND / "0.input.lock").touch()
    return tmp_path


def test_a_second_holder_is_refused_and_told_who_is_the_first(tmp_path):
    with held(tmp_path, recover=True):
        told = f"process {os.getpid()} .* kill {os.getpid()}"
        with pytest.raises(ConfigError, match=told):
            refuse_if_held(tmp_path)
        with pytest.raises(ConfigError, match=told), held(tmp_path, recover=True):
            pass
    refuse_if_held(tmp_path)
    with held(tmp_path, recover=True):
        pass


def test_looking_makes_no_file(tmp_path):
    refuse_if_held(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_lock_of_nobody_known_is_left_to_the_user(left):
    with pytest.raises(ConfigError, match="snakemake --unlock"), held(left, recover=True):
        pass
    with held(left, recover=False):  # as `snakemake --unlock` does
        assert (left / LEFT_BEHIND).is_dir()


def test_lock_of_a_killed_process(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    (tmp_path / LEFT_BEHIND).mkdir()
    (tmp_path / LEFT_BEHIND / "0.input.lock").touch()
    with pytest.raises(ConfigError, match=f"process {holder.pid}"):
        refuse_if_held(tmp_path)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with held(tmp_path, recover=True):
        assert not (tmp_path / LEFT_BEHIND).exists()


def test_an_installation_in_between_does_not_hide_whose_a_lock_is(left):
    (left / LOCK).write_text(" ".join(["1", *folder_lock._machine()]))
    with held(left, recover=False):
        pass
    with held(left, recover=True):
        assert not (left / LEFT_BEHIND).exists()


@pytest.mark.parametrize("same", ["name", "boot"])
def test_a_machine_is_known_by_its_name_or_its_boot(left, same):
    """A restart changes the one, a new container of the same machine the other."""
    name, boot = folder_lock._machine()
    (left / LOCK).write_text(f"1 {name} earlier" if same == "name" else f"1 container {boot}")
    with held(left, recover=True):
        assert not (left / LEFT_BEHIND).exists()


def test_jobs_do_not_inherit_the_lock(tmp_path):
    with held(tmp_path, recover=True):
        child = subprocess.Popen(["sleep", "600"], close_fds=False)
    try:
        refuse_if_held(tmp_path)
    finally:
        child.kill()
        child.wait()


def test_without_flock_nothing_is_held_or_cleared(left, monkeypatch):
    def refuse(descriptor, how):
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with held(left, recover=True), held(left, recover=True):
        refuse_if_held(left)
    assert (left / LEFT_BEHIND).is_dir()


@pytest.mark.parametrize("going", [True, False])
def test_without_flock_a_run_that_may_be_going_keeps_its_jobs(left, monkeypatch, going):
    """Snakemake's own lock refuses the second run, whose token would have ended them."""

    def refuse(descriptor, how):
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setenv(VARIABLE, "")
    begin_run(left)
    token = (left / TOKEN).read_text()
    if not going:
        shutil.rmtree(left / LEFT_BEHIND)
    workflow = SimpleNamespace(
        output_settings=SimpleNamespace(dryrun=False),
        resource_settings=SimpleNamespace(cores=1),
        deployment_settings=SimpleNamespace(deployment_method={"conda"}),
        **dict.fromkeys(("execute", "unlock", "cleanup_metadata", "delete_output"), lambda: None),
    )
    guard(workflow, left, lambda: None)
    workflow.execute()
    assert ((left / TOKEN).read_text() == token) is going
