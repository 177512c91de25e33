"""Servers that misbehave, and environments that are wrong, in front of the sampling by a server.

Each fault is met by `sample_served`, and some by the whole stage with its journal. The first of
three prompts is answered as it should be, so that it shows whether finished work is kept.
"""

import json
import logging
import traceback
import tracemalloc
from itertools import chain
from threading import Timer

import openai._base_client
import pytest
from broken_servers import (
    BASIC,
    CANARIES,
    ENVIRONMENTS,
    HUNG_AFTER_S,
    KEY,
    LOGPROB,
    LONGEST_MESSAGE,
    MOST_MEMORY,
    PROMPTS_ASKED,
    REQUEST_SECONDS,
    SPOILT,
    TYPED,
    UNSAFE,
    USER,
    Fault,
    packed_spaces,
    redirect,
)
from manifests import write_manifest
from outcomes import RIGHT, Outcome, record
from server_stand_in import broken_server, completion
from tiny_model import random_model, save_base

from subliminal.api import server as served
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.config.errors import ConfigError
from subliminal.config.sampling import Sampling, Server
from subliminal.evaluations.model import Completion
from subliminal.transmission.data_schemas import PROMPTS
from subliminal.transmission.specs import SampleCompletionsSpec
from subliminal.transmission.stages.sample_completions import sample_completions


