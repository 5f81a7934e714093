"""Just enough of Flask's names to run the receivers that the documents print,
with nothing installed.

A receiver listens on 127.0.0.1:$PORT. With FAIL_FIRST=1 the first attempt of
each event is answered 500 after the receiver's own code has accepted it, so
that a retry must pass as well. GET /__seen tells what came and what the
receiver's code said.
"""
import json as _json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_local = threading.local()


class _Abort(Exception):
    def __init__(self, code, description):
        self.code, self.description = code, description


def abort(code, description=""):
    raise _Abort(code, description)


def jsonify(value):
    return value


class _Request:
    @property
    def headers(self):
        return _local.headers

    @property
    def data(self):
        return _local.body

    def get_data(self):
        return _local.body

    def get_json(self):
        return _json.loads(_local.body)

    @property
    def json(self):
        return self.get_json()


request = _Request()


class Flask:
    def __init__(self, name):
        self.routes = {}

    def route(self, path, methods):
        def register(view):
            self.routes[path] = view
            return view

        return register

    def run(self, port=None, debug=None):
        routes, seen, failed, lock = self.routes, [], set(), threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def answer(self, status, value):
                body = _json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                with lock:
                    self.answer(200, seen)

            def do_POST(self):
                _local.body = self.rfile.read(int(self.headers["Content-Length"]))
                _local.headers = self.headers
                try:
                    result = routes[self.path]()
                    value, status = result if isinstance(result, tuple) else (result, 200)
                except _Abort as refused:
                    value, status = {"error": refused.description}, refused.code
                event = self.headers.get("webhook-id")
                said = status
                with lock:
                    if os.environ.get("FAIL_FIRST") == "1" and event not in failed and status < 300:
                        failed.add(event)
                        status = 500
                    seen.append({
                        "event": event,
                        "attempt": self.headers.get("X-Bellwire-Attempt"),
                        "delivery": self.headers.get("X-Bellwire-Delivery-Id"),
                        "timestamp": self.headers.get("webhook-timestamp"),
                        "said": said, "answered": status, "body": _local.body.decode(),
                    })
                self.answer(status, value)

        server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
        print("ready", flush=True)
        sys.stdout.flush()
        server.serve_forever()
