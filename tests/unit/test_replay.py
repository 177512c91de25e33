"""Replaying what is recorded: nobody is asked, nothing is paid, and what is missing is named."""

import json

import pytest
from provider_stand_in import KEY, provider

from subliminal.api.access import access
from subliminal.api.chat.account import Account
from subliminal.api.chat.asked import ask
from subliminal.api.chat.requests import Parameters, questions
from subliminal.api.ledger.publishing import publish
from subliminal.api.tuning.recorded import recorded_order
from subliminal.api.tuning.submission import Order
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Hosting, Prices

PAID = Hosting(allow_paid=True)
REPLAY = Hosting(replay=True)
HOW = Parameters("gpt-1", 1.0, None, 35)
PROMPTS = ["Which animal?"] * 3 + ["Which tree?"]
# What a provider adds to an answer that is of its account alone.
PRIVATE = {"id": "chatcmpl-private", "request_id": "req-private", "user": "org-private"}


@pytest.fixture
def url(tmp_path, monkeypatch):
    """Four answers of a server that is gone; of it, the environment has the address alone."""
    with provider() as server:
        draw = server.draw
        monkeypatch.setattr(server, "draw", lambda key, body: draw(key, body) | PRIVATE)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        asked(account(tmp_path / "ledger", PAID))
    monkeypatch.delenv("OPENAI_API_KEY")
    return server.url


def account(folder, hosting):
    return Account(access(), hosting, "gpt", Prices(input=1, output=1), False, folder, "results/x")


def asked(whose, prompts=PROMPTS, how=HOW):
    answers = ask(whose, how, questions(prompts, range(len(prompts)), None), 2)
    return [answer["choices"][0]["message"]["content"] for answer in answers]


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_recorded_answers_are_given_and_nothing_changes(url, tmp_path):
    before = contents(tmp_path / "ledger")
    found = asked(account(tmp_path / "ledger", REPLAY))
    assert len(set(found)) == len(PROMPTS)
    # Of another order, and twice.
    again = asked(account(tmp_path / "ledger", REPLAY), PROMPTS[:2])
    assert again == found[:2]
    assert contents(tmp_path / "ledger") == before


def test_what_is_missing_is_named(url, tmp_path):
    with pytest.raises(ConfigError) as told:
        asked(account(tmp_path / "ledger", REPLAY), [*PROMPTS, "Which\nplanet?", "Which star?"])
    for part in (
        "replay: true",
        "2 of 6 answers of model 'gpt-1'",
        "results/x",
        "sample 5 of 6, to 'Which planet?'",
        "replay: false",
    ):
        assert part in str(told.value)
    with pytest.raises(ConfigError, match="4 of 4 answers of model 'gpt-2'"):
        asked(account(tmp_path / "ledger", REPLAY), how=Parameters("gpt-2", 1.0, None, 35))


def test_an_answer_that_never_came_is_missing(url, tmp_path):
    (book,) = (tmp_path / "ledger/answers").glob("*.jsonl")
    lines = book.read_text().splitlines(keepends=True)
    book.write_text("".join(line for line in lines if '"choices"' not in line))
    with pytest.raises(ConfigError, match="4 of 4 answers"):
        asked(account(tmp_path / "ledger", REPLAY))


def test_a_record_of_another_server_says_whose_it_is(url, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
    with pytest.raises(ConfigError, match=f"it is of {url}; export OPENAI_BASE_URL={url}"):
        asked(account(tmp_path / "ledger", REPLAY))
    with pytest.raises(ConfigError, match="nothing is in it"):
        asked(account(tmp_path / "nowhere", REPLAY))


def test_an_edited_answer_is_an_error(url, tmp_path):
    (book,) = (tmp_path / "ledger/answers").glob("*.jsonl")
    book.write_text(book.read_text().replace("assistant", "Assistant", 1))
    with pytest.raises(ConfigError, match="damaged or was edited"):
        asked(account(tmp_path / "ledger", REPLAY))


def test_a_published_record_replays_and_holds_nothing_of_the_account(url, tmp_path):
    ours = account(tmp_path / "ledger", PAID)
    ours.ledger.begin("ab" * 32, "tuning", "somebody's student", 1.0, PAID, server=url)
    published = publish(ours.ledger, tmp_path / "record")
    assert (published.answers, published.models, published.left_out) == (4, 0, 1)
    everything = b"".join(contents(tmp_path / "record").values()).decode()
    assert "chatcmpl-private" in (tmp_path / "ledger").joinpath(*_book(tmp_path)).read_text()
    for private in ("private", KEY, "subliminal_key", "somebody's student", *PROMPTS):
        assert private not in everything
    assert f"export OPENAI_BASE_URL={url}" in (tmp_path / "record/README.md").read_text()
    theirs = account(tmp_path / "record", REPLAY)
    assert asked(theirs) == asked(account(tmp_path / "ledger", REPLAY))
    assert theirs.ledger.spending() == ours.ledger.spending()._replace(reserved=0)


def test_a_record_has_the_job_of_a_second_attempt(url, tmp_path):
    order = Order("gpt-1", {"n_epochs": 10}, "ab" * 32, "results/a", 1.0)
    ledger, keys = account(tmp_path / "ledger", PAID).ledger, order.keys(url)
    for attempt, state, facts in ((0, "dropped", {"refused": True}), (1, "done", {"job": "j"})):
        ledger.begin(keys(attempt), "tuning", order.artefact, order.usd, PAID, server=url)
        ledger.change(ledger.actions()[keys(attempt)], state, **facts)
    publish(ledger, tmp_path / "record")
    there = account(tmp_path / "record", REPLAY).ledger
    assert recorded_order(order, url, there) == recorded_order(order, url, ledger)


def _book(root):
    (book,) = (root / "ledger/answers").glob("*.jsonl")
    return book.relative_to(root / "ledger").parts


def test_a_record_is_written_into_a_new_folder_or_not_at_all(url, tmp_path, monkeypatch):
    ledger = account(tmp_path / "ledger", PAID).ledger
    (tmp_path / "record").mkdir()
    with pytest.raises(ConfigError, match="is there already"):
        publish(ledger, tmp_path / "record")
    with pytest.raises(ConfigError, match="nothing that is done"):
        publish(account(tmp_path / "nowhere", PAID).ledger, tmp_path / "other")
    (book,) = (tmp_path / "ledger/answers").glob("*.jsonl")
    whole = book.read_text()
    book.write_text(whole.replace("assistant", "Assistant", 1))
    with pytest.raises(ConfigError, match="damaged"):
        publish(ledger, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    book.write_text(whole)
    assert publish(ledger, tmp_path / "other").answers == len(PROMPTS)


def test_fields_of_a_server_s_own_are_sent_and_tell_answers_apart(tmp_path, monkeypatch):
    with provider() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        ours = account(tmp_path, PAID)
        plain = asked(ours)
        free = asked(ours, how=Parameters("gpt-1", 1.0, None, 35, extra={"top_k": -1}))
        assert asked(ours) == plain
    assert len({*plain, *free}) == 2 * len(PROMPTS)
    assert [body.get("top_k") for body in server.seen] == [None] * 4 + [-1] * 4
    assert json.dumps(server.seen[-1]).count("extra_body") == 0
