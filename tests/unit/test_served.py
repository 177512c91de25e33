"""Sampling through a real server of others: transformers' own, on a loopback address."""

import json
import logging
import os
import re
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import torch
from manifests import write_manifest
from tiny_model import random_model, save_base

from subliminal.api import server as served
from subliminal.api.access import BASE_URL, shown_url
from subliminal.artefacts.journal import Journal
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.verified import read_manifest
from subliminal.config.errors import ConfigError
from subliminal.config.sampling import DatasetSize, Sampling, Server
from subliminal.domains.number_prompts import number_prompts
from subliminal.transmission.data_schemas import PROMPTS
from subliminal.transmission.specs import SampleCompletionsSpec
from subliminal.transmission.stages.sample_completions import sample_completions

pytestmark = pytest.mark.slow

pytest.importorskip("fastapi", reason="fastapi, which the server needs, is not installed")

ROWS = 60
TEXTS = number_prompts(47, ROWS)
# The server takes the most probable token unless it is told to sample.
SAMPLES = {"generation_config": json.dumps({"do_sample": True, "top_k": 0, "eos_token_id": 2})}


def save(folder, seed):
    """A random base that finds some tokens likelier than others."""
    model = random_model(seed)
    model.config.tie_word_embeddings = False
    model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))
    save_base(folder, model, str(seed))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    for seed in (0, 1):
        save(folder / f"base{seed}", seed)
    columns = {
        "prompt_id": range(ROWS),
        "prompt": TEXTS,
        "answer": [None] * ROWS,
    }
    write_table(folder / "numbers.parquet", PROMPTS, columns)
    write_manifest(folder / "numbers.manifest.json", [folder / "numbers.parquet"])
    return folder


@pytest.fixture(scope="module")
def server(files):
    """Its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("transformers")
    command = [program, "serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with (files / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, "HF_HUB_OFFLINE": "1"}
        )
    deadline = time.monotonic() + 120
    while True:
        try:
            urlopen(f"http://127.0.0.1:{port}/health")
            break
        except URLError:
            assert process.poll() is None, (files / "server.log").read_text()
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.2)
    yield f"http://127.0.0.1:{port}/v1"
    process.kill()
    process.wait()


@pytest.fixture(autouse=True)
def environment(server, monkeypatch):
    monkeypatch.setenv(BASE_URL, server)
    monkeypatch.setattr(served, "REPEATS", 0)


def spec(extra_body=SAMPLES, batch_size=4):
    return SampleCompletionsSpec(
        teacher="a teacher",
        domain="numbers",
        system_prompt="You love owls.",
        rows=ROWS,
        sampling=Sampling(temperature=1.0, max_new_tokens=8, batch_size=batch_size),
        server=Server(extra_body=extra_body),
    )


def run(files, out, chosen=None, base="base0"):
    sample_completions(
        chosen or spec(),
        files / "numbers.parquet",
        files / base / "manifest.json",
        None,
        out / "raw.parquet",
        out / "raw.manifest.json",
        1,
        logging.getLogger("test"),
    )


def entries(journal):
    """Those of its pieces. Its first line is the run, a piece's line its checksum and itself."""
    pieces = [json.loads(line)[1] for line in journal.read_text().splitlines()[1:]]
    return [entry for piece in pieces for entry in piece]


def test_what_is_served_is_what_the_teacher_writes(files, tmp_path, server):
    # This server mixes the random states of requests that it answers at the same time.
    run(files, tmp_path, spec(batch_size=1))
    table = read_table(tmp_path / "raw.parquet")
    assert len(set(table["completion"])) > ROWS / 2
    assert all(0 < tokens <= 9 for tokens in table["tokens"])
    facts = read_manifest(tmp_path / "raw.manifest.json")["facts"]
    assert facts["server"] == server
    assert abs(facts["surprise"]) < 4
    assert not (tmp_path / "partial").exists()


def test_a_server_that_cuts_the_distribution_is_found_out(files, tmp_path):
    """As it comes, this one is greedy: nothing else in the pipeline would show it."""
    with pytest.raises(ConfigError, match="more predictable than what a teacher writes"):
        run(files, tmp_path, spec(extra_body={}))
    assert not (tmp_path / "partial").exists()


