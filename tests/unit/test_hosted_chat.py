"""Asking a provider: what is sent, what is kept, what a fault costs, and what nobody is told.

The real client of OpenAI against a stand-in of its server, which counts how often each sample was
drawn.
"""

import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from provider_stand_in import KEY, USAGE, once, provider

from subliminal.api import failures
from subliminal.api.access import access
from subliminal.api.chat import live
from subliminal.api.chat.account import Account
from subliminal.api.chat.asked import ask
from subliminal.api.chat.reading import as_completion, as_first_tokens
from subliminal.api.chat.requests import Parameters, questions
from subliminal.api.ledger.actions import Ledger
from subliminal.api.ledger.answers import AnswerBook
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Hosting, Prices

PROMPTS = [f"prompt {i}" for i in range(12)]
HOW = {"model": "gpt-1", "temperature": 1.0, "max_tokens": None, "answer_tokens": 35}
PRICES = Prices(input=1000.0, output=2000.0)
# Of an answer, by the stand-in's usage.
EACH_USD = (20 * 1000 + 10 * 2000) / 1e6
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Pauses without waiting, and no other environment than what a test sets."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(failures, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(live, "WRITING_SECONDS", 0.05)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def account(server, folder, monkeypatch, **hosting):
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    told = Hosting(**{"allow_paid": True, "max_usd": 100.0, **hosting})
    return Account(access(), told, "gpt", PRICES, False, folder)


def parameters(**changes):
    return Parameters(**{**HOW, **changes})


def texts(answers):
    return [answer["choices"][0]["message"]["content"] for answer in answers]


def asked(account, prompts=PROMPTS, how=None, at_a_time=4):
    return ask(
        account, how or parameters(), questions(prompts, range(len(prompts)), None), at_a_time
    )


def everything_of(error):
    """All that an exception and those behind it would show."""
    seen, todo = [], [error]
    while todo:
        one = todo.pop()
        if one is not None and one not in seen:
            seen.append(one)
            todo += [one.__cause__, one.__context__]
    return "\n".join(line for one in seen for line in traceback.format_exception(one))


def test_what_is_sent_is_what_the_paper_sends(tmp_path, monkeypatch):
    with provider() as server:
        ask(account(server, tmp_path, monkeypatch), parameters(), questions(["q"], [7], "be"), 1)
    (sent,) = server.seen
    assert len(sent.pop("metadata")["subliminal_key"]) == 64
    assert sent == {
        "model": "gpt-1",
        "messages": [{"role": "system", "content": "be"}, {"role": "user", "content": "q"}],
        "temperature": 1.0,
        "top_p": 1.0,
        "store": True,
    }


def test_what_is_there_is_not_asked_for_again(tmp_path, monkeypatch):
    with provider() as server:
        ours = account(server, tmp_path, monkeypatch)
        first = asked(ours, PROMPTS[:5])
        assert texts(asked(ours)[:5]) == texts(first)
        monkeypatch.delenv("OPENAI_API_KEY")
        assert texts(asked(ours)[:5]) == texts(first)
    assert len(server.seen) == len(PROMPTS)
    assert ours.ledger.spending().paid == pytest.approx(len(PROMPTS) * EACH_USD)
    assert ours.ledger.spending().reserved == 0


@pytest.mark.parametrize(
    "fault",
    [
        "limited",
        "fails",
        "fails_after",
        "drops",
        "drops_after",
        "cuts_after",
        "breaks_after",
    ],
)
def test_a_passing_fault_loses_nothing_and_pays_nothing_twice(tmp_path, monkeypatch, fault):
    with provider(once(fault)) as server:
        found = asked(account(server, tmp_path, monkeypatch))
    assert len(set(texts(found))) == len(PROMPTS)
    assert set(server.done.values()) == {1}
    assert len(server.done) == len(PROMPTS)