@pytest.fixture(scope="module", autouse=True)
def prepared():
    """Packing and the client's imports take seconds, which no fault shall spend."""
    packed_spaces()
    with pytest.MonkeyPatch.context() as monkeypatch:
        attempt(Fault("none"), monkeypatch)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Small bounds, and repeats without a pause; only what a test sets is in the environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr(openai._base_client, "INITIAL_RETRY_DELAY", 0.01)
    monkeypatch.setattr(served, "REPEATS", 2)
    for name, value in {
        "REQUEST_SECONDS": REQUEST_SECONDS,
        "GRACE_SECONDS": 0.3,
        "ANSWER_BYTES": 200_000,
    }.items():
        monkeypatch.setattr(served, name, value, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def right(prompt):
    """The answer of a server that is well, from which nothing but the prompt's number differs."""
    number = int(prompt.removeprefix("p").split(" ")[0])
    choice = {"logprobs": {"content": [LOGPROB] * 3}}
    return completion(f"{number}, 2, 3", choice=choice)


def spoils(fault, spared):
    """The behaviour of a server that answers some prompts, and does worse to the others."""
    spoilt = []

    def behave(connection, request):
        well = fault.behave is None or (fault.passing and len(spoilt) >= 2)
        if well or request.prompt in spared:
            connection.answer(json.dumps(right(request.prompt)))
        else:
            spoilt.append(request)
            fault.behave(connection, request)

    return behave


def everything_of(error):
    """All that an exception and those behind it would show."""
    seen, todo = [], [error]
    while todo:
        one = todo.pop()
        if one is not None and one not in seen:
            seen.append(one)
            todo += [one.__cause__, one.__context__]
    told = [[str(one), repr(one), *traceback.format_exception(one)] for one in seen]
    return "\n".join(chain.from_iterable(told))


def ending(error, says, same):
    """How a call has ended."""
    if error is None:
        return Outcome.RECOVERED if same else Outcome.SILENT
    if not isinstance(error, ConfigError):
        return Outcome.TRACEBACK
    told, behind = str(error), everything_of(error)
    clear = (
        all(text in told for text in says)
        and len(told) < LONGEST_MESSAGE
        and told.isprintable()
        and not any(canary in behind for canary in CANARIES)
    )
    return Outcome.CLEAR_ERROR if says and clear else Outcome.UNCLEAR_ERROR


def attempt(fault, monkeypatch, spared=("p0",)):
    """Sample three prompts: the error, the answers that were kept, the server, whether it hung."""
    kept, hung = {}, []
    plan = Sampling(temperature=1.0, max_new_tokens=8, batch_size=2, log_probs=fault.log_probs)
    error = None
    with broken_server(spoils(fault, spared)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", fault.address.format(port=server.port))
        for name, value in fault.environment.items():
            monkeypatch.setenv(name, value)
        cut = Timer(HUNG_AFTER_S, lambda: (hung.append(True), server.close()))
        cut.start()
        try:
            served.sample_served(
                Server(), "a/model", PROMPTS_ASKED, [1, 2, 3], plan, None, {}, kept.update,
                lambda done: None,
            )  # fmt: skip
        except Exception as caught:
            error = caught
        cut.cancel()
    return error, kept, server, bool(hung)


def answers(prompts, log_probs):
    return {
        i: Completion(
            right(prompt)["choices"][0]["message"]["content"],
            True,
            log_probs=[-0.5] * 3 if log_probs else None,
        )
        for i, prompt in enumerate(prompts)
    }


def assert_nothing_is_shown(caplog, capfd, error=None):
    """Neither a secret nor an escape is in a log, on the terminal or in an exception."""
    out, err = capfd.readouterr()
    for shown in (out, err, caplog.text, everything_of(error)):
        assert not [canary for canary in CANARIES if canary in shown]
        assert not [character for character in UNSAFE if character in shown]


@pytest.mark.parametrize("fault", [*SPOILT, *ENVIRONMENTS], ids=lambda fault: fault.name)
def test_a_fault_ends_well(fault, request, monkeypatch, caplog, capfd):
    caplog.set_level(logging.INFO)
    error, kept, server, hung = attempt(fault, monkeypatch)
    expected = answers(PROMPTS_ASKED, fault.log_probs)
    outcome = ending(error, fault.says, kept == expected)
    if hung:
        outcome = Outcome.UNCLEAR_ERROR  # it would not have stopped at all
    elif fault.behave is not None and kept.get(0) != expected[0]:
        outcome = Outcome.LOST
    elif not kept.items() <= expected.items():
        outcome = Outcome.SILENT
    record(request, outcome)
    assert outcome in RIGHT, error
    assert outcome == (Outcome.RECOVERED if fault.recovers else Outcome.CLEAR_ERROR)
    assert_nothing_is_shown(caplog, capfd, error)
    if USER in fault.address and server.seen:
        assert {asked.authorization for asked in server.seen} == {f"Basic {BASIC}"}


@pytest.mark.parametrize("name", ["endless body", "endless body of 500", "gzip bomb"])
def test_memory_is_bounded(name, request, monkeypatch):
    (fault,) = [fault for fault in SPOILT if fault.name == name]
    tracemalloc.start()
    try:
        error, *_ = attempt(fault, monkeypatch, spared=())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    outcome = ending(error, fault.says, False) if peak < MOST_MEMORY else Outcome.UNCLEAR_ERROR
    record(request, outcome)
    assert outcome in RIGHT, (error, peak)


@pytest.mark.parametrize("login", ["", f"{USER}:{TYPED}@"])
def test_no_credentials_follow_a_redirect(login, request, monkeypatch, caplog, capfd):
    with broken_server(lambda connection, asked: connection.answer(json.dumps(completion()))) as to:
        fault = Fault(
            "elsewhere",
            redirect(f"http://localhost:{to.port}/v1/chat/completions"),
            ("redirects (307) to http://localhost", "no request follows"),
            address=f"http://{login}127.0.0.1:{{port}}/v1",
        )
        error, kept, _, _ = attempt(fault, monkeypatch)
        outcome = ending(error, fault.says, False)
        followed = list(to.seen)
    record(request, outcome if not followed else Outcome.SILENT)
    assert outcome in RIGHT, error
    assert not followed
    assert kept == {0: answers(["p0"], False)[0]}
    assert_nothing_is_shown(caplog, capfd, error)


# The stage, with its journal.

ROWS = 12
TEXTS = [f"p{i} numbers" for i in range(ROWS)]
SPARED = TEXTS[:5]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    save_base(folder / "base", random_model(0), "0")
    columns = {"prompt_id": range(ROWS), "prompt": TEXTS, "answer": [None] * ROWS}
    write_table(folder / "numbers.parquet", PROMPTS, columns)
    write_manifest(folder / "numbers.manifest.json", [folder / "numbers.parquet"])
    return folder


def run_stage(files, out, log_probs=False):
    """At temperature 0 nothing is compared with the model, so that a stand-in can answer."""
    sampling = Sampling(temperature=0.0, max_new_tokens=8, batch_size=2, log_probs=log_probs)
    sample_completions(
        SampleCompletionsSpec(
            teacher="a teacher",
            domain="numbers",
            system_prompt=None,
            rows=ROWS,
            sampling=sampling,
            server=Server(),
        ),
        files / "numbers.parquet",
        files / "base" / "manifest.json",
        None,
        out / "raw.parquet",
        out / "raw.manifest.json",
        1,
        logging.getLogger("test"),
    )


STAGED = [
    "endless body",
    "endless drip",
    "gzip bomb",
    "reset in mid-answer",
    "status 401 Unauthorized",
    "status 503 Busy",
    "half a surrogate pair",
    "the key as answer",
    "nested 100,000 times",
    "logprobs NaN",
    "an error that shows the password",
]


@pytest.mark.parametrize("name", STAGED)
def test_the_next_run_goes_on(name, files, tmp_path, request, monkeypatch, caplog, capfd):
    """The first run ends with a clear error, and the second one has what an undisturbed one has."""
    caplog.set_level(logging.INFO)
    (fault,) = [fault for fault in SPOILT if fault.name == name]
    error = None
    with broken_server(spoils(fault, SPARED)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", fault.address.format(port=server.port))
        cut = Timer(HUNG_AFTER_S, server.close)
        cut.start()
        try:
            run_stage(files, tmp_path, fault.log_probs)
        except Exception as caught:
            error = caught
        cut.cancel()
    outcome = ending(error, fault.says, False)
    if outcome == Outcome.CLEAR_ERROR:
        outcome = second_run(fault, files, tmp_path, monkeypatch)
    record(request, outcome)
    assert outcome in RIGHT, error
    assert_nothing_is_shown(caplog, capfd, error)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert not [canary for canary in CANARIES if canary.encode() in file.read_bytes()], file


def second_run(fault, files, out, monkeypatch):
    """How the run ends that comes after, in front of a server that is well."""
    journal = out / "partial" / "raw.parquet.jsonl"
    if KEY in journal.read_text():
        return Outcome.UNCLEAR_ERROR
    with broken_server(spoils(Fault("none"), TEXTS)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", fault.address.format(port=server.port))
        run_stage(files, out, fault.log_probs)
    if {asked.prompt for asked in server.seen} & set(SPARED):
        return Outcome.LOST
    table = read_table(out / "raw.parquet")
    same = table["completion"] == [f"{i}, 2, 3" for i in range(ROWS)]
    return Outcome.RECOVERED if same and not journal.exists() else Outcome.SILENT
