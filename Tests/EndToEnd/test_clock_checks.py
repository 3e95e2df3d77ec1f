"""The checks behind the line `clocks` of `make prove`: each is given an entry or a log that it must not let pass."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prove.clock import Change, History, Told, judge
from prove.clock_checks import Player, Seen, caps, durations, each_call, instants, metrics, start_of
from prove.clock_edges import edges
from prove.clocks import ZONES
from support.backend import BackendCall
from support.client import Answer
from support.faketime import days_ago
from support.oracle import Entry
from support.world import PRICE

START = 1_795_435_200.0  # 2026-11-23T12:00:00Z
HOUR = 3600
COST = PRICE.cost(40, 20)
KINDS = "faketime_shm", "sem.faketime_sem"


def history(*jumps: tuple[float, int]) -> History:
    """The clock was right at first; at so many seconds its offset became what is named."""
    changes = [Change(START, START, 0)]
    return History(changes + [Change(START + at, START + at + 0.001, offset) for at, offset in jumps])


# Lines about jumps


def told(made: History, at: float, seconds: int) -> Told:
    return Told(START + at + 0.01, seconds, START + at + made.offsets(START + at, START + at)[-1])


@pytest.mark.parametrize(("jumps", "lines", "problem"), [
    # Looks at 10, 20, 30 and 40 seconds.
    (((5, HOUR),), ((10, HOUR),), ""),
    (((5, HOUR), (15, HOUR + 200), (25, 300)), ((10, HOUR), (30, 100 - HOUR)), ""),
    (((5, HOUR), (15, 0)), ((10, HOUR), (20, -HOUR)), ""),
    (((5, HOUR), (7, 100), (15, 2 * HOUR)), ((20, 2 * HOUR - 100),), ""),
    (((5, HOUR),), (), "no jump was told"),
    (((5, HOUR), (15, 0)), ((10, HOUR),), "was not told"),
    (((5, HOUR), (15, 0)), ((20, -HOUR),), "was not told"),
    (((5, HOUR), (15, HOUR + 200)), ((10, HOUR), (20, 200)), "a jump of 200 s was told"),
    (((5, HOUR),), ((10, HOUR), (10.2, HOUR)), "0.2 s apart"),
    (((5, HOUR),), ((10, HOUR + 30),), "a jump of 3630 s was told"),
    (((5, HOUR),), ((10, HOUR), (20, HOUR)), "a jump of 3600 s was told"),
])
def test_a_jump_is_told_once_by_its_length(
        jumps: tuple[tuple[float, int], ...], lines: tuple[tuple[float, int], ...], problem: str) -> None:
    made = history(*jumps)
    verdict = judge(made, [told(made, at, seconds) for at, seconds in lines], START + 41)
    assert len(verdict.problems) == 0 if not problem else any(problem in text for text in verdict.problems), verdict


def test_a_line_has_the_time_of_the_jumped_clock() -> None:
    made = history((5, HOUR))
    line = replace(told(made, 10, HOUR), shown=START + 10)
    assert "never showed" in judge(made, [line], START + 11).problems[0]


def test_looks_that_had_nothing_large_to_tell_are_counted() -> None:
    made = history((5, HOUR), (15, HOUR + 200), (35, HOUR + 100))
    assert judge(made, [told(made, 10, HOUR)], START + 41).small == 2


# Entries


def entry(**fields: Any) -> Entry:
    at = int((START + 1) * 1e6)
    whole = {"seq": 1, "request_id": "r1", "attempt": 1, "kind": "settle", "tenant_id": "t", "key_id": "k",
             "model": "fake", "pool": "fast", "admitted_at": at, "ended_at": at + 100_000, "cost": COST,
             "list_cost": COST, "price_version": None, "input": 40, "input_cache_read": 0, "output": 20,
             "output_reasoning": 0, "provenance": "reported", "outcome": "answered", "status": 200,
             "input_cache_write_5m": 0, "input_cache_write_1h": 0, "other_meters": None}
    return Entry(**(whole | fields))


def at_backend(marker: str = "one", tokens: tuple[int, int] = (40, 20)) -> BackendCall:
    ended = {"prompt": tokens[0], "completion": tokens[1], "outcome": "answered"}
    return BackendCall({"user": f"{marker};in=40"}, ended)


def seen(marker: str = "one", request: str = "r1", **fields: Any) -> Seen:
    return replace(Seen(marker, "t", START + 0.9, START + 1.2, Answer(200, {"x-request-id": request})), **fields)


PLAYER = Player("t", "key", ["UTC"], "day", COST, [])
SECOND = 1_000_000


@pytest.mark.parametrize(("entries", "calls", "good"), [
    ([entry()], [at_backend()], True),
    ([entry(), entry(seq=2, attempt=2, kind="release", cost=0, input=0, output=0)], [at_backend()], True),
    ([], [at_backend()], False),
    ([entry()], [], False),
    ([entry(), entry(seq=2)], [at_backend()], False),
    ([entry(kind="release")], [at_backend()], False),
    ([entry(output=19)], [at_backend()], False),
    ([entry(cost=COST + 1)], [at_backend()], False),
    ([entry()], [at_backend(), at_backend("unknown")], False),
    ([entry()], [at_backend(), at_backend()], False),
])
def test_each_call_has_one_entry_for_its_price(entries: list[Entry], calls: list[BackendCall], good: bool) -> None:
    assert (each_call(calls, [seen()], entries) == []) == good


@pytest.mark.parametrize(("fields", "good"), [
    ({}, True),
    ({"admitted_at": entry().admitted_at + HOUR * SECOND, "ended_at": entry().ended_at + HOUR * SECOND}, False),
    ({"admitted_at": entry().admitted_at - SECOND}, False),
    ({"ended_at": entry().ended_at + SECOND}, False),
    ({"ended_at": 0}, False),
])
def test_an_entry_has_the_time_of_its_call(fields: dict[str, int], good: bool) -> None:
    assert (instants(history(), [seen()], [entry(**fields)], [PLAYER]) == []) == good


def test_a_jump_during_a_call_allows_both_sides_of_it_and_nothing_between() -> None:
    made = history((1.0, HOUR))
    for shift, good in ((0, True), (HOUR, True), (HOUR // 2, False), (-HOUR, False)):
        moved = entry(ended_at=entry().admitted_at + shift * SECOND)
        assert (instants(made, [seen()], [moved], [PLAYER]) == []) == good, shift


def test_after_the_clock_was_set_back_a_call_counts_from_the_latest_window_its_tenant_came_to() -> None:
    """The clock was two days ahead for a while, and another tenant's call three."""
    made = history((0.1, 2 * 86_400), (0.3, 3 * 86_400), (0.5, 0))
    ahead = seen("ahead", "r0", sent=START + 0.15, received=START + 0.2)
    others = seen("others", "r2", tenant="other", sent=START + 0.35, received=START + 0.4)
    for days, good in ((0, True), (2, True), (3, False), (1, False)):
        at = start_of("day", "UTC", int((START + days * 86_400) * 1e6)) if days else entry().admitted_at
        wrong = instants(made, [ahead, others, seen()], [entry(admitted_at=at)], [PLAYER])
        assert (wrong == []) == good, (days, wrong)


