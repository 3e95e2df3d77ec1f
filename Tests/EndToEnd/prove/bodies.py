"""Bodies far over every limit, to both listeners: cut at the limit, never held whole, and nothing traps."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator

from support.backend import fake_backend
from support.client import Address
from support.options import Run
from support.tollgate import gateway
from support.world import World

from .bystander import Figures, bystander
from .programme import Outcome, Programme

CONFIG = "limits: { max_body: 4MiB, body_memory: 64MiB }\n"
BODY_LIMIT, MEMORY_LIMIT = 4 << 20, 64 << 20
GIB = 1 << 30
PIECE = 1 << 20
ENDLESS_SECONDS = 15.0  # a refused client may be listened to for so long, and not longer
BOMB = gzip.compress(b"\x00" * (256 << 20), 9)


def head(address: Address, credential: str, path: str, *fields: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"host: {address[0]}:{address[1]}", f"authorization: Bearer {credential}",
             "content-type: application/json", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def sent(address: Address, pieces: Iterator[bytes]) -> str:
    """The status line that came; none where the connection was cut."""
    with socket.create_connection(address, timeout=30) as handle:
        try:
            for piece in pieces:
                handle.sendall(piece)
        except OSError:
            pass  # it hung up on us, as it should
        try:
            return handle.recv(4096).split(b"\r\n")[0].decode("latin-1")
        except OSError:
            return ""


def repeated(first: bytes, piece: bytes, total: int, last: bytes = b"") -> Iterator[bytes]:
    yield first
    for _ in range(total // len(piece)):
        yield piece
    yield last


def endless(first: bytes, piece: bytes) -> Iterator[bytes]:
    yield first
    started = time.monotonic()
    while time.monotonic() - started < ENDLESS_SECONDS:
        yield piece
    raise AssertionError(f"still taken in after {ENDLESS_SECONDS:.0f} s")


def attacks(address: Address, credential: str, path: str) -> dict[str, tuple[Callable[[], Iterator[bytes]], str]]:
    """What is sent, and the statuses that may come; an empty one is a connection that was cut."""
    chunked = head(address, credential, path, "transfer-encoding: chunked")
    piece = b"%x\r\n%s\r\n" % (PIECE, b" " * PIECE)
    deep = b'{"model":"fake","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    wide = b'{"a":[' + b"{}," * 500_000 + b"{}]}"
    long_key = b'{"' + b"k" * 3_000_000 + b'":1}'
    number = b'{"n":1' + b"0" * 3_000_000 + b"}"

    def whole(body: bytes, *fields: str) -> Callable[[], Iterator[bytes]]:
        return lambda: iter([head(address, credential, path, f"content-length: {len(body)}", *fields), body])

    return {
        "1 GiB by its length": (lambda: repeated(head(address, credential, path, f"content-length: {GIB}"),
                                                 b" " * PIECE, GIB), " 413 "),
        "1 GiB in chunks": (lambda: repeated(chunked, piece, GIB, b"0\r\n\r\n"), " 413 "),
        "chunks without an end": (lambda: endless(chunked, piece), " 413 "),
        "1,000,000 fields": (lambda: repeated(head(address, credential, path)[:-2], b"x: y\r\n" * 1000, 6_000_000,
                                              b"\r\n"), " 400  431 "),
        "a gzip bomb": (whole(BOMB, "content-encoding: gzip"), " 400  413  415 "),
        "JSON of 100,000 levels": (whole(deep), " 400 "), "JSON of 500,000 members": (whole(wide), " 400  404  413 "),
        "a key of 3 MB": (whole(long_key), " 400  413 "), "a number of 3,000,000 digits": (whole(number), " 400  413 "),
    }


def problems(address: Address, pieces: Iterator[bytes], allowed: str) -> list[str]:
    try:
        status = sent(address, pieces)
    except AssertionError as error:
        return [str(error)]
    return [repr(status)] if status and status.split(" ")[1] not in allowed.split() else []


def many_at_once(address: Address, credential: str, number: int) -> list[str]:
    """Bodies just within the limit, all held open at once: together far over `body_memory`."""
    lines: list[str] = []

    def one() -> None:
        data = head(address, credential, "/v1/chat/completions", f"content-length: {BODY_LIMIT}")
        lines.append(sent(address, repeated(data, b" " * PIECE, BODY_LIMIT)))

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return lines


def run(run: Run, size: int) -> Outcome:
    """`size` rounds of every attack on both listeners."""
    outcome = Outcome()
    with fake_backend() as backend, gateway(run.binary, CONFIG) as server:
        world = World.lay(server, backend)
        tenant = world.tenant()
        places = [("data", server.data, tenant.key, "/v1/chat/completions"),
                  ("admin", server.admin_address, world.admin.credential, "/admin/v1/tenants")]
        with bystander(server, world.tenant("1000000")) as other, other.turn(True):
            before = Figures.of(server).rss
            for _ in range(size):
                for place, address, credential, path in places:
                    for name, (pieces, allowed) in attacks(address, credential, path).items():
                        outcome.tried([f"{place}: {name}: {wrong}" for wrong in problems(address, pieces(), allowed)])
                        outcome.must(server.running(), f"{place}: {name}: the gateway ended")
                lines = many_at_once(server.data, tenant.key, 60)
                odd = [line for line in lines if " 400 " not in line and " 503 " not in line]
                outcome.tried([f"60 bodies at once: {line!r}" for line in odd[:2]])
                grown = Figures.of(server).rss - before
                outcome.must(grown < MEMORY_LIMIT + 10 * BODY_LIMIT, f"{grown >> 20} MiB more than before")
                outcome.figures["growth, MiB"] = max(grown >> 20, outcome.figures.get("growth, MiB", 0))
        other.judge(outcome, latency=False)
        outcome.must(not world.books.holds(), "a hold is left")
        world.assert_good_call(tenant)
    return outcome


BODIES = Programme("bodies", "1 GiB bodies, bombs, a million fields: cut at the limit, memory bounded", run, 5, 1)
