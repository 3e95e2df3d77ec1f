"""Minutes of load with 5 % faults and disconnects: memory, descriptors and threads flat, the books right at the end.

Each fault has backends of its own, so that one which is cooling hides no other: one over cleartext, and one over TLS,
that is through libcurl. Good calls go to a backend of either kind.

`size` is seconds, the first half of them a warm-up: the heap fills for a minute or two. Memory is judged by the slope
of a straight line through the samples of the rest. A tenant of another pool, whose backend has no faults, must notice
nothing (`calm.py`).
"""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable

from support import bookkeeping
from support.backend import FakeBackend, fake_backend, trusted_backend
from support.oracle import usd
from support.options import Run
from test_kill import MODEL_MAX, RATE, Load, check_books, gateway_to_kill

from .calm import calm
from .dying import clients, quiet
from .held import MIB, Figures, still_held
from .programme import Outcome, Programme

SLOPE_LIMIT = 1 << 20  # bytes in ten minutes
WARM_UP = 0.5  # of the time
SAMPLES = 200
TENANTS = 8
# What backends do wrong, by the end of the name of its model; those that hang do it for longer than they may.
FAULTS = {"500": "500", "400": "400", "429": "429,retry=1", "reset": "reset", "reset-later": "reset-later",
          "hang": "hang", "hang-later": "hang-later", "slow-head": "slow-head", "malformed": "malformed",
          "cut": "cut"}
TIMEOUTS = {"first_byte": "1s", "idle": "1s"}
ALL_FAULTS_MET = 10  # seconds of load after which each fault must have been met
# Clients and backends come and go: the number of descriptors swung by 11 of 130 within half a minute, the medians of
# its thirds by 1. Threads, but for those of libdispatch, are all made at the start: they swung by 0.
MORE = {"descriptors": 4, "threads": 0}
SMOKE_MORE = {"descriptors": 32, "threads": 0}  # in seconds not every connection that is kept has been made


def lay_faults(load: Load, secure: FakeBackend) -> None:
    admin = load.world.admin
    admin.backend("fast", "fake-tls", secure.base_url(), on_disconnect="drain")
    load.faults = []
    for over, backend in (("", load.world.backend), ("-tls", secure)):
        for name, knobs in FAULTS.items():
            model = f"faulty-{name}{over}"
            admin.pool(model)
            admin.backend(model, f"fake-{name}{over}", backend.base_url(), on_disconnect="drain", timeouts=TIMEOUTS)
            admin.model(model, [model], MODEL_MAX)
            admin.price(model, "0", "1000")
            load.faults.append((knobs, model))
    load.refusals += (504,)  # of those that hang


def lay_tenants(load: Load) -> None:
    """The same tenants all the time: what a new one costs is not what is looked for."""
    for number in range(TENANTS):
        cap = (10**9 if number % 2 else 5000 * (number + 1)) * 1000 * RATE
        pools = ("fast", *(model for _, model in load.faults))
        tenant = load.world.tenant(usd(cap), pools, hold_wait_ms=(0, 200)[number % 2])
        load.take(tenant, cap)


async def soak(load: Load, seconds: float) -> list[tuple[float, Figures]]:
    samples = []
    started = time.monotonic()
    async with clients(load) as gate:
        gate.set()
        while (at := time.monotonic() - started) < seconds:
            await asyncio.sleep(seconds / SAMPLES)
            assert load.world.server.running(), load.world.server.output[-4000:]
            samples.append((at, Figures.of(load.world.server)))
        gate.clear()
        await quiet(load)
    return samples


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    with (fake_backend() as backend, trusted_backend(True) as (secure, config),
          gateway_to_kill(run.binary, backend, config) as world, calm(world) as neighbour):
        load = Load(world, run.dice("soak"), fault_share=0.05, may_break=True)
        lay_faults(load, secure)
        lay_tenants(load)
        load.caps[neighbour.tenant.id] = 10**18  # none
        samples = [(at, figures) for at, figures in asyncio.run(soak(load, size)) if at > size * WARM_UP]
        outcome.count = load.outcomes.total()
        outcome.wrong(load.problems[:5])
        calls = backend.calls() + secure.calls()
        met = Counter(call.arrived["model"] for call in calls if call.arrived["model"] != "counted")
        outcome.figures["faults met"] = dict(met)
        missing = {model for _, model in load.faults} - met.keys()
        outcome.must(not missing or size < ALL_FAULTS_MET, f"faults that were never met: {missing}")
        world.books.wait_until_no_holds(30)
        neighbour.judge(outcome, run.full)
        flat(outcome, samples, run.full)
        try:
            entries, holds = world.books.both()
            outcome.must(not holds, f"{len(holds)} holds are left, and nothing crashed")
            check_books(load, entries, holds, calls)
            world.server.verify()
        except AssertionError as error:
            outcome.wrong(str(error)[:1500])
            outcome.wrong([line[:1500] for line in world.server.output.splitlines()
                           if any(request in line for request in re.findall(r"req_\w+", str(error))[:5])][:10])
        outcome.wrong(bookkeeping.wrong(world.server.database))
        outcome.wrong(still_held(world))
        outcome.figures["outcomes"] = dict(load.outcomes)
        outcome.must(load.outcomes["whole"] > size, "hardly any call was answered")
    return outcome


def flat(outcome: Outcome, samples: list[tuple[float, Figures]], judged: bool) -> None:
    third = len(samples) // 3
    early, late = [figures for _, figures in samples[:third]], [figures for _, figures in samples[-third:]]
    slope = slope_of(samples)
    least, most = (of_all(figures.rss for _, figures in samples) for of_all in (min, max))
    outcome.figures["RSS"] = f"{least / MIB:.1f} to {most / MIB:.1f} MiB, by {slope / MIB:+.2f} MiB in ten minutes"
    outcome.figures["RSS at each tenth"] = " ".join(
        f"{figures.rss / MIB:.1f}" for _, figures in samples[::max(1, len(samples) // 10)])
    for name, of in COUNTED.items():
        before, after = (statistics.median(of(figures) for figures in part) for part in (early, late))
        swing = max(of(figures) for _, figures in samples) - min(of(figures) for _, figures in samples)
        outcome.figures[name] = f"{before:.0f}, then {after:.0f}; they differ by {swing} at most"
        more = (MORE if judged else SMOKE_MORE)[name]
        outcome.must(after <= before + more, f"{name} grew from {before:.0f} to {after:.0f}")
    if judged:
        outcome.must(slope <= SLOPE_LIMIT, f"memory grows by {slope / MIB:.2f} MiB in ten minutes")


def slope_of(samples: list[tuple[float, Figures]]) -> float:
    """Bytes in ten minutes."""
    return statistics.linear_regression([at for at, _ in samples], [figures.rss for _, figures in samples]).slope * 600


COUNTED: dict[str, Callable[[Figures], int]] = {
    "descriptors": lambda figures: figures.descriptors,
    "threads": lambda figures: figures.threads - figures.dispatched,
}
SOAK = Programme(
    "soak", "calls with 5 % faults, ten minutes after ten: memory, descriptors, threads flat", run, 1200, 12)
