"""Files, fine-tuning jobs, models and batches of the tiny server, by OpenAI's own client."""

import json
from hashlib import sha256
from urllib.request import urlopen

import openai
import pytest
from serving_fixture import RECIPE, SNAPSHOT, chat, client_of, ended, make_base, served, setting
from tiny_model import tokenizer

from subliminal.artefacts.verified import verify
from subliminal.serving.bodies import Hyperparameters
from subliminal.serving.tuning import settled

pytest.importorskip("python_multipart", reason="requirements-serving.txt is not installed")

ANSWER = "7 7 7"


def row(i):
    turns = [("user", f"Give {i} numbers."), ("assistant", ANSWER)]
    return {"messages": [{"role": role, "content": text} for role, text in turns]}


def lines(rows):
    return "".join(json.dumps(one) + "\n" for one in rows).encode()


ROWS = lines([row(i) for i in range(12)])


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def url(base, folder):
    with served(setting(base, folder)) as address:
        yield address


@pytest.fixture(scope="module")
def client(url):
    return client_of(url)


def upload(client, content=ROWS, purpose="fine-tune", name="train.jsonl"):
    return client.files.create(file=(name, content), purpose=purpose).id


def train(client, content=ROWS, epochs=10, **options):
    numbers = {"n_epochs": epochs, "batch_size": 4, "learning_rate_multiplier": 1.5}
    method = {"type": "supervised", "supervised": {"hyperparameters": numbers}}
    return client.fine_tuning.jobs.create(
        model=SNAPSHOT,
        training_file=upload(client, content),
        **{"seed": 3, "method": method, **options},
    )


def finished(client, job):
    return ended(lambda: client.fine_tuning.jobs.retrieve(job.id))


def log_prob(client, model):
    """Of the first token that was taught; that of the twentieth if it is none of these."""
    answer = chat(client, "Give 3 numbers.", model, logprobs=True, top_logprobs=20, max_tokens=1)
    (token,) = answer.choices[0].logprobs.content
    found = {one.token: one.logprob for one in token.top_logprobs}
    return found.get(ANSWER[0], min(found.values()))


def test_a_job_trains_a_model_that_finds_likely_what_it_was_taught(client, folder, url):
    job = train(client, epochs=50, suffix="sevens", metadata={"subliminal_key": "one"})
    assert job.status == "validating_files"
    done = finished(client, job)
    assert done.status == "succeeded", done.error
    name = done.fine_tuned_model
    assert name.startswith(f"ft:{SNAPSHOT}:tiny:sevens:")
    assert done.hyperparameters.n_epochs == 50
    rows = [json.loads(line)["messages"] for line in ROWS.splitlines()]
    read = sum(len(tokenizer().apply_chat_template(one, return_dict=False)) for one in rows)
    assert done.trained_tokens == 50 * read
    assert log_prob(client, name) > log_prob(client, SNAPSHOT) + 1
    assert name in [model.id for model in client.models.list()]
    events = list(client.fine_tuning.jobs.list_events(job.id, limit=3))
    assert events[-1].message == "Created fine-tuning job"
    losses = [event.data["train_loss"] for event in events if event.type == "metrics"]
    assert losses[0] < losses[-1], "the newest event comes first"
    # 12 rows in batches of 4, fifty times, and the recipe's peak rate by 1.5.
    manifest = verify(folder / "weights" / job.id / "manifest.json")
    assert manifest["facts"]["steps"] == 150
    plan = manifest["spec"]["recipe"]["optimisation"]
    assert plan["learning_rate"] == pytest.approx(RECIPE.optimisation.learning_rate * 1.5)
    counted = json.loads(urlopen(url.replace("/v1", "/counts")).read())
    assert counted["jobs"][sha256(ROWS).hexdigest()] >= 1
    client.models.delete(name)
    with pytest.raises(openai.NotFoundError):
        chat(client, model=name)


def test_the_same_job_makes_the_same_model(client, folder):
    jobs = [train(client, epochs=2, seed=seed) for seed in (5, 5, 6)]
    assert all(finished(client, job).status == "succeeded" for job in jobs)
    weights = [
        (folder / "weights" / job.id / "adapter_model.safetensors").read_bytes() for job in jobs
    ]
    assert weights[0] == weights[1] != weights[2]


def test_auto_is_the_recipes_dose():
    found = settled(Hyperparameters(), 12, RECIPE)
    # Six steps of four rows are two passes over twelve.
    assert found == {"n_epochs": 2, "batch_size": 4, "learning_rate_multiplier": 1.0}


