"""The lines of mutated rows: no table of the schema is left out, and what they take for a tenant served in error."""

from __future__ import annotations

import time
from typing import Any

import pytest

from prove import rows, shared_rows
from prove.damage import SHOWN, Place, about_everybody, names_row
from prove.laid import NOT_MUTATED, tables_of
from prove.rows import BINDING, Odd, may_be_served
from support.options import Run
from support.tollgate import gateway
from support.world import Tenant

HOUR = 3600 * 10**6  # microseconds


@pytest.mark.parametrize(("line", "is_named"), [
    ('{"level":"error","message":"an admin request failed","error":"damaged(\\"credits\\")","path":"/x"}', True),
    ('{"level":"critical","message":"an id in budgets is damaged","tenant":"ten_1"}', True),
    ('{"level":"error","message":"an admin request failed","error":"odd","path":"/admin/v1/tenants/ten_1"}', False),
    ('{"level":"error","message":"an admin request failed","error":"odd","path":"/admin/v1/credits"}', False),
    ('{"level":"error","message":"an admin request failed","error":"no credits_by_tenant","path":"/x"}', False),
    ('{"level":"error","message":"credits","request_id":"ten_1","error":"odd"}', False),
    ('{"level":"warning","message":"x","error":"damaged(\\"credits\\")"}', False),
    ("Fatal error: credits", False),
])
def test_a_row_is_named_by_the_cause_and_not_by_what_was_asked_for(line: str, is_named: bool) -> None:
    assert names_row(line, ["ten_1", "credits", "kind"]) == is_named


def test_every_table_of_the_schema_has_mutated_rows_or_a_reason(run: Run) -> None:
    """That each of them has a row to take is what the lines themselves begin with."""
    with gateway(run.binary) as server:
        tables = tables_of(server.database)
    drawn = {*rows.TABLES, *shared_rows.TABLES}
    assert drawn.isdisjoint(NOT_MUTATED) and set(BINDING) <= set(rows.TABLES)
    assert tables == drawn | NOT_MUTATED.keys(), tables ^ (drawn | NOT_MUTATED.keys())


def test_what_may_keep_the_gateway_from_starting_is_shared() -> None:
    assert set(shared_rows.MAY_REFUSE) < set(shared_rows.TABLES)


def test_tenants_and_budgets_are_always_shown_and_sums_may_name_the_damage() -> None:
    assert {path for path in about_everybody() if SHOWN.match(path)} == {"/tenants?limit=1000", "/budgets?limit=1000"}


def now() -> int:
    return int(time.time() * 1e6)


def raised(**fields: Any) -> dict[str, Any]:
    return {"budget_id": "bud_1", "limit_micro": 5, "limit_pico": 0, "ended_at": None, "until": now() + HOUR, **fields}


@pytest.mark.parametrize(("table", "column", "after", "served"), [
    ("budget_raises", "limit_micro", raised(), True),
    ("budget_raises", "limit_micro", raised(limit_micro=3, limit_pico=0), False),  # no more than is spent and held
    ("budget_raises", "limit_pico", raised(limit_pico=10**18), False),
    ("budget_raises", "ended_at", raised(ended_at=1), False),
    ("budget_raises", "until", raised(until=now() - HOUR), False),
    ("budget_raises", "budget_id", raised(budget_id="bud_2"), False),
    ("holds", "amount", {"amount": 0}, True),
    ("holds", "amount", {"amount": 10**6}, False),
    ("holds", "amount", {"amount": -1}, False),
    ("holds", "state", {"amount": 10**6, "state": ""}, False),
    ("holds", "tenant_id", {"amount": 10**6, "tenant_id": "x"}, True),
    ("tenants", "uncertain_release_after_seconds",
     {"id": "ten_1", "price_multiplier_ppm": 10**6, "uncertain_release_after_seconds": 1}, True),
    ("tenants", "uncertain_release_after_seconds",
     {"id": "ten_1", "price_multiplier_ppm": 10**6, "uncertain_release_after_seconds": -1}, False),
    ("budgets", "limit_micro", {"id": "bud_1", "limit_micro": 3, "limit_pico": 1}, True),
    ("budgets", "limit_micro", {"id": "bud_1", "limit_micro": 2, "limit_pico": 999_999}, False),
    ("credits", "amount_micro", {"amount_micro": 10**9}, False),
    ("corrections", "amount", {"amount": -10**9}, False),
    ("holds", "request_id", {}, False),
])
def test_only_a_row_that_says_so_leaves_something_to_spend(
    table: str, column: str, after: dict[str, Any], served: bool,
) -> None:
    odd = Odd(Tenant("ten_1", "one", "key_1", "", "bud_1"), {"bud_1"}, posted=2 * 10**6, held=10**6)
    before = {"id": "bud_1", "budget_id": "bud_1"}
    assert may_be_served(odd, Place(table, column, (("rowid", 1),)), before, after) == served
