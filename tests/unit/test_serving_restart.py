"""What the tiny server keeps when it is stopped or killed."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
from serving_fixture import SNAPSHOT, chat, client_of, ended, make_base, served, setting
from working_copy import REPOSITORY

pytest.importorskip("python_multipart", reason="requirements-serving.txt is not installed")

ROW = [{"role": "user", "content": "Give a number."}, {"role": "assistant", "content": "7 7"}]
ROWS = (json.dumps({"messages": ROW}) + "\n").encode() * 20


@pytest.fixture
def base(tmp_path):
    return make_base(tmp_path)


def start_job(client, epochs):
    file = client.files.create(file=("train.jsonl", ROWS), purpose="fine-tune").id
    numbers = {"n_epochs": epochs, "batch_size": 1}
    method = {"type": "supervised", "supervised": {"hyperparameters": numbers}}
    return client.fine_tuning.jobs.create(
        model=SNAPSHOT, training_file=file, seed=1, method=method
    ).id


def finished(client, job):
    return ended(lambda: client.fine_tuning.jobs.retrieve(job))


def running(client, job):
    while (found := client.fine_tuning.jobs.retrieve(job).status) != "running":
        assert found in ("validating_files", "queued")


def start_batch(client, count):
    body = {"model": SNAPSHOT, "messages": ROW[:1], "max_tokens": 30}
    lines = [
        {
            "custom_id": str(i),
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {**body, "metadata": {"subliminal_key": str(i)}},
        }
        for i in range(count)
    ]
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    file = client.files.create(file=("batch.jsonl", content), purpose="batch").id
    return client.batches.create(
        input_file_id=file, endpoint="/v1/chat/completions", completion_window="24h"
    ).id


def test_everything_is_there_after_a_restart(base, tmp_path):
    with served(setting(base, tmp_path / "store")) as url:
        client = client_of(url)
        done = finished(client, start_job(client, 1))
        stored = chat(client, model=done.fine_tuned_model, store=True, metadata={"a": "b"})
        batch = start_batch(client, 3)
        answered = ended(lambda: client.batches.retrieve(batch))
        counts = urlopen(url.replace("/v1", "/counts")).read()
        unfinished = start_job(client, 20)
        running(client, unfinished)
    with served(setting(base, tmp_path / "store")) as url:
        client = client_of(url)
        again = json.loads(urlopen(url.replace("/v1", "/counts")).read())
        assert again["completions"] == json.loads(counts)["completions"]
        assert client.fine_tuning.jobs.retrieve(done.id).status == "succeeded"
        assert client.chat.completions.retrieve(stored.id).choices == stored.choices
        assert client.batches.retrieve(batch).output_file_id == answered.output_file_id
        assert client.files.content(done.training_file).read() == ROWS
        assert chat(client, model=done.fine_tuned_model).choices
        assert finished(client, unfinished).status == "succeeded"


@contextmanager
def process(base, folder):
    """The command as users start it, and its address."""
    command = [sys.executable, "scripts/serve_tiny.py", str(base), "--port", "0"]
    started = subprocess.Popen(
        [*command, "--folder", str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "TINY_SERVER_KEY": "a-canary-of-the-test"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        first, second = started.stdout.readline(), started.stdout.readline()
        (url,) = re.fullmatch(r"export OPENAI_BASE_URL=(\S+)\n", first).groups()
        assert second == "export OPENAI_API_KEY=$TINY_SERVER_KEY\n"
        yield url, started
    finally:
        started.kill()
        started.wait()
        started.stdout.close()


@pytest.mark.slow
def test_a_killed_server_goes_on_by_itself(base, tmp_path):
    folder = tmp_path / "store"
    with process(base, folder) as (url, started):
        client = client_of(url, api_key="a-canary-of-the-test")
        job = start_job(client, 50)
        running(client, job)
        batch = start_batch(client, 300)
        while client.batches.retrieve(batch).request_counts.completed == 0:
            pass
        started.send_signal(signal.SIGKILL)
        started.wait()
    with process(base, folder) as (url, _):
        client = client_of(url, api_key="a-canary-of-the-test")
        done = finished(client, job)
        assert done.status == "succeeded", done.error
        answered = ended(lambda: client.batches.retrieve(batch))
        assert answered.request_counts.completed == 300
        lines = client.files.content(answered.output_file_id).read().splitlines()
        assert sorted(int(json.loads(line)["custom_id"]) for line in lines) == list(range(300))
        counts = json.loads(urlopen(url.replace("/v1", "/counts")).read())
        assert list(counts["jobs"].values()) == [1]
    kept = [file for file in folder.rglob("*") if file.is_file()]
    assert kept
    assert not any(b"a-canary-of-the-test" in file.read_bytes() for file in kept)
