"""Answers in batches: half the price, each ordered and paid once, whatever happens in between.

The real client of OpenAI against the tiny server, which counts how often each sample was drawn.
"""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
from openai_description import Answered, Asked, description
from serving_fixture import SNAPSHOT, disturb, make_base, served, setting, told

from subliminal.api import polling
from subliminal.api.access import access
from subliminal.api.batches import requests
from subliminal.api.batches.batch import STATUSES, read_batch
from subliminal.api.batches.provider import BatchProvider
from subliminal.api.batches.results import Unreadable, results
from subliminal.api.bounded import BoundedClient
from subliminal.api.chat import batched, ended
from subliminal.api.chat.account import Account
from subliminal.api.chat.asked import ask
from subliminal.api.chat.reading import as_first_tokens
from subliminal.api.chat.requests import Parameters, questions
from subliminal.api.failures import Busy, Lost, Refusal, Unknown
from subliminal.api.files import Files
from subliminal.api.ledger.answers import AnswerBook
from subliminal.api.ledger.aside import set_aside
from subliminal.api.ordering import Desk
from subliminal.api.requests import Requests
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Hosting, Prices
from subliminal.serving.jobs import UNKNOWN_STATUS

pytest.importorskip("python_multipart", reason="requirements-serving.txt is not installed")

PROMPTS = ["Give three numbers.", "Give a number. Give three numbers."]
PRICES = Prices(input=1000.0, output=2000.0)
HOW = Parameters(SNAPSHOT, 1.0, 3, 3)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    with served(setting(make_base(folder), folder / "kept")) as address:
        yield address


