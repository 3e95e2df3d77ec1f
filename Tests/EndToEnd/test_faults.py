"""Every fault a backend can show, plain and streamed, alone and with help: answer, time, attempts, ledger and holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from support.backend import FakeBackend
from support.cells import Cell, Expected, Fault, check
from support.certificates import Certificates
from support.faults import FaultBackend, fault_backend
from support.options import Run
from support.processes import note
from support.route import Route, Spec, calm, dead_url
from support.tollgate import gateway
from support.world import World

# The total is long enough that only the timeout meant for a fault can keep its time bound.
SILENCE, TIMEOUTS = 0.4, {"connect": "1s", "first_byte": "400ms", "idle": "400ms", "total": "20s"}
MANY = "x" * (8 << 20)  # a body larger than what the sockets between two processes take in
AT_ONCE = 10
PLACEMENTS = ("alone", "pool", "fallback", "down")


def failed(status: int, *outcomes: str, retry_after: tuple[int, int] = (1, 2)) -> Expected:
    """The attempt failed before the client had a byte: another backend is tried, this is said if none helps."""
    return Expected("failed", status, outcomes, retry_after=retry_after)


BUSY = failed(503, "error_status")
ERROR = failed(502, "error_status")
NO_ANSWER = failed(502, "broken")  # a 200 that is none may have been billed, so it is
ERROR_IN_200 = failed(502, "broken", "error_status")
NO_HEAD = failed(502, "unanswered")
BAD_HEAD = failed(502, "unanswered", "broken")
NOT_SENT = failed(503, "not_sent")
HANG = failed(504, "unanswered")
HANG_LATER = failed(504, "broken")
PASSED = Expected("passed", 0, ("error_status",))
CUT = Expected("cut", 502, ("broken",))
CUT_LATE = Expected("cut", 504, ("broken",))
SERVED = Expected("served", 200, ("answered",), usage=(11, 7))
ESTIMATED = dataclasses.replace(SERVED, usage=None)


def served(prompt: int, completion: int) -> Expected:
    return dataclasses.replace(SERVED, usage=(prompt, completion))


def passed(status: int) -> Expected:
    return dataclasses.replace(PASSED, status=status)


def busy(least: int, most: int) -> Expected:
    return dataclasses.replace(BUSY, retry_after=(least, most))


FAULTS = [
    Fault("429", BUSY),
    Fault("429 with seconds", busy(5, 7), knobs="fault=429,retry=7"),
    Fault("429 with a date", busy(26, 30), knobs="fault=429,retry=date:30"),
    Fault("429 with an absurd value", busy(595, 600), knobs="fault=429,retry=99999999999"),
    Fault("429 with nonsense", BUSY, knobs="fault=429,retry=soon"),
    Fault("429 as an error object", BUSY, knobs="fault=error,code=429"),
    *(Fault(code, ERROR) for code in ("500", "502", "503", "504", "408", "401", "402", "403", "301", "307")),
    Fault("503 with seconds", ERROR, knobs="fault=503,retry=7"),
    Fault("204", ERROR_IN_200),
    Fault("error object in a 200", ERROR_IN_200, knobs="fault=error,code=500"),
    *(Fault(code, passed(int(code))) for code in ("400", "404", "409", "422")),
    Fault("refused", NOT_SENT, url="dead"),
    *(Fault(f"TLS {name}", NOT_SENT, knobs="fault=", url=name) for name in ("expired", "wrong-host", "self-signed")),
    Fault("reset", NO_HEAD),
    Fault("hang", HANG, seconds=SILENCE),
    Fault("trickle-head", HANG, seconds=1.5, total="1500ms"),
    Fault("hang-head", HANG_LATER, seconds=SILENCE),
    Fault("hang-mid", HANG_LATER, CUT_LATE, seconds=SILENCE),
    Fault("trickle", HANG_LATER, CUT_LATE, seconds=1.5, total="1500ms"),
    Fault("cut", NO_ANSWER, CUT),
    Fault("malformed", NO_ANSWER),
    Fault("malformed-later", None, CUT),
    Fault("error-later", None, CUT),
    Fault("endless-line", CUT_LATE, NO_ANSWER, seconds=SILENCE + 3),
    Fault("gzip", NO_ANSWER),
    Fault("long-header", BAD_HEAD),
    Fault("many-headers", BAD_HEAD),
    Fault("flood-1xx", BAD_HEAD),
    Fault("early", SERVED, text=MANY, seconds=1),
    Fault("early-503", ERROR, text=MANY, seconds=1),
    Fault("after-end", SERVED),
    Fault("usage-missing", ESTIMATED),
    Fault("usage-negative", served(0, 0)),
    Fault("usage-excess", served(50, 5000)),
    Fault("usage-changing", served(12, 5)),
]


@dataclass
class Matrix:
    world: World
    faulty: FaultBackend

    def run(self, cell: Cell) -> Cell:
        cell.name = self.world.fresh("cell")
        helped = {"healthy": {"base_url": self.world.backend.base_url(), "weight": 1}}
        first: dict[str, Spec] = {"faulty": {"base_url": self.url(cell), "weight": 1000}}
        pools: dict[str, list[dict[str, Spec]]] = {
            "alone": [first], "pool": [{**first, **helped}], "fallback": [first, helped],
            "down": [first, {"second": self.url(cell)}],
        }
        timeouts = TIMEOUTS | ({"total": cell.fault.total} if cell.fault.total else {})
        route = Route.lay(self.world, *pools[cell.placement], pool_fields={"policy": "weighted"}, timeouts=timeouts)
        fields: dict[str, Any] = {"max_tokens": 20, "stream": cell.stream}
        cell.answer = route.call(cell.name, text=cell.fault.text or "hello", **fields)
        cell.route = route
        return cell

    def url(self, cell: Cell) -> str:
        fault, stream = cell.fault, ",stream=yes" if cell.stream else ""
        if fault.url == "dead":
            return dead_url()
        return self.faulty.url(cell.name, fault.knobs + stream, certificate=fault.url)

    def run_all(self, placement: str, stream: bool) -> list[Cell]:
        """All faults at the same time, so that the slow ones cost their time once."""
        cells = [Cell(fault, placement, stream) for fault in FAULTS if fault.expected(stream)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.run, cells))


@pytest.fixture(scope="module")
def certificates() -> Iterator[Certificates]:
    certificates = Certificates()
    yield certificates
    certificates.close()


@pytest.fixture(scope="module")
def faulty(certificates: Certificates) -> Iterator[FaultBackend]:
    with fault_backend(certificates) as backend:
        yield backend


@pytest.fixture(scope="module", params=PLACEMENTS)
def placement(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def matrix(run: Run, backend: FakeBackend, faulty: FaultBackend, certificates: Certificates,
           placement: str) -> Iterator[Matrix]:
    """A gateway for each placement: the retries of all of them together would exhaust one gateway's budget."""
    with gateway(run.binary, calm(certificates.config())) as server:
        yield Matrix(World.lay(server, backend), faulty)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_every_fault_has_its_answer_time_attempts_and_rows(matrix: Matrix, placement: str, stream: bool) -> None:
    cells = matrix.run_all(placement, stream)
    matrix.world.books.wait_until_no_holds(5)
    problems = check(cells, matrix.world, matrix.faulty)
    note(f"{len(cells)} cells, {len({problem.partition(':')[0] for problem in problems})} wrong")
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture(scope="module")
def trusting(run: Run, backend: FakeBackend, certificates: Certificates) -> Iterator[World]:
    with gateway(run.binary, calm(certificates.config())) as server:
        yield World.lay(server, backend)


