"""The checks of `make prove` themselves: each is given what it must not let pass."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from prove import calm
from prove.booked import booked_wrong
from prove.bystander import LEAST_CALLS, Bystander, Turn, allowed_p99
from prove.damage import left_out
from prove.differential import LEAST_BOUND, TOLERANCES, Stream, judge_tolerances, more_seen, tolerated
from prove.disks import ENDED, FULL_REFUSED, READ_ONLY_REFUSED, judge_ways
from prove.http_case import Case, Dress, raw
from prove.kills import judge_restarts
from prove.migrations import half_done
from prove.peers import Reply, after_the_end, answers, whole, whole_by_tollgate
from prove.programme import Outcome, Programme
from prove.raw_http import Player
from prove.scorecard import SHOWN_FAILURES, Line, Scorecard, checks_of
from prove.sources import reached_from
from support.backend import BackendCall
from support.oracle import Hold
from test_kill import left_wrong

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


def failures(bystander: Bystander, latency: bool = True) -> list[str]:
    outcome = Outcome()
    bystander.judge(outcome, latency)
    return outcome.failures


def test_a_bystander_who_is_served_as_before_is_no_failure(tmp_path: Path) -> None:
    assert not failures(log_of(calls_of({"a": 0.0029, "b": 0.001}), tmp_path))


@pytest.mark.parametrize(("quiet", "share", "allowed"), [
    (0.001, 0.1, 0.003), (0.05, 0.1, 0.055), (0.05, 1.0, 0.1), (0.001, 1.0, 0.003),
])
def test_a_tenth_more_or_two_milliseconds_are_allowed(quiet: float, share: float, allowed: float) -> None:
    assert allowed_p99(quiet, share) == pytest.approx(allowed)


def test_each_kind_of_abuse_has_a_verdict_of_its_own(tmp_path: Path) -> None:
    """One that is slow is not lost among others that are not."""
    found = failures(log_of(calls_of({"a": 0.001, "b": 0.0032}), tmp_path))
    assert len(found) == 1 and found[0].startswith("b: the bystander's p99 went from 1.00 ms to 3.20 ms"), found


@pytest.mark.parametrize(("slow", "failures_wanted"), [({1}, 0), ({1, 3}, 0), ({1, 3, 5}, 1)])
def test_disturbed_turns_say_nothing(tmp_path: Path, slow: set[int], failures_wanted: int) -> None:
    """Of three turns, the quickest counts: what is the abuse's doing is in all of them."""
    calls = [(at, 0.05 if at // SECONDS in slow else seconds, text)
             for at, seconds, text in calls_of({"a": 0.001, "b": 0.001})]
    assert len(failures(log_of(calls, tmp_path))) == failures_wanted


def test_a_call_counts_in_the_turn_it_began_in_however_late_it_ends(tmp_path: Path) -> None:
    late = calls_of({"a": SECONDS, "b": 0.001})
    found = failures(log_of(late, tmp_path))
    assert len(found) == 2 and all(text.startswith("a: ") for text in found), found


@pytest.mark.parametrize(("late", "failures_wanted"), [(0.9, 0), (1.1, 1)])
def test_a_gateway_that_stops_once_is_seen(tmp_path: Path, late: float, failures_wanted: int) -> None:
    """One call of hundreds waits, in one turn of three: no p99 tells."""
    calls = calls_of({"a": 0.001, "b": 0.001})
    place = next(index for index, (at, _, _) in enumerate(calls) if at // SECONDS == 3)
    calls[place] = (calls[place][0], late, "")
    assert len(failures(log_of(calls, tmp_path))) == failures_wanted


@pytest.mark.parametrize(("seconds", "failures_wanted"), [(0.055, 0), (0.065, 1)])
def test_a_smoke_sees_that_calls_take_ten_times_as_long(tmp_path: Path, seconds: float, failures_wanted: int) -> None:
    bystander = log_of(calls_of({"a": 0.001, "b": seconds}), tmp_path)
    assert len(failures(bystander, latency=False)) == failures_wanted


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
    (0.0059, "", 300, 0),
    (0.0061, "", 300, 1),
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


TWO = tuple(Programme(name, name, lambda run, size: Outcome(), 100, 1) for name in ("first", "second"))


CHECKS = checks_of(TWO[0])


def line(name: str, binary: str = "this", failures: int = 0, size: int = 100, checks: str = CHECKS) -> Line:
    return Line(name, name, size, failures, 1.0, {}, ["bad"] * failures, binary, 1, size, size >= 100, checks=checks)


def collected(path: Path, *lines: Line) -> Scorecard:
    """Each line in a sitting of its own, with the binary `this`."""
    for each in lines:
        card = Scorecard(TWO, each.binary)
        card.read(path)
        card.add(each)
        card.write(path)
    card = Scorecard(TWO, "this")
    card.read(path)
    return card


@pytest.mark.parametrize(("lines", "lacking", "good"), [
    ([], ["first", "second"], False),
    ([line("first")], ["second"], False),
    ([line("first"), line("second")], [], True),
    ([line("first"), line("second", failures=1)], [], False),
    ([line("first"), line("second", size=99)], ["second"], False),
    ([line("first", "other"), line("second")], ["first"], False),
    ([line("first", "other"), line("second"), line("first")], [], True),
    ([line("first", checks="other"), line("second")], ["first"], False),
    ([line("first", failures=1, checks="other"), line("second"), line("first")], [], True),
    ([line("first"), line("second"), line("first", size=1)], [], True),
    ([line("first"), line("second"), line("first", failures=1, size=1)], ["first"], False),
    ([line("first", failures=1), line("second"), line("first", size=1)], [], False),
])
def test_a_scorecard_is_whole_with_every_line_at_full_length_of_one_binary_by_the_checks_as_they_are(
        tmp_path: Path, lines: list[Line], lacking: list[str], good: bool) -> None:
    path = tmp_path / "prove.json"
    card = collected(path, *lines)
    assert (list(card.lacking()), card.as_promised) == (lacking, good)
    assert ("NOT THE WHOLE" in card.verdict()) == bool(lacking)
    if lines and lines[-1].binary == "this":
        assert json.loads(path.read_text())["partial"] == bool(lacking)


def test_a_failure_that_came_before_stays_on_the_scorecard(tmp_path: Path) -> None:
    card = collected(tmp_path / "prove.json", line("first", failures=1), line("second"), line("first"))
    assert card.as_promised and "failed before, 1 times: first" in card.verdict()


def test_the_checks_of_a_line_are_all_that_its_programme_imports() -> None:
    found = reached_from("prove.races")
    assert {"prove.races", "prove.programme", "support.oracle", "support.client", "support.fake_backend"} <= found
    assert not {"prove.power", "prove.programmes"} & found


def test_every_failure_is_in_the_file(tmp_path: Path) -> None:
    many = 3 * SHOWN_FAILURES
    collected(tmp_path / "prove.json", line("first", failures=many))
    assert len(json.loads((tmp_path / "prove.json").read_text())["lines"][0]["failures"]) == many


def test_a_file_in_another_form_is_as_none(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"lines": [1]}', '{"lines": [{"name": "first"}]}'):
        (tmp_path / "prove.json").write_text(text)
        assert list(collected(tmp_path / "prove.json").lacking()) == ["first", "second"]


@pytest.mark.parametrize(("restarts", "good"), [
    ([0.1, 0.3, 1.0], True),
    ([0.1, 0.301, 0.31], False),
    ([0.1] * 19 + [5.0], True),
    ([0.1] * 18 + [1.1] * 2, False),
    ([0.1] * 94 + [1.1] * 6, False),
])
def test_slow_restarts_fail_by_their_median_and_by_one_in_twenty(restarts: list[float], good: bool) -> None:
    outcome = Outcome()
    judge_restarts(outcome, restarts)
    assert (not outcome.failures) == good


LIVE = Hold("request", 1, "tenant", "key", "model", "pool", 10, "live")
UNCERTAIN = replace(LIVE, state="uncertain")
OTHER = replace(UNCERTAIN, request_id="other")


@pytest.mark.parametrize(("before", "after", "good"), [
    ([], [], True),
    ([LIVE, OTHER], [OTHER, UNCERTAIN], True),
    ([LIVE], [LIVE], False),
    ([LIVE], [], False),
    ([], [UNCERTAIN], False),
    ([LIVE], [OTHER], False),
    ([LIVE], [replace(UNCERTAIN, amount=9)], False),
    ([LIVE], [UNCERTAIN, UNCERTAIN], False),
])
def test_each_hold_that_is_left_must_be_uncertain(before: list[Hold], after: list[Hold], good: bool) -> None:
    assert (not left_wrong(before, after)) == good


WAYS = Counter({FULL_REFUSED: 10, READ_ONLY_REFUSED: 7, f"{ENDED} with 1": 3})


@pytest.mark.parametrize("way", WAYS)
def test_a_way_that_no_cycle_of_a_disk_went_is_a_failure(way: str) -> None:
    for seen, good in ((WAYS, True), (WAYS - Counter({way: 100}), False)):
        outcome = Outcome()
        judge_ways(outcome, seen)
        assert (not outcome.failures) == good


def test_a_migration_that_is_done_in_part_is_found(tmp_path: Path) -> None:
    """Its table without its name among those done, its name without the table, and a hash that is lacking."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript("CREATE TABLE grdb_migrations (identifier TEXT); CREATE TABLE audit_log (hash BLOB);")
        assert half_done(path) == (0, [])
        database.executescript("CREATE TABLE upstream_names (name TEXT);")
        assert half_done(path) == (0, ["routing-history is done in part"])
        database.executescript("INSERT INTO grdb_migrations VALUES ('routing-history')")
        assert half_done(path) == (1, [])
        database.executescript("INSERT INTO grdb_migrations VALUES ('tenancy-audit-chain'); "
                               "INSERT INTO audit_log VALUES (x'')")
        assert half_done(path) == (2, ["1 audit entries without a hash", "tenancy-audit-chain is done in part"])


REFUSAL, GOOD = reply(400, "connection: close"), reply(200)


@pytest.mark.parametrize(("case", "answer", "good"), [
    (Case("refused", "malformed", "", raw(b"x"), codes=(400,)), b"", False),
    (Case("refused", "malformed", "", raw(b"x")), b"", False),
    (Case("refused", "malformed", "", raw(b"x"), codes=(400,)), REFUSAL, True),
    (Case("refused", "malformed", "", raw(b"x"), codes=(400,)), reply(431, "connection: close"), False),
    (Case("refused", "malformed", "", raw(b"x"), may_close="an RFC"), b"", True),
    (Case("either", "smuggling", "", raw(b"x"), "either"), b"", False),
    (Case("either", "smuggling", "", raw(b"x"), "either"), REFUSAL, True),
    (Case("one more", "smuggling", "", raw(b"x"), "served", ("2", "x")), GOOD, False),
    (Case("one more", "smuggling", "", raw(b"x"), "served", ("2", "x")), GOOD + REFUSAL, True),
    (Case("two", "pipelining", "", raw(b"x"), "served", ("2", "2")), GOOD, False),
], ids=lambda value: value.name if isinstance(value, Case) else "")
def test_a_connection_that_is_cut_is_no_answer(case: Case, answer: bytes, good: bool) -> None:
    """A server that says this much and cuts the connection."""
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    async def play() -> list[str]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            player = Player(case, Dress(b"", b"", b"", b"", b""), server.sockets[0].getsockname())
            await player.play()
        return player.problems

    assert (not asyncio.run(play())) == good


SPACES, = (tolerance for tolerance in TOLERANCES if tolerance.name == "spaces in a request line")
SPACED = b"GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


def seen_in(data: bytes, tollgate: int, strictest: int) -> Stream:
    return Stream(data, {"tollgate": tollgate, "nginx": strictest, "h11": strictest + 1})


@pytest.mark.parametrize(("stream", "plain", "good"), [
    (seen_in(b"x", 1, 1), None, True),
    (seen_in(SPACED, 1, 0), seen_in(SPACED, 1, 1), True),
    (seen_in(SPACED, 2, 0), seen_in(SPACED, 2, 1), False),  # one more is seen without the spaces, too
    (seen_in(SPACED, 2, 0), seen_in(SPACED, 1, 1), False),  # the spaces made two requests of one
    (seen_in(b"GET /healthz HTTP/1.1\r\n\r\n", 1, 0), seen_in(b"", 0, 0), False),  # nothing to tolerate in it
])
def test_a_smuggled_request_hides_in_no_tolerance(stream: Stream, plain: Stream | None, good: bool) -> None:
    forgiven: Counter[str] = Counter()
    assert (not more_seen(stream, plain, forgiven)) == good
    assert dict(forgiven) == ({SPACES.name: 1} if good and plain else {})


@pytest.mark.parametrize(("marker", "closes", "breaks_off", "good"), [
    (b"differential-12", True, True, False),  # obeyed, and answered with 400
    (b"differential-12", False, True, True),  # cut without a word, and its answer is lost
    (b"differential-12", False, False, False),  # lost, and nothing but HTTP behind it
    (b"differential-1\r2", True, False, True),  # another stream's call is not this one's
])
def test_a_call_that_is_obeyed_is_answered(marker: bytes, closes: bool, breaks_off: bool, good: bool) -> None:
    stream = Stream(b'{"user": "%s", "max_tokens": 1}' % marker, {}, is_chat=True, breaks_off=breaks_off,
                    replies=[Reply(400, closes)])
    assert (not stream.obeyed_wrong(Counter({"differential-12": 1, "differential-1": 1}))) == good


def test_each_tolerance_is_found_by_its_name() -> None:
    line, rest = b"GET /healthz HTTP/1.1\r\n", b"Host: a\r\n\r\n"
    for tolerance, data, plain in zip(TOLERANCES, (
        line + b"Transfer-Encoding:\tchunked\r\n" + rest,
        SPACED, b"\r" + line + rest,
    ), (
        line + b"Transfer-Encoding: chunked\r\n" + rest,
        line + rest, line + rest,
    ), strict=True):
        assert tolerated(data) == (plain, [tolerance.name])


def test_a_tolerance_that_explains_too_much_is_a_failure() -> None:
    for count, good in ((LEAST_BOUND, True), (LEAST_BOUND + 1, False)):
        outcome = Outcome()
        judge_tolerances(outcome, Counter({TOLERANCES[0].name: count}), 100)
        assert (not outcome.failures) == good


@pytest.mark.parametrize(("path", "text", "good"), [
    ("jsonl", "1\n2\n", True),
    ("jsonl", "1\n", False),
    ("jsonl", '1\n{"damaged":"2"}\n', True),
    ("jsonl", '{"damaged":"2"}\n', True),
    ("csv", "cost\n0.000001\n0.000002\n", True),
    ("csv", "cost\n0.000001\n", False),
    ("csv", "cost\n0.000001\ntwo entries are damaged\n", True),
    ("focus-1.4", "", True),  # no whole export of entries
])
def test_an_export_leaves_no_entry_out_without_a_word(tmp_path: Path, path: str, text: str, good: bool) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.executescript("CREATE TABLE ledger (period TEXT, cost INTEGER); INSERT INTO ledger VALUES "
                               "('2026-11', 1000000), ('2026-11', 2000000), ('2026-12', 5)")
    assert (not left_out(tmp_path / "a.db", f"/exports/2026-11?format={path}", text)) == good
