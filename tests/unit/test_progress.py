"""Progress in a job's log."""

import logging

from subliminal.artefacts import progress


def test_nothing_done_yet_has_no_time_left(caplog, monkeypatch):
    """A first step that takes long ends nothing: there is no speed to reckon with."""
    monkeypatch.setattr(progress, "PROGRESS_EVERY_S", 0)
    report = progress.progress(logging.getLogger("test"), "completion")
    with caplog.at_level(logging.INFO):
        report(0, 10)
        report(5, 10, "so far")
        report(10, 10)
    assert [" left" in message for message in caplog.messages] == [False, True, False]
    assert "so far" in caplog.messages[1]
