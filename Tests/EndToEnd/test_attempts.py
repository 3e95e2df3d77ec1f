"""The check of calls that failed at their backend: books that lack one, double one or price one wrongly are found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from support.attempts import Sent, alone, faulty_wrong
from support.backend import BackendCall
from support.oracle import Entry, Hold

RATE, TENANT, MODEL, AT = 10, "tenant", "faulty", 1000.0
HELD = 80 * RATE
RELEASED = Entry(
    seq=1, request_id="request", attempt=1, kind="release", tenant_id=TENANT, key_id="key", model=MODEL, pool="rough",
    admitted_at=int(AT * 1e6), ended_at=int((AT + 1) * 1e6), cost=0, list_cost=0, price_version="v", input=0,
    input_cache_read=0, output=0, output_reasoning=0, provenance="none", outcome="error_status", status=500,
    input_cache_write_5m=0, input_cache_write_1h=0, other_meters=None)
UNANSWERED = replace(RELEASED, outcome="unanswered", status=0)
NOT_SENT = replace(RELEASED, outcome="not_sent", status=0)
BROKEN = replace(RELEASED, kind="settle", outcome="broken", provenance="estimated", status=200, input=7, output=20,
                 cost=20 * RATE)
ANSWERED = replace(BROKEN, outcome="answered", provenance="reported", output=40, cost=40 * RATE)
HOLD = Hold("request", 1, TENANT, "key", MODEL, "rough", HELD, "uncertain")


def seen(fault: str, outcome: str = "", status: int = 0, *, completion: int = 0, begun: bool = False,
         marker: str = "40", at: float = AT + 0.2) -> BackendCall:
    """A call in the backend's log, 0.3 s long unless it never ended there."""
    finished: dict[str, Any] = {"outcome": outcome, "status": status, "prompt": 0, "completion": completion,
                                "hung_up": outcome == "hung_up", "begun": begun, "at": at + 0.3}
    return BackendCall({"model": MODEL, "user": f"{marker};fault={fault}", "at": at}, finished if outcome else None)


FAILED = seen("500", "error", 500)
RESET = seen("reset", "reset")
CUT = seen("cut", "cut", 200, completion=40, begun=True)
LEFT = seen("hang", "hung_up")
LEFT_LATER = seen("hang-later", "hung_up", begun=True)
LEFT_BEFORE = seen("hang-later", "hung_up")
WHOLE = seen("", "answered", 200, completion=40, begun=True)
OPEN = seen("500")
AGAIN = replace(RELEASED, attempt=2)
OTHER = replace(RELEASED, request_id="other")
Row = Entry | Hold