@pytest.fixture
def place(url, monkeypatch):
    """The server, which forgets faults of others, and waits that take no time."""
    monkeypatch.setattr(batched, "FIRST_SECONDS", 0.02)
    monkeypatch.setattr(batched, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(ended, "MOST_SECONDS", 0.05)
    monkeypatch.setattr(Requests, "rest", lambda *_: None)
    monkeypatch.setattr(polling, "MOST_SECONDS", 0.05)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    disturb(url)
    yield url
    disturb(url)


def account(folder, sampling="batch", **hosting):
    settings = {"allow_paid": True, "max_usd": 1000.0, "sampling": sampling, **hosting}
    return Account(access(), Hosting(**settings), "tiny", PRICES, False, folder, "results/a")


def asked(folder, some, how=HOW, **hosting):
    return ask(account(folder, **hosting), how, some, 4)


def fresh(count=8):
    """Questions that nobody has asked before: the server counts for all tests."""
    return questions(PROMPTS * (count // 2), [secrets.randbits(60) for _ in range(count)], None)


def drawn(url, some):
    """How often the server has drawn these samples."""
    counts = told(url, "/counts")["completions"]
    return [counts.get(question.key, 0) for question in some]


def orders(url):
    return told(url, "/counts")["endpoints"].get("POST /v1/batches", 0)


def actions(folder):
    return list(account(folder).ledger.actions().values())


def texts(answers):
    return [answer["choices"][0]["message"]["content"] for answer in answers]


def usd(answers, share):
    used = [answer["usage"] for answer in answers]
    tokens = [(u["prompt_tokens"], u["completion_tokens"]) for u in used]
    return share * sum(PRICES.asking(*pair, tuned=False) for pair in tokens)


def test_answers_come_in_their_order_each_drawn_once_at_half_the_price(place, tmp_path):
    """At temperature 0, at which the server draws nothing, they are those of live requests."""
    how, some, before = Parameters(SNAPSHOT, 0.0, 3, 3), fresh(), orders(place)
    found = asked(tmp_path, some, how)
    live = asked(tmp_path / "live", some[:2], how, sampling="live")
    seen = [(texts(answers), [a["usage"] for a in answers]) for answers in (found, live)]
    assert seen[0] == (seen[1][0] * 4, seen[1][1] * 4)
    # By the prompt's length, an answer is known to be its own.
    assert seen[1][1][0] != seen[1][1][1]
    assert drawn(place, some[2:]) == [1] * 6
    assert account(tmp_path).ledger.spending() == (pytest.approx(usd(found, 0.5)), 0)
    assert asked(tmp_path, some, how) == found
    assert orders(place) == before + 1
    assert not list((tmp_path / "batches").glob("*.jsonl"))


def test_letters_come_with_their_log_probabilities(place, tmp_path):
    how = Parameters(SNAPSHOT, 0.0, 1, 1, alternatives=2)
    for answer in asked(tmp_path, fresh(4), how):
        assert len(as_first_tokens(answer, how, access())) == 2


def test_what_is_told_twice_or_was_not_asked_is_paid_once(place, tmp_path, monkeypatch):
    content = Files.content

    def twice(self, file, most_bytes):
        found = content(self, file, most_bytes)
        return found * 2 + found.replace(b'"custom_id": "', b'"custom_id": "another-')

    monkeypatch.setattr(Files, "content", twice)
    found = asked(tmp_path, fresh())
    assert len({answer["id"] for answer in found}) == 8
    assert account(tmp_path).ledger.spending() == (pytest.approx(usd(found, 0.5)), 0)


def test_only_what_is_missing_is_ordered_and_nothing_for_a_live_answer(place, tmp_path):
    some = fresh()
    first = asked(tmp_path, some[:3], sampling="live")
    more = asked(tmp_path, some[:5])
    everything = asked(tmp_path, some)
    assert everything[:5] == more and more[:3] == first
    assert drawn(place, some) == [1] * 8
    paid = usd(first, 1) + usd(everything[3:], 0.5)
    assert account(tmp_path).ledger.spending() == (pytest.approx(paid), 0)


def test_no_batch_has_more_requests_or_bytes_than_it_may(place, tmp_path, monkeypatch):
    some, before = fresh(), orders(place)
    asked(tmp_path, some, batch_requests=3)
    assert orders(place) == before + 3
    assert [action.about.split()[0] for action in actions(tmp_path)] == ["3", "3", "2"]
    lines = [requests.Line(str(i), {"text": "ä" * 100}) for i in range(5)]
    (whole,) = requests.contents(lines, 5)
    monkeypatch.setattr(requests, "MOST_BYTES", len(whole) // 2)
    pieces = list(requests.contents(lines[::-1], 5))
    assert [len(requests.lines_of(piece)) for piece in pieces] == [2, 2, 1]
    assert b"".join(pieces) == whole
    assert max(map(len, pieces)) <= len(whole) // 2


def test_what_is_reserved_is_a_batch_and_half_of_what_live_answers_reserve(place, tmp_path):
    some, reserved = fresh(), {}
    for sampling in ("live", "batch"):
        ours = account(tmp_path / sampling, sampling)
        ask(ours, HOW, some, 4)
        lines = (ours.folder / "actions.jsonl").read_text().splitlines()
        reserved[sampling] = json.loads(lines[0].partition(" ")[2])
    assert (reserved["live"]["kind"], reserved["batch"]["kind"]) == ("chat", "batch")
    assert reserved["batch"]["usd"] == pytest.approx(reserved["live"]["usd"] / 2)
    assert reserved["batch"]["facts"]["artefact"] == "results/a"


@pytest.mark.parametrize("hosting", [{"allow_paid": False}, {"max_usd": 1e-4}])
def test_nothing_is_sent_that_may_not_be_paid(place, tmp_path, hosting):
    before = told(place, "/counts")["endpoints"]
    with pytest.raises(ConfigError, match=r"openai\.yaml"):
        asked(tmp_path, fresh(), **hosting)
    assert told(place, "/counts")["endpoints"] == before


def reserved_by(folder):
    """What each action has reserved at first."""
    lines = (folder / "actions.jsonl").read_text().splitlines()
    known = [json.loads(line.partition(" ")[2]) for line in lines]
    return [action["usd"] for action in known if action["state"] == "begun"]


@pytest.fixture(scope="module")
def of_three(url, tmp_path_factory):
    """What each of three batches of eight such questions reserves."""
    folder = tmp_path_factory.mktemp("three")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "none")
        patch.setenv("OPENAI_BASE_URL", url)
        patch.setattr(batched, "FIRST_SECONDS", 0.02)
        patch.setattr(polling, "MOST_SECONDS", 0.05)
        asked(folder, fresh(), batch_requests=3)
    return reserved_by(folder)


def test_a_budget_that_is_too_small_for_all_batches_orders_none(place, tmp_path, of_three):
    some, before = fresh(), told(place, "/counts")["endpoints"]
    assert len(of_three) == 3
    with pytest.raises(ConfigError, match="8 answers"):
        asked(tmp_path, some, batch_requests=3, max_usd=sum(of_three) - 1e-6)
    assert told(place, "/counts")["endpoints"] == before
    assert not actions(tmp_path) and not list((tmp_path / "batches").glob("*.jsonl"))
    asked(tmp_path, some, batch_requests=3, max_usd=sum(of_three) + 1e-6)
    assert len(reserved_by(tmp_path)) == 3
    assert sum(reserved_by(tmp_path)) == pytest.approx(sum(of_three))
    assert drawn(place, some) == [1] * 8


def at_the_second_order(monkeypatch, failure):
    order, orders = BatchProvider.order, []

    def fails(self, request, key):
        orders.append(key)
        if len(orders) == 2:
            raise failure
        return order(self, request, key)

    monkeypatch.setattr(BatchProvider, "order", fails)


@pytest.mark.parametrize("failure", [Refusal("no"), KeyboardInterrupt()])
def test_what_is_not_sent_behind_a_failed_order_is_reserved_no_more(
    place, tmp_path, monkeypatch, failure
):
    some = fresh()
    with monkeypatch.context() as patch:
        at_the_second_order(patch, failure)
        with pytest.raises(type(failure)):
            asked(tmp_path, some, batch_requests=3)
    # Of an order that was interrupted nobody knows.
    second = "dropped" if isinstance(failure, Refusal) else "begun"
    assert [action.state for action in actions(tmp_path)] == ["sent", second, "dropped"]
    open_files = {a.facts["file"] for a in actions(tmp_path) if a.state != "dropped"}
    assert {file.name for file in (tmp_path / "batches").glob("*.jsonl")} == open_files
    asked(tmp_path, some, batch_requests=3)
    assert drawn(place, some) == [1] * 8


def test_after_a_kill_between_two_orders_all_that_are_left_have_to_be_paid_first(
    place, tmp_path, monkeypatch, of_three
):
    some, before = fresh(), orders(place)
    with monkeypatch.context() as patch:
        at_the_second_order(patch, KeyboardInterrupt())
        # A process that is killed gives nothing back.
        patch.setattr(Desk, "write_off", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            asked(tmp_path, some, batch_requests=3)
    assert [action.state for action in actions(tmp_path)] == ["sent", "begun", "begun"]
    with pytest.raises(ConfigError, match="max_usd"):
        asked(tmp_path, some, batch_requests=3, max_usd=sum(of_three) - 1e-6)
    assert orders(place) == before + 1
    asked(tmp_path, some, batch_requests=3)
    assert orders(place) == before + 3
    assert drawn(place, some) == [1] * 8


def interrupted(monkeypatch, kind, name, arrives):
    """Kill at a step, before it is done or after it, once."""
    step = getattr(kind, name)

    def killed(*what, **how):
        monkeypatch.setattr(kind, name, step)
        if arrives:
            step(*what, **how)
        raise KeyboardInterrupt

    monkeypatch.setattr(kind, name, killed)


MOMENTS = [
    (requests, "contents", False),
    (BatchProvider, "batches_of", True),
    (BatchProvider, "order", False),
    (BatchProvider, "order", True),
    (BatchProvider, "batch", True),
    (AnswerBook, "keep", False),
    (AnswerBook, "keep", True),
]


@pytest.mark.parametrize("after", ["batch", "live"])
@pytest.mark.parametrize(("kind", "name", "arrives"), MOMENTS)
def test_a_kill_at_any_step_orders_one_batch(
    place, tmp_path, monkeypatch, kind, name, arrives, after
):
    """Also where answers are to come live from then on, and where others are asked for as well."""
    some, before = fresh(6), orders(place)
    with monkeypatch.context() as patch:
        interrupted(patch, batched if kind is requests else kind, name, arrives)
        with pytest.raises(KeyboardInterrupt):
            asked(tmp_path, some[:4])
    found = asked(tmp_path, some[2:], sampling=after)
    found = asked(tmp_path, some[:2], sampling=after) + found
    assert drawn(place, some) == [1] * 6
    assert len({answer["id"] for answer in found}) == 6
    # What was not ordered yet comes as answers are to come now.
    first = 4 if name in ("batch", "keep") or (name == "order" and arrives) else 0
    share = 0.5 if after == "batch" else 1
    paid = usd(found[:first], 0.5) + usd(found[first:], share)
    ours = account(tmp_path)
    assert ours.ledger.spending() == (pytest.approx(paid), 0)
    book = AnswerBook.of(ours.folder, ours.place.url, HOW.common())
    assert book.paid() == pytest.approx(paid)
    if first:
        assert orders(place) == before + (2 if after == "batch" else 1)


def test_a_batch_of_a_lost_ledger_is_found_on_the_server(place, tmp_path):
    some, before = fresh(), orders(place)
    found = asked(tmp_path / "one", some)
    assert asked(tmp_path / "two", some[::-1])[::-1] == found
    assert orders(place) == before + 1
    assert drawn(place, some) == [1] * 8


@pytest.mark.parametrize(
    "fault", ["dropped_after", "dropped_before", "truncated_body", "server_error"]
)
def test_an_order_whose_answer_is_lost_is_one_batch(place, tmp_path, fault):
    some, before = fresh(), orders(place)
    disturb(place, next={fault: 1}, path="/v1/batches")
    asked(tmp_path, some)
    # The first request there looks for the batch.
    assert orders(place) == before + 1
    disturb(place, rates={fault: 0.4}, path="/v1/", seed=3)
    more = fresh()
    asked(tmp_path, more)
    assert drawn(place, some + more) == [1] * 16


def test_jobs_at_once_wait_side_by_side_and_share_what_they_share(place, tmp_path):
    some = fresh()
    with ThreadPoolExecutor() as pool:
        parts = [pool.submit(asked, tmp_path, part) for part in (some[:6], some[2:])]
        first, second = (part.result() for part in parts)
    assert first[2:] == second[:4]
    assert drawn(place, some) == [1] * 8
    paid = usd(first + second[4:], 0.5)
    assert account(tmp_path).ledger.spending() == (pytest.approx(paid), 0)


def test_of_an_expired_batch_answers_are_kept_and_the_rest_is_ordered_again(place, tmp_path):
    some, before = fresh(), orders(place)
    disturb(place, next={"batch_expires": 2})
    found = asked(tmp_path, some)
    assert orders(place) == before + 3
    assert drawn(place, some) == [1] * 8
    assert account(tmp_path).ledger.spending() == (pytest.approx(usd(found, 0.5)), 0)
    assert [action.facts["status"] for action in actions(tmp_path)] == [
        *["expired"] * 2,
        "completed",
    ]


def test_batches_that_never_answer_are_ordered_so_often_and_no_more(place, tmp_path):
    (one,), before = fresh(2)[:1], orders(place)
    disturb(place, rates={"batch_expires": 1})
    with pytest.raises(ConfigError, match="expired"):
        asked(tmp_path, [one])
    assert orders(place) == before + ended.MOST_FRUITLESS + 1
    assert account(tmp_path).ledger.spending() == (0, 0)
    disturb(place)
    asked(tmp_path, [one])
    assert drawn(place, [one]) == [1]


def test_a_status_that_is_not_known_is_named_and_the_batch_waited_for_later(place, tmp_path):
    some, before = fresh(), orders(place)
    disturb(place, rates={"unknown_status": 1})
    with pytest.raises(ConfigError, match=UNKNOWN_STATUS):
        asked(tmp_path, some)
    assert account(tmp_path).ledger.spending().reserved > 0
    disturb(place)
    # What is ordered is paid, whatever is allowed since.
    asked(tmp_path, some, allow_paid=False)
    assert orders(place) == before + 1


def test_a_refused_request_is_told_and_the_others_are_kept(place, tmp_path):
    """The server takes one message of a user."""
    some = fresh(4)
    wrong = some[0]._replace(messages=[{"role": "user", "content": "x " * 5000}])
    with pytest.raises(ConfigError, match="400"):
        asked(tmp_path, [wrong, *some[1:]])
    before = orders(place)
    found = asked(tmp_path, some[1:])
    assert orders(place) == before
    assert account(tmp_path).ledger.spending() == (pytest.approx(usd(found, 0.5)), 0)


def test_an_answer_that_cannot_be_read_is_told_each_time_and_never_ordered_again(place, tmp_path):
    disturb(place, next={"unknown_finish_reason": 1})
    some, before = fresh(4), orders(place)
    for _ in range(2):
        with pytest.raises(ConfigError, match="finish_reason"):
            asked(tmp_path, some)
    assert drawn(place, some) == [1] * 4 and orders(place) == before + 1
    (action,) = actions(tmp_path)
    assert action.state == "sent"
    # Whoever gives it up pays its estimate, and what was readable is there.
    set_aside(account(tmp_path).ledger, action, lost=True)
    asked(tmp_path, some)
    assert sorted(drawn(place, some)) == [1, 1, 1, 2]
    assert account(tmp_path).ledger.spending().paid > action.usd > 0


@pytest.mark.parametrize("fault", ["refused", "a bad line first", "a bad line last"])
def test_results_that_are_not_to_be_had_now_are_fetched_again(place, tmp_path, monkeypatch, fault):
    some, before, content = fresh(), orders(place), Files.content

    def broken(self, file, most_bytes):
        if fault == "refused":
            raise Refusal("no such file")
        bad, good = b'{"oops": 1}', content(self, file, most_bytes)
        return bad + b"\n" + good if fault == "a bad line first" else good + b"\n" + bad

    with monkeypatch.context() as patch:
        patch.setattr(Files, "content", broken)
        for _ in range(2):
            with pytest.raises(ConfigError, match=r"no such file|no result"):
                asked(tmp_path, some)
    assert account(tmp_path).ledger.spending().reserved > 0
    found = asked(tmp_path, some)
    assert drawn(place, some) == [1] * 8 and orders(place) == before + 1
    assert account(tmp_path).ledger.spending() == (pytest.approx(usd(found, 0.5)), 0)


def test_a_batch_that_the_server_has_lost_says_how_to_give_it_up(place, tmp_path, monkeypatch):
    def gone(self, name):
        raise Unknown(f"no batch {name}")

    some = fresh(4)
    with monkeypatch.context() as patch:
        patch.setattr(BatchProvider, "batch", gone)
        with pytest.raises(ConfigError, match=r"ledger\.py drop --lost") as error:
            asked(tmp_path, some)
    (action,) = actions(tmp_path)
    assert action.key.startswith(str(error.value).split()[-1])
    set_aside(account(tmp_path).ledger, action, lost=True)
    assert len(asked(tmp_path, some)) == 4


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"errors": {"data": [{"code": "invalid", "message": "line 2 is odd"}]}}, "line 2 is odd"),
        ({"errors": {"data": [{"code": "token_limit_exceeded", "message": "full"}]}}, "no room"),
        ({"status": "cancelled"}, "cancelled"),
        ({"status": "completed"}, "no line for 8 of 8"),
    ],
)
def test_a_batch_without_answers_is_told_costs_nothing_and_is_ordered_anew(
    place, tmp_path, monkeypatch, changes, said
):
    some, before = fresh(), orders(place)

    def batch(self, name):
        return read_batch({"id": name, "status": "failed", **changes}, self.access)

    with monkeypatch.context() as patch:
        patch.setattr(BatchProvider, "batch", batch)
        with pytest.raises(ConfigError, match=said):
            asked(tmp_path, some)
    assert account(tmp_path).ledger.spending() == (0, 0)
    assert orders(place) == before + 1
    asked(tmp_path, some)
    assert orders(place) == before + 2


