"""A month's files: equal to the ledger to the last picodollar."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support import finance_oracle as oracle
from support.books import Books, opened_books
from support.downloads import get
from support.focus_rules import faults
from support.options import Run


@pytest.fixture(scope="module")
def books(run: Run) -> Iterator[Books]:
    with opened_books(run) as books:
        yield books


def test_every_file_equals_the_ledger_to_the_last_picodollar(books: Books) -> None:
    rows = oracle.table(books.file("csv"))
    oracle.check_csv(rows, books.ledger)
    oracle.check_csv(oracle.table(books.file("csv", group_by="key")), books.ledger)
    oracle.check_focus(oracle.table(books.file("focus-1.2")), books.ledger)
    oracle.check_focus(oracle.table(books.file("focus-1.4")), books.ledger)
    oracle.check_lines(books.file("jsonl"), books.ledger)
    oracle.check_manifest(books.manifest(), books.ledger)


def test_the_sums_of_files_roll_ups_ledger_and_accounts_are_one(books: Books) -> None:
    """The product's own answers beside each other: its files, its usage and its budgets."""
    admin, month = books.server.admin, books.month
    start, end = (datetime.fromtimestamp(micros // 10**6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for micros in (month.start, month.end))
    exported: dict[str, int] = {}
    for row in oracle.table(books.file("csv")):
        exported[row["tenant_id"]] = exported.get(row["tenant_id"], 0) + oracle.pico(row["cost"])
    assert set(exported) == {tenant.id for tenant in month.tenants}
    assert exported == dict(books.ledger.cost)
    assert oracle.nonzero(books.ledger.rolled) == oracle.nonzero(books.ledger.cost)
    for tenant in month.tenants:
        usage = admin.rows(f"/costs?bucket=day&tenant_id={tenant.id}&start={start}&end={end}")
        assert sum(oracle.pico(row["cost"]) for bucket in usage for row in bucket["results"]) == exported[tenant.id]
        budget = admin.budget(tenant.id, "1000000", "total", "soft")
        assert oracle.pico(admin.budget_state(budget)["posted"]) == exported[tenant.id]
    books.server.verify()


def test_the_operators_view_has_what_providers_charge(books: Books) -> None:
    rows = oracle.table(books.file("csv", view="upstream"))
    assert sum(oracle.pico(row["upstream_cost"] or "0") for row in rows) == books.ledger.upstream
    assert sum(oracle.pico(row["cost"]) for row in rows) == books.ledger.total
    unpriced = [row for row in rows if not row["upstream_cost"]]
    assert all(int(row["unpriced_requests"]) > 0 for row in unpriced)
    assert sum(int(row["unpriced_requests"]) for row in rows) == books.ledger.unpriced > 0
    focus = oracle.table(books.file("focus-1.2", view="upstream"))
    assert sum(oracle.pico(row["BilledCost"]) for row in focus) == books.ledger.upstream
    assert {row["ProviderName"] for row in focus} >= {"alpha", "beta"}
    assert faults(focus, "1.2") == []


def test_what_providers_charge_is_in_no_tenants_file(books: Books) -> None:
    tenant = books.month.tenants[0].id
    for format in ("csv", "jsonl", "focus-1.2", "focus-1.4", "statement"):
        text = books.file(format, tenant_id=tenant).decode().lower().replace("_", "")
        assert "upstreamcost" not in text, format


def test_what_is_handed_out_says_nothing_of_others(books: Books) -> None:
    """A tenant's manifest and workbook: no other tenant's id, no reason of another's correction, no upstream price."""
    import openpyxl

    tenant, *others = books.month.tenants
    manifest = books.manifest(tenant_id=tenant.id)
    text = json.dumps(manifest)
    assert not [other.id for other in others if other.id in text]
    assert {price["kind"] for price in manifest["price_versions"]} == {"tenant"}
    whole = books.manifest()["corrections"]
    assert 0 < len(manifest["corrections"]) < len(whole)
    book = openpyxl.load_workbook(io.BytesIO(books.file("xlsx", tenant_id=tenant.id)))
    cells = {str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    assert not [other.id for other in others if other.id in cells] and tenant.id in cells
    assert "upstream" not in {row[2] for row in book["Manifest"].iter_rows(min_row=2, values_only=True)}


def test_a_tenants_file_has_its_rows_and_no_others(books: Books) -> None:
    tenant = books.month.tenants[1]
    rows = oracle.table(books.file("csv", tenant_id=tenant.id))
    whole = [row for row in oracle.table(books.file("csv")) if row["tenant_id"] == tenant.id]
    assert rows == whole and rows
    lines = books.file("jsonl", tenant_id=tenant.id).decode().splitlines()
    assert {json.loads(line)["tenant_id"] for line in lines} == {tenant.id}
    statement = books.file("statement", tenant_id=tenant.id).decode()
    assert tenant.name in statement and books.month.tenants[2].name not in statement


def test_a_tag_picks_tenants_and_keys(books: Books) -> None:
    rows = oracle.table(books.file("csv", tag="cost_center:1"))
    assert {row["tenant_id"] for row in rows} == {books.month.tenants[place].id for place in (1, 3)}
    by_key = oracle.table(books.file("csv", tag="team:web", group_by="key"))
    assert {row["key"] for row in by_key} == {"web"}
    both = [oracle.table(books.file("csv", tag=f"team:{team}")) for team in ("web", "batch")]
    keyless = oracle.table(books.file("csv"))
    tagged = sum(oracle.pico(row["cost"]) for rows in both for row in rows)
    whole = sum(oracle.pico(row["cost"]) for row in keyless)
    by_hand = sum(oracle.pico(row["cost"]) for row in keyless if row["corrects_period"] and not row["model"])
    assert tagged == whole - by_hand


def test_prepaid_money_is_drawn_before_anything_is_billed(books: Books) -> None:
    rows = oracle.table(books.file("csv"))
    for place, paid in ((0, 5 * 10**12 + 1), (1, 10**9)):
        own = [row for row in rows if row["tenant_id"] == books.month.tenants[place].id]
        spent = sum(oracle.pico(row["cost"]) for row in own)
        billed = sum(oracle.pico(row["billed"]) for row in own if row["kind"] != "purchase")
        assert billed == spent - min(paid, spent)
        assert [oracle.pico(row["billed"]) for row in own if row["kind"] == "purchase"] == [paid]
    goodwill = [row for row in rows if row["kind"] == "credit"]
    assert [oracle.pico(row["billed"]) for row in goodwill] == [-2 * 10**12]


def test_excel_gets_a_mark_and_on_request_commas(books: Books) -> None:
    plain = oracle.table(books.file("csv"))
    marked = books.file("csv", profile="excel")
    assert marked.startswith(b"\xef\xbb\xbf") and marked[3:] == books.file("csv")
    comma = oracle.table(books.file("csv", profile="excel", decimal="comma"), delimiter=";")
    assert [row["cost"].replace(",", ".") for row in comma] == [row["cost"] for row in plain]
    assert any("," in row["cost"] for row in comma) and not any("." in row["cost"] for row in comma)


def test_gzip_is_the_same_file_smaller(books: Books) -> None:
    path = f"/exports/{books.month.name}?format=jsonl"
    answer = get(books.server, path, accept_encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "accept-encoding"
    assert gzip.decompress(answer.body) == books.file("jsonl")
    assert len(answer.body) * 3 < len(books.file("jsonl"))
    for refused in ("identity", "gzip;q=0", "gzip; q=0.0"):
        assert "content-encoding" not in get(books.server, path, accept_encoding=refused).headers


def test_the_workbook_has_the_right_types(books: Books, tmp_path: Path) -> None:
    from datetime import datetime

    import openpyxl

    path = tmp_path / "month.xlsx"
    path.write_bytes(books.file("xlsx"))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Summary", "Tenants", "Models", "Daily", "Corrections", "Manifest"]
    for sheet in book:
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref, sheet.title
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    rows = oracle.table(books.file("csv"))
    daily = list(book["Daily"].iter_rows(min_row=2, values_only=True))
    heads = [cell.value for cell in book["Daily"][1]]
    assert len(daily) == len(rows)
    for row, cells in zip(rows, daily, strict=True):
        found = dict(zip(heads, cells, strict=True))
        assert isinstance(found["date"], datetime) and found["date"].date().isoformat() == row["date"]
        assert found["cost_exact"] == row["cost"] and isinstance(found["cost"], int | float)
        assert found["tenant_id"] == row["tenant_id"] and isinstance(found["requests"], int)
    totals = {row[0]: row for row in book["Tenants"].iter_rows(min_row=2, values_only=True)}
    assert {name: oracle.pico(row[7]) for name, row in totals.items()} == dict(books.ledger.cost)
    summary = {row[0]: row[1] for row in book["Summary"].iter_rows(min_row=2, values_only=True)}
    assert oracle.pico(summary["cost"]) == books.ledger.total
    corrected = sum(oracle.pico(row[15]) for row in book["Corrections"].iter_rows(min_row=2, values_only=True))
    assert corrected == sum(books.ledger.corrections.values())
