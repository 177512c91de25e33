"""Work in a process of its own: its answer, its mistakes, and its limits."""

import os
import signal
import time

import pytest

from subliminal.bases import child
from subliminal.bases.child import bounded
from subliminal.config.errors import ConfigError


@pytest.fixture(autouse=True)
def limits(monkeypatch):
    monkeypatch.setattr(child, "SECONDS", 1)
    monkeypatch.setattr(child, "MEMORY", 100_000_000)


def raised(error):
    raise error


def test_what_it_returns_comes_back():
    assert bounded(lambda: {"a": ["é", None, 1]}, "trying", "here") == {"a": ["é", None, 1]}


def test_a_large_answer_comes_back():
    assert len(bounded(lambda: "a" * 1_000_000, "trying", "here")) == 1_000_000


def test_it_changes_nothing_here():
    changed = []
    bounded(lambda: changed.append(1), "trying", "here")
    assert changed == []


def test_its_mistake_is_raised():
    with pytest.raises(ConfigError, match=r"^here: wrong$"):
        bounded(lambda: raised(ConfigError("here: wrong")), "trying", "here")


def test_its_defect_is_no_mistake_of_the_users():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        bounded(lambda: 1 // 0, "trying", "here")


@pytest.mark.parametrize(
    ("work", "says"),
    [
        (lambda: sum(range(10**12)), "more time"),
        (lambda: bytearray(10**9) and None, "more memory"),
        (
            lambda: os.kill(os.getpid(), signal.SIGKILL),
            r"more memory, or a fault in a library \(SIGKILL\)",
        ),
        (lambda: "a" * 20_000_000, "more time"),
    ],
)
def test_it_is_stopped(work, says):
    expected = r"here: trying was stopped: expected at most 1 seconds .* 0.1 GB of memory, found "
    with pytest.raises(ConfigError, match=f"{expected}({says})"):
        bounded(work, "trying", "here")


def test_waiting_is_stopped_too(monkeypatch):
    monkeypatch.setattr(child, "PATIENCE", 0.5)
    with pytest.raises(ConfigError, match="found more time"):
        bounded(lambda: time.sleep(1000), "trying", "here")


def test_more_may_be_allowed():
    assert bounded(lambda: len(bytearray(200_000_000)), "trying", "here", memory=300_000_000)