@pytest.mark.parametrize(
    ("fault", "changes", "word"),
    [
        ("no_credit", {}, "insufficient_quota"),
        ("limited_oddly", {}, "moon_phase"),
        ("echoes", {}, "gpt-1"),
        (None, {"finish_reason": "vanished"}, "vanished"),
        (None, {"message": {"content": f"it is {KEY}"}}, "malformed"),
        ("escapes", {"more": KEY}, "malformed"),
        ("drops_after", {"more": KEY}, "malformed"),
    ],
)
def test_what_does_not_pass_is_an_error_on_the_first_answer(
    tmp_path, monkeypatch, fault, changes, word
):
    with provider(lambda key, before: fault) as server:
        server.changes = changes
        ours = account(server, tmp_path, monkeypatch)
        # An answer that is looked for again lets the others go meanwhile.
        at_a_time = 1 if fault == "drops_after" else 4
        with pytest.raises(ConfigError, match=word) as told:
            asked(ours, at_a_time=at_a_time)
    assert len(server.seen) == 1
    assert KEY not in everything_of(told.value)
    answered = fault in (None, "escapes")
    assert ours.ledger.spending() == (EACH_USD if answered else 0, 0)
    assert not any(KEY in file.read_text() for file in tmp_path.rglob("*") if file.is_file())


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"finish_reason": "content_filter", "message": {"content": "It is"}}, "It is"),
        ({"message": {"content": None, "refusal": "I will not"}}, ""),
    ],
)
@pytest.mark.parametrize("letters", [False, True])
def test_what_is_withheld_is_paid_kept_and_not_finished(
    tmp_path, monkeypatch, changes, text, letters
):
    how = parameters(max_tokens=1, alternatives=2) if letters else parameters()
    with provider() as server:
        server.changes = changes | {"logprobs": None}
        ours = account(server, tmp_path, monkeypatch)
        for _ in range(2):
            found = asked(ours, PROMPTS[:2], how)
    assert len(server.seen) == 2
    assert ours.ledger.spending().paid > 0
    completion = as_completion(found[0], how, ours.place)
    assert (completion.text, completion.finished, completion.withheld) == (text, False, True)
    if letters:
        assert as_first_tokens(found[0], how, ours.place) == {"": 0.0}


def test_jobs_that_share_questions_pay_for_them_once(tmp_path, monkeypatch):
    with provider(lambda key, before: time.sleep(0.02)) as server:
        ours = account(server, tmp_path, monkeypatch)
        shared = questions(PROMPTS, range(len(PROMPTS)), None)
        with ThreadPoolExecutor() as pool:
            jobs = [
                pool.submit(ask, ours, parameters(), part, 4) for part in (shared[:8], shared[4:])
            ]
            first, second = (job.result() for job in jobs)
    assert first[4:] == second[:4]
    assert set(server.done.values()) == {1}
    assert ours.ledger.spending().paid == pytest.approx(len(PROMPTS) * EACH_USD)


def test_what_is_reserved_and_not_needed_is_given_back_on_the_way(tmp_path, monkeypatch):
    with provider() as server:
        server.usage = {"prompt_tokens": 1, "completion_tokens": 1}
        asked(account(server, tmp_path, monkeypatch), at_a_time=1)
    lines = (tmp_path / "actions.jsonl").read_text().splitlines()
    known = [json.loads(line.partition(" ")[2]) for line in lines]
    reserved = [action["usd"] for action in known if action["state"] == "begun"]
    assert len(reserved) > 1 and reserved[-1] < reserved[0] / 2


def test_a_bad_key_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-key")
    with provider() as server, pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        asked(account(server, tmp_path, monkeypatch))
    assert len(server.seen) == 1


