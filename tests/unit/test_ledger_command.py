"""The ledger as its owner sees it: what is paid, reserved and left, and what can be dropped."""

import json
import re

import pytest

import ledger as command
from subliminal.api.ledger.actions import Ledger
from subliminal.api.ledger.answers import AnswerBook
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Hosting

HOSTING = "allow_paid: true\nmax_usd: 20\nledger: elsewhere/ledger\n"


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """A ledger with something paid, something reserved, and something set aside."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/openai.yaml").write_text(HOSTING)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    found = Ledger(tmp_path / "elsewhere/ledger")
    for key, about, usd, state in (
        ("aa" * 32, "the owl's student", 9.0, "done"),
        ("ab" * 32, "the wolf's student", 5.0, "sent"),
        ("cc" * 32, "an older student", 2.0, "dropped"),
    ):
        found.begin(key, "tuning", about, usd, Hosting(allow_paid=True))
        found.change(found.actions()[key], state)
    return found


def test_actions_and_money_are_shown(ledger, capsys):
    assert command.main([]) == 0
    shown = capsys.readouterr().out
    assert re.search(
        r"^aaaaaaaaaaaa +tuning +done +9\.00 +\d{4}-.* the owl's student$", shown, re.M
    )
    assert re.search(r"9\.00 paid, 5\.00 reserved; .* 6\.00 are left", shown)


def test_programs_read_the_same(ledger, capsys):
    assert command.main(["--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["usd"] == {"paid": 9.0, "reserved": 5.0, "max": 20.0, "left": 6.0}
    assert [action["state"] for action in found["actions"]] == ["done", "sent", "dropped"]


def test_a_ledger_in_the_home_is_found(ledger, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    (tmp_path / "config/openai.yaml").write_text("ledger: ~/ledger\n")
    assert command.main([]) == 0
    assert "9.00 paid, 5.00 reserved" in capsys.readouterr().out


def test_a_folder_without_a_ledger_has_nothing(tmp_path, monkeypatch, capsys):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/openai.yaml").write_text("allow_paid: false\n")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    assert command.main([]) == 0
    shown = capsys.readouterr().out
    assert "nothing" in shown and "no max_usd" in shown
    assert not (tmp_path / "ledger").exists()


def test_what_was_never_carried_out_is_dropped_and_its_money_free(ledger, capsys):
    assert command.main(["drop", "ab"]) == 0
    assert "the wolf's student" in capsys.readouterr().out
    assert ledger.spending() == (9.0, 0.0)
    assert ledger.actions()["ab" * 32].state == "dropped"


def test_answers_that_came_stay_paid(ledger):
    """Of two jobs whose answers are in one book, one has ended and the other was killed."""
    paid, book = Hosting(allow_paid=True), AnswerBook.named(ledger.folder, "b")
    for key, usd in (("e" * 64, 0.5), ("f" * 64, 3.0)):
        ledger.begin(key, "chat", "answers", usd, paid, book=book.name)
    ledger.change(ledger.actions()["e" * 64], "done", 0.5)
    book.keep([("x", {}, 0.5), ("y", {}, 1.25)])
    # Nothing has come of a batch that was not sent.
    ledger.begin("9" * 64, "batch", "answers", 7.0, paid, book=book.name)
    assert command.main(["drop", "9"]) == 0
    assert ledger.actions()["9" * 64].state == "dropped"
    assert command.main(["drop", "f"]) == 0
    dropped = ledger.actions()["f" * 64]
    assert (dropped.state, dropped.usd) == ("done", 1.25)


def test_a_job_that_the_provider_has_is_not_dropped(ledger):
    ledger.change(ledger.actions()["ab" * 32], "sent", job="job-1")
    with pytest.raises(ConfigError, match=r"job-1 .* drop --lost abab"):
        command.main(["drop", "ab"])
    assert ledger.spending() == (9.0, 5.0)
    assert command.main(["drop", "--lost", "ab"]) == 0
    assert ledger.spending() == (14.0, 0.0)


@pytest.mark.parametrize(
    ("key", "says"),
    [("a", "2 actions"), ("ff", "no action"), ("", "no action"), ("aa", "done"), ("cc", "dropped")],
)
def test_what_cannot_be_dropped_stays(ledger, key, says):
    before = ledger.actions()
    with pytest.raises(ConfigError, match=says):
        command.main(["drop", key])
    assert ledger.actions() == before
