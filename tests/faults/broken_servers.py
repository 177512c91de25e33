"""Servers that misbehave, and environments that are wrong: each fault, and what its error says."""

import json
import zlib
from dataclasses import dataclass, field
from functools import cache

from server_stand_in import completion

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