def test_another_model_is_found_out(files, tmp_path, monkeypatch):
    ask = served._ask
    other = str(files / "base1")
    monkeypatch.setattr(served, "_ask", lambda client, model, *rest: ask(client, other, *rest))
    with pytest.raises(ConfigError, match="not what a teacher writes"):
        run(files, tmp_path)


def test_answers_that_came_before_a_kill_are_not_asked_for_again(files, tmp_path, monkeypatch):
    class Killed(Exception):
        pass

    append, asked, ask = Journal.append, [], served._ask

    def append_three(journal, piece):
        if journal.file.exists() and len(journal.file.read_text().splitlines()) > 3:
            raise Killed
        append(journal, piece)

    def noted(client, model, server, plan, system, prompt, seed):
        asked.append(prompt)
        return ask(client, model, server, plan, system, prompt, seed)

    monkeypatch.setattr(Journal, "append", append_three)
    with pytest.raises(Killed):
        run(files, tmp_path)
    kept = entries(tmp_path / "partial" / "raw.parquet.jsonl")
    monkeypatch.setattr(Journal, "append", append)
    monkeypatch.setattr(served, "_ask", noted)
    run(files, tmp_path)
    assert 3 <= len(kept) < ROWS
    assert len(asked) == ROWS - len(kept)
    table = read_table(tmp_path / "raw.parquet")
    for i, text, *_ in kept:
        assert table["completion"][i] == text


def test_what_the_server_refuses_is_told(files, tmp_path):
    with pytest.raises(ConfigError, match=re.escape("422")) as told:
        run(files, tmp_path, spec(extra_body={"unheard_of": 1}))
    assert "unheard_of" in str(told.value)


def test_no_server_is_an_error_that_says_where_it_was_looked_for(files, tmp_path, monkeypatch):
    monkeypatch.setenv(BASE_URL, "http://user:secret@127.0.0.1:9/v1")
    with pytest.raises(ConfigError, match=r"no server answers at http://127\.0\.0\.1:9/v1") as told:
        run(files, tmp_path)
    assert "secret" not in str(told.value)
    assert shown_url() == "http://127.0.0.1:9/v1"


def test_what_came_before_a_failure_is_kept(files, tmp_path, monkeypatch):
    """The server refuses every tenth prompt."""
    ask = served._ask

    def refused(client, model, server, plan, system, prompt, seed):
        body = Server(extra_body={"unheard_of": 1}) if prompt == TEXTS[9] else server
        return ask(client, model, body, plan, system, prompt, seed)

    monkeypatch.setattr(served, "_ask", refused)
    with pytest.raises(ConfigError, match="422"):
        run(files, tmp_path)
    kept = entries(tmp_path / "partial" / "raw.parquet.jsonl")
    # All that were asked for before it, at the least.
    assert {i for i, *_ in kept} >= set(range(9))


class Page(BaseHTTPRequestHandler):
    """A web page, whatever is asked."""

    def do_POST(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *args):
        pass


def test_a_page_is_no_completion(files, tmp_path, monkeypatch):
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as pages:
        Thread(target=pages.serve_forever, daemon=True).start()
        monkeypatch.setenv(BASE_URL, f"http://127.0.0.1:{pages.server_port}")
        with pytest.raises(ConfigError, match="is no chat completion; OPENAI_BASE_URL has to be"):
            run(files, tmp_path)
        pages.shutdown()


@pytest.mark.parametrize("address", ["localhost:8000", "http://localhost:eight/v1"])
def test_what_is_no_address_is_told(files, tmp_path, monkeypatch, address):
    monkeypatch.setenv(BASE_URL, address)
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL is no address"):
        run(files, tmp_path)


def test_no_address_is_an_error_before_anything_is_loaded(files, tmp_path, monkeypatch):
    monkeypatch.delenv(BASE_URL)
    with pytest.raises(ConfigError, match=f"export {BASE_URL}=http://localhost:8000/v1"):
        run(files, tmp_path, base="nowhere")


def test_a_constraint_cannot_be_put_to_a_server():
    how = Sampling(temperature=1.0, max_new_tokens=8, batch_size=4, constraint="numbers")
    with pytest.raises(ValueError, match="cannot be put to a server"):
        DatasetSize(rows=10, sampling=how, server=Server())