def test_without_a_key_nothing_is_sent(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with provider() as server, pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        asked(account(server, tmp_path, monkeypatch))
    assert not server.seen


def test_a_redirect_does_not_take_the_key_along(tmp_path, monkeypatch):
    with provider() as other, provider(lambda key, before: "redirects") as server:
        server.elsewhere = other.url
        with pytest.raises(ConfigError, match="redirects"):
            asked(account(server, tmp_path, monkeypatch))
    assert not other.seen


def test_nothing_is_sent_that_may_not_be_paid(tmp_path, monkeypatch):
    with provider() as server:
        for hosting in ({"allow_paid": False}, {"max_usd": 1e-4}):
            with pytest.raises(ConfigError, match=r"openai\.yaml"):
                asked(account(server, tmp_path, monkeypatch, **hosting))
    assert not server.seen


def test_what_is_reserved_follows_the_length_of_answers_and_their_keys_do_not(
    tmp_path, monkeypatch
):
    with provider() as server:
        for tokens in (35, 300):
            ours = account(server, tmp_path / str(tokens), monkeypatch)
            asked(ours, how=parameters(answer_tokens=tokens))
        first = asked(ours)
        assert len(server.seen) == 2 * len(PROMPTS)
        assert asked(ours, how=parameters(answer_tokens=600)) == first
        assert len(server.seen) == 2 * len(PROMPTS)
        assert all("answer_tokens" not in body for body in server.seen)
        common = {"model": "gpt-1", "temperature": 1.0, "top_p": 1.0}
        named = json.dumps([server.url, common], sort_keys=True, separators=(",", ":"))
    short, long = (first_reserve(tmp_path / str(tokens)) for tokens in (35, 300))
    more = len(PROMPTS) * (300 - 35) * 2000 / 1e6
    assert long - short == pytest.approx(1.1 * more)
    books = {file.stem for file in (tmp_path / "300/answers").glob("*.jsonl")}
    assert books == {hashlib.sha256(named.encode()).hexdigest()}


def first_reserve(folder):
    line, *_ = (folder / "actions.jsonl").read_text().splitlines()
    return json.loads(line.partition(" ")[2])["usd"]


def test_answers_dearer_than_guessed_stop_at_the_budget(tmp_path, monkeypatch):
    """What came before is kept, and not asked for again once the budget is larger."""
    with provider() as server:
        server.usage = {"prompt_tokens": 20, "completion_tokens": 2000}
        each = PRICES.asking(20, 2000, False)
        small = account(server, tmp_path, monkeypatch, max_usd=6.0)
        with pytest.raises(ConfigError, match="max_usd"):
            asked(small, at_a_time=1)
        spent = small.ledger.spending()
        came = len(server.seen)
        assert 0 < came < len(PROMPTS)
        assert spent.paid == pytest.approx(came * each)
        assert spent.reserved == 0
        asked(account(server, tmp_path, monkeypatch, max_usd=1000.0))
        assert set(server.done.values()) == {1}
        assert small.ledger.spending().paid == pytest.approx(len(PROMPTS) * each)


@pytest.mark.parametrize("fault", ["drops_after", "cuts_after", "breaks_after"])
@pytest.mark.parametrize("store", [False, True])
def test_a_provider_that_keeps_nothing_is_asked_and_paid_again(
    tmp_path, monkeypatch, caplog, fault, store
):
    """Without stored answers nobody can tell what was done: what it may have cost is paid."""
    with provider(once(fault)) as server:
        server.keeps = False
        ours = account(server, tmp_path, monkeypatch, store=store)
        asked(ours)
        assert store or (server.looked == 0 and "store" not in server.seen[0])
    lost = paid_for_nothing(ours)
    assert len(lost) >= len(PROMPTS) and min(lost) > EACH_USD / 2
    assert server.done.total() == len(PROMPTS) + len(lost)
    paid = len(PROMPTS) * EACH_USD + sum(lost)
    assert ours.ledger.spending() == (pytest.approx(paid), 0)
    (warning,) = (one.getMessage() for one in caplog.records if one.levelname == "WARNING")
    assert "paid, again" in warning and ("store: true" in warning) is not store
    # What is made again of the same answers costs nothing.
    asked(ours)
    assert ours.ledger.spending() == (pytest.approx(paid), 0)


def test_answers_that_are_lost_without_end_are_paid_so_often_and_stop_at_the_budget(
    tmp_path, monkeypatch
):
    with provider(lambda key, before: "drops_after") as server:
        ours = account(server, tmp_path, monkeypatch, store=False)
        with pytest.raises(ConfigError, match="answers that came are kept"):
            asked(ours, PROMPTS[:1])
        assert set(server.done.values()) == {live.REPEATS + 1}
        paid = ours.ledger.spending().paid
        assert paid == pytest.approx(sum(paid_for_nothing(ours)))
        assert paid > (live.REPEATS + 1) * EACH_USD
        small = account(server, tmp_path, monkeypatch, store=False, max_usd=paid * 1.3)
        with pytest.raises(ConfigError, match="max_usd"):
            asked(small, PROMPTS[:1])
        assert small.ledger.spending().paid < paid * 1.3
        assert server.done.total() < 1.5 * (live.REPEATS + 1)


def test_a_server_s_own_word_that_it_has_failed_costs_nothing(tmp_path, monkeypatch, caplog):
    with provider(once("fails")) as server:
        server.keeps = False
        ours = account(server, tmp_path, monkeypatch)
        asked(ours)
    assert set(server.done.values()) == {1}
    assert ours.ledger.spending() == (pytest.approx(len(PROMPTS) * EACH_USD), 0)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_an_answer_that_cannot_be_read_is_paid_each_time_where_nobody_keeps_it(
    tmp_path, monkeypatch
):
    for store, drawn in ((False, 2), (True, 1)):
        with provider() as server:
            server.changes = {"finish_reason": "vanished"}
            ours = account(server, tmp_path / str(store), monkeypatch, store=store)
            for _ in range(2):
                with pytest.raises(ConfigError, match="vanished"):
                    asked(ours, PROMPTS[:1])
            server.changes = {}
            if not store:
                asked(ours, PROMPTS[:1])
                drawn += 1
        assert server.done.total() == drawn
        assert ours.ledger.spending() == (pytest.approx(drawn * EACH_USD), 0)


def paid_for_nothing(ours):
    """What answers that nobody has have cost, each."""
    (book,) = AnswerBook.all_of(ours.folder)
    pieces = [json.loads(line.partition(" ")[2]) for line in book.file.read_text().splitlines()]
    return [usd for _, answer, usd, _ in pieces if answer is None and usd > 0]


def test_nobody_looks_at_another_jobs_answer(tmp_path, monkeypatch):
    """A server that heeds no filter lists answers to other questions."""
    with provider(once("fails")) as server:
        server.stored = _Everything()
        found = asked(account(server, tmp_path, monkeypatch), at_a_time=1)
    assert len(set(texts(found))) == len(PROMPTS)


class _Everything(dict):
    """Stored answers of which every one is listed, whatever is looked for."""

    def items(self):
        class Any(str):
            def __eq__(self, other):
                return True

            __hash__ = str.__hash__

        return [(Any(key), answer) for key, answer in super().items()]


RUN = """
import json, sys
from pathlib import Path
from subliminal.api.access import access
from subliminal.api.chat import live
from subliminal.api.chat.account import Account
from subliminal.api.chat.asked import ask
from subliminal.api.chat.requests import Parameters, questions
from subliminal.config.hosting import Hosting, Prices

live.WRITING_SECONDS = 1.0
account = Account(
    access(), Hosting(allow_paid=True, store=bool(sys.argv[2])), "gpt",
    Prices(input=1, output=1), False, Path(sys.argv[1])
)
prompts = [f"prompt {i}" for i in range(40)]
ask(account, Parameters("gpt-1", 1.0, None, 35), questions(prompts, range(40), None), 8)
"""


def start(folder, server, store="yes"):
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), store],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS), "OPENAI_BASE_URL": server.url},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_process_pays_for_nothing_twice(tmp_path):
    """Killed before a sample is drawn, after it, and while others are under way."""
    running = []
    moments = {4: ("drops", "before"), 15: ("drops_after", "after"), 27: (None, "meanwhile")}

    def fault(key, before):
        moment = moments.pop(len(server.seen), None)
        if moment is None:
            return None
        running[-1].send_signal(signal.SIGKILL)
        return moment[0]

    with provider(fault) as server:
        endings = []
        while not endings or (endings[-1] != 0 and len(endings) < 6):
            running.append(start(tmp_path, server))
            running[-1].communicate(timeout=120)
            endings.append(running[-1].returncode)
    assert endings == [-signal.SIGKILL] * 3 + [0]
    assert len(server.done) == 40
    assert set(server.done.values()) == {1}


