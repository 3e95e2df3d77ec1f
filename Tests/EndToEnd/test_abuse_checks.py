"""The checks of what abuse leaves behind: memory, descriptors, threads, entries. Each is given what it must not let pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from prove import floods, memory, soak
from prove.bodies import Attack, untold
from prove.booked import booked_wrong
from prove.floods import COLD, Flooded
from prove.held import Figures, held_too_much
from prove.programme import Outcome
from prove.stalled import left_late
from support.backend import BackendCall
from support.oracle import Entry, Hold
from support.processes import ROOT
from support.world import PRICE


# What is held, and given back


BEFORE = Figures(rss=50 << 20, descriptors=40, threads=10, dispatched=2)


@pytest.mark.parametrize(("now", "named"), [
    (BEFORE, ""),
    (replace(BEFORE, descriptors=140), ""),  # of which a hundred are connections kept to backends
    (replace(BEFORE, threads=14, dispatched=6), ""),
    (replace(BEFORE, descriptors=160), "descriptors"),
    (replace(BEFORE, threads=13), "threads"),
    (replace(BEFORE, rss=71 << 20), "memory"),
])
def test_what_is_not_given_back_is_named(now: Figures, named: str) -> None:
    problems = held_too_much(BEFORE, now, 100 if now.descriptors > 100 else 0, 70 << 20)
    assert [problem.split(":")[0] for problem in problems] == ([named] if named else [])


def test_the_bounds_on_memory_are_those_that_are_stated() -> None:
    section = (ROOT / "docs" / "operations.md").read_text().split("\n## Memory\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
    units = {"KiB": 1 << 10, "MiB": 1 << 20}
    stated = {}
    for what, most, *_ in rows:
        number, unit, *_ = most.split()
        stated[what] = int(number) * units[unit] if unit in units else f"{number} {unit}"
    assert stated == memory.STATED


def soaked(late: Figures, judged: bool = True) -> list[str]:
    outcome = Outcome()
    soak.flat(outcome, [(at, late if at > 60 else BEFORE) for at in range(100)], judged)
    return outcome.failures


@pytest.mark.parametrize(("grown", "failures"), [
    (lambda at: 0, 0), (lambda at: 500 * at, 0), (lambda at: 4000 * at, 1),  # 0.3 and 2.3 MiB in ten minutes
    (lambda at: 1 << 19 if at > 300 else 0, 0), (lambda at: 1 << 20 if at > 300 else 0, 1),
], ids=["flat", "slow", "lost with each call", "a small step", "a step"])
def test_a_soak_whose_memory_grows_fails(grown: Callable[[int], int], failures: int) -> None:
    outcome = Outcome()
    samples = [(float(at), replace(BEFORE, rss=BEFORE.rss + grown(at))) for at in range(0, 600, 6)]
    soak.flat(outcome, samples, judged=True)
    assert len(outcome.failures) == failures, outcome.failures


def test_a_soak_whose_threads_or_descriptors_grow_fails() -> None:
    assert not soaked(BEFORE)
    assert soaked(replace(BEFORE, threads=11)) == ["threads grew from 8 to 9"]
    assert soaked(replace(BEFORE, threads=11, dispatched=3)) == []
    assert soaked(replace(BEFORE, descriptors=46)) == ["descriptors grew from 40 to 46"]
    assert soaked(replace(BEFORE, descriptors=46), judged=False) == []
    assert soaked(replace(BEFORE, descriptors=80), judged=False) == ["descriptors grew from 40 to 80"]


# Floods of keys


@pytest.mark.parametrize(("kind", "cpu", "hashes", "good"), [
    ("unknown id", 0.5, 0, True),
    ("unknown id", 20.0, 0, False),  # each key hashed, and not counted
    ("unknown id", 0.5, 1, False),
    (COLD, 1.2, 20, True),
    (COLD, 20.0, 20, False),
    (COLD, 1.2, 40, False),
])
def test_a_flood_that_is_hashed_shows_in_the_processor_time(kind: str, cpu: float, hashes: float, good: bool) -> None:
    outcome = Outcome()
    Flooded(Counter({401: 1000}), 3.0, cpu, hashes).judge(outcome, kind, 0.02, floods.CPU_LIMIT, full=False)
    assert bool(outcome.failures) != good, outcome.failures


@pytest.mark.parametrize(("cpu", "good"), [(2.3, True), (2.5, False)])
def test_hashes_nobody_counts_show_in_a_flood_that_leaves_the_core_idle(cpu: float, good: bool) -> None:
    outcome = Outcome()
    Flooded(Counter({401: 12_000}), 2.4, cpu, 0).judge(outcome, "unknown id", 0.02, 0.0002, full=True)
    assert bool(outcome.failures) != good, outcome.failures


# Books and backends


def seen(marker: str, prompt: int = 100, completion: int = 10, hung_up: bool = False, at: float = 0) -> BackendCall:
    return BackendCall({"user": marker, "body_bytes": 300, "max_tokens": 40}, {
        "prompt": prompt, "completion": completion, "hung_up": hung_up, "at": at})


def entry(request: str, cost: int, kind: str = "settle", provenance: str = "reported") -> Entry:
    return Entry(1, request, 1, kind, "tenant", "key", "fake", "fast", 0, 0, cost, cost, None, 100, 0, 10, 0,
                 provenance, "ok", 200, 0, 0, None)


BILL, MOST = PRICE.cost(100, 10), PRICE.bound(300, 40)


@pytest.mark.parametrize(("entries", "is_left", "wrong"), [
    ([entry("r1", BILL)], False, ""),
    ([entry("r1", BILL), entry("r2", 0, "release")], False, ""),
    ([], False, "1 requests, []"),
    ([entry("r1", BILL), entry("r1", BILL)], False, "['settle', 'settle']"),
    ([entry("r1", 0, "release")], False, "['release']"),
    ([entry("r1", BILL + 1)], False, "the backend bills"),
    ([entry("r1", BILL), entry("r2", 5)], False, "that no backend saw"),
    ([entry("r1", BILL - 1, provenance="estimated")], True, ""),
    ([entry("r1", BILL - 1, provenance="estimated")], False, "the backend bills"),
    ([entry("r1", BILL - 1)], True, "the backend bills"),
    ([entry("r1", MOST + 1, provenance="estimated")], True, "may cost"),
    ([entry("r1", 0, provenance="estimated")], True, "may cost"),
])
def test_a_call_that_is_booked_wrongly_is_found(entries: list[Entry], is_left: bool, wrong: str) -> None:
    problems = booked_wrong([seen("call-1")], {"call-1": ["r1"]}, entries, [], is_left)
    assert len(problems) == bool(wrong) and all(wrong in problem for problem in problems), problems


def test_a_hold_that_is_left_and_a_call_without_a_request_are_found() -> None:
    hold = Hold("r1", 1, "tenant", "key", "fake", "fast", 5, "live")
    assert booked_wrong([], {}, [], [hold], False) == ["a hold of 5 is left"]
    assert len(booked_wrong([seen("call-1")], {}, [], [], False)) == 1


@pytest.mark.parametrize(("call", "wrong"), [
    (seen("call-1", hung_up=True, at=10.4), ""),
    (seen("call-1", hung_up=True, at=13), "left 3.0 s after"),
    (seen("call-1", at=10.4), "not left"),
    (BackendCall({"user": "call-1"}), "not left"),
])
def test_a_backend_that_is_not_left_with_its_reader_is_found(call: BackendCall, wrong: str) -> None:
    problems = left_late([call], {"call-1": 10.0})
    assert len(problems) == bool(wrong) and all(wrong in problem for problem in problems), problems


@pytest.mark.parametrize(("status", "body", "good"), [
    ("HTTP/1.1 413 Payload Too Large", 1 << 30, True),
    ("HTTP/1.1 200 OK", 1 << 30, False),
    ("", (4 << 20) + 1, True),
    ("", 4 << 20, False),
    ("", 0, False),  # a head
])
def test_only_a_body_beyond_the_limit_may_be_cut_without_an_answer(status: str, body: int, good: bool) -> None:
    assert (Attack(lambda: iter(()), "413", body).judged(status, 4 << 20) == "") == good


@pytest.mark.parametrize(("told", "good"), [
    (["", "HTTP/1.1 413 Payload Too Large"], True), (["HTTP/1.1 413 Payload Too Large"], True), ([""], False),
    (["HTTP/1.1 400 Bad Request"], False), ([], False),
])
def test_a_gateway_that_cuts_every_body_without_a_word_is_found(told: list[str], good: bool) -> None:
    assert (untold(told) == []) == good
