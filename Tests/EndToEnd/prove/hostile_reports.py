"""What a gateway tells after hostile names were accepted: metrics, log, lists, and every format of exports."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import openpyxl

from support.client import Answer
from support.downloads import get
from support.tollgate import Gateway, parse_metrics
from support.world import Tenant, World
from test_exports_safety import is_formula

from .hostile_values import FORGED

SERVED = "served"  # the pool whose backend answers, which hostile models call and hostile tenants may
SHOWN = 12  # tenants whose names are taken into the exports
# Columns that hold numbers, which may begin with a minus.
NUMERIC = ("Cost", "cost", "Price", "price", "Quantity", "Count", "requests", "units", "billed")
# What a statement is made of, and the attributes there are.
STATEMENT: dict[str, set[str]] = {
    **{tag: set() for tag in ("body", "dd", "dl", "dt", "h1", "head", "section", "style", "table", "tbody", "thead",
                              "title", "tr")},
    "html": {"lang"}, "meta": {"charset"}, "p": {"class"}, "td": {"class"}, "th": {"class"},
}
TABLES: tuple[dict[str, str], ...] = (
    {"format": "csv", "group_by": "key"}, {"format": "csv", "tag": "team"}, {"format": "csv", "view": "upstream"},
    {"format": "csv", "profile": "excel"}, {"format": "focus-1.2"}, {"format": "focus-1.4"},
)


def called_by(world: World, tenants: dict[str, dict[str, Any]], models: list[str]) -> list[Tenant]:
    """The last of these tenants, each with a key of its own name, having called some of the models."""
    admin, callers = world.admin, []
    for tenant, shown in list(tenants.items())[-SHOWN:]:
        if admin.get(f"/tenants/{tenant}")["archived_at"]:
            continue
        admin.ok("POST", f"/tenants/{tenant}/resume")
        admin.quotas(f"tenants/{tenant}")
        admin.entitle(tenant, {SERVED: ["*"]})
        admin.budget(tenant, "100", mode="soft")
        key = admin.key(tenant, shown["name"], tags={"team": shown["name"]})
        callers.append(Tenant(tenant, shown["name"], key["id"], key["key"], None))
    for model in models[-2 * SHOWN:]:
        admin.price(model, "1", "4", effective_from="2021-01-01T00:00:00Z")
    models = models[-2 * SHOWN:] or ["odd-model"]
    for number in range(max(len(callers), len(models))):
        caller, model = callers[number % len(callers)], models[number % len(models)]
        answer = world.call(caller, model=model, max_tokens=5)
        assert answer.done, f"{model!r} was answered {answer.status} {answer.body[:300]!r} {answer.error}"
    return callers


def table_wrong(name: str, data: bytes) -> Iterator[str]:
    """No cell of a CSV file begins a formula, and every row has as many cells as the first."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    head, body = rows[0], rows[1:]
    if not body:
        yield f"{name} is empty"
    for row in body:
        if len(row) != len(head):
            yield f"{name}: a row of {len(row)} cells: {row!r:.300}"
        for column, cell in zip(head, row, strict=False):
            # A text is behind an apostrophe then; of the profile for Excel, the cells are formulas of a text.
            if not column.endswith(NUMERIC) and is_formula(cell) and not cell.startswith('="'):
                yield f"{name}: {column} is {cell!r}"


class Markup(HTMLParser):
    """What of a page is no text and is not in STATEMENT."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag not in STATEMENT or not names <= STATEMENT[tag]:
            self.odd.append(f"{tag} {sorted(names)}")

    def handle_comment(self, data: str) -> None:
        self.odd.append(f"a comment {data!r}")

    def handle_pi(self, data: str) -> None:
        self.odd.append(f"an instruction {data!r}")

    def unknown_decl(self, data: str) -> None:
        self.odd.append(f"a declaration {data!r}")


def page_wrong(page: str) -> Iterator[str]:
    """A name is text, whatever it says; text alone may also look like a script's address."""
    markup = Markup()
    # The parser takes a comment without an end for text.
    markup.odd += ["the start of a comment"] * page.count("<!--")
    markup.feed(page)
    markup.close()
    yield from (f"the statement holds a name as markup: {odd:.300}" for odd in markup.odd)


def workbook_wrong(data: bytes) -> Iterator[str]:
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            if cell.data_type == "f" and cell.value:
                yield f"xlsx: {sheet.title} {cell.coordinate} is {cell.value!r}"


