"""What a provider may say of fine-tuning: known, fit to be shown, or an error that names it."""

import logging
import threading
import time

import pytest

from subliminal.api.access import HIDDEN, Access
from subliminal.api.failures import Refusal
from subliminal.api.ledger import lines
from subliminal.api.requests import Requests
from subliminal.api.tuning.job import read_job
from subliminal.api.tuning.provider import Provider
from subliminal.config.errors import ConfigError
from subliminal.serving.jobs import UNKNOWN_STATUS

KEY = "sk-a-key-that-nobody-may-see"
ACCESS = Access("http://localhost:8000/v1", KEY, None, frozenset({KEY}))
JOB = {"id": "ftjob-1", "status": "running"}


def answering(monkeypatch, answer):
    """A provider whose server answers every request so."""

    def read(requests, ask, what, parse, seconds=0.0):
        return parse(answer)

    monkeypatch.setattr(Requests, "read", read)
    return Provider(Requests(ACCESS))


@pytest.mark.parametrize("status", ["paused", UNKNOWN_STATUS])
def test_a_status_outside_the_protocol_is_named(status):
    with pytest.raises(ConfigError, match=status):
        read_job({**JOB, "status": status}, ACCESS).require_known_status()


def test_nothing_that_a_job_says_shows_the_key_or_moves_a_terminal():
    method = {"supervised": {"hyperparameters": {"n_epochs": 3, "batch_size": f"\x1b[2J{KEY}"}}}
    error = {"code": "odd", "message": f"\x1b[2J{KEY}"}
    job = read_job({**JOB, "status": f"{KEY}\n", "error": error, "method": method}, ACCESS)
    assert job.hyperparameters["n_epochs"] == 3
    for told in (job.status, job.error, job.hyperparameters["batch_size"]):
        assert HIDDEN in told and KEY not in told and told.isprintable()


@pytest.mark.parametrize("part", ["id", "fine_tuned_model"])
@pytest.mark.parametrize("name", [f"ft:{KEY}", "ft:\x1b[2J", 7])
def test_a_name_that_cannot_be_shown_is_none(part, name):
    with pytest.raises(ValueError, match="name"):
        read_job({**JOB, part: name}, ACCESS)


@pytest.mark.parametrize("tokens", [-1, True, 1.5, "many", None])
def test_a_count_that_is_none_is_not_known(tokens):
    assert read_job({**JOB, "trained_tokens": tokens}, ACCESS).trained_tokens is None


@pytest.mark.parametrize("odd", ["supervised", ["supervised"], {"supervised": "x"}, None, 3])
def test_parts_of_another_shape_are_as_if_they_were_not_there(odd):
    job = read_job({**JOB, "method": odd, "metadata": "x", "error": "x"}, ACCESS)
    assert (job.hyperparameters, job.metadata, job.error) == ({}, {}, "")


@pytest.mark.parametrize(
    ("status", "found"),
    [("processed", "file-1"), ("uploaded", "file-1"), (None, "file-1")]
    + [(word, None) for word in ("error", "deleted", "pending")],
)
def test_a_file_is_used_again_only_in_a_status_that_is_known(monkeypatch, status, found):
    file = {"id": "file-1", "filename": "a", "bytes": 3, "purpose": "fine-tune", "status": status}
    provider = answering(monkeypatch, {"data": [file]})
    assert provider.files.named("a", 3) == found


@pytest.mark.parametrize("result", [{}, {"flagged": None}, {"flagged": "no"}])
def test_moderation_that_says_neither_yes_nor_no_is_an_error(monkeypatch, result):
    with pytest.raises(ConfigError, match="flagged"):
        answering(monkeypatch, {"results": [result]}).flagged(["a"])


def test_categories_are_fit_for_a_terminal(monkeypatch):
    result = {"flagged": True, "categories": {f"\x1b{KEY}": True, "other": False}}
    (names,) = answering(monkeypatch, {"results": [result]}).flagged(["a"]).values()
    assert len(names) == 1 and HIDDEN in names[0] and names[0].isprintable()


def test_a_list_without_an_end_is_an_error(monkeypatch):
    provider = answering(monkeypatch, {"data": [{**JOB, "metadata": {}}], "has_more": True})
    with pytest.raises(Refusal, match="ftjob-1"):
        provider.jobs_of("key")


def test_whoever_waits_for_a_lock_says_so_once(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(lines, "SILENT_SECONDS", 0.01)
    caplog.set_level(logging.INFO)
    file, done = tmp_path / "a", []

    def second():
        with lines.locked(file):
            done.append(True)

    with lines.locked(file):
        waiting = threading.Thread(target=second)
        waiting.start()
        while not caplog.messages:
            time.sleep(0.01)
        assert not done
    waiting.join()
    (said,) = caplog.messages
    assert "a.lock" in said and done
