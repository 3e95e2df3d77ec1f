"""Calls that fail at their backend, each against one attempt in the books, and at what its end costs.

What a failed attempt costs does not name its call, but its request does: by the answer its client had, by the gateway's
log (`x-request-id`), or by the amount that is held. Where a crash left none of these, the call is looked for among the
attempts that are nobody's: of its tenant and model, and open while the backend had it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from .backend import BackendCall
from .oracle import ONE_PER_ATTEMPT, Entry, Hold
from .tollgate import Gateway
from .witness import parse_knobs

SLACK = 0.02  # seconds between two processes' readings of one clock
BREAKS = ("reset-later", "hang-later", "cut", "malformed")  # of an answer that has begun
One, Other = TypeVar("One", bound=Hashable), TypeVar("Other", bound=Hashable)


@dataclass
class Sent:
    """A call as its client made it: its tenant, its ceiling of tokens, and the request it is known to be."""

    tenant: str
    max_tokens: int
    requests: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Attempt:
    """One attempt of the books: its entry, or what is still held for it."""

    row: Entry | Hold

    @property
    def name(self) -> tuple[str, int]:
        return self.row.request_id, self.row.attempt

    @property
    def was_sent(self) -> bool:
        """The books say that a backend had it; of a hold they do not say."""
        return isinstance(self.row, Entry) and self.row.outcome != "not_sent"

    def __str__(self) -> str:
        row = self.row
        if isinstance(row, Hold):
            return f"a hold of {row.amount}"
        return f"{row.kind} of {row.cost} ({row.outcome}, {row.provenance}, status {row.status}, output {row.output})"


def requests_by_name(server: Gateway) -> dict[str, list[str]]:
    """By a call's own name the requests that the gateway's log says it was; a line that was cut off says nothing."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in server.output.splitlines():
        if '"request ended"' in line:
            try:
                fields = json.loads(line)
            except json.JSONDecodeError:
                continue
            found[fields.get("client_request_id", "")].append(fields["request_id"])
    return found


def faulty_wrong(calls: Iterable[BackendCall], sent: Mapping[str, Sent], entries: Iterable[Entry],
                 holds: Iterable[Hold], rate: int, may_be_lost: bool = False) -> list[str]:
    """What is wrong with the booking of these calls, which clients `sent` by their markers; input is free.

    Every call has an attempt of its own, unless it may be lost; every attempt that a backend is said to have had has a
    call of its own. What was held and never sent is allowed.
    """
    calls, entries, holds = list(calls), list(entries), list(holds)
    attempts = [Attempt(row) for row in entries if row.kind in ONE_PER_ATTEMPT] + [Attempt(hold) for hold in holds]
    problems = [f"{entry.kind} of {entry.cost} for {entry.request_id}" for entry in entries
                if entry.kind not in ONE_PER_ATTEMPT]
    problems += [f"{attempt.name}: {attempt} was never sent" for attempt in attempts
                 if isinstance(attempt.row, Entry) and not attempt.was_sent and costs(attempt.row)]
    problems += [f"the backend saw {call.marker}, which no client sent" for call in calls if call.marker not in sent]
    owners, unclear = owners_of(sent, holds, rate)
    problems += unclear
    known, nobodys = defaultdict[str, list[Attempt]](list), defaultdict[str, list[Attempt]](list)
    for attempt in attempts:
        owner = owners.get(attempt.row.request_id)
        (known[owner] if owner else nobodys[attempt.row.tenant_id]).append(attempt)
    named = set(owners.values())
    of_call: dict[int, list[Attempt]] = {}
    of_attempt: dict[Attempt, list[int]] = {attempt: [] for attempt in attempts if attempt.was_sent}
    for place, call in enumerate(calls):
        if client := sent.get(call.marker):
            among = known[call.marker] if call.marker in named else nobodys[client.tenant]
            of_call[place] = [attempt for attempt in among if not disagrees(call, client, attempt, rate)]
            for attempt in of_call[place]:
                of_attempt.setdefault(attempt, []).append(place)
    if not may_be_lost:
        for place in alone(of_call):
            call = calls[place]
            has = [str(attempt) for attempt in known[call.marker]]
            problems.append(f"call {call.marker} ({said(call)}) has no entry or hold of its own; its request has {has}")
    problems += [f"{attempt.name} of call {owners.get(attempt.row.request_id)}: {attempt}, no backend's call is that"
                 for attempt in alone(of_attempt) if attempt.was_sent]
    return problems


