"""A backend that plays recorded answers byte for byte, chosen by the first part of the path; nothing is made up here."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JSON, EVENTS = "application/json", "text/event-stream"


@dataclass(frozen=True)
class Play:
    """One answer: its pieces leave one by one."""

    kind: str
    pieces: list[bytes]
    status: int = 200
    has_length: bool = False  # the length is told beforehand; else the body is chunked
    is_whole: bool = True  # the answer comes to its end; else the connection does
    headers: Mapping[str, str] = field(default_factory=dict)
    gate: threading.Semaphore | None = None  # every piece but the first waits until a test lets it through

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


class Player:
    """Plays each of `plays`; `seen` has the path and the headers of the latest call of each."""

    def __init__(self, plays: Mapping[str, Play]) -> None:
        self.plays = plays
        self.seen: dict[str, tuple[str, dict[str, str]]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, play: str) -> str:
        """The `base_url` of a backend that always plays this."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/{play}/v1"

    def handler(self) -> type[BaseHTTPRequestHandler]:
        player = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                name = self.path.split("/")[1]
                player.seen[name] = (self.path, {name.lower(): value for name, value in self.headers.items()})
                with contextlib.suppress(ConnectionError):  # who hangs up is a test's client
                    self.play(player.plays[name])

            def play(self, play: Play) -> None:
                self.send_response(play.status)
                for name, value in {"content-type": play.kind, **play.headers}.items():
                    self.send_header(name, value)
                framing = ("content-length", str(len(play.body))) if play.has_length else ("transfer-encoding", "chunked")
                self.send_header(*framing)
                self.end_headers()
                for number, piece in enumerate(play.pieces):
                    if number and play.gate and not play.gate.acquire(timeout=10):
                        self.close_connection = True
                        return
                    self.wfile.write(piece if play.has_length else b"%x\r\n%b\r\n" % (len(piece), piece))
                    self.wfile.flush()
                    time.sleep(0 if play.gate else 0.03)
                if not play.has_length and play.is_whole:
                    self.wfile.write(b"0\r\n\r\n")
                self.close_connection = self.close_connection or not play.is_whole

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def playing(plays: Mapping[str, Play]) -> Iterator[Player]:
    player = Player(plays)
    try:
        yield player
    finally:
        player.close()
