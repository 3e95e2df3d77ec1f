"""Whether an answer to a hostile admin is one, whether what was accepted is stored as it was sent, and whether the
database is as it was."""

from __future__ import annotations

import ipaddress
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from support.client import Answer

from .hostile_organization import error_wrong, is_organization
from .hostile_requests import Request
from .hostile_values import INJECTED, Members, Raw

# What is written and never shown, and what is asked of an action and not kept.
NOT_SHOWN = {"api_key", "wrapped_key", "proof", "grace_seconds", "grace", "release", "charge", "older_than", "days",
             "expires_in_seconds"}
SETS = {"alerts_at"}  # lists of amounts whose order and repetitions mean nothing
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
# A query that chooses among rows: each row of the answer must have it.
FILTERS = {"tenant_id", "key_id", "model", "pool", "backend_id", "actor", "action", "subject", "request_id"}
# Every table is watched but these, which have no owner or are written later: roll-ups that are folded in the background
# from the ledger, which is added up again at the end; what backends did; and the audit log, whose entries are counted.
LEFT_OUT = re.compile(r"sqlite_.*|usage_total.*|usage_month.*|usage_folded|backend_cooldowns|audit_log")
# Calls write these, so what is watched of them is the rows of everybody but the bystander, by the column of the owner.
BY_CALLS = re.compile(r"ledger|holds|accounts|usage_.*")
OTHERS = {"tenant_id": "tenant_id IS NOT :bystander",
          "budget_id": "budget_id NOT IN (SELECT id FROM budgets WHERE tenant_id IS :bystander)"}
# Columns that time or a request's own credential moves, and what is watched in their place.
MOVING = {("admin_keys", "last_used_at"): "CASE WHEN id IS NOT :actor THEN last_used_at END",
          ("webhooks", "failing_since"): "NULL", ("webhooks", "dropped"): "NULL"}
# What a month's row has got is frozen only when it closes, a delivery when it is over; a test's is over at once.
PARTS = {
    "periods": {"periods": "SELECT period, requested_at, requested_by, due_at FROM periods",
                "closed periods": "SELECT * FROM periods WHERE status = 'closed'"},
    "period_facts": {"frozen facts": "SELECT * FROM period_facts WHERE period IN "
                                     "(SELECT period FROM periods WHERE status = 'closed')"},
    "webhook_deliveries": {"deliveries": "SELECT id, webhook_id, message_id, event, body FROM webhook_deliveries",
                           "webhook tests": "SELECT * FROM webhook_deliveries WHERE event = 'webhook.test'"},
}
# Rows come here without a request too, as a month ends, an alert is raised or an event is told; none goes.
GROWING = {"closed periods", "frozen facts", "deliveries", "budget_alerts", "organization_alerts_raised"}
# That an answer is kept for who asks again is no change of its own, and a webhook's test is told by its deliveries.
NOT_AUDITED = {"idempotency_keys", "webhook tests"}
READING_MAKES = "export_manifests"  # by whoever downloads the first manifest that must name it
BACKGROUND = "system"  # who closes months and gives webhooks up
SAMPLE = 300  # characters of an answer in a failure


def answer_wrong(request: Request, answer: Answer, credential: str) -> Iterator[str]:
    """What is wrong with the answer itself."""
    if request.leaves and not answer.status:
        return
    if not answer.complete:
        yield f"no whole answer: {answer.status} {answer.error}"
        return
    if not 200 <= answer.status < 300 and not 400 <= answer.status < 500:
        yield f"answered {answer.status} {answer.body[:SAMPLE]!r}"
        return
    if INJECTED in answer.headers or INJECTED.encode() in answer.headers.get("content-type", "").encode():
        yield f"a header was injected: {answer.headers}"
    if credential.encode() in answer.body:
        yield "the answer holds the credential"
    if answer.status < 300:
        if request.place == "Authorization":
            yield f"served with another credential: {answer.status}"
        if answer.headers.get("x-content-type-options") != "nosniff":
            yield f"{answer.status} may be sniffed: {answer.headers}"
    elif request.good_head:
        yield from (error_wrong if is_organization(request.operation) else problem_wrong)(request, answer)
    elif answer.body:
        # Who cannot read a head does not know what it asks for, and whose words to use.
        faults = [list(wrong(request, answer)) for wrong in (error_wrong, problem_wrong)]
        if all(faults):
            yield from faults[0 if is_organization(request.operation) else 1]


