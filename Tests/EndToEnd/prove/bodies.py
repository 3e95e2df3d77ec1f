"""Bodies far over every limit, to both listeners: cut at the limit, never held whole, and nothing traps.

Memory is the most it ever had meanwhile, as the kernel counts it, not what is left at the end.
"""

from __future__ import annotations

import gzip
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from support.backend import fake_backend
from support.client import Address
from support.faults import FaultBackend, fault_backend
from support.options import Run
from support.tollgate import gateway
from support.world import Tenant, World

from . import memory
from .bystander import bystander, no_disk
from .held import Watch
from .http_case import TOO_LARGE
from .programme import Outcome, Programme

CONFIG = "limits: { max_body: 4MiB, body_memory: 64MiB }\n"
BODY_LIMIT, MEMORY_LIMIT = 4 << 20, 64 << 20
ADMIN_LIMIT = 1 << 20  # of the Admin API's bodies that are no files
GIB = 1 << 30
PIECE = 1 << 20
AT_ONCE = 60
BOMBS = {"bomb": False, "bomb-in-a-stream": True}  # whether it is streamed, by model
ONE_BODY, ONE_BOMB = "1 GiB by its length", "a gzip bomb"
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


@dataclass(frozen=True)
class Attack:
    """What is sent, the statuses that may come, and of how many bytes its body is. A connection that was cut
    instead is none of those but for a body beyond the limit, as in raw-http: whoever sends less is owed a word."""

    pieces: Callable[[], Iterator[bytes]]
    allowed: str
    body: int

    def may_close(self, limit: int) -> str:
        return TOO_LARGE if self.body > limit else ""

    def wrong(self, place: Place) -> str:
        try:
            status = sent(place.address, self.pieces())
        except AssertionError as error:
            return str(error)
        if self.body == GIB:
            place.told.append(status)
        return self.judged(status, place.limit)

    def judged(self, status: str, limit: int) -> str:
        if not status:
            return "" if self.may_close(limit) else "cut without an answer"
        return "" if status.split(" ")[1] in self.allowed.split() else repr(status)


def attacks(address: Address, credential: str, path: str) -> dict[str, Attack]:
    chunked = head(address, credential, path, "transfer-encoding: chunked")
    piece = b"%x\r\n%s\r\n" % (PIECE, b" " * PIECE)
    deep = b'{"model":"fake","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    wide = b'{"a":[' + b"{}," * 500_000 + b"{}]}"
    long_key = b'{"' + b"k" * 3_000_000 + b'":1}'
    number = b'{"n":1' + b"0" * 3_000_000 + b"}"

    def whole(allowed: str, body: bytes, *fields: str) -> Attack:
        first = head(address, credential, path, f"content-length: {len(body)}", *fields)
        return Attack(lambda: iter([first, body]), allowed, len(body))

    return {
        ONE_BODY: Attack(lambda: repeated(head(address, credential, path, f"content-length: {GIB}"), b" " * PIECE, GIB),
                         "413", GIB),
        "1 GiB in chunks": Attack(lambda: repeated(chunked, piece, GIB, b"0\r\n\r\n"), "413", GIB),
        "chunks without an end": Attack(lambda: endless(chunked, piece), "413", GIB),
        "1,000,000 fields": Attack(lambda: repeated(head(address, credential, path)[:-2], b"x: y\r\n" * 1000, 6_000_000,
                                                    b"\r\n"), "400 431", 0),
        ONE_BOMB: whole("400 413 415", BOMB, "content-encoding: gzip"),
        "JSON of 100,000 levels": whole("400", deep),
        "JSON of 500,000 members": whole("400 404 413", wide),
        "a key of 3 MB": whole("400 413", long_key),
        "a number of 3,000,000 digits": whole("400 413", number),
    }


@dataclass(frozen=True)
class Place:
    """A listener: how it is asked, and how large a body may be there."""

    name: str
    address: Address
    credential: str
    path: str
    limit: int
    told: list[str] = field(default_factory=list)  # what came of each body of 1 GiB

    def attacks(self) -> dict[str, Attack]:
        return attacks(self.address, self.credential, self.path)


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


@dataclass
class Bombs:
    """Backends that answer with gzip bombs, which were not asked for: one in one piece, one in a stream."""

    world: World
    backend: FaultBackend
    told: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in BOMBS})

    def __post_init__(self) -> None:
        admin = self.world.admin
        for name in BOMBS:
            admin.pool(name)
            admin.backend(name, name, self.backend.url(name, "fault=gzip-bomb"))
            admin.model(name, [name], 1000)
            admin.price(name, "0", "0")

    def wrong(self, tenant: Tenant) -> list[str]:
        """Each is refused. Later it may be cooling."""
        problems = []
        for name, stream in BOMBS.items():
            answer = self.world.call(tenant, model=name, stream=stream, max_tokens=10)
            self.told[name].append(answer.status)
            if answer.status not in (502, 503):
                problems.append(f"{name}: {answer.status}, {len(answer.body)} bytes")
        return problems

    def judge(self, outcome: Outcome) -> None:
        for name, told in self.told.items():
            outcome.must(told[:1] == [502] and bool(self.backend.calls(name)), f"{name}: no bomb came, told {told}")


