"""A stand-in for a server of the OpenAI API: it says of every model what it is told to say."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def stand_in():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            http.asked.append((self.command, self.path))
            status, body = http.reply
            self.send_response(status)
            for name, value in {"Content-Length": len(body), **http.headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.asked, http.url = [], f"http://127.0.0.1:{http.server_address[1]}/v1"
    http.headers = {}
    http.reply = answer({"id": "any", "object": "model"})
    thread = Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield http
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def answer(content, status=200):
    return status, json.dumps(content).encode()
