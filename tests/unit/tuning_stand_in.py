"""A stand-in for a provider's fine-tuning: files and jobs in memory, and faults on demand.

It trains nothing. It checks nothing that the real one would, and counts everything.
"""

import json
from contextlib import contextmanager
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, urlsplit

LIFE = ["validating_files", "queued", "running", "succeeded"]
METRICS = [{"step": step, "train_loss": 2.0 / step, "total_steps": 3} for step in (3, 1, 2)]


class StandIn:
    """What is there.

    Attributes:
        requests: method and path of each, in order.
        orders: the bodies of the orders of jobs.
        faults: by method and path, what happens to the next such requests: a status and an error,
            or `before` or `after`: the connection breaks before or after something has happened.
        life: the statuses that a job shows, one at each look; the last one stays.
        unlisted: the list of jobs does not show what was ordered, yet.
        ended: what an ended job shows beside its status.
    """

    def __init__(self):
        self.files, self.jobs = {}, {}
        self.requests, self.orders, self.looks = [], [], {}
        self.faults = {}
        self.life = LIFE
        self.ended = {"fine_tuned_model": "ft:snapshot:someone::abc", "trained_tokens": 2000}
        self.flagged = set()
        self.unlisted = False
        self.lock = Lock()

    def count(self, method, path):
        return self.requests.count((method, path))

    def job(self, name):
        looks = self.looks.get(name, 0)
        status = self.life[min(looks, len(self.life) - 1)]
        ended = self.ended if status == self.life[-1] else {}
        return {**self.jobs[name], "status": status, **ended}

    def answer(self, method, path, query, body, kind):
        if (method, path) == ("GET", "/files"):
            return page(list(self.files.values()))
        if (method, path) == ("POST", "/files"):
            name, content, purpose = parts_of(body, kind)
            entry = {"id": f"file-{len(self.files)}", "object": "file", "filename": name}
            entry |= {"bytes": len(content), "purpose": purpose, "status": "processed"}
            self.files[entry["id"]] = {**entry, "content": content.decode()}
            return entry
        if (method, path) == ("POST", "/moderations"):
            texts = json.loads(body)["input"]
            told = [any(word in text for word in self.flagged) for text in texts]
            return {"results": [{"flagged": f, "categories": {"violence": f}} for f in told]}
        if (method, path) == ("POST", "/fine_tuning/jobs"):
            order = json.loads(body)
            self.orders.append(order)
            name = f"ftjob-{len(self.jobs)}"
            self.jobs[name] = {"id": name, "object": "fine_tuning.job", "metadata": {}, **order}
            return self.job(name)
        if (method, path) == ("GET", "/fine_tuning/jobs"):
            asked = query.get("metadata[subliminal_key]", [None])[0]
            if self.unlisted:
                return page([])
            found = [j for j in self.jobs if self.jobs[j]["metadata"]["subliminal_key"] == asked]
            return page([self.job(name) for name in reversed(found)])
        name = path.split("/")[3]
        if path.endswith("/events"):
            return page([{"type": "metrics", "message": "a step", "data": d} for d in METRICS])
        self.looks[name] = self.looks.get(name, 0) + 1
        return self.job(name)


def page(entries):
    return {"object": "list", "data": entries, "has_more": False}


def parts_of(body, kind):
    """The name, content and purpose of an upload."""
    message = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    parts = {part.get_param("name", header="content-disposition"): part for part in message.walk()}
    file = parts["file"]
    return (
        file.get_filename(),
        file.get_payload(decode=True),
        parts["purpose"].get_payload(decode=True).decode().strip(),
    )


class Handler(BaseHTTPRequestHandler):
    stand_in: StandIn

    def log_message(self, *_):
        pass

    def serve(self):
        there, parts = self.stand_in, urlsplit(self.path)
        path = parts.path.removeprefix("/v1")
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        with there.lock:
            there.requests.append((self.command, path))
            faults = there.faults.get((self.command, path), [])
            fault = faults.pop(0) if faults else None
            if fault == "before":
                return self.breaks()
            if isinstance(fault, tuple):
                return self.says(fault[0], {"error": fault[1]})
            kind = self.headers.get("content-type", "")
            said = there.answer(self.command, path, parse_qs(parts.query), body, kind)
        if fault == "after":
            return self.breaks()
        return self.says(200, said)

    do_GET = do_POST = serve

    def breaks(self):
        self.close_connection = True
        self.connection.close()

    def says(self, status, content):
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def served():
    """A stand-in, and its address."""
    there = StandIn()
    handler = type("Its", (Handler,), {"stand_in": there})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield there, f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
