"""The ledger and its answers: sums, the budget under two processes, and damaged files."""

import multiprocessing

import pytest

from subliminal.api.ledger.actions import ACTIONS, Ledger
from subliminal.api.ledger.answers import AnswerBook, digest
from subliminal.api.ledger.lines import Lines, locked
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Hosting

RICH = Hosting(allow_paid=True, max_usd=100.0)
ANSWER = {"choices": [{"message": {"content": "ü"}}]}


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger")


def begin(ledger, key, usd, hosting=RICH, kind="tuning"):
    return ledger.begin(key, kind, f"a job {key}", usd, hosting)


def test_sums_follow_what_becomes_of_actions(ledger):
    for key in ("done", "dropped", "sent", "begun"):
        assert begin(ledger, key, 10.0) is None
    known = ledger.actions()
    ledger.change(known["done"], "done", 7.5, id="job-1")
    ledger.change(known["dropped"], "dropped")
    ledger.change(known["sent"], "sent")
    assert ledger.spending() == (7.5, 20.0)
    assert ledger.spending().total == 27.5
    assert ledger.actions()["done"].facts == {"id": "job-1"}


def test_an_action_is_begun_once(ledger):
    begin(ledger, "a", 10.0)
    ledger.change(ledger.actions()["a"], "sent", id="job-1")
    there = begin(ledger, "a", 10.0)
    assert (there.state, there.facts) == ("sent", {"id": "job-1"})
    ledger.change(there, "dropped")
    assert begin(ledger, "a", 10.0) is None
    assert ledger.spending() == (0.0, 10.0)


def test_a_new_reservation_for_answers_takes_the_place_of_the_earlier_one(ledger):
    for usd in (10.0, 90.0, 5.0):
        assert begin(ledger, "a", usd, kind="chat") is None
        assert ledger.spending() == (0.0, usd)


@pytest.mark.parametrize("kind", ["chat", "tuning"])
@pytest.mark.parametrize("hosting", [Hosting(), Hosting(allow_paid=True, max_usd=9.0)])
def test_what_was_begun_before_it_was_forbidden_is_not_gone_on_with(ledger, kind, hosting):
    begin(ledger, "a", 10.0, kind=kind)
    with pytest.raises(ConfigError, match=r"config/openai\.yaml"):
        begin(ledger, "a", 10.0, hosting, kind)
    begin(ledger, "a", 10.0, Hosting(allow_paid=True, max_usd=10.0), kind)
    assert ledger.spending() == (0.0, 10.0)


def test_a_job_that_the_provider_has_is_paid_whatever_is_allowed_now(ledger):
    begin(ledger, "a", 10.0)
    ledger.change(ledger.actions()["a"], "sent", job="job-1")
    assert begin(ledger, "a", 10.0, Hosting()).facts == {"job": "job-1"}


@pytest.mark.parametrize(
    "hosting",
    [Hosting(), Hosting(max_usd=100.0), Hosting(allow_paid=True, max_usd=9.0)],
)
def test_what_may_not_be_paid_is_not_begun(ledger, hosting):
    with pytest.raises(ConfigError, match=r"config/openai\.yaml"):
        begin(ledger, "a", 10.0, hosting)
    assert ledger.actions() == {}
    assert begin(ledger, "free", 0.0, hosting) is None


def test_what_is_under_way_counts_against_the_budget(ledger):
    begin(ledger, "a", 60.0)
    with pytest.raises(ConfigError, match="60"):
        begin(ledger, "b", 60.0)
    ledger.change(ledger.actions()["a"], "done", 40.0)
    begin(ledger, "b", 60.0)


def _begin_some(folder, name, refused):
    for number in range(20):
        try:
            begin(Ledger(folder), f"{name}{number}", 10.0)
        except ConfigError:
            refused.put(1)
    refused.close()


def test_processes_that_begin_at_once_stay_within_the_budget(ledger):
    context = multiprocessing.get_context("fork")
    refused = context.Queue()
    both = [
        context.Process(target=_begin_some, args=(ledger.folder, name, refused)) for name in "ab"
    ]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert ledger.spending() == (0.0, 100.0)
    assert sum(refused.get(timeout=5) for _ in range(30)) == 30


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_line_that_was_being_written_is_passed_by_and_written_over(ledger, cut):
    begin(ledger, "a", 1.0)
    file = ledger.folder / ACTIONS
    whole = file.read_bytes()
    begin(ledger, "b", 2.0)
    file.write_bytes(file.read_bytes()[:-cut])
    assert set(ledger.actions()) == {"a"}
    begin(ledger, "c", 3.0)
    assert set(ledger.actions()) == {"a", "c"}
    assert file.read_bytes().startswith(whole)


@pytest.mark.parametrize("old", [b"1.0", b"tuning", b'"a"'])
def test_an_edited_line_is_an_error_that_names_it(ledger, old):
    begin(ledger, "a", 1.0)
    begin(ledger, "b", 2.0)
    file = ledger.folder / ACTIONS
    content = file.read_bytes()
    assert old in content.splitlines()[0]
    file.write_bytes(content.replace(old, b"x", 1))
    with pytest.raises(ConfigError, match="line 1"):
        ledger.spending()


def test_a_torn_line_longer_than_a_block_is_found(tmp_path):
    lines = Lines(tmp_path / "lines.jsonl")
    with locked(lines.file):
        lines.append(["first", "x" * 200_000])
        lines.file.write_bytes(lines.file.read_bytes()[:-1])
        lines.append(["last"])
    assert list(lines.read()) == ["first", "last"]


@pytest.fixture
def book(tmp_path):
    return AnswerBook.of(tmp_path, "http://localhost/v1", {"model": "m", "temperature": 1.0})


def test_an_answer_stays_though_it_is_asked_for_again(book):
    book.ask(["a", "b"])
    assert book.read("ab")["a"].answer is None
    book.keep([("a", ANSWER, 0.5)])
    book.ask(["a", "b"])
    found = book.read("ab")
    assert (found["a"].answer, found["a"].usd) == (ANSWER, 0.5)
    assert found["b"].answer is None
    assert found["b"].at >= found["a"].at


def test_of_two_answers_the_first_one_counts_and_both_are_paid(book):
    book.keep([("a", ANSWER, 0.5), ("a", {"choices": []}, 0.25), ("b", ANSWER, 1.0)])
    assert book.read(["a"]).keys() == {"a"}
    assert book.read(["a"])["a"].answer == ANSWER
    assert book.paid() == 1.75


def test_other_parameters_have_another_book(tmp_path, book):
    for url, parameters in (
        ("http://localhost/v1", {"model": "m", "temperature": 0.0}),
        ("http://localhost/v1", {"model": "n", "temperature": 1.0}),
        ("http://elsewhere/v1", {"model": "m", "temperature": 1.0}),
    ):
        assert AnswerBook.of(tmp_path, url, parameters).file != book.file
    same = AnswerBook.of(tmp_path, "http://localhost/v1", {"temperature": 1.0, "model": "m"})
    assert same == book


def test_samples_of_one_prompt_have_different_keys():
    messages = [{"role": "user", "content": "q"}]
    assert digest([messages, 1]) != digest([messages, 2])
    assert digest([messages, 1]) == digest([[{"content": "q", "role": "user"}], 1])