def problem_wrong(request: Request, answer: Answer) -> Iterator[str]:
    try:
        problem = answer.json()
        detail, code = problem["detail"], problem["code"]
    except (ValueError, KeyError, TypeError):
        yield f"{answer.status} is no problem: {answer.headers} {answer.body[:SAMPLE]!r}"
        return
    if answer.headers.get("content-type") != "application/problem+json" or problem.get("status") != answer.status:
        yield f"{answer.status} is labelled otherwise: {answer.headers.get('content-type')} {answer.body[:SAMPLE]!r}"
    if not detail or not re.fullmatch(r"[a-z0-9_]+", code) or problem.get("request_id") != answer.headers.get(
            "x-request-id", problem.get("request_id")):
        yield f"{answer.status} does not say what was wrong: {answer.body[:SAMPLE]!r}"
    if answer.status == 400 and code in ("invalid_request", "invalid_json") and not names(request, problem):
        yield f"400 does not name {request.place}: {answer.body[:SAMPLE]!r}"


def names(request: Request, problem: dict[str, Any]) -> bool:
    """Whether the problem points at what was hostile, or at something that it holds or is in."""
    pointers = [error["pointer"] for error in problem.get("errors", [])]
    if request.place.startswith("/"):
        asked = request.place.split("/")[1]
        # A rule over several fields points at one of them and names the others.
        return asked in re.findall(r"\w+", problem["detail"]) or any(
            pointer.split("/")[1:2] in ([asked], []) for pointer in pointers)
    if request.place.startswith("?"):
        return any(pointer.startswith("?") for pointer in pointers)
    return bool(pointers)


