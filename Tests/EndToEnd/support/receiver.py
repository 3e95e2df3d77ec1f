"""A receiver of webhooks: it answers as it is told and keeps every call as it came."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Call:
    """One attempt to deliver a message, and the status it was answered with."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def message(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        return dict(self.message["data"])

    def verify(self, secret: str) -> None:
        """Raises unless the signature is good, by the specification's own library."""
        message = Webhook(secret).verify(self.body, self.headers)
        assert message == self.message and message["id"] == self.id, self


class Receiver:
    """Answers 200 unless statuses are planned; the plan of a path is used up from the front."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seen: list[Call] = []
        self.plans: dict[str, list[int]] = {}
        self.always: dict[str, int] = {}
        self.location = ""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver.take(self.path, headers, body)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("location", receiver.location)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """The test says what matters."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        with self.lock:
            plan = self.plans.get(path, [])
            status = plan.pop(0) if plan else self.always.get(path, 200)
            self.seen.append(Call(path, headers, body, status))
            return status

    def calls(self, path: str, type: str | None = None) -> list[Call]:
        with self.lock:
            return [call for call in self.seen
                    if call.path == path and (type is None or call.message["type"] == type)]

    def wait(self, path: str, enough: Callable[[list[Call]], bool], seconds: float = 20) -> list[Call]:
        """The calls of a path once they are what the test waits for."""
        deadline = time.monotonic() + seconds
        while not enough(calls := self.calls(path)):
            assert time.monotonic() < deadline, f"still waiting at {path}: {calls}"
            time.sleep(0.02)
        return calls

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    try:
        yield server
    finally:
        server.close()
