"""Mutated rows of tenants in the database: nobody else fails, the gateway never ends, and nothing fails open.

Their caps are spent, so no call of theirs may be answered, unless the row as it is now says so by Python's own reading.
The Admin API is asked for everything that reads such rows. A start takes longest, so each is with the rows of several
tenants, one of each; if anything is wrong they are tried again one by one, which tells whose it was.

Each tenant has a row in every table of `TABLES`: what it paid and what was corrected, a hold that a crash left, a raise
that runs to the last picodollar of what is spent and held, one that would open its cap had it not been ended, and a
price agreed with it.
"""

from __future__ import annotations

import http.client
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from support.backend import fake_backend
from support.options import Run
from support.oracle import Price, pico, usd
from support.showroom import travel
from support.tollgate import gateway
from support.world import PRICE, Tenant, World

from .damage import ODD_VALUES, Place, about_everybody, length, mutate, rows_of, since, span, told_wrong
from .dying import End, started
from .laid import RAISED_DAYS, close_last_month, in_last_month, left_uncertain, own_rows, raised
from .programme import Outcome, Programme
from .stored import Stored

RELEASE, SWEPT_SECONDS = "uncertain_release_after_seconds", 7.0  # the first look at what is to be released is over
BOOKED = "SELECT kind, tenant_id, cost FROM ledger WHERE request_id = ?"
LISTS = ("/tenants?limit=1000", "/budgets?limit=1000")  # in which others must stand too
AGREED_USD = ("3", "12")  # by the million tokens, another price than everybody's
AGREED = Price.per_million(*AGREED_USD)
AT_ONCE = 10  # tenants with an odd row each, in one start
TABLES = ("tenants", "entitlements", "tenant_quotas", "api_keys", "key_secrets", "key_quotas", "budgets", "accounts",
          "budget_raises", "budget_alerts", "spend_alerts", "credits", "corrections", "holds", "ledger",
          "usage_quarter", "usage_day", "usage_month", "audit_log", "period_facts", "prices")
# Those that say what a tenant may spend: half of the values are odd there.
BINDING = ("tenants", "budgets", "accounts", "budget_raises", "holds")
# Tried first, from the last on, as they once kept the gateway from starting, ended it, or let the tenant spend.
KNOWN_ODD: tuple[tuple[str, str, object], ...] = (
    ("budgets", "mode", ""), ("budgets", "window", "[1,2]"), ("budgets", "alert_amounts", "["),
    ("budgets", "alerts_at", "["),
    ("tenants", "on_insufficient", "["), ("tenants", "tags", "null"), ("api_keys", "models", "["),
    ("api_keys", "allowed_ips", "1"), ("api_keys", "id", "NaN"), ("key_secrets", "key_id", "["),
    ("ledger", "seq", 2**63 - 1), ("ledger", "admitted_at", -(2**63)), ("audit_log", "seq", 2**63 - 1),
    ("holds", "state", ""), ("holds", "amount", -1), ("holds", "admitted_at", 2**63 - 1),
    ("tenants", RELEASE, -1), ("period_facts", "body", "[1,2]"), ("prices", "kind", ""), ("prices", "kind", "x"),
    ("tenants", "price_multiplier_ppm", -1), ("budgets", "limit_pico", 10**18), ("accounts", "posted_pico", -(10**18)),
)


@dataclass(eq=False)
class Odd:
    """A tenant whose rows are mutated: its first budget is posted and held to the last picodollar."""

    tenant: Tenant
    budgets: set[str]
    posted: int
    held: int
    places: list[Place] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        return {self.tenant.id, self.tenant.key_id, *self.budgets}

    @property
    def cap(self) -> int:
        """What its first budget allows, by the raise that runs."""
        return self.posted + self.held


@dataclass(frozen=True)
class Damage:
    """One odd value in a row of one tenant."""

    odd: Odd
    place: Place
    value: object

    def __str__(self) -> str:
        return f"{self.place.table}.{self.place.column} = {repr(self.value)[:60]}"

    @property
    def names(self) -> list[str]:
        """By any of these the log tells where to look. Not by its column, which other tables have too."""
        return [*self.odd.names, self.place.table]


