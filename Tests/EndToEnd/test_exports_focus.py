"""A month as FOCUS: by the official validator, the toolkit for 1.4 and rules of our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import finance_oracle as oracle
from support.books import Books, opened_books
from support.downloads import FOCUS_PYTHON, official_failures, toolkit
from support.focus_rules import faults
from support.options import Run


@pytest.fixture(scope="module")
def books(run: Run) -> Iterator[Books]:
    with opened_books(run) as books:
        yield books


@pytest.fixture(scope="module")
def closed(books: Books) -> Books:
    """The same month: tests of the open one come before."""
    books.close()
    return books


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
