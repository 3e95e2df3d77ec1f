"""What must be true of the books and the log after clock jumps, by the clients' own clock and the backend's log."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from support import bookkeeping
from support.backend import BackendCall
from support.client import Answer
from support.oracle import ONE_PER_ATTEMPT, Entry
from support.tollgate import parse_metrics
from support.world import PRICE

from .clock import History

ROUNDING = 10_000  # microseconds that libfaketime and floating point may be off
LATE = 2.0  # seconds that a duration may be over what the client saw; every jump is far larger
SHOWN = 5
DURATIONS = ("tollgate_gateway_overhead_seconds_sum", "tollgate_time_to_first_token_seconds_sum",
             "tollgate_backend_ewma_latency_seconds")


@dataclass
class Player:
    """A tenant with one budget; `zones` are all it had, the present one last."""

    id: str
    key: str
    zones: list[str]
    window: str
    cap: int
    touched: list[float] = field(default_factory=list)  # when its budget was made and moved, by the true clock

    @property
    def zone(self) -> str:
        return self.zones[-1]


@dataclass(frozen=True)
class Seen:
    """A call as its client saw it, by the true clock; its answer cannot have come in less than `least` seconds."""

    marker: str
    tenant: str
    sent: float
    received: float
    answer: Answer
    least: float = 0.0


def local(zone: str, microseconds: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).astimezone(ZoneInfo(zone))


def start_of(window: str, zone: str, microseconds: int) -> int:
    """The start of the calendar window that an instant belongs to, in microseconds."""
    return bookkeeping.window_start(zone, window, microseconds // bookkeeping.QUARTER * bookkeeping.QUARTER)


def window_of(player: Player, microseconds: int) -> str:
    """The calendar window an instant belongs to, in the tenant's own zone."""
    then = local(player.zone, microseconds)
    if player.window == "week":
        return (then.date() - timedelta(days=then.weekday())).isoformat()
    return then.strftime("%Y-%m-%d" if player.window == "day" else "%Y-%m")


def billed(call: BackendCall) -> tuple[int, int]:
    """A call that never answered costs nothing: no backend here is told to charge for it."""
    return call.billed if call.finished and call.finished["outcome"] == "answered" else (0, 0)


def each_call(calls: Iterable[BackendCall], seen: Iterable[Seen], entries: Iterable[Entry]) -> list[str]:
    """Every call in the backend's log has exactly one entry, with the tokens of that log and their price."""
    by_marker = {one.marker: one.answer.request_id for one in seen}
    made: dict[str, list[BackendCall]] = defaultdict(list)
    booked: dict[str, list[Entry]] = defaultdict(list)
    problems = []
    for call in calls:
        if request := by_marker.get(call.marker):
            made[request].append(call)
        else:
            problems.append(f"the backend saw {call.marker}, which no client knows")
    for entry in entries:
        booked[entry.request_id].append(entry)
    for request in made.keys() | booked.keys():
        own = [entry for entry in booked[request] if entry.kind in ONE_PER_ATTEMPT]
        answered = [call for call in made[request] if any(billed(call))]
        tokens = [sum(column) for column in zip((0, 0), *map(billed, made[request]), strict=True)]
        # What was held and never sent is released, and no backend knows of it.
        if len(own) < len(made[request]) or not (
                len(answered) <= sum(entry.kind == "settle" for entry in own) <= len(made[request])):
            problems.append(f"{len(made[request])} calls of {request} at the backend, {len(own)} entries")
        told = [sum(entry.input + entry.input_cache_read for entry in booked[request]),
                sum(entry.output for entry in booked[request])]
        cost = sum(entry.cost for entry in booked[request])
        if told != tokens or cost != PRICE.cost(*tokens):
            problems.append(f"{request} is booked with {told} tokens for {cost}, the backend says {tokens}, which "
                            f"cost {PRICE.cost(*tokens)}")
    return problems[:SHOWN]


def instants(history: History, seen: Iterable[Seen], entries: Iterable[Entry], players: Iterable[Player]) -> list[str]:
    """Each entry was admitted and ended at what the clock showed between the client's sending and receiving.

    The one exception is stated: a call of a window that is over, as the clock was set back, counts from the first
    instant of the latest window its tenant has reached.
    """
    by_request = {one.answer.request_id: one for one in seen if one.answer.request_id}
    reached = Reached(history, seen, players)
    problems = []
    for entry in entries:
        if entry.kind not in ONE_PER_ATTEMPT or not (one := by_request.get(entry.request_id)):
            continue
        spans = history.spans(one.sent, one.received)
        if not within(entry.admitted_at, spans) and entry.admitted_at not in reached.starts(one, spans):
            problems.append(f"{entry.request_id} was admitted at {shown(entry.admitted_at)}, the clock showed "
                            f"{[tuple(map(shown, span)) for span in spans]}")
        if not within(entry.ended_at, spans):
            problems.append(f"{entry.request_id} ended at {shown(entry.ended_at)}, the clock showed "
                            f"{[tuple(map(shown, span)) for span in spans]}")
    return problems[:SHOWN]


