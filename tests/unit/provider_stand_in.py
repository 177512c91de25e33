"""A stand-in for a provider of hosted models, on a loopback address.

It answers as OpenAI's API does, keeps answers that are to be stored, and counts for each sample how
often a model has worked on it. Faults are told to it: a real provider has them at its own time.
"""

import json
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, urlsplit

KEY = "sk-canary-7d02e9b1c4"
USAGE = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
RATE_LIMIT = {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}
NO_CREDIT = {"error": {"message": "you have no credit", "code": "insufficient_quota"}}


class Provider(ThreadingHTTPServer):
    """The server.

    Attributes:
        fault: the name of what goes wrong with a request, of its key and how often it came before;
            None for nothing.
        done: how often each sample was drawn.
        seen: every request of a completion.
        looked: how often stored answers were asked for.
        headers: sent with every answer.
        changes: of the answer's choice.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, fault=lambda key, before: None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.fault, self.lock = fault, Lock()
        self.done, self.came, self.looked = Counter(), Counter(), 0
        self.seen, self.stored, self.headers, self.changes = [], {}, {}, {}
        self.usage, self.keeps, self.elsewhere = USAGE, True, ""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request, client_address):
        """Clients that were killed are no trouble of the server's."""

    def used(self, body):
        written = min(self.usage["completion_tokens"], body.get("max_tokens", 10_000))
        return self.usage | {"completion_tokens": written}

    def draw(self, key, body):
        """A new sample; a second one of the same key differs."""
        with self.lock:
            self.done[key] += 1
            text = f"{key[:8]} {self.done[key]}"
        choice = {"index": 0, "finish_reason": "stop", "logprobs": None}
        choice["message"] = {"role": "assistant", "content": text, "refusal": None}
        if body.get("logprobs"):
            choice["message"]["content"] = "A"
            choice["logprobs"] = {"content": [letters(body.get("top_logprobs", 0))]}
        answer = {
            "id": f"chatcmpl-{key[:8]}",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [choice | self.changes],
            "usage": self.used(body),
            "metadata": body.get("metadata"),
        }
        if body.get("store"):
            self.stored[key] = answer
        return answer


def letters(most):
    top = [("B", -0.5), ("A", -1.0), ("C", -3.0)][:most]
    return {
        "token": "A",
        "logprob": -1.0,
        "bytes": None,
        "top_logprobs": [{"token": t, "logprob": p, "bytes": None} for t, p in top],
    }


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        wanted = parse_qs(urlsplit(self.path).query).get("metadata[subliminal_key]", [""])[0]
        with self.server.lock:
            self.server.looked += 1
        if not self.server.keeps:
            self.answer({"error": {"message": "no such path"}}, 404)
            return
        found = [a for key, a in list(self.server.stored.items()) if key == wanted]
        self.answer({"object": "list", "data": found, "has_more": False})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = body["messages"][-1]["content"]
        key = (body.get("metadata") or {}).get("subliminal_key", prompt)
        with self.server.lock:
            self.server.seen.append(body)
            before = self.server.came[key]
            self.server.came[key] += 1
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self.answer({"error": {"message": "bad key", "code": "invalid_api_key"}}, 401)
            return
        fault = self.server.fault(key, before)
        if fault is None:
            self.answer(self.server.draw(key, body))
        else:
            getattr(self, fault)(key, body)

    def answer(self, content, status=200, **headers):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        length = headers.pop("length", len(data))
        for name, value in {**self.server.headers, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(data)

    def limited(self, key, body):
        self.answer(RATE_LIMIT, 429, retry_after_ms="20")

    def no_credit(self, key, body):
        self.answer(NO_CREDIT, 429, retry_after="1")

    def limited_oddly(self, key, body):
        self.answer({"error": {"message": "no", "code": "moon_phase"}}, 429)

    def fails(self, key, body):
        self.answer({"error": {"message": "oops"}}, 500)

    def fails_after(self, key, body):
        self.server.draw(key, body)
        self.answer({"error": {"message": "oops"}}, 500)

    def drops(self, key, body):
        self.close_connection = True

    def drops_after(self, key, body):
        self.server.draw(key, body)
        self.close_connection = True

    def cuts_after(self, key, body):
        """JSON that ends in its middle, of the length that it says."""
        self.answer(json.dumps(self.server.draw(key, body)).encode()[:80])

    def breaks_after(self, key, body):
        """Fewer bytes than it says."""
        self.answer(json.dumps(self.server.draw(key, body)).encode()[:80], length=4000)
        self.close_connection = True

    def escapes(self, key, body):
        """The key, as a reader of JSON alone sees it."""
        escaped = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
        self.answer(json.dumps(self.server.draw(key, body)).replace(KEY, escaped).encode())

    def redirects(self, key, body):
        self.answer({}, 307, location=f"{self.server.elsewhere}/chat/completions")

    def echoes(self, key, body):
        """An error that shows the key."""
        self.answer({"error": {"message": f"no: {self.headers['Authorization']}"}}, 400)


@contextmanager
def provider(fault=lambda key, before: None):
    """A provider with this fault."""
    server = Provider(fault)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def once(fault):
    """The fault of the first time that each sample is asked for."""
    return lambda key, before: fault if before == 0 else None