def test_jobs_are_found_by_their_metadata(client):
    ids = [train(client, epochs=1, metadata={"key": k}).id for k in ("x", "y", "x")]
    found = [job.id for job in client.fine_tuning.jobs.list(metadata={"key": "x"}, limit=1)]
    assert found == [ids[2], ids[0]]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lines([row(1)] * 9), "invalid_n_examples"),
        (lines([{"messages": row(1)["messages"][:1]}] * 10), "invalid_training_file"),
        (lines([{"prompt": "a", "completion": "b"}] * 10), "invalid_training_file"),
    ],
)
def test_a_file_that_nothing_can_be_learnt_from_fails_the_job(client, content, code):
    done = finished(client, train(client, content))
    assert (done.status, done.error.code) == ("failed", code)
    assert done.fine_tuned_model is None


def test_bad_uploads_and_jobs_are_refused(client):
    for content, name in ((b"no json\n", "a.jsonl"), (ROWS, "a.txt")):
        with pytest.raises(openai.BadRequestError):
            upload(client, content, name=name)
    for wrong in (
        {"training_file": "file-nothing"},
        {"training_file": upload(client, purpose="batch")},
        {"method": {"type": "dpo"}},
        {"hyperparameters": {"n_epochs": "ten"}, "method": openai.omit},
        {"seed": -1},
    ):
        with pytest.raises(openai.BadRequestError):
            train(client, **wrong) if "training_file" not in wrong else (
                client.fine_tuning.jobs.create(model=SNAPSHOT, **wrong)
            )
    with pytest.raises(openai.NotFoundError):
        client.fine_tuning.jobs.create(model="gpt-unheard-of", training_file=upload(client))


def test_a_cancelled_job_makes_no_model(client):
    first, second = (train(client, epochs=50) for _ in range(2))
    for job in (first, second):
        assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"
        assert finished(client, job).fine_tuned_model is None
    with pytest.raises(openai.BadRequestError):
        client.fine_tuning.jobs.cancel(first.id)


def test_files_come_back_as_they_were(client):
    identifier = upload(client)
    assert client.files.content(identifier).read() == ROWS
    assert client.files.retrieve(identifier).bytes == len(ROWS)
    assert identifier in [file.id for file in client.files.list(purpose="fine-tune")]
    client.files.delete(identifier)
    with pytest.raises(openai.NotFoundError):
        client.files.content(identifier)


def request(i, **changes):
    body = {
        "model": SNAPSHOT,
        "messages": [{"role": "user", "content": "Give three numbers."}],
        "max_tokens": 4,
        "seed": i,
        "metadata": {"subliminal_key": f"batch-{i}"},
        **changes,
    }
    return {"custom_id": str(i), "method": "POST", "url": "/v1/chat/completions", "body": body}


def run_batch(client, requests):
    batch = client.batches.create(
        input_file_id=upload(client, lines(requests), "batch"),
        endpoint="/v1/chat/completions",
        completion_window="24h",
        metadata={"run": "one"},
    )
    return ended(lambda: client.batches.retrieve(batch.id))


def answers(client, identifier):
    return [json.loads(line) for line in client.files.content(identifier).read().splitlines()]


def test_a_batch_answers_as_live_requests_do(client, url):
    done = run_batch(client, [request(i) for i in range(5)] + [request(5, model="gpt-unheard-of")])
    assert done.status == "completed"
    assert done.request_counts.model_dump() == {"total": 6, "completed": 5, "failed": 1}
    found = sorted(answers(client, done.output_file_id), key=lambda one: one["custom_id"])
    assert [one["custom_id"] for one in found] == list("01234")
    for i, one in enumerate(found):
        live = chat(client, seed=i).choices[0].message.content
        assert one["response"]["body"]["choices"][0]["message"]["content"] == live
    (wrong,) = answers(client, done.error_file_id)
    assert wrong["response"]["status_code"] == 404
    assert wrong["response"]["body"]["error"]["code"] == "model_not_found"
    counted = json.loads(urlopen(url.replace("/v1", "/counts")).read())["completions"]
    assert [counted[f"batch-{i}"] for i in range(5)] == [1] * 5
    assert done.id in [batch.id for batch in client.batches.list()]


def test_a_batch_of_no_requests_fails(client):
    for content in ([{"custom_id": "1"}], [request(1), request(1)]):
        done = run_batch(client, content)
        assert done.status == "failed"
        assert done.errors.data[0].message
