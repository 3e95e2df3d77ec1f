"""The headers of an answer on every route: what it cost, what is left, and nothing of the backend's own.

The shape backend stands in for the providers; it sends the headers that no client may see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from support.client import Answer
from support.metered import CASES, STREAMED, Case, Stand, metered_stand
from support.options import Run
from support.oracle import Entry, pico
from support.world import Tenant

OURS = ("x-tollgate-", "x-ratelimit-", "x-request-id", "request-id")
# Of the provider, and never of ours: its limits, its organisation, its sessions.
UPSTREAM = ("anthropic-", "openai-", "set-cookie", "server")
RATE = {f"x-ratelimit-{what}-{unit}" for what in ("limit", "remaining", "reset") for unit in ("requests", "tokens")}
PLACE = {"x-tollgate-pool", "x-tollgate-backend", "x-tollgate-attempts"}
COST, REMAINING = "x-tollgate-cost", "x-tollgate-budget-remaining"


@pytest.fixture(scope="module")
def stand(run: Run) -> Iterator[Stand]:
    with metered_stand(run.binary) as stand:
        yield stand


def budgeted(stand: Stand, tenant_limit: str, key_limit: str) -> Tenant:
    """A tenant with two hard budgets and with quotas on its key."""
    tenant = stand.tenant(tenant_limit)
    stand.server.admin.budget(tenant.id, key_limit, key_id=tenant.key_id)
    stand.server.admin.quotas(f"keys/{tenant.key_id}", rpm=100, tpm=1_000_000)
    return tenant


def assert_ours(answer: Answer, case: Case, entry: Entry, with_cost: bool) -> None:
    """All that the contract promises, and no header of ours or of the backend beyond it."""
    headers = answer.headers
    names = {"x-request-id", REMAINING, *PLACE, *RATE}
    names |= {"request-id"} if case.kind == "anthropic" else set()
    names |= {COST} if with_cost else set()
    assert {name for name in headers if name.startswith(OURS)} == names
    assert not [name for name in headers if name.startswith(UPSTREAM)]
    assert answer.request_id == entry.request_id and headers.get("request-id", answer.request_id) == answer.request_id
    assert [headers[name] for name in sorted(PLACE)] == ["1", f"{case.kind}-a", case.kind]
    for unit, limit in (("requests", 100), ("tokens", 1_000_000)):
        assert headers[f"x-ratelimit-limit-{unit}"] == str(limit)
        assert 0 < int(headers[f"x-ratelimit-remaining-{unit}"]) <= limit
        assert re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h))+", headers[f"x-ratelimit-reset-{unit}"])
    assert int(headers["x-ratelimit-remaining-requests"]) < 100
    if with_cost:
        assert pico(headers[COST]) == entry.cost


@pytest.mark.parametrize(("tenant_limit", "key_limit"), [("10", "5"), ("5", "10")], ids=["key", "tenant"])
@pytest.mark.parametrize("route", CASES)
def test_an_answer_says_what_it_cost_and_what_is_left(
    stand: Stand, route: str, tenant_limit: str, key_limit: str
) -> None:
    """Of two budgets the tighter one; long audio begins before it is settled: its own hold is among what is held."""
    case, is_whole = CASES[route], route != "speech"
    model = stand.model(case, recipe={"latency": 40, "size": 300_000})
    hold, _ = stand.held(case, model)
    tenant = budgeted(stand, tenant_limit, key_limit)
    posted = 0
    for _ in range(2):
        answer = stand.call(tenant, case, model)
        assert answer.status == 200, answer
        entry = stand.rows(tenant)[-1]
        assert_ours(answer, case, entry, with_cost=is_whole)
        taken = entry.cost if is_whole else hold
        assert pico(answer.headers[REMAINING]) == 5 * pico("1") - posted - taken
        posted += entry.cost
    assert (posted == 0) == (route == "count_tokens")


@pytest.mark.parametrize("route", STREAMED)
def test_a_stream_counts_its_own_hold_and_says_no_cost(stand: Stand, route: str) -> None:
    case = CASES[route]
    model = stand.model(case, recipe={"latency": 20})
    hold, _ = stand.held(case, model, **STREAMED[route])
    tenant = budgeted(stand, "10", "5")
    posted = 0
    for _ in range(2):
        answer = stand.call(tenant, case, model, **STREAMED[route])
        assert answer.status == 200 and answer.is_stream, answer
        entry = stand.rows(tenant)[-1]
        assert_ours(answer, case, entry, with_cost=False)
        assert hold > 0 and pico(answer.headers[REMAINING]) == 5 * pico("1") - posted - hold
        posted += entry.cost
    assert posted > 0
