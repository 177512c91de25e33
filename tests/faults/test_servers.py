"""Servers that misbehave, and environments that are wrong, in front of the sampling by a server.

Each fault is met by `sample_served`, and some by the whole stage with its journal. The first of
three prompts is answered as it should be, so that it shows whether finished work is kept.
"""

import json
import logging
import traceback
import tracemalloc
import zlib
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from threading import Timer

import openai._base_client
import pytest
from manifests import write_manifest
from outcomes import RIGHT, Outcome, record
from server_stand_in import broken_server, completion
from tiny_model import random_model, save_base

from subliminal.api import server as served
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.config.errors import ConfigError
from subliminal.config.sampling import Sampling, Server
from subliminal.evaluations.model import Completion
from subliminal.transmission.schemas import PROMPTS
from subliminal.transmission.specs import SampleCompletionsSpec
from subliminal.transmission.stages.sample_completions import sample_completions

KEY, USER, PASSWORD = "sk-canary-51fb7c09", "canary-user", "canary-p@ss/w0rd"
# The same as they stand in an address, and as the header has them.
TYPED = "canary-p%40ss%2Fw0rd"
BASIC = "Y2FuYXJ5LXVzZXI6Y2FuYXJ5LXBAc3MvdzByZA=="
CANARIES = (KEY, PASSWORD, TYPED, BASIC)
ESCAPES = "\x1b[31m\x1b]0;title\x07\x9b2J\u202ereversed\u200b"
# What a terminal obeys, or what turns the text around.
UNSAFE = ("\x1b", "\x07", "\x9b", "\u202e", "\r")
PROMPTS_ASKED = ["p0", "p1", "p2"]
REQUEST_SECONDS = 2.0
# A client that still waits by then hangs: the stand-in cuts all connections.
HUNG_AFTER_S = 8.0
MOST_MEMORY = 30_000_000
LONGEST_MESSAGE = 1500
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        behave: what the server does to the requests that it does not answer; None: nothing wrong.
        says: what the error has to say.
        log_probs: whether they are asked for.
        passing: the server is well after the first two requests that it has spoilt.
        address: for OPENAI_BASE_URL, with the stand-in's port for {port}.
        environment: further variables.
        recovers: there is no error in the end.
    """

    name: str
    behave: object = None
    says: tuple = ()
    log_probs: bool = False
    passing: bool = False
    address: str = "http://127.0.0.1:{port}/v1"
    environment: dict = field(default_factory=dict)
    recovers: bool = False


def body(data, status="200 OK", headers=()):
    """The behaviour that answers so; a dictionary is JSON."""
    if isinstance(data, dict | list):
        data = json.dumps(data)
    return lambda connection, request: connection.answer(data, status, headers)


def raw(*pieces):
    """The behaviour that sends this and closes the connection."""

    def behave(connection, request):
        for piece in pieces:
            connection.send(piece)
        connection.close()

    return behave


def endless(head, piece, pause=0.0):
    def behave(connection, request):
        connection.send(head)
        connection.endless(piece, pause)

    return behave


def reset(connection, request):
    connection.send(HEAD + b"Content-Length: 1000\r\n\r\n{")
    connection.reset()


def echo(status):
    """The behaviour that says what it was sent."""

    def behave(connection, request):
        sent = request.authorization
        connection.answer(
            f"no: {sent} / {sent.split(' ')[-1]}",
            f"{status} Bad {sent}",
            [f"X-Request-Id: {sent}", f"X-Echo: {ESCAPES.encode()!r}"],
        )

    return behave


def redirect(to, status="307 Temporary Redirect"):
    return lambda connection, request: connection.answer(
        "", status, [f"Location: {to.format(port=connection.port, sent=request.authorization)}"]
    )


@cache
def packed_spaces():
    """100 MB of spaces as 100 kB of gzip."""
    packer = zlib.compressobj(wbits=31)
    return b"".join([*(packer.compress(b" " * 1_000_000) for _ in range(100)), packer.flush()])


def refuses_one(connection, request):
    """One request is refused at once, and the other never answered."""
    if request.prompt == "p1":
        connection.answer("no", "400 Bad")
    else:
        connection.wait()


def bomb(connection, request):
    connection.answer(packed_spaces(), headers=["Content-Encoding: gzip"])


NONE = "is no chat completion; OPENAI_BASE_URL has to be"
MALFORMED = "has sent a malformed answer"
BOUND_S = f"has not answered a request in {REQUEST_SECONDS:g} seconds"
BROKEN = "breaks an answer off or does not speak HTTP"
KEPT = "answers that came"
LOGPROB = {"token": "1", "logprob": -0.5}


def malformed(name, *says, log_probs=False, **changes):
    """A completion with something wrong in it."""
    return Fault(name, body(completion(**changes)), (MALFORMED, *says), log_probs)


def scored(name, content, *says):
    choice = {"logprobs": {"content": content}}
    return malformed(f"logprobs {name}", *says, log_probs=True, choice=choice)


def refused(status, *says, headers=("Retry-After: 999999",)):
    return Fault(f"status {status}", body({"error": "no"}, status, headers), says)


SPOILT = [
    # Bytes and seconds without end.
    Fault("endless body", endless(HEAD + b"\r\n", b" " * 65536), ("more than 0.21 MB",)),
    Fault(
        "endless chunks",
        endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b" " * 32768 + b"\r\n"),
        ("more than 0.21 MB",),
    ),
    Fault("endless drip", endless(HEAD + b"\r\n", b" ", 0.05), (BOUND_S, "batch_size")),
    Fault("endless headers", endless(HEAD, b"X-More: " + b"x" * 1000 + b"\r\n"), (BROKEN,)),
    Fault("headers that drip", endless(HEAD, b"X: y\r\n", 0.05), (BOUND_S,)),
    Fault("endless 100 Continue", endless(b"", CONTINUE, 0.001), (BOUND_S,)),
    Fault("flood of 100 Continue", endless(b"", CONTINUE * 999), (BOUND_S,)),
    Fault("silence", lambda connection, request: connection.wait(), (BOUND_S,)),
    Fault("a refusal beside silence", refuses_one, ("400 no",)),
    Fault("gzip bomb", bomb, ("compresses its answers (gzip)", "switch compression off")),
    Fault(
        "length of 10 GB",
        endless(HEAD + b"Content-Length: 10000000000\r\n\r\n", b" " * 65536),
        ("more than 0.21 MB",),
    ),
    *(
        Fault(
            f"endless body of {status}",
            endless(f"HTTP/1.1 {status} No\r\n\r\n".encode(), b"x" * 65536),
            ("more than 0.21 MB", str(status)),
        )
        for status in (401, 404, 500)
    ),
    # Connections and HTTP.
    Fault("reset in mid-answer", reset, (BROKEN, KEPT)),
    Fault("closed without an answer", raw(), (BROKEN, KEPT)),
    Fault("closed in the headers", raw(HEAD[:40]), (BROKEN,)),
    Fault("length too long", raw(HEAD + b"Content-Length: 1000\r\n\r\n{}"), (BROKEN,)),
    Fault("length too short", body(json.dumps(completion())[:-9]), (NONE,)),
    Fault(
        "two lengths", raw(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), (BROKEN,)
    ),
    Fault("length of -1", raw(HEAD + b"Content-Length: -1\r\n\r\n{}"), (BROKEN,)),
    Fault(
        "broken chunks", raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n"), (BROKEN,)
    ),
    Fault("unfinished chunks", raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}"), (BROKEN,)),
    Fault("broken gzip", body(b"no gzip", headers=["Content-Encoding: gzip"]), ("compresses",)),
    Fault("HTTP/0.9", raw(b"<html>hello " + ESCAPES.encode() + b"\r\n\r\n"), (BROKEN,)),
    Fault("binary garbage", raw(bytes(range(256)) * 9), (BROKEN,)),
    Fault("204 without a body", raw(b"HTTP/1.1 204 No Content\r\n\r\n"), (NONE, "nothing")),
    Fault("200 with an empty body", body(b""), (NONE, "nothing")),
    Fault("a page", body("<html>It works!", headers=["Content-Type: text/html"]), (NONE, "<html>")),
    Fault("an event stream", body('data: {"choices": []}\n\n'), (NONE,)),
    Fault("redirects in a loop", redirect("http://127.0.0.1:{port}/v1/x"), ("redirects (307) to",)),
    Fault("moved for good", redirect("/v2", "301 Moved"), ("redirects (301) to /v2", "export")),
    Fault(
        "moved to bytes",
        body("", "302 Found", ["Location: /\xff\x9b2J"]),
        ("redirects (302) to /",),
    ),
    Fault("moved nowhere", body("", "302 Found"), ("redirects (302) to nowhere",)),
    Fault(
        "redirect that shows the key",
        redirect("http://127.0.0.1:{port}/?{sent}"),
        ("redirects (307) to", "[hidden]"),
    ),
    # Statuses. None of them may let the client sleep for eleven days.
    refused("400 Bad Request", "refuses a request for model 'a/model': 400"),
    refused("401 Unauthorized", "does not let the request in: 401", "export OPENAI_API_KEY"),
    refused("403 Forbidden", "does not let the request in: 403"),
    refused("404 Not Found", "refuses a request for model 'a/model': 404", "config/domains.yaml"),
    refused("408 Request Timeout", "cannot keep up or fails: 408"),
    refused("409 Conflict", "cannot keep up or fails: 409"),
    refused("422 Unprocessable", "refuses a request for model 'a/model': 422"),
    refused("429 Too Many", "cannot keep up or fails: 429", "batch_size"),
    refused("500 Broken", "cannot keep up or fails: 500", "batch_size"),
    refused("503 Busy", "cannot keep up or fails: 503", KEPT),
    refused("503 later", "cannot keep up or fails: 503", headers=("Retry-After: inf",)),
    refused("503 again", "cannot keep up or fails: 503", headers=("Retry-After: -1",)),
    refused("429 wait", BOUND_S, headers=("Retry-After: 100",)),
    Fault("an error with 200", body({"error": {"message": "out of memory"}}), ("out of memory",)),
    Fault(
        "an error beside null",
        body({"choices": None, "error": {"message": "out of memory"}}),
        ("answers with an error", "out of memory"),
    ),
    # Passing reasons.
    *(
        Fault(f"passing {name}", behave, passing=True, recovers=True)
        for name, behave in {
            "500": body("", "500 Broken"),
            "429": body("", "429 Too Many", ["Retry-After: 0.01"]),
            "reset": reset,
            "close": raw(),
            "garbage": raw(b"garbage\r\n\r\n"),
        }.items()
    ),
    # JSON.
    Fault("a list", body("[1]"), (NONE,)),
    Fault("a number", body("1"), (NONE,)),
    Fault(
        "invalid UTF-8", body(json.dumps(completion("@")).encode().replace(b"@", b"\xff")), (NONE,)
    ),
    Fault("UTF-16", body(json.dumps(completion()).encode("utf-16")), (NONE,)),
    Fault("nested 100,000 times", body("[" * 100_000), (NONE, "nested too deeply")),
    Fault("keys twice", body('{"choices": [], ' + json.dumps(completion())[1:]), ("twice",)),
    Fault("a number of 5,000 digits", body('{"choices": ' + "9" * 5000 + "}"), (NONE,)),
    Fault("no choices", body({"id": "x"}), (NONE, "no choices")),
    # What is wrong in a completion.
    malformed("choices null", "choices is null", choices=None),
    malformed("choices a text", "choices is a text, and not a list", choices="text"),
    malformed("choices an object", "choices is an object", choices={"0": 1}),
    malformed("choices empty", "0 choices", choices=[]),
    malformed("two choices", "2 choices", choices=completion()["choices"] * 2),
    malformed("choice a number", "choices[0] is a number", choices=[1]),
    malformed("message null", "choices[0].message is null", choice={"message": None}),
    malformed("message a list", "choices[0].message is a list", choice={"message": []}),
    malformed("content a number", "content is a number, and not a text", text=7),
    malformed("content a list", "content is a list", text=[{"text": "1"}]),
    malformed("content true", "content is a truth value", text=True),
    malformed("half a surrogate pair", "surrogates not allowed", text="1, \ud83e"),
    malformed("NUL", "NUL", text="1\x00"),
    malformed("finish_reason null", "finish_reason is null", choice={"finish_reason": None}),
    malformed("finish_reason a number", "finish_reason is a", choice={"finish_reason": 1}),
    malformed("finish_reason odd", "content_filter", choice={"finish_reason": "content_filter"}),
    malformed("finish_reason escapes", "finish_reason", choice={"finish_reason": ESCAPES * 999}),
    malformed("tool calls", "tool_calls", message={"content": None, "tool_calls": [{}]}),
    malformed("reasoning apart", "reasoning_content", message={"reasoning_content": "so"}),
    malformed("too many tokens", "max_tokens was 8", usage={"completion_tokens": 5000}),
    malformed("the key as answer", "holds the key", text=f"1, {KEY}"),
    Fault("no logprobs", body(completion()), ("log_probs: true, but the server",), True),
    malformed("logprobs a text", "is a text", log_probs=True, choice={"logprobs": "x"}),
    scored("a number", 3, "is a number, and not a list"),
    scored("null inside", [None], "is null"),
    scored("too many", [LOGPROB] * 50, "50 logprobs"),
    scored("none", [], "0 logprobs"),
    scored("a text inside", [{"logprob": "-0.5"}], "a logprob is no number"),
    scored("true", [{"logprob": True}], "a logprob is no number"),
    scored("missing", [{"token": "1"}], "a logprob is no number"),
    scored("positive", [{"logprob": 0.5}], "a logprob is no number"),
    scored("-10**400", [{"logprob": -(10**400)}], "a logprob is no number"),
    Fault(
        "logprobs NaN",
        body(completion(choice={"logprobs": {"content": [{"logprob": float("nan")}]}})),
        (NONE, "NaN is no number"),
        log_probs=True,
    ),
    Fault(
        "logprobs -1e999",
        body(
            json.dumps(completion(choice={"logprobs": {"content": [{"logprob": "@"}]}})).replace(
                '"@"', "-1e999"
            )
        ),
        (MALFORMED, "a logprob is no number"),
        log_probs=True,
    ),
    Fault(
        "tokens and logprobs that differ",
        body(
            completion(choice={"logprobs": {"content": [LOGPROB]}}, usage={"completion_tokens": 5})
        ),
        (MALFORMED, "5 tokens and 1 logprobs"),
        log_probs=True,
    ),
    # What a server says.
    Fault("escapes in an error", body(ESCAPES * 99, "400 Bad"), ("\\x1b[31m", "\\u202e")),
    Fault("escapes in a page", body("<html>" + ESCAPES), (NONE, "\\x1b")),
    Fault(
        "escapes in the status and headers",
        raw(b"HTTP/1.1 400 \x1b[31mred\r\nX-Request-Id: \x1b]0;t\x07\r\nContent-Length: 0\r\n\r\n"),
        ("refuses a request", "400"),
    ),
    Fault("a long error", body("long " * 40_000, "400 Bad"), ("400 long", "…")),
    Fault(
        "an encoding of which nobody has heard",
        body("no\xff".encode("latin-1"), "400 Bad", ["Content-Type: text/plain; charset=rot13"]),
        ("400 no",),
    ),
    Fault("an error that shows the key", echo(401), ("401", "[hidden]")),
    Fault("a failure that shows the key", echo(500), ("500", "[hidden]")),
    Fault("garbage that shows the key", raw(f"no {KEY}\r\n\r\n".encode()), (BROKEN, "[hidden]")),
    Fault(
        "an error that shows the password",
        echo(403),
        ("403", "[hidden]"),
        address=f"http://{USER}:{TYPED}@127.0.0.1:{{port}}/v1",
    ),
    Fault(
        "a page that shows the password",
        lambda connection, request: connection.answer(json.dumps(request.authorization)),
        (NONE, "[hidden]"),
        address=f"http://{USER}:{TYPED}@127.0.0.1:{{port}}/v1",
    ),
]


def address(name, typed, *says):
    return Fault(f"address {name}", None, says or ("OPENAI_BASE_URL is no address",), address=typed)


def environment(name, *says, **variables):
    return Fault(name, None, says, environment=variables, recovers=not says)


ENVIRONMENTS = [
    address("empty", "", "OPENAI_BASE_URL is not set", "export OPENAI_BASE_URL="),
    address("of spaces", "  ", "OPENAI_BASE_URL is not set"),
    Fault("address with a line end", address="http://127.0.0.1:{port}/v1\r\n", recovers=True),
    Fault("address with a slash", address=" http://127.0.0.1:{port}/v1/", recovers=True),
    Fault("address in capitals", address="HTTP://LOCALHOST:{port}/v1", recovers=True),
    Fault("password", address=f"http://{USER}:{TYPED}@127.0.0.1:{{port}}/v1", recovers=True),
    address("with a space", f"http://{USER}:{PASSWORD[:10]}@127.0.0.1:{{port}}/ v1"),
    address("with a tab", "http://127.0.0.1:{port}\t/v1"),
    address("with an escape", "http://127.0.0.1:{port}/\x1b[31m"),
    address("with a byte that is no UTF-8", "http://127.0.0.1:{port}/\udcff"),
    address("without a scheme", f"{KEY}.example:8000/v1"),
    address(
        "of ftp", f"ftp://{USER}:{TYPED}@127.0.0.1/v1", "OPENAI_BASE_URL is no address", "http"
    ),
    address("of port 99999", f"http://{USER}:{TYPED}@127.0.0.1:99999/v1", "its port is no number"),
    address("of port 0", "http://127.0.0.1:0/v1", "its port is no number"),
    address("without a host", f"http://{USER}:{TYPED}@/v1", "it names no host"),
    address("with half a bracket", f"http://{USER}:{TYPED}@[::1/v1"),
    address("with a slash in the password", f"http://{USER}:{PASSWORD}@127.0.0.1:{{port}}/v1"),
    address("with ? in the password", f"http://{USER}:12?{KEY}@127.0.0.1/v1"),
    address("with # in the password", f"http://{USER}:12#{KEY}@127.0.0.1/v1", "%23"),
    address("with a key as query", f"http://127.0.0.1:{{port}}/v1?key={KEY}"),
    address("with bad percents", f"http://{KEY}:%ff@127.0.0.1:{{port}}/v1", "no UTF-8"),
    address("of a host with a long label", f"http://{'a' * 70}.example/v1", "its host is no name"),
    address("of a host with two dots", "http://a..example/v1", "its host is no name"),
    address("of a host that no name can be", "http://\u2603\u202e.example/v1"),
    address("of a host of four numbers", "http://999.1.1.1/v1", "its host is no name"),
    address("of 100,000 characters", "http://127.0.0.1/" + "v" * 100_000, "it has 100,017 char"),
    address("of IPv6", "http://[::1]:9/v1", "no server answers at http://[::1]:9/v1"),
    address("where nobody is", "http://127.0.0.1:9/v1", "no server answers at", "start it"),
    address("of TLS where there is none", "https://127.0.0.1:{port}/v1", "write http://", "SSL"),
    environment("key empty", OPENAI_API_KEY=""),
    environment("key of spaces", OPENAI_API_KEY="  "),
    environment("key with a line end", OPENAI_API_KEY=f"{KEY}\r\n"),
    environment("key with spaces around", OPENAI_API_KEY=f" {KEY} "),
    environment("key with a line inside", "OPENAI_API_KEY holds", OPENAI_API_KEY=f"{KEY}\nx"),
    environment("key with an umlaut", "OPENAI_API_KEY holds", OPENAI_API_KEY=f"{KEY}ü"),
    environment("key with a byte", "OPENAI_API_KEY holds", OPENAI_API_KEY=f"{KEY}\udcff"),
    environment("key with an escape", "OPENAI_API_KEY holds", OPENAI_API_KEY=f"{KEY}\x1b"),
    environment("key with a DEL", "OPENAI_API_KEY holds", OPENAI_API_KEY=f"{KEY}\x7f"),
    environment("organisation with an umlaut", "OPENAI_ORG_ID holds", OPENAI_ORG_ID="ü"),
    environment("project with a line", "OPENAI_PROJECT_ID holds", OPENAI_PROJECT_ID="a\nb"),
    environment(
        "header with an umlaut", "OPENAI_CUSTOM_HEADERS", OPENAI_CUSTOM_HEADERS=f"X: {KEY}ü"
    ),
    environment(
        "header without a name", "OPENAI_CUSTOM_HEADERS", OPENAI_CUSTOM_HEADERS=f"a b: {KEY}"
    ),
    environment("proxy that is none", "HTTP_PROXY", HTTP_PROXY=f"ftp://u:{KEY}@127.0.0.1"),
    environment("proxy of port 99999", "HTTP_PROXY", HTTP_PROXY="http://127.0.0.1:99999"),
    environment(
        "proxy where nobody is", "no server answers", "proxy", HTTP_PROXY="http://127.0.0.1:9"
    ),
    environment("certificates that are none", "SSL_CERT_FILE", SSL_CERT_FILE="/nowhere.pem"),
]


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
    "NUL",
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