def questions(tenant: Tenant) -> list[str]:
    """Everything in the Admin API that reads rows of one tenant."""
    of, key, budget = f"/tenants/{tenant.id}", f"/keys/{tenant.key_id}", f"/budgets/{tenant.budget}"
    return [of, f"{of}/keys", f"{of}/entitlements", f"{of}/quotas", key, f"{key}/quotas", f"{of}/credits",
            f"/prices?tenant_id={tenant.id}",
            f"/holds?tenant_id={tenant.id}", f"{budget}/state", f"{budget}/raises",
            f"/v1/organization/projects/{tenant.id}/spend_alerts", f"/requests?limit=100&tenant_id={tenant.id}",
            f"/costs?{span()}&bucket=day&group_by=tenant&time_zone=Europe/Berlin&tenant_id={tenant.id}"]


def lay(world: World, number: int) -> tuple[list[Odd], list[Tenant]]:
    """Tenants with a row of every kind, whose caps are spent, and two others. It begins in the month that is closed."""
    tenants = [world.tenant("1000", tags={"team": "a"}, time_zone="Europe/Berlin") for _ in range(number + 2)]
    for tenant in tenants:
        world.admin.quotas(f"tenants/{tenant.id}", rpm=100_000, tpd=10**9)
        world.admin.quotas(f"keys/{tenant.key_id}", rpm=100_000, concurrency=50)
        world.admin.price_of("fake", dict(zip(("input", "output"), AGREED_USD)), tenant_id=tenant.id)
        world.admin.budget(tenant.id, "100", window="month", model="fake", alerts_at=[0.5, 0.8])
        world.admin.budget(tenant.id, "0.00001", window="day", mode="soft", alerts_at=[0.5])
        world.assert_good_call(tenant, AGREED)
    travel(world.server, 0)
    close_last_month(world)
    for tenant in tenants:
        own_rows(world, tenant)
        world.assert_good_call(tenant, AGREED)
    left_uncertain(world, tenants[:number])
    return [spent(world, tenant) for tenant in tenants[:number]], tenants[number:]


def spent(world: World, tenant: Tenant) -> Odd:
    """Nothing is left of its first budget; a raise allows what is held."""
    state = world.admin.budget_state(str(tenant.budget))
    posted, held = pico(state["posted"]), pico(state["held"])
    world.admin.ok("PATCH", f"/budgets/{tenant.budget}", {"limit": usd(posted)})
    if held:
        raised(world, str(tenant.budget), usd(posted + held))
    refused = world.call(tenant, max_tokens=5)
    assert refused.failure["code"] == "insufficient_quota", refused
    budgets = {row["id"] for row in world.admin.rows(f"/budgets?tenant_id={tenant.id}")}
    assert tenant.budget in budgets, budgets
    return Odd(tenant, budgets, posted, held)