def run(run: Run, size: int) -> Outcome:
    """`size` rounds of every attack on both listeners, and of single ones that have all of the gateway's memory to
    themselves."""
    outcome = Outcome()
    with no_disk(run.full), fake_backend() as backend, fault_backend() as bomber, gateway(run.binary, CONFIG) as server:
        world = World.lay(server, backend)
        bombs = Bombs(world, bomber)
        tenant = world.tenant("1000000", ("fast", *BOMBS))
        places = [Place("data", server.data, tenant.key, "/v1/chat/completions", BODY_LIMIT),
                  Place("admin", server.admin_address, world.admin.credential, "/admin/v1/tenants", ADMIN_LIMIT)]
        with bystander(world, world.tenant("1000000"), bomber) as other:
            watch = Watch(outcome, server, (backend, bomber))
            for _ in range(size):
                alone(watch, world, tenant, places, bombs)
                with other.turn(False, "bodies"):
                    time.sleep(QUIET if run.full else SMOKE_QUIET)
                bodies = MEMORY_LIMIT + memory.BODY_SHARE * BODY_LIMIT
                with watch.wave("bodies", AT_ONCE, memory.REQUEST, bodies), other.turn(True, "bodies"):
                    one_round(outcome, world, places)
                    outcome.tried(bombs.wrong(tenant))
                    crowded = many_at_once(server.data, tenant.key, AT_ONCE)
                    outcome.tried([f"{AT_ONCE} bodies at once: {wrong}" for wrong in crowded])
            watch.report()
        other.judge(outcome, latency=run.full)
        for place in places:
            outcome.figures[f"told to bodies of 1 GiB, {place.name}"] = dict(Counter(place.told))
            outcome.wrong(untold(place.told))
        bombs.judge(outcome)
        world.books.wait_until_no_holds()
        outcome.must(not world.books.holds(), "a hold is left")
        world.assert_good_call(tenant)
    return outcome


def untold(told: list[str]) -> list[str]:
    """A client may see its connection cut while it still sends; that all of them do is a gateway that says nothing."""
    is_told = any(status.split(" ")[1:2] == ["413"] for status in told)
    return [] if is_told else [f"no body of 1 GiB was told 413: {told}"]


def one_round(outcome: Outcome, world: World, places: list[Place]) -> None:
    for place in places:
        for name, attack in place.attacks().items():
            tried(outcome, world, f"{place.name}: {name}", attack.wrong(place))


def tried(outcome: Outcome, world: World, name: str, wrong: str) -> None:
    outcome.tried(f"{name}: {wrong}" if wrong else None)
    outcome.must(world.server.running(), f"{name}: the gateway ended")


def alone(watch: Watch, world: World, tenant: Tenant, places: list[Place], bombs: Bombs) -> None:
    """One body at a time takes no more than is stated for one that is being read."""
    for place in places:
        for name in (ONE_BODY, ONE_BOMB):
            with watch.wave(f"{place.name}: {name} alone", 1, memory.REQUEST, single(place.limit)):
                wrong = place.attacks()[name].wrong(place)
            tried(watch.outcome, world, f"{place.name}: {name} alone", wrong)
    with watch.wave("a backend's gzip bomb alone", 1, memory.CALL, single(BODY_LIMIT)):
        watch.outcome.tried(bombs.wrong(tenant))


def single(limit: int) -> int:
    """So that all it may take is the share of the body: `wave` adds what a gateway at work may."""
    return memory.BODY_SHARE * limit - memory.AT_WORK


BODIES = Programme("bodies", "1 GiB bodies, bombs, a million fields: cut at the limit, memory bounded", run, 5, 1)