def test_a_good_certificate_of_the_same_authority_is_accepted(
        trusting: World, faulty: FaultBackend) -> None:
    route = Route.lay(trusting, {"secure": faulty.url(trusting.fresh("secure"), certificate="good")})
    assert route.call().done and route.call(stream=True).done


def test_what_comes_behind_an_answer_is_nobodys_answer(trusting: World, faulty: FaultBackend) -> None:
    name = trusting.fresh("after")
    route = Route.lay(trusting, {"odd": faulty.url(name, "fault=after-end")})
    seen = [route.call(stream=stream) for stream in (False, True, False, True, False)]
    assert all(answer.done and b"stray" not in answer.body for answer in seen)
    calls = faulty.calls(name)
    for answer, call in zip(seen, calls, strict=True):
        assert f'"fault-{call.arrived["serial"]}"'.encode() in answer.body
    assert len({call.arrived["connection"] for call in calls}) == len(calls), "a connection with leftovers was reused"


def test_an_early_answers_connection_is_not_reused(trusting: World, faulty: FaultBackend) -> None:
    name = trusting.fresh("early")
    route = Route.lay(trusting, {"hasty": faulty.url(name, "fault=early-503")}, timeouts=TIMEOUTS)
    for _ in range(2):
        assert route.call(text=MANY).status == 502
    assert len({call.arrived["connection"] for call in faulty.calls(name)}) == 2


def test_fewer_bytes_than_the_minimum_rate_are_a_hang(trusting: World, faulty: FaultBackend) -> None:
    slow = {"idle": "5s", "total": "120s", "min_rate": 20}
    knobs = "fault=trickle,pause=200"  # 5 bytes a second
    route = Route.lay(trusting, {"slow": faulty.url(trusting.fresh("slow"), knobs)}, timeouts=slow)
    with ThreadPoolExecutor(2) as pool:
        plain, stream = pool.map(lambda stream: route.call(stream=stream), (False, True))
    assert (plain.status, plain.failure["code"]) == (504, "upstream_timeout")
    assert stream.status == 200 and not stream.done and "upstream_timeout" in stream.events[-1]
    for answer in (plain, stream):
        assert 25 < answer.seconds < 45, f"{answer.seconds:.1f} s for a window of 30 s"
        [row] = route.attempts(answer)
        assert row.outcome == "broken" and row.cost > 0


@pytest.mark.parametrize("fault", ["redirect-cut", "accepted-cut"])
def test_an_answer_that_is_none_costs_nothing_where_it_breaks_off(
        trusting: World, faulty: FaultBackend, fault: str) -> None:
    route = Route.lay(trusting, {"odd": faulty.url(trusting.fresh("odd"), f"fault={fault}")})
    answer = route.call()
    assert (answer.status, answer.failure["code"]) == (502, "upstream_error")
    assert [(row.outcome, row.cost) for row in route.attempts(answer)] == [("error_status", 0)]


def test_no_redirect_was_ever_followed(trusting: World, faulty: FaultBackend) -> None:
    route = Route.lay(trusting, {"elsewhere": faulty.url(trusting.fresh("redirect"), "fault=302")})
    assert route.call().status == 502
    assert faulty.followed() == []
