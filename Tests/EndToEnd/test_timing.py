"""What the time of a refusal tells about a key: no more than docs/threat-model.md says.

Public ids are public: time may tell whether one exists, as argon2 runs for a known id whose key was not used since the
start, and for no other. How much of a secret was right it must not tell, and without argon2 all wrong keys take equally
long but for the microseconds of a look-up and a digest.

Calls of all classes alternate in an order that is drawn anew each round, and medians of some fifty calls are compared:
what else the machine does meets all classes alike. The control is a class that is later by an artificial delay; of
differences much below it these tests say nothing.
"""

from __future__ import annotations

import gc
import math
import random
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from support.backend import FakeBackend
from support.keys import DIGITS, make_key
from support.options import Run
from support.processes import note
from support.tollgate import gateway
from support.world import Tenant, World

ROUNDS = 3000
BLOCK = 50  # calls whose median is one figure
DETECTED = 4.5  # |t| from which two classes are told apart
DELAY = 60e-6  # seconds; of the control
UNSEEN = 30e-6  # seconds for a look-up and a digest, with room for a busy machine; argon2 takes a thousand times that
COLD_CALLS, COLD_PAUSE, COLD_LEAST = 6, 0.25, 5e-3  # at most five runs of argon2 a second for an id


@dataclass(frozen=True)
class Difference:
    """Of two classes: by how many seconds the second is later, and how sure that it is at all (Welch's t)."""

    seconds: float
    t: float

    @staticmethod
    def between(first: list[float], second: list[float]) -> Difference:
        ours, theirs = medians(first), medians(second)
        spread = statistics.variance(ours) / len(ours) + statistics.variance(theirs) / len(theirs)
        seconds = statistics.mean(theirs) - statistics.mean(ours)
        return Difference(seconds, seconds / math.sqrt(spread))

    def __str__(self) -> str:
        return f"{self.seconds * 1e6:+.1f} us (t {self.t:+.1f})"


def medians(seconds: list[float]) -> list[float]:
    return [statistics.median(seconds[start:start + BLOCK]) for start in range(0, len(seconds) - BLOCK + 1, BLOCK)]


