"""One cell of the fault matrix: what was expected of it, what was seen, and how the two differ."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from .client import Answer
from .faults import FaultBackend
from .oracle import Entry
from .route import Route
from .world import PRICE, World

SLACK = 2.5  # seconds that a busy machine may add to what an attempt has to wait
CODES = {502: "upstream_error", 503: "all_pools_exhausted", 504: "upstream_timeout"}
TYPES = {502: "server_error", 503: "service_unavailable_error", 504: "server_error"}
PRIVATE = ("set-cookie", "openai-organization", "server", "x-ratelimit-")  # the tenants here have no quota


@dataclass(frozen=True)
class Expected:
    """What a call meets when nobody but the faulty backend is there.

    `end` is served: a good answer; passed: the backend's own status and body; failed: a refusal with this status,
    unless another backend serves; cut: 200 and an error event with the code of this status, or a body that breaks off,
    and nobody else is asked.
    """

    end: str
    status: int
    outcomes: tuple[str, ...]  # any of these in the ledger
    retry_after: tuple[int, int] = (1, 2)  # of a 503, from the first to the last
    usage: tuple[int, int] | None = None  # billed to the token; None: estimated


@dataclass(frozen=True)
class Fault:
    name: str
    plain: Expected | None
    streamed: Expected | None = None  # where it differs
    knobs: str = ""  # what the fault backend plays, if not the name
    seconds: float = 0  # one attempt may take
    url: str | None = None  # dead, or a certificate's name
    text: str = ""
    total: str = ""

    def __post_init__(self) -> None:
        if not self.knobs:
            object.__setattr__(self, "knobs", f"fault={self.name}")

    def expected(self, stream: bool) -> Expected | None:
        return (self.streamed or self.plain) if stream else self.plain


@dataclass
class Cell:
    fault: Fault
    placement: str  # alone | pool: a healthy one beside it | fallback: one in the next pool | down: both are faulty
    stream: bool
    name: str = ""
    answer: Answer = field(default_factory=Answer)
    route: Route | None = None

    @property
    def title(self) -> str:
        return f"{self.fault.name}/{'stream' if self.stream else 'plain'}/{self.placement}"

    @property
    def expected(self) -> Expected:
        expected = self.fault.expected(self.stream)
        assert expected
        return expected

    @property
    def moves_on(self) -> bool:
        """Another backend is tried."""
        return self.expected.end == "failed" and self.placement != "alone"

    @property
    def rescued(self) -> bool:
        return self.moves_on and self.placement != "down"

    @property
    def faulty_attempts(self) -> int:
        return 2 if self.moves_on and self.placement == "down" else 1

    @property
    def pools(self) -> list[str]:
        assert self.route
        first, last = self.route.pools[0], self.route.pools[-1]
        return [first, last] if self.moves_on else [first]


@dataclass
class Seen:
    """What the independent witnesses say after all cells ran."""

    rows: dict[str, list[Entry]]
    holds: set[str]
    at_faulty: Counter[str]
    at_healthy: Counter[str]
    billed: dict[str, tuple[int, int]]


def check(cells: list[Cell], world: World, faulty: FaultBackend) -> list[str]:
    """One line for every expectation that was not met."""
    entries, holds = world.books.both()
    rows: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        rows[entry.tenant_id].append(entry)
    calls = world.backend.calls()
    seen = Seen(
        rows, {hold.tenant_id for hold in holds}, Counter(str(call.arrived["name"]) for call in faulty.calls()),
        Counter(call.marker for call in calls), {call.marker: call.billed for call in calls})
    problems = []
    for cell in cells:
        said, booked = said_wrong(cell), booked_wrong(cell, seen)
        problems += [f"{cell.title}: {problem}" for problem in (*said, *booked)]
        if said:
            problems.append(f"{cell.title}: {cell.answer.error} {cell.answer.body[:200]!r}")
    problems += [f"a redirect was followed: {path}" for path in faulty.followed()]
    return problems


def differ(what: str, seen: Any, expected: Any) -> list[str]:
    return [] if seen == expected else [f"{what} {seen}, expected {expected}"]


def said_wrong(cell: Cell) -> list[str]:
    """How the answer differs: status, shape, headers, time."""
    answer, expected = cell.answer, cell.expected
    good = expected.end == "served" or cell.rescued
    status = 200 if good or expected.end == "cut" else expected.status
    problems = differ("status", answer.status, status)
    if problems:
        return problems
    bound = cell.fault.seconds * cell.faulty_attempts + SLACK
    if answer.seconds > bound:
        problems.append(f"took {answer.seconds:.1f} s, at most {bound:.1f}")
    problems += [f"header {name}: {text}" for name, text in answer.headers.items() if name.startswith(PRIVATE)]
    problems += differ("the upstream's request id", answer.request_id == "req_upstream", False)
    attempts = answer.headers.get("x-tollgate-attempts")
    if status == 200 or attempts is not None:
        problems += differ("attempts in the header", attempts, str(len(cell.pools)))
    if good:
        problems += differ("a whole answer", answer.done, True)
        problems += differ("served by", answer.headers.get("x-tollgate-backend", "").rpartition("-")[2],
                           "healthy" if cell.rescued else "faulty")
    elif expected.end == "passed":
        problems += differ("message", answer.failure["message"], "a fault")
    elif expected.end == "cut":
        problems += cut_wrong(cell, CODES[expected.status])
    else:
        problems += refusal_wrong(answer, expected)
    return problems


def cut_wrong(cell: Cell, code: str) -> list[str]:
    answer = cell.answer
    if not cell.stream:  # a body has no place for words
        return differ("a whole answer", answer.complete, False)
    if len(answer.events) < 2 or "[DONE]" in answer.events:
        return [f"events {answer.events}, expected some and then an error"]
    last = json.loads(answer.events[-1])
    return differ("last event", last.get("error", {}).get("code"), code)


def refusal_wrong(answer: Answer, expected: Expected) -> list[str]:
    failure = answer.failure
    problems = differ("error", (failure.get("type"), failure.get("code"), failure.get("param", "absent")),
                      (TYPES[expected.status], CODES[expected.status], None))
    problems += differ("a message", bool(failure.get("message")), True)
    if expected.status == 503:
        least, most = expected.retry_after
        seconds = answer.headers.get("retry-after", "")
        if not seconds.isdigit() or not least <= int(seconds) <= most:
            problems.append(f"retry-after {seconds!r}, expected {least} to {most}")
    return problems


def booked_wrong(cell: Cell, seen: Seen) -> list[str]:
    """How attempts, rows and holds differ, by the backends' own logs and the database."""
    assert cell.route
    tenant = cell.route.tenant.id
    reaches = cell.fault.url is None
    problems = differ("calls at the faulty backend", seen.at_faulty[cell.name], cell.faulty_attempts * reaches)
    problems += differ("calls at the healthy backend", seen.at_healthy[cell.name], int(cell.rescued))
    problems += differ("a hold left", tenant in seen.holds, False)
    rows = seen.rows[tenant]
    attempts = sorted((row for row in rows if row.kind in ("settle", "release")), key=lambda row: row.attempt)
    problems += differ("rows", [(row.attempt, row.pool) for row in attempts], list(enumerate(cell.pools, 1)))
    for row in attempts:
        cost = sum(other.cost for other in rows if other.attempt == row.attempt)
        if cell.rescued and row is attempts[-1] and len(attempts) == len(cell.pools):
            problems += differ("outcome of the last", row.outcome, "answered")
            problems += differ("cost of the last", cost, PRICE.cost(*seen.billed.get(cell.name, (-1, -1))))
        else:
            problems += row_wrong(cell, row, cost)
    return problems


def row_wrong(cell: Cell, row: Entry, cost: int) -> list[str]:
    expected = cell.expected
    if row.outcome not in expected.outcomes:
        return [f"outcome of attempt {row.attempt} {row.outcome}, expected {' or '.join(expected.outcomes)}"]
    if row.outcome == "answered" and expected.usage:
        return differ("cost", cost, PRICE.cost(*expected.usage)) + differ("provenance", row.provenance, "reported")
    if row.outcome == "answered":
        return differ("costs something", cost > 0, True) + differ("provenance", row.provenance, "estimated")
    # A 200 that broke off may be billed by the provider; whatever came before a 200 is not.
    provenance = "estimated" if row.outcome == "broken" else "none"
    return (differ(f"{row.outcome} costs something", cost > 0, row.outcome == "broken")
            + differ(f"provenance of {row.outcome}", row.provenance, provenance))
