"""What goes wrong at the tiny server, on demand, and what is kept of it."""

import json
from urllib.error import HTTPError

import openai
import pytest
from serving_fixture import (
    SNAPSHOT,
    chat,
    client_of,
    disturb,
    ended,
    make_base,
    served,
    setting,
    told,
)

from subliminal.config.errors import ConfigError
from subliminal.serving.faults import read_faults

pytest.importorskip("python_multipart", reason="requirements-serving.txt is not installed")

ROW = [{"role": "user", "content": "Give a number."}, {"role": "assistant", "content": "7"}]
ROWS = (json.dumps({"messages": ROW}) + "\n").encode() * 10


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def url(base, tmp_path):
    with served(setting(base, tmp_path)) as address:
        yield address


@pytest.fixture
def client(url):
    return client_of(url)


def once(url, fault, **others):
    disturb(url, next={fault: 1}, path="/v1/chat", **others)


def sampled(url):
    return told(url, "/counts")["completions"].get("k", 0)


def ask(client, **options):
    return chat(client, store=True, metadata={"subliminal_key": "k"}, **options)


@pytest.mark.parametrize(
    ("fault", "error", "samples"),
    [
        ("rate_limited", openai.RateLimitError, 0),
        ("server_error", openai.InternalServerError, 0),
        ("dropped_before", openai.APIConnectionError, 0),
        ("dropped_after", openai.APIConnectionError, 1),
        ("truncated_body", openai.APIConnectionError, 1),
    ],
)
def test_a_delivery_that_fails_leaves_what_was_done(client, url, fault, error, samples):
    once(url, fault)
    with pytest.raises(error):
        ask(client)
    assert sampled(url) == samples
    assert len(client.chat.completions.list(metadata={"subliminal_key": "k"}).data) == samples
    assert ask(client).choices, "it went wrong once"


def test_clients_that_repeat_come_through_a_storm(url):
    disturb(url, rates={"rate_limited": 0.3, "server_error": 0.2, "dropped_before": 0.2}, seed=1)
    client = client_of(url, max_retries=20)
    for _ in range(10):
        ask(client)
    assert sampled(url) == 10


def test_what_is_delivered_twice_is_done_twice(client, url):
    once(url, "delivered_twice")
    answer = ask(client)
    stored = client.chat.completions.list(metadata={"subliminal_key": "k"}).data
    assert sampled(url) == len(stored) == 2
    assert answer.id == stored[-1].id


def test_a_slow_body_comes_late(client, url):
    once(url, "slow_body", slow_seconds=3)
    with pytest.raises(openai.APITimeoutError):
        ask(client_of(url, timeout=0.5))
    once(url, "slow_body", slow_seconds=0.1)
    assert ask(client).choices


def test_a_model_may_vanish_between_two_calls(client, url):
    disturb(url, next={"model_vanishes": 1})
    assert client.models.retrieve(SNAPSHOT).id == SNAPSHOT
    for _ in range(2):
        with pytest.raises(openai.NotFoundError) as told:
            ask(client)
        assert told.value.code == "model_not_found"
    assert not client.models.list().data
    assert sampled(url) == 0


def test_a_finish_reason_may_be_unknown(client, url):
    disturb(url, next={"unknown_finish_reason": 1})
    reasons = [ask(client).choices[0].finish_reason for _ in range(2)]
    assert reasons[0] not in ("stop", "length", "content_filter", "tool_calls", "function_call")
    assert reasons[1] in ("stop", "length")


def test_jobs_may_fail_in_every_way(client, url):
    file = client.files.create(file=("train.jsonl", ROWS), purpose="fine-tune").id

    def create():
        return client.fine_tuning.jobs.create(model=SNAPSHOT, training_file=file, seed=1)

    disturb(url, rates={"account_closed": 1})
    with pytest.raises(openai.PermissionDeniedError):
        create()
    disturb(url, next={"job_fails": 1})
    job = create()
    failed = ended(lambda: client.fine_tuning.jobs.retrieve(job.id))
    assert (failed.status, failed.fine_tuned_model) == ("failed", None)
    messages = [event.message for event in client.fine_tuning.jobs.list_events(job.id)]
    assert any("validated" in message for message in messages)
    disturb(url, rates={"unknown_status": 1})
    known = {"validating_files", "queued", "running", "succeeded", "failed", "cancelled"}
    assert client.fine_tuning.jobs.retrieve(job.id).status not in known
    disturb(url)
    assert client.fine_tuning.jobs.retrieve(job.id).status == "failed"


def test_moderation_flags_what_it_is_told_to(client, url):
    disturb(url, next={"moderation_refusal": 1})
    found = client.moderations.create(input=["one", "two"]).results
    assert [result.flagged for result in found] == [True, False]


def test_what_is_no_fault_is_refused(url, tmp_path):
    for wrong in ({"rates": {"earthquake": 1}}, {"rates": {"server_error": 2}}, {"rate": {}}):
        with pytest.raises(HTTPError, match="400"):
            disturb(url, **wrong)
        file = tmp_path / "faults.json"
        file.write_text(json.dumps(wrong))
        with pytest.raises(ConfigError, match="server_error"):
            read_faults(file)