def log_wrong(log: Path) -> Iterator[str]:
    """One JSON object a line, no name twice in it, and none that a name forged."""
    for line in log.read_bytes().split(b"\n")[:-1]:
        try:
            pairs: list[tuple[str, Any]] = json.loads(line, object_pairs_hook=list)
            names = [name for name, _ in pairs]
        except (ValueError, TypeError):
            yield f"no line of the log: {line[:300]!r}"
            continue
        if len(set(names)) != len(names) or ("message", FORGED) in pairs:
            yield f"a forged line of the log: {line[:300]!r}"
        if any(byte < 0x20 or byte == 0x7F for byte in line):
            yield f"a line of the log holds a control character: {line[:300]!r}"


def metrics_wrong(text: str) -> Iterator[str]:
    """The strict reader takes it, and no sample is of a family that was not declared."""
    declared = {line.split(" ")[2] for line in text.split("\n") if line.startswith("# TYPE ")}
    for name, _, _ in parse_metrics(text):
        family = name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
        if not {name, family} & declared:
            yield f"a metric nobody declared: {name}"


def export(server: Gateway, **query: str) -> Answer:
    return get(server, f"/exports/{datetime.now(UTC):%Y-%m}?{urlencode(query)}", server.admin.credential)


def exports_wrong(server: Gateway, callers: Iterable[Tenant]) -> Iterator[str]:
    for query in TABLES:
        answer = export(server, **query)
        yield from table_wrong(str(query), answer.body) if answer.status == 200 else [f"{query}: {answer.status}"]
    lines = [json.loads(line) for line in export(server, format="jsonl").body.split(b"\n")[:-1]]
    called = {line["tenant_id"] for line in lines}
    table = io.StringIO(export(server, format="csv").body.decode(), newline="")
    shown = {row["tenant"] for row in csv.DictReader(table)}
    for caller in callers:
        if caller.id not in called or caller.name not in shown:
            yield f"the exports do not have {caller}"
    yield from page_wrong(export(server, format="statement").body.decode())
    yield from workbook_wrong(export(server, format="xlsx").body)


def told_wrong(world: World, tenants: dict[str, dict[str, Any]], models: list[str]) -> Iterator[str]:
    """Everything that is told of these tenants and models, which callers now call with and by."""
    server = world.server
    callers = called_by(world, tenants, models)
    yield from metrics_wrong(server.metrics_text())
    yield from log_wrong(server.log)
    yield from exports_wrong(server, callers)
    listed = {row["id"]: row["name"] for row in world.admin.rows("/tenants")}
    for caller in callers:
        if listed.get(caller.id) != caller.name:
            yield f"the list says {listed.get(caller.id)!r} for {caller.name!r}"


def shown(world: World) -> dict[str, Any]:
    """What the admin is told of everything that was asked for and stays, but not of how it goes just now."""
    admin = world.admin
    lists = ("/tenants", "/budgets", "/pools", "/models", "/prices", "/holds", "/periods", "/webhooks", "/admin-keys",
             "/prices/imports", "/reconciliations")
    told: dict[str, Any] = {path: admin.rows(path) for path in lists} | {"/master-key": admin.get("/master-key")}
    for tenant in told["/tenants"]:
        for part in ("keys", "credits"):
            told[f"{part} of {tenant['id']}"] = admin.rows(f"/tenants/{tenant['id']}/{part}")
        for part in ("entitlements", "quotas"):
            told[f"{part} of {tenant['id']}"] = admin.get(f"/tenants/{tenant['id']}/{part}")
    for budget in told["/budgets"]:
        told[f"state of {budget['id']}"] = admin.budget_state(budget["id"])
    for period in told["/periods"]:
        told[f"corrections of {period['period']}"] = admin.rows(f"/periods/{period['period']}/corrections")
    for pool in admin.get("/status")["pools"]:
        told[f"backends of {pool['name']}"] = [[backend["id"], backend["name"], backend["draining"]]
                                               for backend in pool["backends"]]
    for row in (*told["/webhooks"], *told["/admin-keys"]):
        for moving in ("failing_since", "dropped", "last_used_at"):
            row.pop(moving, None)
    return told


def memory_wrong(world: World) -> Iterator[str]:
    """What the gateway knows is what it has stored: one that starts anew tells the same of everything."""
    before = shown(world)
    if code := world.server.stop():
        yield f"the gateway ended with {code}"
    world.server.start()
    after = shown(world)
    for path in before.keys() | after.keys():
        if before.get(path) != after.get(path):
            yield f"{path} was told as {before.get(path)!r:.600}, and is after a restart {after.get(path)!r:.600}"
