"""A run that is killed and started again gives what an undisturbed run gives, on any cores."""

import json
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from micro_workflow import micro_sources
from working_copy import environment, make_command

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are followed by /proc"),
]

# Of some 60 manifests: a kill after so many are there, so that none depends on the machine's speed.
ROUNDS = sorted(random.Random(1).sample(range(45), 4))


def manifests(copy):
    return copy.files("results/**/*manifest.json")


def kill_everything(process):
    """SIGKILL, so that nobody can tidy up: `make`, Snakemake, and every job."""
    tree = []
    # What is stopped starts nobody: a job that began between the list and the kill would live on.
    while new := [p for p in (process, *process.children(recursive=True)) if p not in tree]:
        for victim in new:
            with suppress(psutil.NoSuchProcess):
                victim.suspend()
        tree += new
    for victim in tree:
        with suppress(psutil.NoSuchProcess):
            victim.kill()
    psutil.wait_procs(tree)


def run_and_kill(copy, cores, finished, pause):
    """Start `make`, and kill it some moments after so many artefacts are finished."""
    with (copy.root / "killed.log").open("a") as log:
        started = subprocess.Popen(
            make_command(cores),
            cwd=copy.root,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        while len(manifests(copy)) < finished and started.poll() is None:
            time.sleep(0.05)
        time.sleep(pause)
        assert started.poll() is None, (copy.root / "killed.log").read_text()
        kill_everything(psutil.Process(started.pid))
        started.wait()


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory):
    """A run that was killed at several moments, on one core and on two, and then let finish."""
    copy = micro_sources(tmp_path_factory.mktemp("killed") / "copy")
    rng = random.Random(2)
    for number, finished in enumerate(ROUNDS):
        run_and_kill(copy, cores=1 + number % 2, finished=finished, pause=rng.uniform(0, 2))
    copy.make(cores=1)
    return copy


def test_the_same_files_are_there(micro_run, disturbed):
    assert disturbed.files("results/**/*") == micro_run.files("results/**/*")


@pytest.mark.parametrize(
    "kind", ["tables/**/*.parquet", "tables/**/*.csv", "**/*.safetensors", "**/*.parquet"]
)
def test_contents_are_byte_for_byte_the_same(micro_run, disturbed, kind):
    files = micro_run.files(f"results/{kind}")
    assert files
    different = [
        path
        for path in files
        if (disturbed.root / path).read_bytes() != (micro_run.root / path).read_bytes()
    ]
    assert different == []


def test_every_artefact_has_the_same_identity(micro_run, disturbed):
    def identities(copy):
        found = {p: json.loads((copy.root / p).read_text())["id"] for p in manifests(copy)}
        # The report tells how long everything took.
        del found[Path("results/report.manifest.json")]
        return found

    assert identities(disturbed) == identities(micro_run)


def test_nothing_is_left_to_do(disturbed):
    assert disturbed.planned() == set()
