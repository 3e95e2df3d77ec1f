"""An exact reading of the books that shares no code with the product: integers of a picodollar (1e-12 USD).

Every table and column name of the database the tests rely on, and the layout of the file of live holds beside it, is in
this file, and only here.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import time
import zlib
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

PICO = 10**12

LEDGER_COLUMNS = (
    "seq", "request_id", "attempt", "kind", "tenant_id", "key_id", "model", "pool", "admitted_at", "ended_at",
    "cost", "list_cost", "price_version", "input", "input_cache_read", "output", "output_reasoning",
    "provenance", "outcome", "status", "input_cache_write_5m", "input_cache_write_1h", "other_meters",
)
METER_COLUMNS = (
    "input", "input_cache_read", "input_cache_write_5m", "input_cache_write_1h", "output", "output_reasoning",
)
HOLD_COLUMNS = ("request_id", "attempt", "tenant_id", "key_id", "model", "pool", "amount", "state")
SELECT_LEDGER = f"SELECT {', '.join(LEDGER_COLUMNS)} FROM ledger ORDER BY seq"
SELECT_EMERGENCY = "SELECT kind, emergency FROM ledger WHERE request_id = ? ORDER BY attempt"
SELECT_HOLDS = f"SELECT {', '.join(HOLD_COLUMNS)} FROM holds"
SELECT_SPENT = "SELECT tenant_id, SUM(cost) FROM ledger GROUP BY tenant_id"
SELECT_ENDED = "SELECT request_id, attempt FROM ledger WHERE kind IN ('settle', 'release', 'resolve')"
ONE_PER_ATTEMPT = ("settle", "release")
PLACE_BYTES = 1024  # of one hold in the file of live holds


def pico(usd: str | Fraction) -> int:
    """A decimal dollar amount in picodollars; refuses what is not a whole number of them."""
    amount = Fraction(usd) * PICO
    assert amount.denominator == 1, f"{usd} is not a whole number of picodollars"
    return int(amount)


def usd(amount: int) -> str:
    """Picodollars as the shortest plain decimal of dollars."""
    whole, rest = divmod(amount, PICO)
    return f"{whole}.{rest:012d}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Price:
    """Picodollars per token."""

    input: int
    output: int
    cache_read: int

    @staticmethod
    def per_million(input: str, output: str, cache_read: str | None = None) -> Price:
        def rate(text: str) -> int:
            return pico(Fraction(text) / 1_000_000)

        return Price(rate(input), rate(output), rate(cache_read if cache_read is not None else input))

    def cost(self, prompt: int, completion: int, cached: int = 0) -> int:
        """Cost of a call in OpenAI's counting: `prompt` includes `cached`."""
        return (prompt - cached) * self.input + cached * self.cache_read + completion * self.output

    def bound(self, body_bytes: int, max_tokens: int, n: int = 1, overhead: int = 256) -> int:
        """The most a call can cost, and so what is held for it."""
        return (body_bytes + overhead) * max(self.input, self.cache_read) + max_tokens * n * self.output


PARENTS = {
    "input_cache_read": "input", "input_cache_write_5m": "input", "input_cache_write_1h": "input",
    "input_audio": "input", "input_image": "input", "output_reasoning": "output", "output_audio": "output",
}


@dataclass(frozen=True)
class Rates:
    """Picodollars of one unit of each meter; a token meter without a price costs what its parent does."""

    of: dict[str, int]

    @staticmethod
    def make(per_million: dict[str, str] | None, per_unit: dict[str, str] | None = None) -> Rates:
        tokens = {meter: pico(Fraction(text) / 1_000_000) for meter, text in (per_million or {}).items()}
        return Rates(tokens | {meter: pico(text) for meter, text in (per_unit or {}).items()})

    def rate(self, meter: str) -> int:
        if meter in self.of:
            return self.of[meter]
        return self.of.get(PARENTS.get(meter, ""), 0)

    def cost(self, meters: dict[str, int]) -> int:
        return sum(count * self.rate(meter) for meter, count in meters.items())


@dataclass(frozen=True)
class Entry:
    """One ledger row."""

    seq: int
    request_id: str
    attempt: int
    kind: str
    tenant_id: str
    key_id: str
    model: str
    pool: str
    admitted_at: int
    ended_at: int
    cost: int
    list_cost: int
    price_version: str | None
    input: int
    input_cache_read: int
    output: int
    output_reasoning: int
    provenance: str
    outcome: str
    status: int
    input_cache_write_5m: int
    input_cache_write_1h: int
    other_meters: str | None

    @property
    def meters(self) -> dict[str, int]:
        """Every meter that is not 0, by its name in prices."""
        own = {name: getattr(self, name) for name in METER_COLUMNS}
        return {name: count for name, count in {**own, **json.loads(self.other_meters or "{}")}.items() if count}


@dataclass(frozen=True)
class Hold:
    request_id: str
    attempt: int
    tenant_id: str
    key_id: str
    model: str
    pool: str
    amount: int
    state: str