def found(calls: list[BackendCall], rows: list[Row], known: bool = True, may_be_lost: bool = False) -> list[str]:
    """Of call 40 of one client; the request is `known` to be it, or nothing but the books tells of it."""
    return faulty_wrong(calls, {"40": Sent(TENANT, 80, {"request"} if known else set())},
                        [row for row in rows if isinstance(row, Entry)],
                        [row for row in rows if isinstance(row, Hold)], RATE, may_be_lost)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("calls", "rows"), [
    ([], []),
    ([FAILED], [RELEASED]),
    ([RESET], [UNANSWERED]),
    ([LEFT], [UNANSWERED]),
    ([LEFT_BEFORE], [UNANSWERED]),
    ([LEFT_LATER], [BROKEN]),
    ([CUT], [BROKEN]),
    ([CUT], [replace(BROKEN, output=80, cost=HELD)]),
    ([WHOLE], [ANSWERED]),
    ([OPEN], [HOLD]),
    ([FAILED], [HOLD]),
    ([], [HOLD]),  # held and never sent
    ([], [NOT_SENT]),
    ([FAILED], [NOT_SENT, AGAIN]),
    ([FAILED, RESET], [replace(UNANSWERED, attempt=2), RELEASED]),
])
def test_calls_that_are_booked_as_they_ended_are_right(known: bool, calls: list[BackendCall], rows: list[Row]) -> None:
    assert found(calls, rows, known) == []


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("calls", "rows"), [
    # Missing.
    ([FAILED], []),
    ([OPEN], []),
    ([CUT], []),
    ([FAILED], [NOT_SENT]),
    ([FAILED, FAILED], [RELEASED, replace(NOT_SENT, attempt=2)]),
    ([FAILED, RESET], [RELEASED]),
    # Doubled, or of nothing.
    ([], [RELEASED]),
    ([], [BROKEN]),
    ([FAILED], [RELEASED, AGAIN]),
    ([FAILED], [RELEASED, OTHER]),
    ([CUT], [BROKEN, replace(BROKEN, request_id="other")]),
    ([FAILED], [RELEASED, replace(BROKEN, attempt=2)]),
    # Wrongly priced.
    ([FAILED], [BROKEN]),
    ([FAILED], [replace(RELEASED, cost=RATE)]),
    ([FAILED], [replace(RELEASED, output=1)]),
    ([RESET], [BROKEN]),
    ([LEFT_BEFORE], [BROKEN]),
    ([CUT], [RELEASED]),
    ([CUT], [UNANSWERED]),
    ([CUT], [replace(BROKEN, output=0, cost=0)]),
    ([CUT], [replace(BROKEN, output=81, cost=81 * RATE)]),
    ([CUT], [replace(BROKEN, cost=BROKEN.cost + 1)]),
    ([CUT], [replace(BROKEN, output_reasoning=1)]),
    ([CUT], [replace(BROKEN, provenance="reported")]),
    ([CUT], [BROKEN, replace(BROKEN, kind="excess", cost=1)]),
    ([WHOLE], [replace(ANSWERED, output=39, cost=39 * RATE)]),
    ([], [replace(NOT_SENT, cost=1)]),
    ([OPEN], [replace(HOLD, amount=HELD - 1)]),
    ([], [replace(HOLD, amount=HELD - 1)]),
    # Another's, or of another time.
    ([FAILED], [replace(RELEASED, status=502)]),
    ([FAILED], [replace(RELEASED, tenant_id="another")]),
    ([FAILED], [replace(RELEASED, model="faulty-too")]),
    ([FAILED], [replace(RELEASED, admitted_at=int((AT + 0.3) * 1e6))]),
    ([FAILED], [replace(RELEASED, ended_at=int((AT + 0.3) * 1e6))]),
    ([seen("500", "error", 500, marker="41")], [RELEASED]),
])
def test_what_is_missing_or_doubled_or_wrongly_priced_is_found(
        known: bool, calls: list[BackendCall], rows: list[Row]) -> None:
    assert found(calls, rows, known)


def test_of_two_alike_calls_each_has_one_request() -> None:
    """Their entries are as one is to the other, so that only the requests tell whose is missing or doubled."""
    calls = [FAILED, seen("500", "error", 500, marker="41")]
    sent = {"40": Sent(TENANT, 80, {"request"}), "41": Sent(TENANT, 82, {"other"})}
    assert not faulty_wrong(calls, sent, [RELEASED, OTHER], [], RATE)
    assert faulty_wrong(calls, sent, [RELEASED, AGAIN], [], RATE)
    assert faulty_wrong(calls, sent | {"41": Sent(TENANT, 82, {"request"})}, [RELEASED, OTHER], [], RATE)
    assert faulty_wrong(calls, sent | {"41": Sent(TENANT, 82, {"other", "third"})}, [RELEASED, OTHER], [], RATE)


@pytest.mark.parametrize(("calls", "rows", "good"), [
    ([FAILED], [], True),
    ([FAILED, RESET], [RELEASED], True),
    ([FAILED], [RELEASED, AGAIN], False),
    ([], [RELEASED], False),
    ([CUT], [replace(BROKEN, output=81, cost=81 * RATE)], False),
])
def test_what_may_be_lost_may_not_be_doubled(calls: list[BackendCall], rows: list[Row], good: bool) -> None:
    assert (not found(calls, rows, may_be_lost=True)) == good


def test_as_many_as_can_be_have_a_partner() -> None:
    assert alone({1: ["a", "b"], 2: ["a"], 3: ["b", "c"]}) == []
    assert len(alone({1: ["a", "b"], 2: ["a"], 3: ["b"]})) == 1