def test_a_batch_for_which_others_leave_no_room_waits_for_them(place, tmp_path, monkeypatch):
    other, some, before = fresh(4), fresh(4), orders(place)
    interrupted(monkeypatch, BatchProvider, "batch", False)
    with pytest.raises(KeyboardInterrupt):
        asked(tmp_path, other, Parameters(SNAPSHOT, 0.5, 3, 3))
    full = {"errors": {"data": [{"code": "token_limit_exceeded", "message": "full"}]}}
    look, looks = BatchProvider.batch, []

    def batch(self, name):
        looks.append(name)
        if len(looks) > 5:
            return look(self, name)
        return read_batch({"id": name, "status": "failed", **full}, self.access)

    monkeypatch.setattr(BatchProvider, "batch", batch)
    asked(tmp_path, some)
    assert len(set(looks[:6])) == 6
    assert orders(place) == before + 1 + 6


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (
            {"response": {"status_code": 429, "body": {"error": {"code": "rate_limit_exceeded"}}}},
            Busy,
        ),
        ({"response": {"status_code": 429, "body": {"error": {"code": "moon_phase"}}}}, Refusal),
        (
            {"response": {"status_code": 429, "body": {"error": {"code": "insufficient_quota"}}}},
            Refusal,
        ),
        ({"response": {"status_code": 500, "body": {"error": {"message": "oops"}}}}, Lost),
        ({"response": {"status_code": 400, "body": {"error": {"message": "no"}}}}, Refusal),
        ({"error": {"code": "batch_expired", "message": "late"}}, Busy),
        ({"error": {"code": "moon_phase", "message": "late"}}, Refusal),
        ({"response": {"status_code": 200, "body": None}}, Refusal),
    ],
)
def test_what_a_line_says_is_known_or_a_refusal(place, line, kind):
    content = json.dumps({"custom_id": "a", "error": None, **line}).encode()
    (found,) = results(content, "batch 1", access())
    assert (found.key, found.answer, type(found.failure)) == ("a", None, kind)


