"""One Slurm cluster for all tests of this folder."""

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from slurm_cluster import PREFIX, SlurmCluster, missing

PLUGIN = "snakemake_executor_plugin_slurm"


@pytest.fixture(scope="session")
def running():
    """The cluster, from its start to its end."""
    reason = missing() or (None if find_spec(PLUGIN) else "no executor: `make slurm` installs it")
    if reason:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    cluster = SlurmCluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop_all()
        shutil.rmtree(folder)


@pytest.fixture
def cluster(running):
    """The cluster with an empty queue."""
    yield running
    running.empty()
