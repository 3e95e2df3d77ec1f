"""Holds on every route: what may be sent is held for and never passes the cap, what may not be is refused untouched.

The shape backend stands in for the providers, because each route must be slow and countable here.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.metered import CASES, PIXEL, TOKENS, Stand, metered_stand
from support.options import Run
from support.oracle import pico, usd


@pytest.fixture(scope="module")
def stand(run: Run) -> Iterator[Stand]:
    with metered_stand(run.binary) as stand:
        yield stand


@pytest.mark.parametrize("route", CASES)
def test_posted_and_held_never_pass_the_cap(stand: Stand, route: str) -> None:
    """The cap is worth three holds; eight calls come at once."""
    case = CASES[route]
    model = stand.model(case)
    stand.shapes.recipe(model, latency=250)
    hold = stand.held(case, model)[0]
    free = route == "count_tokens"
    assert (hold == 0) == free
    cap = 3 * hold or 1_000_000
    capped, uncapped = stand.tenant(usd(cap)), stand.tenant(None)
    worst, held_once = 0, False
    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(stand.call, tenant, case, model) for tenant in [capped, uncapped] * 8]
        while not all(call.done() for call in calls):
            balance = stand.books.balances().get(capped.id)
            state = stand.server.admin.budget_state(str(capped.budget))
            if balance:
                worst = max(worst, balance.spent + balance.held)
                held_once = held_once or balance.held > 0
            assert pico(state["posted"]) + pico(state["held"]) <= cap
    answers = [call.result() for call in calls]
    assert worst <= cap, f"{usd(worst)} of {usd(cap)}"
    assert held_once or free
    assert all(answer.status == 200 for answer in answers[1::2]), "an uncapped call was refused"
    served = [answer for answer in answers[::2] if answer.status == 200]
    refused = [answer for answer in answers[::2] if answer.status != 200]
    assert len(served) == 8 if free else 3 <= len(served) < 8
    assert all(answer.status in (402, 429) for answer in refused), refused
    stand.books.wait_until_no_holds()
    rows = [entry for entry in stand.books.entries() if entry.tenant_id in (capped.id, uncapped.id)]
    assert len(rows) == len(served) + 8 and all(row.kind == "settle" for row in rows)
    assert pico(stand.server.admin.budget_state(str(capped.budget))["posted"]) == sum(
        row.cost for row in rows if row.tenant_id == capped.id)


REFUSED = [(route, param) for route, case in CASES.items() for param in case.refused]


@pytest.mark.parametrize(("route", "param"), REFUSED)
@pytest.mark.parametrize("limit", ["10", None])
def test_what_is_not_allowed_is_refused_untouched(stand: Stand, route: str, param: str, limit: str | None) -> None:
    case = CASES[route]
    model, tenant = stand.model(case), stand.tenant(limit)
    answer = stand.call(tenant, case, model, **case.refused[param])
    assert answer.status == 400, answer
    error = answer.failure
    if case.kind == "openai":
        assert (error["code"], error["param"]) == ("unsupported_parameter", param)
    else:
        assert error["type"] == "invalid_request_error" and param in error["message"]
    assert not stand.shapes.calls(model)
    assert not [entry for entry in stand.books.entries() if entry.tenant_id == tenant.id]


@pytest.mark.parametrize("route", CASES)
def test_a_model_of_the_other_kind_is_refused_untouched(stand: Stand, route: str) -> None:
    """No route is translated into that of another provider."""
    case = CASES[route]
    other = CASES["chat" if case.kind == "anthropic" else "messages"]
    model = stand.model(other, prices={"per_million": TOKENS, "per_unit": case.units})
    tenant = stand.tenant("10")
    answer = stand.call(tenant, case, model)
    error = answer.failure
    assert (answer.status, error["type"], error["code"], error["param"]) == (
        400, "invalid_request_error", "route_not_supported", "model"), answer
    assert model in error["message"] and case.path in error["message"]
    assert not stand.shapes.calls(model) and not stand.rows(tenant)


UNBOUNDED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "chat": ("messages[0].content[0]", "part_tokens_max", {"messages": [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PIXEL}}]}]}),
    "responses": ("input[0].content[1]", "part_tokens_max", {}),
    "transcriptions": ("file", "audio_seconds_max", {}),
}


@pytest.mark.parametrize("route", UNBOUNDED)
def test_what_nothing_bounds_is_for_the_uncapped_only(stand: Stand, route: str) -> None:
    param, _, more = UNBOUNDED[route]
    case = CASES[route]
    model = stand.model(case, part_tokens_max=None, audio_seconds_max=None)
    refusal = stand.call(stand.tenant("10"), case, model, **more)
    assert (refusal.status, refusal.failure["code"]) == (400, "unsupported_parameter"), refusal
    assert refusal.failure["param"] == param
    assert stand.call(stand.tenant(None), case, model, **more).status == 200


def test_a_tier_with_a_price_is_held_for_and_priced_by_the_answer(stand: Stand) -> None:
    """The dearest tier is held for; what is paid is the tier the answer names."""
    case = CASES["responses"]
    model = stand.model(case)
    stand.server.admin.price_of(model, {"input": "10", "output": "40"}, tier="priority")
    stand.shapes.recipe(model, latency=150)
    assert stand.held(case, model)[0] >= 200 * 40 * 10**6 // 4
    for told, factor in (("priority", 10), ("default", 1)):
        stand.shapes.recipe(model, tier=told)
        tenant = stand.tenant("10")
        assert stand.call(tenant, case, model, service_tier="priority").status == 200
        [entry] = [entry for entry in stand.books.entries() if entry.tenant_id == tenant.id]
        assert entry.cost == (11 * 10**6 + 7 * 4 * 10**6) * factor
