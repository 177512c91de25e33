"""A stand-in for the Hugging Face hub on this machine: its endpoints, headers and refusals.

It answers as the hub does to what `huggingface_hub` asks: the tree of a commit, HEAD and GET of a
file, a redirect of large files to a storage of another origin, 401 and 403 for gated repositories,
404 with X-Error-Code for what is absent. Anything else is 400, so that an unforeseen request fails
a test; so is a token that is sent to the storage.
"""

import hashlib
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

MEMBER, STRANGER = "hf_member", "hf_stranger"


class StandIn:
    """Repositories by name; each has one commit, and files by name.

    Attributes:
        seen: every request as (method, path).
        tokens: every token that was sent.
        down: answer 503 to everything.
        told: by repository, the commit that it says its files are of, if that is another one.
    """

    def __init__(self):
        self.files, self.gated, self.commits, self.told = {}, set(), {}, {}
        self.seen, self.tokens, self.down = [], set(), False

    def add(self, name, commit, folder, gated=False):
        self.commits[name] = commit
        self.files[name] = {f.name: f.read_bytes() for f in sorted(folder.iterdir())}
        if gated:
            self.gated.add(name)

    @contextmanager
    def running(self):
        """The hub's address, while the hub and its storage answer."""
        servers = [ThreadingHTTPServer(("127.0.0.1", 0), kind) for kind in _handlers(self)]
        for server in servers:
            Thread(target=server.serve_forever, daemon=True).start()
        hub, self.storage = (f"http://127.0.0.1:{server.server_port}" for server in servers)
        try:
            yield hub
        finally:
            for server in servers:
                server.shutdown()
                server.server_close()


def is_large(name):
    return name.endswith((".safetensors", ".bin"))


def _handlers(hub):
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_HEAD(self):
            self.handle_one()

        def do_GET(self):
            self.handle_one()

        def token(self):
            return self.headers.get("Authorization", "").removeprefix("Bearer ")

        def handle_one(self):
            path = urlsplit(self.path).path
            hub.seen.append((self.command, path))
            hub.tokens.add(self.token())
            parts = path.strip("/").split("/")
            if hub.down:
                self.answer(503)
            elif self.token() not in ("", MEMBER, STRANGER):
                text = "Invalid credentials in Authorization header"
                self.answer(401, {"X-Error-Message": text})
            elif parts[:2] == ["api", "models"] and len(parts) == 6 and parts[4] == "tree":
                self.tree("/".join(parts[2:4]), parts[5])
            elif len(parts) > 4 and parts[-3] == "resolve":  # of a dataset, below datasets/
                self.file("/".join(parts[:-3]), parts[-2], parts[-1])
            else:
                self.answer(400)

        def known(self, name, commit):
            if name not in hub.commits:
                # The hub does not tell strangers what exists.
                if self.token():
                    self.refuse(404, "RepoNotFound", "Repository not found")
                else:
                    self.answer(401, {"X-Error-Message": "Invalid username or password."})
            elif commit != hub.commits[name]:
                self.refuse(404, "RevisionNotFound", f"Invalid rev id: {commit}")
            else:
                return True
            return False

        def tree(self, name, commit):
            if self.known(name, commit):
                entries = []
                for file, content in hub.files[name].items():
                    entry = {"type": "file", "path": file, "size": len(content)}
                    entry["oid"] = hashlib.sha1(content).hexdigest()
                    if is_large(file):
                        digest = hashlib.sha256(content).hexdigest()
                        entry["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 134}
                    entries.append(entry)
                self.answer(200, {}, json.dumps(entries).encode(), "application/json")

        def file(self, name, commit, file):
            if not self.known(name, commit):
                return
            if name in hub.gated and self.token() != MEMBER:
                status = 403 if self.token() else 401
                self.refuse(status, "GatedRepo", f"Access to model {name} is restricted")
                return
            if file not in hub.files[name]:
                self.refuse(404, "EntryNotFound", "Entry not found")
                return
            content = hub.files[name][file]
            headers = {"X-Repo-Commit": hub.told.get(name, commit)}
            if is_large(file):
                digest = hashlib.sha256(content).hexdigest()
                headers |= {
                    "X-Linked-Etag": f'"{digest}"',
                    "X-Linked-Size": str(len(content)),
                    "Location": f"{hub.storage}/{name}/{file}",
                }
                self.answer(302, headers)
            else:
                headers["ETag"] = f'"{hashlib.sha1(content).hexdigest()}"'
                self.answer(200, headers, content)

        def refuse(self, status, code, message):
            self.answer(status, {"X-Error-Code": code, "X-Error-Message": message})

        def answer(self, status, headers=None, body=b"", kind="application/octet-stream"):
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    class Storage(Handler):
        def handle_one(self):
            *name, file = urlsplit(self.path).path.strip("/").split("/")
            if self.command == "GET" and not self.token():
                self.answer(200, {}, hub.files["/".join(name)][file])
            else:
                self.answer(400)

    return Handler, Storage
