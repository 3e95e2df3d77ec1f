"""The checks of `make prove` themselves: each is given what it must not let pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prove import calm
from prove.bystander import LEAST_CALLS, Bystander, Turn
from prove.peers import Reply, after_the_end, answers, whole, whole_by_tollgate
from prove.programme import Outcome
from support.backend import BackendCall

SECONDS = 10.0  # of a turn
TURNS = 3


def log_of(calls: list[tuple[float, float, str]], folder: Path) -> Bystander:
    """A bystander whose turns alternate, quiet ones first, over two kinds of abuse."""
    log = folder / "bystander.jsonl"
    log.write_text("".join(json.dumps(call) + "\n" for call in sorted(calls)))
    turns = [Turn(kind, bool(number % 2), start := (kind == "b") * 2 * TURNS * SECONDS + number * SECONDS,
                  start + SECONDS) for kind in "ab" for number in range(2 * TURNS)]
    return Bystander(log, turns)


def calls_of(loud: dict[str, float], each: int = LEAST_CALLS) -> list[tuple[float, float, str]]:
    """Calls of a millisecond, in loud turns as long as their kind says."""
    return [((kind == "b") * 2 * TURNS * SECONDS + (number + (call + 1) / (each + 2)) * SECONDS,
             loud[kind] if number % 2 else 0.001, "")
            for kind in "ab" for number in range(2 * TURNS) for call in range(each)]


def failures(bystander: Bystander) -> list[str]:
    outcome = Outcome()
    bystander.judge(outcome)
    return outcome.failures


def test_a_bystander_who_is_served_as_before_is_no_failure(tmp_path: Path) -> None:
    assert not failures(log_of(calls_of({"a": 0.0029, "b": 0.001}), tmp_path))


def test_each_kind_of_abuse_has_a_verdict_of_its_own(tmp_path: Path) -> None:
    """One that is slow is not lost among others that are not."""
    found = failures(log_of(calls_of({"a": 0.001, "b": 0.0032}), tmp_path))
    assert len(found) == 1 and found[0].startswith("b: the bystander's p99 went from 1.00 ms to 3.20 ms"), found


def test_a_call_counts_in_the_turn_it_began_in_however_late_it_ends(tmp_path: Path) -> None:
    late = calls_of({"a": SECONDS, "b": 0.001})
    found = failures(log_of(late, tmp_path))
    assert len(found) == 1 and found[0].startswith("a: the bystander's p99"), found


def test_an_error_outside_of_every_turn_is_a_failure(tmp_path: Path) -> None:
    late = (4 * TURNS * SECONDS + 1, 0.001, "503 overloaded")
    assert failures(log_of([*calls_of({"a": 0.001, "b": 0.001}), late], tmp_path)) == [
        "a bystander's call: 503 overloaded"]


def test_a_turn_with_too_few_calls_is_a_failure(tmp_path: Path) -> None:
    """A gateway that answers next to nothing has few calls, and those may be quick."""
    found = failures(log_of(calls_of({"a": 0.001, "b": 0.001}, LEAST_CALLS - 1), tmp_path))
    assert len(found) == 4 * TURNS and all("calls of the bystander in a turn" in text for text in found), found


@pytest.mark.parametrize(("late", "text", "count", "failures"), [
    (0.001, "", 300, 0),
    (0.0109, "", 300, 0),
    (0.0121, "", 300, 1),
    (0.001, "503 'exhausted'", 300, 1),
    (0.001, "", 29, 1),
])
def test_a_neighbour_of_a_soak_must_notice_nothing(late: float, text: str, count: int, failures: int) -> None:
    outcome = Outcome()
    calls = [(float(number), 0.001 if number < count * 2 // 3 else late, text if number == 5 else "")
             for number in range(count)]
    calm.judge(outcome, calls, True)
    assert len(outcome.failures) == failures, outcome.failures


def test_a_neighbours_call_that_is_not_booked_is_found() -> None:
    assert not calm.booked_wrong([], [], [])
    assert calm.booked_wrong([(0.0, 0.001, "")], [], [])
    seen = BackendCall({}, {"prompt": 1, "completion": 1})
    assert calm.booked_wrong([(0.0, 0.001, "")], [], [seen])


def reply(status: int, *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", "content-length: 2", *fields]
    return ("\r\n".join(lines) + "\r\n\r\nok").encode()


@pytest.mark.parametrize(("data", "behind", "seen"), [
    (reply(200) + reply(404) + reply(400, "Connection: close"), 0, 2),
    (reply(200) + reply(400, "connection: close") + reply(200), 1, 2),
    (reply(400) + reply(200), 0, 2),
    (reply(200, "connection: close"), 0, 1),
    (b"", 0, 0),
])
def test_an_answer_behind_the_last_one_is_seen(data: bytes, behind: int, seen: int) -> None:
    replies = answers(data)
    assert (after_the_end(replies), whole_by_tollgate(replies)) == (behind, seen)


def test_other_servers_read_nothing_behind_a_refusal() -> None:
    assert whole([Reply(200, False), Reply(400, True), Reply(200, False)]) == 1
