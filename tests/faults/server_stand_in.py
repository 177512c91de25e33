"""A stand-in for a server of the OpenAI API that misbehaves, on a real socket of this machine.

It reads requests as HTTP/1.1 has them and hands each to a behaviour, which writes whatever it likes
to the connection. A server of others would not misbehave in these ways when it is told to.
"""

import json
import socket
import struct
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread

# What an endless behaviour sends at most, so that a client without bounds cannot fill the memory.
ENDLESS_BYTES = 200_000_000


@dataclass(frozen=True)
class Request:
    """A request of a chat completion.

    Attributes:
        authorization: the header, as it came.
        body: the JSON.
    """

    head: str
    authorization: str
    body: dict

    @property
    def prompt(self):
        return self.body["messages"][-1]["content"]


class Connection:
    """One connection of a client, and what a behaviour needs to spoil it."""

    def __init__(self, raw, port, closing):
        self.raw, self.port, self.closing = raw, port, closing
        self.unread = b""

    def request(self):
        """The next request; None when the client has gone."""
        while b"\r\n\r\n" not in self.unread:
            if not (piece := self.raw.recv(65536)):
                return None
            self.unread += piece
            if not self.unread[:1].isalpha():  # TLS: what a server does that has none
                self.answer("no HTTP", "400 Bad Request")
                return None
        head, _, rest = self.unread.partition(b"\r\n\r\n")
        headers = {}
        for line in head.decode("latin-1").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        size = int(headers.get("content-length", 0))
        while len(rest) < size:
            if not (piece := self.raw.recv(65536)):
                return None
            rest += piece
        self.unread = rest[size:]
        body = json.loads(rest[:size] or b"{}")
        return Request(head.decode("latin-1"), headers.get("authorization", ""), body)

    def send(self, data):
        self.raw.sendall(data)

    def answer(self, body, status="200 OK", headers=()):
        """A whole response of the right length."""
        body = body if isinstance(body, bytes) else body.encode()
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def endless(self, piece, pause=0.0):
        """Send a piece again and again, until the client goes or the test ends."""
        sent = 0
        while sent < ENDLESS_BYTES and not self.closing.wait(pause):
            self.send(piece)
            sent += len(piece)

    def wait(self):
        """Do nothing until the test ends."""
        self.closing.wait()

    def reset(self):
        """End the connection by RST."""
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        with suppress(OSError):
            self.raw.close()


class BrokenServer:
    """A listening socket.

    Attributes:
        seen: every request.
    """

    def __init__(self, behave):
        self.behave, self.seen = behave, []
        self.closing, self.lock = Event(), Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = []
        Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            connection = Connection(raw, self.port, self.closing)
            self.connections.append(connection)
            Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with suppress(OSError, ValueError):
            while (request := connection.request()) is not None:
                with self.lock:
                    self.seen.append(request)
                self.behave(connection, request)
        connection.close()

    def close(self):
        """End everything, also what hangs."""
        self.closing.set()
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            with suppress(OSError):
                connection.raw.shutdown(socket.SHUT_RDWR)
            connection.close()


@contextmanager
def broken_server(behave):
    """A server that does to each request what a function of connection and request does."""
    server = BrokenServer(behave)
    try:
        yield server
    finally:
        server.close()


def completion(text="1, 2, 3", **changes):
    """A chat completion; what is changed stands in its choice, its message or beside them."""
    message = {"role": "assistant", "content": text} | changes.pop("message", {})
    choice = {"index": 0, "message": message, "finish_reason": "stop"} | changes.pop("choice", {})
    return {"id": "x", "object": "chat.completion", "model": "m", "choices": [choice]} | changes
