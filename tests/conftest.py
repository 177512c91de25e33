"""What every test needs."""

import ipaddress
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# The scripts find the library beside themselves; the tests find it in the same place.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from micro_workflow import micro_sources
from working_copy import WorkingCopy

# A busy machine must not fail a test: no example has a time limit.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


# The tests of a group look at one finished run, which one process makes for all of them.
ONE_RUN = {
    "test_documented_addition": "micro",
    "test_documented_python": "micro",
    "test_hosted_run": "micro",
    "test_interruption": "micro",
    "test_micro_run": "micro",
    "test_rerun": "micro",
    "test_third_party_server": "micro",
    "test_sharing": "micro",
    "test_machine": "faults",
    "test_results": "faults",
    "test_strings": "faults",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """The tests of a file, or of one finished run, belong to one of the processes."""
    for item in items:
        group = ONE_RUN.get(item.path.stem, str(item.path))
        item.add_marker(pytest.mark.xdist_group(group))


def _is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _guarded(connect):
    def guarded(self, address):
        local = self.family not in (socket.AF_INET, socket.AF_INET6) or _is_loopback(address[0])
        assert local, f"a test tried to connect to {address}"
        return connect(self, address)

    return guarded


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch):
    """No test reaches beyond this machine."""
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))


@pytest.fixture
def workflow_copy(tmp_path):
    """A copy of the repository without results, for this test alone."""
    return WorkingCopy.of_repository(tmp_path / "copy")


@pytest.fixture(scope="session")
def micro_run(tmp_path_factory):
    """One small run of the whole workflow, finished; not to be changed."""
    copy = micro_sources(tmp_path_factory.mktemp("micro") / "copy")
    copy.make(cores=2)
    return copy


@pytest.fixture
def micro_copy(micro_run, tmp_path):
    """A copy of the finished run, results included, for this test alone."""
    return micro_run.copy(tmp_path / "copy")