class Caller:
    """One connection that stays open; a call is a few bytes to write and one read."""

    def __init__(self, world: World) -> None:
        self.address = world.server.data
        self.socket = socket.create_connection(self.address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def seconds(self, request: bytes, delay: float = 0.0) -> tuple[float, bytes]:
        started = time.perf_counter()
        while delay and time.perf_counter() - started < delay:
            pass
        self.socket.sendall(request)
        answer = self.socket.recv(1 << 16)
        took = time.perf_counter() - started
        head, _, body = answer.partition(b"\r\n\r\n")
        [length] = [line.partition(b":")[2] for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length:")]
        while len(body) < int(length):
            body += self.socket.recv(1 << 16)
        return took, head + b"\r\n\r\n" + body


def request(key: str) -> bytes:
    return f"GET /v1/models HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\r\n".encode()


def digits(dice: random.Random, count: int) -> str:
    return "".join(dice.choices(DIGITS, k=count))


def other_than(dice: random.Random, digit: str) -> str:
    return dice.choice(DIGITS.replace(digit, ""))


def classes(tenant: Tenant, dice: random.Random) -> dict[str, Callable[[], str]]:
    """Wrong keys, a new one at each call."""
    public, secret = tenant.key.split("_")[1], tenant.key.split("_")[2][:43]

    def broken() -> str:
        key = make_key(digits(dice, 10), digits(dice, 43))
        return key[:-1] + other_than(dice, key[-1])

    return {
        "wrong from the first digit on": lambda: make_key(public, other_than(dice, secret[0]) + digits(dice, 42)),
        "wrong in the last digit": lambda: make_key(public, secret[:-1] + other_than(dice, secret[-1])),
        "unknown id": lambda: make_key(digits(dice, 10), digits(dice, 43)),
        "unknown id, later": lambda: make_key(digits(dice, 10), digits(dice, 43)),
        "wrong checksum": broken,
    }


def alike(answer: bytes) -> bytes:
    """A refusal without what names it."""
    kept = [line for line in answer.replace(b"\r\n", b"\n").split(b"\n")
            if not line.lower().startswith((b"x-request-id:", b"request-id:", b"date:"))]
    return b"\n".join(line.partition(b'"request_id"')[0] for line in kept)


def measured(world: World, tenant: Tenant, dice: random.Random) -> tuple[dict[str, list[float]], set[bytes]]:
    # All made before: what it takes to draw a key is not to come between two calls.
    made = {name: [request(draw()) for _ in range(ROUNDS + BLOCK)] for name, draw in classes(tenant, dice).items()}
    caller = Caller(world)
    seconds: dict[str, list[float]] = {name: [] for name in made}
    refusals = set()
    names = list(made)
    gc.disable()
    try:
        for number in range(ROUNDS + BLOCK):
            dice.shuffle(names)
            for name in names:
                took, answer = caller.seconds(made[name][number], DELAY if name.endswith("later") else 0.0)
                refusals.add(alike(answer))
                if number >= BLOCK:  # the first are slower for everybody
                    seconds[name].append(took)
    finally:
        gc.enable()
        caller.socket.close()
    return seconds, refusals


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway(run.binary, "log: { level: warning }\n") as server:  # a line a call is nothing to search for secrets
        yield World.lay(server, backend)


@pytest.fixture(scope="module")
def figures(run: Run, world: World) -> dict[str, list[float]]:
    tenant = world.tenant()
    assert world.call(tenant).done  # warm: proven in this process
    hashed = world.server.metric("tollgate_argon2_total")
    seconds, refusals = measured(world, tenant, run.dice("timing"))
    assert world.server.metric("tollgate_argon2_total") == hashed, "a wrong key was hashed that need not be"
    assert len(refusals) == 1 and b" 401 " in next(iter(refusals)).split(b"\n")[0], refusals
    return seconds


def test_the_control_is_told_apart(figures: dict[str, list[float]]) -> None:
    """Otherwise the machine is too busy for the other tests to say anything."""
    control = Difference.between(figures["unknown id"], figures["unknown id, later"])
    note(f"control, {DELAY * 1e6:.0f} us later: {control}")
    assert control.t > DETECTED and control.seconds > UNSEEN


def test_time_does_not_tell_how_much_of_a_secret_was_right(figures: dict[str, list[float]]) -> None:
    found = Difference.between(figures["wrong from the first digit on"], figures["wrong in the last digit"])
    note(f"wrong in the last digit against wrong from the first on: {found}")
    assert abs(found.t) < DETECTED


@pytest.mark.parametrize("other", ["wrong from the first digit on", "wrong checksum"])
def test_without_argon2_wrong_keys_take_equally_long(figures: dict[str, list[float]], other: str) -> None:
    found = Difference.between(figures["unknown id"], figures[other])
    note(f"{other} against unknown id: {found}")
    assert abs(found.seconds) < UNSEEN


def test_only_a_key_that_was_not_used_yet_is_hashed(run: Run, backend: FakeBackend) -> None:
    """What time does tell, as it is said to: a known id that is cold."""
    dice = run.dice("cold")
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        tenant = world.tenant()
        server.stop()
        server.start()
        public, caller, took = tenant.key.split("_")[1], Caller(world), []
        for _ in range(COLD_CALLS):
            seconds, answer = caller.seconds(request(make_key(public, digits(dice, 43))))
            assert b" 401 " in answer.split(b"\r\n")[0], answer
            took.append(seconds)
            time.sleep(COLD_PAUSE)
        caller.socket.close()
        assert server.metric("tollgate_argon2_total") == COLD_CALLS
        note(f"a cold id: {statistics.median(took) * 1000:.1f} ms")
        assert min(took) > COLD_LEAST


@pytest.mark.parametrize(("later", "told"), [(0.0, False), (20e-6, True), (-20e-6, True)])
def test_the_measure_sees_a_difference_and_no_other(later: float, told: bool) -> None:
    """Of latencies as they are here: a hundred microseconds, and now and then some milliseconds."""
    dice = random.Random(5)

    def latency() -> float:
        return 100e-6 + dice.expovariate(1 / 50e-6) + (dice.random() < 0.02) * dice.uniform(0, 5e-3)

    found = Difference.between([latency() for _ in range(ROUNDS)], [latency() + later for _ in range(ROUNDS)])
    assert (abs(found.t) >= DETECTED) == told, found