def test_what_a_killed_process_may_have_paid_counts_where_nobody_keeps_it(tmp_path):
    """What was under way is drawn again: the ledger has no less than was drawn."""
    running = []

    def fault(key, before):
        if len(server.seen) in (12, 30):
            running[-1].send_signal(signal.SIGKILL)

    with provider(fault) as server:
        for ending in (-signal.SIGKILL, -signal.SIGKILL, 0):
            running.append(start(tmp_path, server, store=""))
            running[-1].communicate(timeout=120)
            assert running[-1].returncode == ending
    assert len(server.done) == 40 < server.done.total()
    # A USD per million tokens.
    real = server.done.total() * USAGE["total_tokens"] / 1e6
    assert real <= Ledger(tmp_path).spending().paid < 2 * real


def test_two_processes_at_once_pay_once(tmp_path):
    with provider() as server:
        both = [start(tmp_path, server) for _ in range(2)]
        told = [process.communicate(timeout=120)[1] for process in both]
        assert [process.returncode for process in both] == [0, 0], told
    assert len(server.done) == 40
    assert set(server.done.values()) == {1}
    assert KEY not in "".join(told)
    lines = (tmp_path / "actions.jsonl").read_text().splitlines()
    assert [json.loads(line.partition(" ")[2])["state"] for line in lines][-1] == "done"


def test_waiting_for_a_rate_limit_is_no_failure(tmp_path, monkeypatch):
    """Refused more often than a failure is repeated, and then failed once."""
    faults = ["limited"] * (live.REPEATS + 2) + ["fails"]
    with provider(lambda key, before: dict(enumerate(faults)).get(before)) as server:
        found = asked(account(server, tmp_path, monkeypatch), PROMPTS[:2])
    assert len(set(texts(found))) == 2


@pytest.mark.parametrize("fault", ["limited", "fails", "drops"])
def test_a_fault_that_stays_ends_the_job(tmp_path, monkeypatch, fault):
    monkeypatch.setattr(live, "WAITING_SECONDS", 0.1)
    monkeypatch.setattr(live, "REPEATS", 2)
    with provider(lambda key, before: fault) as server:
        ours = account(server, tmp_path, monkeypatch)
        with pytest.raises(ConfigError, match="answers that came are kept"):
            asked(ours, at_a_time=2)
    assert not server.done
    assert ours.ledger.spending().total == 0
