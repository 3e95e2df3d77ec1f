"""Other HTTP/1.1 servers and parsers, and how many whole requests each sees in a stream of bytes."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h11
import httptools

from support.client import Address
from support.processes import Child, free_port

# Of a server that would not read on: what came before was whole, this was not.
NOT_READ = {400, 408, 411, 413, 414, 417, 426, 431, 500, 501, 502, 503, 504, 505}
PATIENCE = 6.0


def seen_by_h11(stream: bytes) -> tuple[int, bool]:
    """Whole requests, and whether it refused to read on behind them. Empty lines before a request are left out: RFC 9112
    §2.2 wants them ignored, and it alone refuses them."""
    seen = 0
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 16)
    rest = stream
    try:
        while rest := rest.lstrip(b"\r\n"):
            connection.receive_data(rest)
            while not isinstance(event := connection.next_event(), h11.EndOfMessage):
                if event in (h11.NEED_DATA, h11.PAUSED) or isinstance(event, h11.ConnectionClosed):
                    return seen, False
            seen += 1
            if connection.their_state is not h11.DONE:
                return seen, False
            rest = connection.trailing_data[0]
            connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 16)
    except h11.RemoteProtocolError:
        return seen, True
    return seen, False


class Counter:
    def __init__(self) -> None:
        self.seen = 0

    def on_message_complete(self) -> None:
        self.seen += 1


def seen_by_httptools(stream: bytes) -> tuple[int, bool]:
    """The same."""
    counter = Counter()
    try:
        httptools.HttpRequestParser(counter).feed_data(stream)
    except httptools.HttpParserError:
        return counter.seen, True
    return counter.seen, False


@dataclass(frozen=True)
class Reply:
    status: int
    closes: bool  # it says that the connection ends with it

    @property
    def not_read(self) -> bool:
        return self.status in NOT_READ


def answers(data: bytes) -> list[Reply]:
    """What a server answered to requests that were no HEAD."""
    replies: list[Reply] = []
    while data.startswith(b"HTTP/1."):
        head, mark, rest = data.partition(b"\r\n\r\n")
        if not mark:
            return replies
        status = int(head.split(b" ")[1])
        length, chunked, closes = 0, False, False
        for line in head.lower().split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name == b"content-length":
                length = int(value)
            chunked |= name == b"transfer-encoding"
            closes |= name == b"connection" and b"close" in value
        data = rest.partition(b"0\r\n\r\n")[2] if chunked else rest[length:]
        if status >= 200:
            replies.append(Reply(status, closes))
    return replies


async def asked(address: Address, stream: bytes) -> list[Reply]:
    """Sends all of it and reads until the server, which has waited long enough for more, ends the connection.

    To say that no more comes would be quicker, but HAProxy then answers only the first request.
    """
    data = b""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(*address)
            try:
                writer.write(stream)
                while piece := await reader.read(1 << 16):
                    data += piece
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError):
        pass
    return answers(data)


def whole(replies: list[Reply]) -> int:
    """How many requests were read to their end: the first that was not is the last that was answered."""
    return sum(1 for _ in itertools.takewhile(lambda reply: not reply.not_read, replies))


def whole_by_tollgate(replies: list[Reply]) -> int:
    """As `whole`; but a 400 may also be about what was asked for, and then the connection goes on. So each answer, but
    one that refuses to read on and says so, is to a whole request, wherever it stands."""
    return sum(not (reply.not_read and reply.closes) for reply in replies)


def after_the_end(replies: list[Reply]) -> int:
    """Answers behind one that ended the connection."""
    return sum(1 for _ in itertools.dropwhile(lambda reply: not reply.closes, replies)) - any(
        reply.closes for reply in replies)


@contextmanager
def servers() -> Iterator[dict[str, Address]]:
    """nginx, and HAProxy in front of it, each answering 200 to whatever it takes for a request."""
    with tempfile.TemporaryDirectory(prefix="tollgate-peers-") as name:
        folder = Path(name)
        ports = {"nginx": free_port(), "haproxy": free_port()}
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"daemon off;\nworker_processes 1;\nuser root;\npid {folder}/pid;\nerror_log /dev/null crit;\n"
            f"events {{ worker_connections 1024; }}\nhttp {{\naccess_log off;\n{temporary}"
            "keepalive_requests 100000;\nkeepalive_timeout 1s;\nclient_header_timeout 1s;\nclient_body_timeout 1s;\n"
            "lingering_close off;\nserver {\n"
            f"listen 127.0.0.1:{ports['nginx']};\nlocation / {{ client_max_body_size 1m; return 200 ok; }}\n}}\n}}\n")
        (folder / "haproxy.cfg").write_text(
            "defaults\n mode http\n maxconn 4000\n timeout connect 2s\n timeout client 1s\n timeout server 3s\n"
            " timeout http-request 1s\n timeout http-keep-alive 1s\n option http-buffer-request\n"
            f"frontend f\n bind 127.0.0.1:{ports['haproxy']}\n default_backend b\n"
            f"backend b\n server n 127.0.0.1:{ports['nginx']}\n")
        children = [Child(["nginx", "-c", str(folder / "nginx.conf")], folder / "nginx.log"),
                    Child(["haproxy", "-db", "-f", str(folder / "haproxy.cfg")], folder / "haproxy.log")]
        try:
            addresses: dict[str, Address] = {server: ("127.0.0.1", port) for server, port in ports.items()}
            for server, address in addresses.items():
                wait(server, address, children)
            yield addresses
        finally:
            for child in children:
                child.terminate()


def wait(server: str, address: Address, children: list[Child]) -> None:
    deadline = time.monotonic() + 15
    while asyncio.run(asked(address, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")) != [Reply(200, False)]:
        assert time.monotonic() < deadline, f"{server}: {[child.output for child in children]}"
        time.sleep(0.05)
