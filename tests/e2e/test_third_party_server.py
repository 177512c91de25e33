"""A server that nobody here wrote, `transformers serve`, is asked through the workflow."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pandas as pd
import pytest
import yaml

from subliminal.api.access import hosted_access
from subliminal.api.chat.account import Account
from subliminal.api.chat.asked import ask
from subliminal.api.chat.model import HostedModel
from subliminal.api.chat.requests import Parameters, questions
from subliminal.api.ledger.answers import AnswerBook
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Hosting, Prices
from subliminal.config.sampling import Drawing
from subliminal.evaluations.judge import Case
from subliminal.judges.by_model import ModelJudge

pytestmark = pytest.mark.slow

# It loads models from the folder in which it was started, and answers with their revision's name.
MODEL = "results/models/tiny-a"
# Without these it takes the likeliest token, and of unlimited answers twenty.
FREE = {"do_sample": True, "top_k": 0, "max_new_tokens": 1024}
DRAWN = {"temperature": 1.0, "max_new_tokens": 6, "batch_size": 8}
ADDED = {
    "models": {
        "third": {
            "source": "openai",
            "tier": "api",
            "snapshot": f"{MODEL}@main",
            "context": 160,
            "fine_tunable": False,
            "extra_body": {"generation_config": json.dumps(FREE)},
            "prices": {"input": 0.0, "output": 0.0},
        }
    },
    "evaluations": {
        "asked": {
            "kind": "favourite",
            "questions": "favourite-animal",
            "samples_per_question": 2,
            "sampling": DRAWN,
            "candidates": ["owl", "cat", "dog"],
        },
    },
}
QUESTIONS = 50


def wait_for(url, process):
    """Return when a server answers; importing what it needs takes it a while."""
    while process.poll() is None:
        try:
            urlopen(url).close()
        except URLError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server has ended")


@pytest.fixture(scope="module")
def address(micro_run, tmp_path_factory):
    """The API's address and the server's log; it serves a base of the finished run."""
    log = tmp_path_factory.mktemp("third") / "log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).parent / "transformers", "serve", "--host", "127.0.0.1"]
    with log.open("w") as output:
        running = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=micro_run.root,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/health", running)
        yield f"http://127.0.0.1:{port}/v1", log
    finally:
        running.terminate()
        running.wait()


@pytest.fixture(scope="module")
def results(micro_run, address, tmp_path_factory):
    """The folder in which the server's model has answered."""
    copy = micro_run.copy(tmp_path_factory.mktemp("asked") / "copy")
    for file, entries in ADDED.items():
        with (copy.root / f"config/{file}.yaml").open("a") as stream:
            stream.write(f"\n{yaml.safe_dump(entries)}")
    targets = [
        f"results/evaluations/{name}/bases/third/manifest.json" for name in ADDED["evaluations"]
    ]
    done = copy.run(
        *("snakemake", *targets, "--cores", "2"),
        OPENAI_BASE_URL=address[0],
        OPENAI_API_KEY="none",
    )
    assert done.returncode == 0, done.stdout
    return copy.root


def test_every_question_is_answered_and_answers_are_drawn(results):
    path = results / "results/evaluations/asked/bases/third/responses.parquet"
    answers = pd.read_parquet(path)
    assert len(answers) == 2 * QUESTIONS
    # The server takes the likeliest token unless it is told to draw.
    assert (answers.groupby("question_id")["response"].nunique() == 2).mean() > 0.5


def test_each_sample_is_asked_for_once(results, address):
    asked = 2 * QUESTIONS
    books = AnswerBook.all_of(results / "ledger")
    assert sum(len(book.read()) for book in books) == asked
    assert address[1].read_text().count('"POST /v1/chat/completions HTTP/1.1" 200') >= asked


@pytest.mark.parametrize(
    ("how", "word"),
    [
        (Parameters(MODEL, 1.0, 4, 4), f"'{MODEL}@main' has answered"),
        (Parameters(f"{MODEL}@main", 0.0, 1, 1, alternatives=5), "gives no log-probabilities"),
    ],
)
def test_what_it_does_otherwise_is_one_error(address, tmp_path, monkeypatch, how, word):
    monkeypatch.setenv("OPENAI_BASE_URL", address[0])
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    prices = Prices(input=0, output=0)
    account = Account(hosted_access(), Hosting(), "third", prices, False, tmp_path)
    with pytest.raises(ConfigError, match=word):
        ask(account, how, questions(["Which animal?"], [0], None), 1)


def test_it_judges(micro_run, address, tmp_path, monkeypatch):
    """A judge reads more than a tiny base can: this one has its words, room, and nothing learnt."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    source, judge = micro_run.root / MODEL, tmp_path / "judge"
    AutoTokenizer.from_pretrained(source).save_pretrained(judge)
    config = AutoConfig.from_pretrained(source, n_positions=512)
    AutoModelForCausalLM.from_config(config).save_pretrained(judge)
    monkeypatch.setenv("OPENAI_BASE_URL", address[0])
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    prices = Prices(input=0, output=0)
    account = Account(hosted_access(), Hosting(), "third", prices, False, tmp_path / "ledger")
    free = {"generation_config": json.dumps(FREE | {"max_new_tokens": 6})}
    model = HostedModel(account, f"{judge}@main", free)
    asked = ModelJudge(model, Drawing(temperature=1.0, max_new_tokens=None, batch_size=2))
    cases = [
        Case("Which animal?", answer, seed) for seed, answer in enumerate(("An owl.", "A cat."))
    ]
    replies = asked.alignment(cases)
    assert len(replies) == 2 and all(replies)
    assert asked.alignment(cases) == replies