class Reached:
    """The latest window that each tenant's budget had come to, by when it was made, moved or asked."""

    def __init__(self, history: History, seen: Iterable[Seen], players: Iterable[Player]) -> None:
        self.players = {player.id: player for player in players}
        self.asked: dict[str, list[tuple[float, float, list[tuple[int, int]]]]] = defaultdict(list)
        touched = [(player.id, at, at) for player in self.players.values() for at in player.touched]
        for tenant, sent, received in touched + [(one.tenant, one.sent, one.received) for one in seen]:
            self.asked[tenant].append((sent, received, history.spans(sent, received)))

    def starts(self, one: Seen, spans: list[tuple[int, int]]) -> set[int]:
        """The start of that window, if the clock was before it; several where the clock jumped within a call, as nobody
        knows on which side of the jump that one was admitted."""
        player = self.players.get(one.tenant)
        if not player:
            return set()
        asked = [(received, of_it) for sent, received, of_it in self.asked[one.tenant] if sent <= one.received]
        surely = max((min(low for low, _ in of_it) for received, of_it in asked if received <= one.sent), default=0)
        latest = {edge for _, of_it in asked for span in of_it for edge in span if edge >= surely}
        found = {start_of(player.window, zone, instant) for zone in player.zones for instant in latest}
        return {start for start in found if start > min(low for low, _ in spans)}


def within(instant: int, spans: list[tuple[int, int]]) -> bool:
    return any(low - ROUNDING <= instant <= high + ROUNDING for low, high in spans)


def shown(microseconds: int) -> str:
    return local("UTC", microseconds).isoformat()


def caps(calls: Iterable[BackendCall], seen: Iterable[Seen], entries: Iterable[Entry],
         players: Iterable[Player]) -> list[str]:
    """No window of a tenant that stayed in its zone has more than its cap, by the tokens in the backend's log."""
    requests = {one.marker: one.answer.request_id for one in seen}
    admitted = {entry.request_id: entry.admitted_at for entry in entries if entry.kind == "settle"}
    tenants = {one.marker: one.tenant for one in seen}
    fixed = {player.id: player for player in players if len(player.zones) == 1}
    spent: dict[tuple[str, str], int] = defaultdict(int)
    for call in calls:
        player = fixed.get(tenants.get(call.marker, ""))
        at = admitted.get(requests.get(call.marker, ""))
        if player and at is not None:
            spent[player.id, window_of(player, at)] += PRICE.cost(*billed(call))
    return [f"{tenant} {window}: the backend was used for {cost}, the cap is {fixed[tenant].cap}"
            for (tenant, window), cost in spent.items() if cost > fixed[tenant].cap][:SHOWN]


def durations(seen: Iterable[Seen], lines: Iterable[dict[str, Any]]) -> list[str]:
    """What the log says calls took is what they took, whatever the wall clock did meanwhile."""
    took = {line["request_id"]: line for line in lines if line["message"] == "request ended"}
    problems = []
    for one in seen:
        line = took.get(one.answer.request_id)
        if not line:
            problems.append(f"no line of {one.answer.request_id} ({one.answer.status})")
            continue
        whole, added = line["duration_us"] / 1e6, line.get("overhead_us", 0) / 1e6
        if not one.least * 0.9 <= whole <= one.received - one.sent + LATE or not 0 <= added <= whole:
            problems.append(f"{one.answer.request_id} took {one.received - one.sent:.2f} s, at least {one.least}; the "
                            f"log says {whole} s, of which {added} s are the gateway's")
    return problems[:SHOWN]


def log_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def metrics(seen: Iterable[Seen], text: str) -> list[str]:
    """No duration in the metrics is negative, or more than all clients together waited."""
    waited = sum(one.received - one.sent for one in seen) + LATE
    return [f"{name} is {value}, the clients waited {waited:.1f} s" for name, _, value in parse_metrics(text)
            if name in DURATIONS and not 0 <= value <= waited]