def live_hold(place: bytes) -> Hold | None:
    """The hold in one place of the file: CRC-32, length, then its fields, little-endian; None for anything else."""
    if len(place) < 6:
        return None
    checksum, length = struct.unpack_from("<IH", place)
    if length == 0 or 6 + length > len(place) or zlib.crc32(place[4:6 + length]) != checksum:
        return None
    amount, _, _, attempt = struct.unpack_from("<qqqi", place, 6)
    texts, offset = [], 34
    for _ in range(5):
        size = struct.unpack_from("<H", place, offset)[0]
        texts.append(place[offset + 2:offset + 2 + size].decode())
        offset += 2 + size
    request, tenant, key, model, pool = texts
    return Hold(request, attempt, tenant, key, model, pool, amount, "live")


@dataclass(frozen=True)
class Balance:
    spent: int
    held: int


class Books:
    """Reads the gateway's database file, beside the running server or after it died."""

    def __init__(self, database: Path) -> None:
        self.database = database

    def connect(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10, isolation_level=None))

    def entries(self) -> list[Entry]:
        with self.connect() as connection:
            return [Entry(*row) for row in connection.execute(SELECT_LEDGER)]

    def holds(self) -> list[Hold]:
        return self.both()[1]

    def both(self) -> tuple[list[Entry], list[Hold]]:
        """The ledger of one instant, and the holds that were stored before it and had not ended then."""
        found = self.places()
        with self.connect() as connection:
            connection.execute("BEGIN")
            entries = [Entry(*row) for row in connection.execute(SELECT_LEDGER)]
            return entries, self.open_holds(found, connection)

    def balances(self) -> dict[str, Balance]:
        """Spent and held per tenant, of one instant; holds that came since the first look are not in it."""
        found, held = self.places(), defaultdict[str, int](int)
        with self.connect() as connection:
            connection.execute("BEGIN")
            spent = dict(connection.execute(SELECT_SPENT).fetchall())
            for hold in self.open_holds(found, connection):
                held[hold.tenant_id] += hold.amount
        return {tenant: Balance(spent.get(tenant, 0), held.get(tenant, 0)) for tenant in spent.keys() | held.keys()}

    def spent(self, tenant: str) -> int:
        """The sum of all entries of a tenant."""
        with self.connect() as connection:
            [cost] = connection.execute("SELECT COALESCE(SUM(cost), 0) FROM ledger WHERE tenant_id = ?", (tenant,))
        return int(cost[0])

    def places(self) -> list[Hold]:
        """What the file of live holds has; attempts that ended are among it until their place is used again."""
        try:
            data = Path(f"{self.database}.holds").read_bytes()
        except FileNotFoundError:
            return []
        holds = (live_hold(data[start:start + PLACE_BYTES]) for start in range(0, len(data), PLACE_BYTES))
        return [hold for hold in holds if hold]

    def open_holds(self, found: list[Hold], connection: sqlite3.Connection) -> list[Hold]:
        uncertain = [Hold(*row) for row in connection.execute(SELECT_HOLDS)]
        ended = set(connection.execute(SELECT_ENDED).fetchall()) if found else set()
        ended |= {(hold.request_id, hold.attempt) for hold in uncertain}
        return uncertain + [hold for hold in found if (hold.request_id, hold.attempt) not in ended]

    def of_request(self, request_id: str) -> list[Entry]:
        return [entry for entry in self.entries() if entry.request_id == request_id]

    def emergencies(self, request_id: str) -> list[bool]:
        """Of each attempt, whether its row is marked as one by emergency passthrough."""
        with self.connect() as connection:
            rows = connection.execute(SELECT_EMERGENCY, (request_id,)).fetchall()
        return [bool(mark) for kind, mark in rows if kind in ONE_PER_ATTEMPT]

    def upstream_cost(self, request_id: str) -> int | None:
        """What the provider charges for a settled request, as far as it is known."""
        with self.connect() as connection:
            [row] = connection.execute(
                "SELECT upstream_cost FROM ledger WHERE request_id = ? AND kind = 'settle'", (request_id,)).fetchall()
        return None if row[0] is None else int(row[0])

    def settled(self, request_id: str) -> Entry:
        """The one settled entry of a request."""
        found = [entry for entry in self.of_request(request_id) if entry.kind == "settle"]
        assert len(found) == 1, f"{len(found)} settled entries for {request_id}"
        return found[0]

    def wait_until_no_holds(self, seconds: float = 10) -> None:
        """Every hold of the running server must drain."""
        deadline = time.monotonic() + seconds
        while holds := [hold for hold in self.holds() if hold.state == "live"]:
            assert time.monotonic() < deadline, f"{len(holds)} holds never drained, one: {holds[0]}"
            time.sleep(0.02)


def cost_by_tenant(entries: Iterable[Entry]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for entry in entries:
        sums[entry.tenant_id] += entry.cost
    return sums


def assert_exactly_once(entries: Iterable[Entry], holds: Iterable[Hold]) -> None:
    """No attempt has two entries, and none has both an entry and a hold."""
    seen: set[tuple[str, int]] = set()
    for entry in entries:
        if entry.kind in ONE_PER_ATTEMPT:
            name = (entry.request_id, entry.attempt)
            assert name not in seen, f"attempt {name} is in the ledger twice"
            seen.add(name)
    for hold in holds:
        name = (hold.request_id, hold.attempt)
        assert name not in seen, f"attempt {name} is settled and still held"
