"""A neighbour of a soak: a tenant of another pool, whose backend has no faults. Every one of its calls must work, its
bill must be its own backend's, and it must not become slower while the faults go on.

It calls from a process of its own, so that the load is not made where the latency is measured.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from support.backend import BackendCall, FakeBackend, fake_backend
from support.client import Address, chat
from support.oracle import ONE_PER_ATTEMPT, Entry
from support.processes import Child
from support.world import INPUT_USD, MAX_OUTPUT, OUTPUT_USD, PRICE, Tenant, World

from .bystander import CALL_LIMIT, one_call
from .programme import Outcome

MODEL = "calm"
PAUSE = 0.05  # seconds between two calls
# What the p90 of the last third may be of that of the first, or the seconds it may be more. The p99 is shown alone: each
# answer waits for a sync, and one in a hundred takes 10 to 500 ms on such a disk with nothing else going on.
GROWTH, SPARE = 1.5, 0.005
Timed = tuple[float, float, str]  # when a call began, how long it took, what was wrong with it


@dataclass
class Calm:
    world: World
    backend: FakeBackend
    tenant: Tenant
    child: Child
    log: Path

    def judge(self, outcome: Outcome, latency: bool) -> None:
        """Once it has made its last call; `latency` only where the run is long enough to say something."""
        code = self.child.terminate(CALL_LIMIT)
        outcome.must(code == 0, f"the neighbour ended with {code}: {self.child.output[-500:]}")
        self.world.books.wait_until_no_holds()
        calls: list[Timed] = [tuple(json.loads(line)) for line in self.log.read_text().splitlines()]
        judge(outcome, calls, latency)
        entries = [entry for entry in self.world.books.entries() if entry.tenant_id == self.tenant.id]
        outcome.wrong(booked_wrong(calls, entries, self.backend.calls()))


def judge(outcome: Outcome, calls: list[Timed], latency: bool) -> None:
    wrong = [text for _, _, text in calls if text]
    outcome.must(not wrong, f"{len(wrong)} of {len(calls)} calls of a neighbour in another pool failed: {wrong[:1]}")
    outcome.must(len(calls) >= 30, f"the neighbour made only {len(calls)} calls")
    third = len(calls) // 3
    thirds = [[seconds for _, seconds, _ in part] for part in (calls[:third], calls[len(calls) - third:])]
    first, last = (percentile(90, seconds) for seconds in thirds)
    allowed = max(first * GROWTH, first + SPARE)
    outcome.must(last <= allowed or not latency, f"the neighbour's p90 went from {first * 1000:.2f} ms to "
                 f"{last * 1000:.2f} ms, at most {allowed * 1000:.2f} ms is allowed")
    outcome.figures["a neighbour in another pool"] = f"{len(calls)} calls, {len(wrong)} failed, " + ", ".join(
        f"p{number} {' then '.join(f'{percentile(number, seconds) * 1000:.2f}' for seconds in thirds)} ms"
        for number in (50, 90, 99))


def percentile(number: int, seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * number // 100] if seconds else 0.0


def booked_wrong(calls: list[Timed], entries: list[Entry], at_backend: list[BackendCall]) -> list[str]:
    """As many entries as calls, for all that its backend says it did."""
    own = [entry for entry in entries if entry.kind in ONE_PER_ATTEMPT]
    billed = sum(PRICE.cost(*call.billed) for call in at_backend)
    cost = sum(entry.cost for entry in entries)
    if (len(own), len(at_backend), cost) == (len(calls), len(calls), billed):
        return []
    return [f"the neighbour made {len(calls)} calls, its backend saw {len(at_backend)} for {billed}, the ledger has "
            f"{len(own)} for {cost}"]


@contextmanager
def calm(world: World) -> Iterator[Calm]:
    """Calls all the time, until it is judged."""
    server = world.server
    with fake_backend() as backend:
        world.admin.pool(MODEL)
        world.admin.backend(MODEL, MODEL, backend.base_url())
        world.admin.model(MODEL, [MODEL], MAX_OUTPUT)
        world.admin.price(MODEL, INPUT_USD, OUTPUT_USD)
        tenant = world.tenant(None, (MODEL,))
        log = server.folder / "calm.jsonl"
        child = Child([sys.executable, "-m", "prove.calm", server.data[0], str(server.data[1]), str(log)],
                      server.folder / "calm.log",
                      {**os.environ, "TENANT_KEY": tenant.key, "PYTHONPATH": str(Path(__file__).resolve().parents[1])})
        try:
            yield Calm(world, backend, tenant, child, log)
        finally:
            child.kill()


def main(address: Address, key: str, log: Path) -> None:
    over: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        over.append(number)

    signal.signal(signal.SIGTERM, end)  # after the call at hand
    body = json.dumps(chat("calm", model=MODEL, max_tokens=1)).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection = http.client.HTTPConnection(*address, timeout=CALL_LIMIT)
    with open(log, "a", buffering=1) as sink:
        while not over and os.getppid() != 1:
            began, started = time.time(), time.monotonic()
            try:
                wrong = one_call(connection, body, headers)
            except (OSError, http.client.HTTPException) as error:
                wrong = repr(error)
                connection.close()
            sink.write(json.dumps([began, time.monotonic() - started, wrong]) + "\n")
            time.sleep(PAUSE)


if __name__ == "__main__":
    main((sys.argv[1], int(sys.argv[2])), os.environ["TENANT_KEY"], Path(sys.argv[3]))