def test_a_window_over_its_cap_by_the_backends_log_is_found() -> None:
    both = [seen(), seen("two", "r2")]
    entries = [entry(), entry(request_id="r2", seq=2)]
    assert not caps([at_backend()], both, entries, [PLAYER])
    assert caps([at_backend(), at_backend("two")], both, entries, [PLAYER])
    entries[1] = entry(request_id="r2", seq=2, admitted_at=entry().admitted_at + 86_400 * SECOND)
    assert not caps([at_backend(), at_backend("two")], both, entries, [PLAYER])


# Durations


@pytest.mark.parametrize(("whole", "added", "least", "good"), [
    (0.2, 0.001, 0.0, True),
    (0.2, 0.001, 0.2, True),
    (HOUR, 0.001, 0.0, False),
    (-HOUR, 0.001, 0.0, False),
    (0.0, 0.0, 0.2, False),
    (0.2, -0.001, 0.0, False),
    (0.2, 0.3, 0.0, False),
])
def test_a_duration_that_no_client_saw_is_found(whole: float, added: float, least: float, good: bool) -> None:
    line = {"message": "request ended", "request_id": "r1", "duration_us": int(whole * 1e6), "overhead_us": added * 1e6}
    assert (durations([seen(least=least)], [line]) == []) == good


def test_a_call_without_a_line_is_found() -> None:
    assert durations([seen()], [])


@pytest.mark.parametrize(("value", "good"), [("0.1", True), ("3600.1", False), ("-1", False)])
def test_a_duration_in_the_metrics_that_no_client_waited_is_found(value: str, good: bool) -> None:
    text = f'tollgate_gateway_overhead_seconds_sum{{route="x"}} {value}\n'
    assert (metrics([seen()], text) == []) == good


# Processes under another clock


def test_what_a_killed_process_under_faketime_left_does_not_end_the_next() -> None:
    gone, lives = subprocess.Popen(["true"]), subprocess.Popen(["sleep", "60"])
    left = [Path(f"/dev/shm/{kind}_{child.pid}") for child in (gone, lives) for kind in KINDS]
    try:
        gone.wait()
        for file in left:
            file.write_bytes(bytes(8))
        launcher = days_ago(400)
        assert [file.exists() for file in left] == [False, False, True, True]
        shown = subprocess.run([*launcher, "date", "+%Y"], capture_output=True, text=True, check=True).stdout
        assert int(shown) < datetime.now(UTC).year
    finally:
        lives.kill()
        lives.wait()
        for file in left:
            file.unlink(missing_ok=True)


def test_edges_are_where_zones_change_and_months_end() -> None:
    told = [f"{edge:%Y-%m-%dT%H:%M:%S}" for edge in edges(ZONES, datetime(2023, 11, 30, 3, 9, 45, tzinfo=UTC))]
    assert told == [
        "2023-12-31T23:59:58", "2024-01-31T23:59:58", "2024-02-28T23:59:58", "2024-02-29T23:59:58",
        "2024-03-10T01:59:58", "2024-03-10T06:59:58", "2024-03-31T00:59:58", "2024-04-06T14:59:58",
        "2024-04-14T01:59:58", "2024-06-30T21:59:58", "2024-10-05T15:29:58", "2024-10-27T00:59:58",
        "2024-11-03T05:59:58"]


def test_edges_are_never_over() -> None:
    for year in range(2027, 2040):
        for month in (1, 2, 3, 7, 12):
            now = datetime(year, month, 28, 12, tzinfo=UTC)
            found = edges(ZONES, now)
            # Of what is not the zones': an end of year, of two months, and both ends of a leap day.
            assert len(found) >= 5 and min(found) > now, (now, found)