def may_be_served(odd: Odd, place: Place, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether the row as it is now, read by the letter, leaves the tenant something to spend."""
    if not after:
        return False
    table, column = place.table, place.column
    if table == "accounts" and before["budget_id"] == odd.tenant.budget and column.startswith("posted"):
        return abs(after["posted_pico"]) < 10**6 and after["posted_micro"] * 10**6 + after["posted_pico"] < odd.posted
    if table == "tenants":
        release = after[RELEASE]
        is_released = release is not None and 0 <= release < RAISED_DAYS * 86_400
        return is_released or after["id"] == odd.tenant.id and after["price_multiplier_ppm"] == 0
    if table == "budgets" and before["id"] == odd.tenant.budget:
        return column in ("tenant_id", "key_id", "model", "pool") or (limit_of(after) or 0) > odd.cap
    if table == "budget_raises" and after["budget_id"] == odd.tenant.budget:
        runs = after["ended_at"] is None and after["until"] > time.time() * 1e6
        return runs and (limit_of(after) or 0) > odd.cap
    if table == "holds":
        return column == "tenant_id" or 0 <= after["amount"] < odd.held  # of somebody else now, or less
    return False


def limit_of(row: dict[str, Any]) -> int | None:
    """In picodollars; nothing if its parts are not as parts are."""
    whole = 0 <= row["limit_pico"] < 10**6 and row["limit_micro"] >= 0
    return row["limit_micro"] * 10**6 + row["limit_pico"] if whole else None


def others_wrong(world: World, others: list[Tenant], price: Price = PRICE, **fields: Any) -> list[str]:
    """Others are served, and each call is booked once, to them, at what it costs by their price."""
    problems = []
    for tenant in others:
        answer = world.call(tenant, max_tokens=5, **fields)
        if not answer.done:
            problems.append(f"another tenant was answered {answer.status} {answer.body[:200]!r} {answer.error}")
            continue
        usage = answer.json()["usage"]
        wanted = [("settle", tenant.id, price.cost(usage["prompt_tokens"], usage["completion_tokens"]))]
        with world.books.connect() as connection:
            booked = connection.execute(BOOKED, (answer.request_id,)).fetchall()
        problems += [] if booked == wanted else [f"another tenant's call is booked as {booked}, {wanted} is right"]
    return problems


def told_of_others(world: World, others: list[Tenant]) -> dict[str, set[str]]:
    """What names others, by what the Admin API is asked: of all lists only what is theirs."""
    told = {path: ids(world, path) for tenant in others for path in (*questions(tenant), *LISTS)}
    assert all(status == 200 for status, _ in told.values()), told
    own = set().union(*(found for path, (_, found) in told.items() if path not in LISTS))
    return {path: found & own for path, (_, found) in told.items()}


def told_of_others_wrong(world: World, known: dict[str, set[str]]) -> list[str]:
    """Nothing of others is missing, whatever is odd with somebody else."""
    problems = []
    for path, wanted in known.items():
        status, found = ids(world, path)
        if status != 200 or not wanted <= found:
            problems.append(f"of others, {path} was answered {status}, without {sorted(wanted - found)[:3]}")
    return problems


def ids(world: World, path: str) -> tuple[int, set[str]]:
    """The status of an answer, and every id in it."""
    def within(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(within, value))
        if not isinstance(value, dict):
            return set()
        own = {text for name, text in value.items() if name.endswith("id") and isinstance(text, str)}
        return own.union(*map(within, value.values()))

    try:
        reply = world.admin.send("GET", path, root="" if path.startswith("/v1/") else "/admin/v1")
        return reply.status, within(json.loads(reply.text))
    except (http.client.HTTPException, OSError, ValueError):
        return 0, set()


def own_wrong(world: World, odd: Odd, allowed: bool, seen: Counter[str]) -> list[str]:
    """What is wrong with the answer to the tenant whose row is odd."""
    problems = []
    answer = world.call(odd.tenant, max_tokens=5)
    if not answer.status or answer.status >= 500 and answer.status != 503:
        problems.append(f"its own tenant was answered {answer.status} {answer.error} {answer.body[:200]!r}")
    if answer.status == 200 and not allowed:
        problems.append("a tenant without anything to spend was served")
    seen["its own tenant was " + ("served" if answer.status == 200 else "refused")] += 1
    return problems


@dataclass
class Trials:
    world: World
    stored: Stored
    others: list[Tenant]
    known: dict[str, set[str]] = field(default_factory=dict)  # what is told of others while no row is odd
    seen: Counter[str] = field(default_factory=Counter)
    touched: Counter[str] = field(default_factory=Counter)

    def learn(self) -> None:
        self.stored.restore()
        self.world.server.start()
        self.known = told_of_others(self.world, self.others)
        self.world.server.kill()

    def together(self, damages: list[Damage], outcome: Outcome) -> None:
        """Counts those that SQLite takes, and finds whose the problems are."""
        taken, problems = self.played(damages)
        if problems and len(taken) > 1:
            alone = {damage: self.played([damage])[1] for damage in taken}
            problems = [problem for found in alone.values() for problem in found] or [
                f"only together, {', '.join(map(str, taken))}: {problem}" for problem in problems]
        outcome.count += len(taken)
        self.touched.update(damage.place.table for damage in taken)
        outcome.wrong(problems)

    def played(self, damages: list[Damage]) -> tuple[list[Damage], list[str]]:
        """The values that SQLite took, and what was wrong then."""
        server = self.world.server
        self.stored.restore()
        allowed = {}
        for damage in damages:
            before = damage.place.row(server.database)
            if mutate(server.database, damage.place, damage.value):
                allowed[damage] = may_be_served(damage.odd, damage.place, before, damage.place.row(server.database))
        if not allowed:
            return [], []
        said, began = length(server), time.monotonic()
        whole = ", ".join(map(str, allowed))
        if not started(server):
            return list(allowed), [f"{whole}: refused to start: {since(server, said)[-600:]}"]
        problems = [f"{damage}: {problem}" for damage, may in allowed.items()
                    for problem in (*own_wrong(self.world, damage.odd, may, self.seen),
                                    *told_wrong(self.world, questions(damage.odd.tenant), damage.names, self.seen))]
        names = [name for damage in allowed for name in damage.names]
        everybody = others_wrong(self.world, self.others, AGREED)
        everybody += told_wrong(self.world, about_everybody(), names, self.seen)
        everybody += told_of_others_wrong(self.world, self.known)
        problems += [f"{whole}: {problem}" for problem in everybody]
        # Once more, after what runs beside the calls has had a turn, where that may give something back.
        if any(damage.place.column == RELEASE for damage in allowed):
            time.sleep(max(0.0, began + SWEPT_SECONDS - time.monotonic()))
        problems += [f"{damage}: later, {problem}" for damage, may in allowed.items() if server.running()
                     for problem in own_wrong(self.world, damage.odd, may, Counter())]
        if not server.running():
            problems.append(f"{whole}: the gateway ended: {End.of(server)}")
        server.kill()
        return list(allowed), problems


def drawn(dice: random.Random, odd: Odd, known: list[tuple[str, str, object]]) -> Damage:
    """A value of the list of known ones while there are any; of the others half are in what binds a tenant. Each table
    comes as often as any other, however many rows it has."""
    if known:
        table, column, value = known.pop()
        places = [place for place in odd.places if (place.table, place.column) == (table, column)]
        return Damage(odd, dice.choice(places), value)
    table = dice.choice(BINDING if dice.random() < 0.5 else TABLES)
    return Damage(odd, dice.choice([place for place in odd.places if place.table == table]), dice.choice(ODD_VALUES))


def rows(run: Run, size: int) -> Outcome:
    outcome, dice = Outcome(), run.dice("rows")
    with fake_backend() as backend, gateway(run.binary, launcher=in_last_month()) as server:
        world = World.lay(server, backend)
        odds, others = lay(world, AT_ONCE)
        server.stop()
        trials = Trials(world, Stored(server), others)
        trials.learn()
        for odd in odds:
            odd.places = [place for place in rows_of(server.database, odd.names) if place.table in TABLES]
            missing = set(TABLES) - {place.table for place in odd.places}
            assert not missing, f"no row to mutate in {missing}"
        known = list(KNOWN_ODD)
        while outcome.count < size:
            trials.together([drawn(dice, odd, known) for odd in odds[:size - outcome.count]], outcome)
        trials.stored.restore()
        server.start()
    outcome.figures["values to mutate, of one tenant"] = len(odds[0].places)
    outcome.figures["by table"] = dict(trials.touched)
    outcome.figures["answers"] = dict(trials.seen)
    return outcome


ROWS = Programme("rows", "mutated rows of tenants: nobody else fails, the gateway never ends", rows, 10_000,
                 len(KNOWN_ODD))
