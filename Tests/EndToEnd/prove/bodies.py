"""Bodies far over every limit, to both listeners: cut at the limit, never held whole, and nothing traps.

Memory is the most it ever had meanwhile, as the kernel counts it, not what is left at the end.
"""

from __future__ import annotations

import gzip
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

from support.backend import fake_backend
from support.client import Address
from support.faults import fault_backend
from support.options import Run
from support.tollgate import gateway
from support.world import Tenant, World

from . import memory
from .bystander import bystander
from .held import Watch
from .programme import Outcome, Programme

CONFIG = "limits: { max_body: 4MiB, body_memory: 64MiB }\n"
BODY_LIMIT, MEMORY_LIMIT = 4 << 20, 64 << 20
GIB = 1 << 30
PIECE = 1 << 20
AT_ONCE = 60
QUIET, SMOKE_QUIET = 4.0, 0.5
ANSWER_SECONDS = 30.0
ENDLESS_SECONDS = 15.0  # a refused client may be listened to for so long, and not longer
BOMB = gzip.compress(b"\x00" * (256 << 20), 9)


def head(address: Address, credential: str, path: str, *fields: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"host: {address[0]}:{address[1]}", f"authorization: Bearer {credential}",
             "content-type: application/json", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def sent(address: Address, pieces: Iterator[bytes]) -> str:
    """The status line that came; none where the connection was cut. A server that does neither in time is an error."""
    with socket.create_connection(address, timeout=ANSWER_SECONDS) as handle:
        try:
            for piece in pieces:
                handle.sendall(piece)
        except TimeoutError as error:
            raise AssertionError(f"neither read nor refused for {ANSWER_SECONDS:.0f} s") from error
        except OSError:
            pass  # it hung up on us, as it should
        return first_line(handle)


def first_line(handle: socket.socket) -> str:
    try:
        return handle.recv(4096).split(b"\r\n")[0].decode("latin-1")
    except TimeoutError as error:
        raise AssertionError(f"not answered within {ANSWER_SECONDS:.0f} s") from error
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
    """Bodies just within the limit, together far over `body_memory`, each held open without its last byte until the
    last of them is there: some must be refused, and those that are held are read when their end comes."""
    length = BODY_LIMIT - 4096  # so that those that fit leave room for a bystander's
    data = head(address, credential, "/v1/chat/completions", f"content-length: {length}")
    refused, held = list[bytes](), list[socket.socket]()
    with ExitStack() as links:
        handles = [links.enter_context(socket.create_connection(address, timeout=ANSWER_SECONDS))
                   for _ in range(number)]
        for handle in handles:
            with suppress(ConnectionError):  # it is refused already
                handle.sendall(data + b" " * (length - 1))
        time.sleep(0.5)
        for handle in handles:
            if select.select([handle], [], [], 0)[0]:
                with suppress(ConnectionError):
                    refused.append(handle.recv(4096))
            else:
                held.append(handle)
        odd = [repr(said[:80]) for said in refused if said and (b" 503 " not in said or b'"overloaded"' not in said)]
        problems = [f"a body without room was told {text}" for text in odd[:2]]
        if not any(refused):
            problems.append(f"none of {number} bodies was refused, all were held at once")
        if not 0 < len(held) <= MEMORY_LIMIT // BODY_LIMIT:
            problems.append(f"{len(held)} bodies were held at once")
        for handle in held:
            handle.sendall(b" ")
        lines = [first_line(handle) for handle in held]
        problems += [f"a body that was held was told {line!r}" for line in lines if " 400 " not in line][:2]
    return problems


def upstream_bomb(world: World, tenant: Tenant) -> list[str]:
    """A backend that answers with a gzip bomb, which was not asked for: refused, in one piece and in a stream. Later it
    may be cooling."""
    problems = []
    for stream in (False, True):
        answer = world.call(tenant, model="bomb", stream=stream, max_tokens=10)
        if answer.status not in (502, 503):
            problems.append(f"{'a stream' if stream else 'an answer'} that is a gzip bomb: {answer.status}, "
                            f"{len(answer.body)} bytes")
    return problems


def run(run: Run, size: int) -> Outcome:
    """`size` rounds of every attack on both listeners."""
    outcome = Outcome()
    with fake_backend() as backend, fault_backend() as bomber, gateway(run.binary, CONFIG) as server:
        world = World.lay(server, backend)
        world.admin.pool("bombs")
        world.admin.backend("bombs", "bomber", bomber.url("bomber", "fault=gzip-bomb"))
        world.admin.model("bomb", ["bombs"], 1000)
        world.admin.price("bomb", "0", "0")
        tenant = world.tenant("1000000", ("fast", "bombs"))
        places = [("data", server.data, tenant.key, "/v1/chat/completions"),
                  ("admin", server.admin_address, world.admin.credential, "/admin/v1/tenants")]
        with bystander(world, world.tenant("1000000"), bomber) as other:
            watch = Watch(outcome, server, (backend, bomber))
            for _ in range(size):
                with other.turn(False, "bodies"):
                    time.sleep(QUIET if run.full else SMOKE_QUIET)
                bodies = MEMORY_LIMIT + memory.BODY_SHARE * BODY_LIMIT
                with watch.wave("bodies", AT_ONCE, memory.REQUEST, bodies), other.turn(True, "bodies"):
                    one_round(outcome, world, places)
                    outcome.tried(upstream_bomb(world, tenant))
                    crowded = many_at_once(server.data, tenant.key, AT_ONCE)
                    outcome.tried([f"{AT_ONCE} bodies at once: {wrong}" for wrong in crowded])
            watch.report()
        other.judge(outcome, latency=run.full)
        outcome.must(len(bomber.calls("bomber")) >= 2, "no bomb came from a backend")
        world.books.wait_until_no_holds()
        outcome.must(not world.books.holds(), "a hold is left")
        world.assert_good_call(tenant)
    return outcome


def one_round(outcome: Outcome, world: World, places: list[tuple[str, Address, str, str]]) -> None:
    for place, address, credential, path in places:
        for name, (pieces, allowed) in attacks(address, credential, path).items():
            outcome.tried([f"{place}: {name}: {wrong}" for wrong in problems(address, pieces(), allowed)])
            outcome.must(world.server.running(), f"{place}: {name}: the gateway ended")


BODIES = Programme("bodies", "1 GiB bodies, bombs, a million fields: cut at the limit, memory bounded", run, 5, 1)