def body_wrong(body: bytes) -> Iterator[str]:
    """An accepted body is JSON to a strict reader: UTF-8, no name twice, no number that is none."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a name is there twice")
        return dict(pairs)

    def no_number(text: str) -> None:
        raise ValueError(f"{text} is no number")

    try:
        json.loads(body.decode(), object_pairs_hook=members, parse_constant=no_number, parse_int=Decimal)
    except (ValueError, RecursionError) as error:
        yield f"accepted although the body is no JSON: {error}"


def plain(value: Any) -> Any:
    """What was sent, as a reader of JSON has it; numbers are exact."""
    if isinstance(value, Raw):
        return json.loads(value.text, parse_float=Decimal, parse_int=Decimal)
    if isinstance(value, (dict, Members)):
        return {name: plain(part) for name, part in (value.items() if isinstance(value, dict) else value)}
    return [plain(part) for part in value] if isinstance(value, list) else value


def number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def milliseconds(text: str) -> int | None:
    found = re.fullmatch(r"([0-9]+)(ms|s|m|h|d)", text)
    return int(found[1]) * UNITS[found[2]] if found else None


def instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def network(text: str) -> Any:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def meanings(schema: dict[str, Any], name: str) -> tuple[Callable[[str], Any], ...]:
    """What a text of the schema may be written in several ways as; a name or a remark is only itself."""
    schemas = [schema, *schema.get("anyOf", [])]
    if name == "allowed_ips":
        return (network,)
    if any("pattern" in one or one.get("format") == "date-time" or "number" in one.get("type", "") for one in schemas):
        return (number, milliseconds, instant)
    return (number,) if not schema else ()


def is_unlimited(sent: Any, found: Any, name: str) -> bool:
    """This one number is how no limit is written where OpenAI has no null, and what may be null is told as that."""
    return name == "max_requests_per_1_day" and found is None and number(sent) == 10**12


def same(sent: Any, found: Any, schema: dict[str, Any], name: str = "") -> bool:
    """Whether what is shown is what was sent: a text to the byte, unless the schema has an amount, span or instant."""
    if isinstance(sent, str) and isinstance(found, str):
        return sent == found or any((one := meaning(found)) is not None and meaning(sent) == one
                                    for meaning in meanings(schema, name))
    schemas = [schema, *schema.get("anyOf", [])]
    if isinstance(sent, dict) and isinstance(found, dict):
        known = {key: part for one in schemas for key, part in one.get("properties", {}).items()}
        return all(key in found and same(part, found[key], known.get(key, {"type": "string"}), key)
                   for key, part in sent.items())
    if isinstance(sent, list) and isinstance(found, list):
        items = next((one["items"] for one in schemas if "items" in one), {})
        if name in SETS:
            sent, found = (sorted({number(one) or Decimal(0) for one in values}) for values in (sent, found))
        return len(sent) == len(found) and all(same(*pair, items, name) for pair in zip(sent, found, strict=True))
    if isinstance(sent, bool) or isinstance(found, bool) or sent is None:
        return sent is found or sent is None  # null stands for what it is without
    return number(sent) is not None and number(sent) == number(found)


def stored_wrong(sent: Any, found: Any, schema: dict[str, Any]) -> Iterator[str]:
    """`found` is the object as it is read afterwards."""
    try:
        asked = plain(sent)
    except ValueError as error:
        yield f"accepted although it is no JSON: {error}"
        return
    if not isinstance(asked, dict) or not isinstance(found, dict):
        yield f"accepted although it is no object: {found!r:.300}"
        return
    for name, value in asked.items():
        part = schema.get("properties", {}).get(name, {})
        if name in NOT_SHOWN or is_unlimited(value, found.get(name, 0), name):
            continue
        if name not in found or not same(value, found[name], part, name):
            yield f"{name} was sent as {value!r:.300}, and is {found.get(name, 'nowhere')!r:.300}"


def rows_wrong(request: Request, answer: Answer) -> Iterator[str]:
    """A filter finds only what it names, whatever it looks like."""
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return
    body = answer.json()
    for name in FILTERS & request.query.keys():
        for row in body.get("data", []) if isinstance(body, dict) else []:
            wanted = request.query[name]
            if row.get("results") or name in row and row[name] != wanted:
                yield f"?{name}={wanted!r} found {row!r:.300}"
                return


class Watch:
    """The database read beside the gateway: its schema, and every row that neither time nor the bystander writes. And
    the files beside it."""

    def __init__(self, database: Path, actor: str, odd: set[str], bystander: str = "") -> None:
        """`actor` is whose audit entries are counted, `bystander` the tenant that calls; rows that hold one of `odd`
        are there to be changed."""
        self.db = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10, isolation_level=None)
        self.folder = database.parent
        self.actor = actor
        self.names = {"actor": actor, "bystander": bystander}
        self.version = -1
        self.schema = self.read_schema()
        self.selections = dict(part for kind, table, _ in self.schema if kind == "table"
                               for part in self.selections_of(table))
        self.files, self.rows, self.entries = self.read_files(), self.read(), self.audited()
        # Of a name that is somebody else's too, as the pool's, only the rows of the others are kept.
        self.kept = {part: {row for row in rows if not odd & {value for value in row if isinstance(value, str)}}
                     for part, rows in self.rows.items()}

    def read_schema(self) -> list[tuple[str, str, str | None]]:
        return self.db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()

    def selections_of(self, table: str) -> Iterator[tuple[str, str]]:
        """What is watched of a table, each part with a name."""
        if LEFT_OUT.fullmatch(table):
            return
        if table in PARTS:
            yield from PARTS[table].items()
            return
        names = [row[1] for row in self.db.execute(f"PRAGMA table_info('{table}')")]
        selection = ", ".join(MOVING.get((table, name), f'"{name}"') for name in names)
        if not BY_CALLS.fullmatch(table):
            yield table, f'SELECT {selection} FROM "{table}"'
        elif owners := OTHERS.keys() & names:
            yield table, f'SELECT {selection} FROM "{table}" WHERE {OTHERS[owners.pop()]}'

    def read_files(self) -> dict[str, int]:
        """The files' names, and of the one nobody writes, when it was written."""
        return {file.name: file.stat().st_mtime_ns if file.suffix == ".yaml" else 0 for file in self.folder.iterdir()}

    def read(self) -> dict[str, list[tuple[Any, ...]]]:
        return {part: self.db.execute(selection, self.names).fetchall() for part, selection in self.selections.items()}

    def audited(self) -> Counter[str]:
        """How many entries there are of each actor but the background."""
        return Counter(dict(self.db.execute(
            "SELECT actor, count(*) FROM audit_log WHERE actor <> ? GROUP BY actor", (BACKGROUND,))))

    def wrong(self, changed: bool, noted: bool = False) -> Iterator[str]:
        """What is not as it was; `changed` is whether the request since was answered as one that changes something,
        `noted` whether it was one that the audit log has although it changes nothing."""
        if (files := self.read_files()) != self.files:
            yield f"the files changed: {files.items() ^ self.files.items()}"
            self.files = files
        [version] = self.db.execute("PRAGMA data_version").fetchone()
        if version == self.version:
            return
        self.db.execute("BEGIN")
        rows, schema, entries = self.read(), self.read_schema(), self.audited()
        self.db.execute("COMMIT")
        self.version = version
        if schema != self.schema:
            yield f"the schema changed: {set(schema) ^ set(self.schema)}"
        differ = [part for part, now in rows.items() if now != self.rows[part]]
        for part in differ:
            before, now = set(self.rows[part]), set(rows[part])
            if gone := self.kept[part] - now:
                yield f"{part}: rows of others changed: {list(gone)[:2]}"
            difference = before - now if part in GROWING else before ^ now
            if difference and not changed and not (noted and part == READING_MAKES):
                yield f"{part} changed without a change: {list(difference)[:4]}"
        asked = [part for part in differ if part not in GROWING | NOT_AUDITED]
        added = entries - self.entries
        if changed and asked and not added[self.actor]:
            yield f"{asked} changed without an audit entry"
        if not changed and not noted and added:
            yield f"{added.total()} audit entries of nothing: {dict(added)}"
        if any(actor != self.actor for actor in added) or self.entries - entries:
            yield f"audit entries of others: {dict(added)}, {dict(self.entries - entries)} fewer"
        self.rows, self.schema, self.entries = rows, schema, entries