def owners_of(sent: Mapping[str, Sent], holds: Iterable[Hold], rate: int) -> tuple[dict[str, str], list[str]]:
    """By request the call that it is, and what cannot be: a call is one request, a request is one call."""
    pairs = [(request, marker) for marker, client in sent.items() for request in client.requests]
    by_amount = {(client.tenant, client.max_tokens * rate): marker for marker, client in sent.items()}
    owners, problems = dict[str, str](), []
    for hold in holds:
        marker = by_amount.get((hold.tenant_id, hold.amount))
        if marker:
            pairs.append((hold.request_id, marker))
        else:
            problems.append(f"a hold of {hold.amount} for {hold.request_id}, which no client asked for")
    requests: dict[str, str] = {}
    for request, marker in pairs:
        if owners.setdefault(request, marker) != marker or requests.setdefault(marker, request) != request:
            problems.append(f"{request} is call {owners[request]} and {marker}, which is {requests.get(marker)}")
    return owners, problems


def costs(entry: Entry) -> bool:
    return (entry.kind, entry.cost, entry.provenance) != ("release", 0, "none") or bool(entry.meters)


def said(call: BackendCall) -> str:
    end = call.finished
    return f"{end['outcome']} {end['status']}{', begun' if end['begun'] else ''}" if end else "not over"


def disagrees(call: BackendCall, client: Sent, attempt: Attempt, rate: int) -> bool:
    """Whether this cannot be the call's attempt: another tenant's, not open while the backend had it, or not booked as
    `docs/money.md` says of how it ended there."""
    row, model = attempt.row, call.arrived["model"]
    if (row.tenant_id, row.model) != (client.tenant, model):
        return True
    if isinstance(row, Hold):
        return row.amount != client.max_tokens * rate
    last = call.arrived["at"] if call.finished is None or call.hung_up else call.finished["at"]
    if row.admitted_at / 1e6 > call.arrived["at"] + SLACK or row.ended_at / 1e6 < last - SLACK:
        return True
    kind, outcome, provenance, status, least, most = end_of(call, client.max_tokens)
    told = (row.kind, row.outcome, row.provenance, row.status)
    others = {name: count for name, count in row.meters.items() if name not in ("input", "output")}
    return (told != (kind, outcome, provenance, status) or not least <= row.output <= most
            or row.cost != row.output * rate or bool(others) or (most == 0 and row.input != 0))


def end_of(call: BackendCall, max_tokens: int) -> tuple[str, str, str, int, int, int]:
    """How the attempt must be booked: kind, outcome, provenance, status, and the least and the most output tokens."""
    end = call.finished
    fault = parse_knobs(str(call.arrived["user"]).partition(";")[2]).get("fault", "")
    if end and end["outcome"] == "error":
        return "release", "error_status", "none", end["status"], 0, 0
    if end and end["begun"] and fault in BREAKS:
        # Nobody reported what it used: an estimate of what came, some of which is text, within what is held.
        return "settle", "broken", "estimated", 200, 1, max_tokens
    if end and end["outcome"] == "answered":
        return "settle", "answered", "reported", 200, end["completion"], end["completion"]
    # It was reset, or was left after all the time it had.
    return "release", "unanswered", "none", 0, 0, 0


def alone(partners: Mapping[One, list[Other]]) -> list[One]:
    """Who is left over when as many as can be have one partner each, by augmenting paths."""
    taken: dict[Other, One] = {}

    def has_one(one: One, asked: set[Other]) -> bool:
        for other in partners[one]:
            if other not in asked:
                asked.add(other)
                if other not in taken or has_one(taken[other], asked):
                    taken[other] = one
                    return True
        return False

    return [one for one in partners if not has_one(one, set())]