def test_a_line_that_is_no_result_hides_no_other(place):
    good = b'{"custom_id": "a", "response": {"status_code": 200, "body": {}}}'
    for bad in (b'{"custom_id": "a", "resp', b"{}", b"[]", b'{"custom_id": 1, "error": {}}'):
        first, second = results(bad + b"\n" + good, "batch 1", access())
        assert isinstance(first.failure, Unreadable) and second.answer == {}


def test_what_is_asked_and_answered_keeps_openai_s_description(place, tmp_path, monkeypatch):
    judge, seen = description(), []
    send = BoundedClient.send

    async def judged(self, request, **how):
        await request.aread()
        response = await send(self, request, **how)
        seen.append((request, response))
        return response

    monkeypatch.setattr(BoundedClient, "send", judged)
    asked(tmp_path, fresh())
    for request, response in seen:
        judge.validate_request(Asked(request))
        if not request.url.path.endswith("/content"):
            response.headers.setdefault("content-type", "application/json")
            judge.validate_response(Asked(request), Answered(response))
    assert {(r.method, r.url.path.split("/")[2]) for r, _ in seen} == {
        *(("GET", "files"), ("POST", "files")),
        *(("GET", "batches"), ("POST", "batches")),
    }


def test_statuses_are_those_of_openai_s_description():
    path = description().spec / "components" / "schemas" / "Batch" / "properties" / "status"
    assert set((path / "enum").read_value()) == set(STATUSES)
