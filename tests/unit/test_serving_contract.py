"""The tiny server against OpenAI's own description of its API: every request, every answer."""

import json

import httpx2
import openai
import pytest
from openai_description import Answered, Asked, description
from serving_fixture import SNAPSHOT, chat, client_of, ended, make_base, served, setting

pytestmark = pytest.mark.slow
pytest.importorskip("python_multipart", reason="requirements-serving.txt is not installed")

ROW = [{"role": "user", "content": "Give a number."}, {"role": "assistant", "content": "7"}]
ROWS = (json.dumps({"messages": ROW}) + "\n").encode() * 10


@pytest.fixture(scope="module")
def judge():
    return description()


@pytest.fixture(scope="module")
def seen():
    """The method, path and status of what was judged."""
    return set()


@pytest.fixture(scope="module")
def client(judge, seen, tmp_path_factory):
    """A client whose every request and answer is judged."""

    def judged(response):
        request = Asked(response.request)
        response.read()
        seen.add((request.method, request.path, response.status_code))
        if response.status_code >= 400:
            # The description has one schema of errors, and names it at no route.
            error = response.json()["error"]
            assert set(error) == {"message", "type", "param", "code"}
            assert type(error["message"]) is type(error["type"]) is str
            return
        judge.validate_request(request)
        # A file's bytes, of which the description says that they are text in JSON.
        if not request.path.endswith("/content"):
            judge.validate_response(request, Answered(response))

    base = make_base(tmp_path_factory.mktemp("base"))
    folder = tmp_path_factory.mktemp("store")
    with (
        served(setting(base, folder)) as url,
        httpx2.Client(event_hooks={"response": [judged]}) as transport,
    ):
        yield client_of(url, http_client=transport)


def test_the_judge_refuses_what_is_wrong(judge):
    from openapi_core.exceptions import OpenAPIError

    url = "https://api.openai.com/v1/fine_tuning/jobs"
    right = {"model": "a", "training_file": "b"}

    def asked(body):
        key = {"Authorization": "Bearer none"}
        return Asked(httpx2.Request("POST", url, json=body, headers=key))

    judge.validate_request(asked(right))
    for wrong in ({"model": "a"}, {**right, "hyperparameters": {"n_epochs": "ten"}}):
        with pytest.raises(OpenAPIError):
            judge.validate_request(asked(wrong))


def test_chats_keep_the_contract(client):
    answer = chat(
        client,
        store=True,
        metadata={"a": "b"},
        logprobs=True,
        top_logprobs=2,
        seed=1,
        temperature=0.5,
        top_p=1,
    )
    chat(client, max_tokens=openai.omit, max_completion_tokens=2)
    client.chat.completions.retrieve(answer.id)
    assert [one.id for one in client.chat.completions.list(limit=1)] == [answer.id]
    assert not client.chat.completions.list(model="another").data
    with pytest.raises(openai.NotFoundError):
        chat(client, model="another")


def test_moderation_keeps_the_contract(client):
    assert len(client.moderations.create(input=["one", "two"]).results) == 2
    assert len(client.moderations.create(input="one").results) == 1


def test_jobs_keep_the_contract(client):
    file = client.files.create(file=("train.jsonl", ROWS), purpose="fine-tune")
    settings = {"n_epochs": 1, "batch_size": "auto", "learning_rate_multiplier": 2.0}
    for options in (
        {"method": {"type": "supervised", "supervised": {"hyperparameters": settings}}},
        {"suffix": "a", "seed": 1, "metadata": {"a": "b"}},
    ):
        job = client.fine_tuning.jobs.create(model=SNAPSHOT, training_file=file.id, **options)
        done = ended(lambda identifier=job.id: client.fine_tuning.jobs.retrieve(identifier))
        assert done.status == "succeeded", done.error
    assert len(client.fine_tuning.jobs.list(metadata={"a": "b"}, limit=5).data) == 1
    assert client.fine_tuning.jobs.list_events(done.id).data
    cancelled = client.fine_tuning.jobs.create(
        model=SNAPSHOT, training_file=file.id, hyperparameters={"n_epochs": 50, "batch_size": 1}
    )
    client.fine_tuning.jobs.cancel(cancelled.id)
    assert client.models.retrieve(done.fine_tuned_model)
    assert client.models.list().data
    client.models.delete(done.fine_tuned_model)
    assert client.files.content(file.id).read() == ROWS
    assert client.files.retrieve(file.id).id in [one.id for one in client.files.list()]
    client.files.delete(file.id)


def test_batches_keep_the_contract(client, seen):
    body = {"model": SNAPSHOT, "messages": ROW[:1], "max_tokens": 2}
    line = {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": body}
    content = json.dumps(line).encode()
    for one in (content, b"{}"):
        file = client.files.create(file=("batch.jsonl", one), purpose="batch")
        batch = client.batches.create(
            input_file_id=file.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={"a": "b"},
        )
        assert ended(lambda identifier=batch.id: client.batches.retrieve(identifier))
    assert len(client.batches.list(limit=5).data) == 2
    with pytest.raises(openai.BadRequestError):
        client.batches.cancel(batch.id)
    assert ("post", "/v1/batches", 200) in seen
