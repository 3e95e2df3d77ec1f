"""What takes a refusal for an early one: only the ledger decides, and what may still have been held counts as held."""

from __future__ import annotations

import pytest

from support.denials import LATEST, Denial, early
from support.oracle import Entry

NOW = 1_000_000.0  # seconds
HOLD = 50


def entry(admitted: float, ended: float, cost: int, request: str = "req_1") -> Entry:
    return Entry(1, request, 1, "settle", "ten_1", "key_1", "fake", "fast", int(admitted * 1e6), int(ended * 1e6), cost,
                 cost, None, 0, 0, 0, 0, "reported", "answered", 200, 0, 0, None)


@pytest.mark.parametrize(("admitted", "ended", "cap", "is_early"), [
    (NOW - 9, NOW - 8, 100, True),  # it cost 10, so 90 were left for 90
    (NOW - 9, NOW - 8, 99, False),
    (NOW - 9, NOW - LATEST / 2, 100, False),  # perhaps still held, and 50 were left
    (NOW - 9, NOW - LATEST / 2, 140, True),
    (NOW - 9, NOW + 9, 139, False),
    (NOW + 0.5, NOW + 9, 139, False),  # the refused one waited a second
    (NOW + 1.5, NOW + 9, 90, True),
])
def test_what_others_may_have_taken_decides(admitted: float, ended: float, cap: int, is_early: bool) -> None:
    denial = Denial("refused", cap, 90, NOW, NOW + 1)
    found = early([denial], [entry(admitted, ended, 10)], {"other": ["req_1"]}, {"other": HOLD})
    assert bool(found) == is_early, found


def test_an_attempt_before_its_own_refusal_took_nothing_from_itself() -> None:
    denial = Denial("refused", 90, 90, NOW, NOW + 1)
    assert early([denial], [entry(NOW, NOW + 1, 0)], {"refused": ["req_1"]}, {"refused": HOLD})


@pytest.mark.parametrize(("began", "ended", "cap", "is_early"), [
    (NOW - 5, NOW - 2, 90, True),  # it left before
    (NOW - 5, NOW - 0.5, 90, False),  # it may still have held what it held
    (NOW - 5, NOW - 0.5, 90 + HOLD, True),  # but no more
    (NOW + 2, NOW + 3, 90, True),  # it came later
])
def test_a_call_that_left_unsent_took_at_most_its_hold(began: float, ended: float, cap: int, is_early: bool) -> None:
    denial = Denial("refused", cap, 90, NOW, NOW + 1)
    found = early([denial], [], {}, {"other": HOLD}, {"other": (began, ended)})
    assert bool(found) == is_early, found
