"""A hostile admin: every operation of the Admin API's document with hostile values in every place a request has.

Each answer is a 4xx that says what was wrong, or a 2xx whose value is read back as it was sent. The database is read
beside the gateway after every request: the schema, what was there before, and after a refusal everything, are as they
were. Another tenant calls all the time and is billed to the token. At the end what was accepted is called with, and
read from metrics, log, lists and every format of exports, and a restart shows that the gateway knew what it had stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

from support import bookkeeping
from support.backend import fake_backend
from support.client import Answer, exchange
from support.options import Run
from support.tollgate import gateway
from support.world import PRICE, Tenant, World

from . import memory
from .held import peak_rss
from .hostile_judges import Watch, answer_wrong, body_wrong, rows_wrong, stored_wrong
from .hostile_organization import ALERT, AMOUNT, NEVER, OPERATIONS, PREFIX
from .hostile_requests import Drawing, Operation, Request, Stock, escaped, operations
from .hostile_reports import SERVED, memory_wrong, told_wrong
from .hostile_values import Hostile
from .laid import close_last_month, last_month
from .programme import Outcome, Programme

LIMIT = 60.0  # seconds for an answer
LEAVES_AFTER = 0.3
PAUSE = 0.05  # seconds between two calls of the bystander
GIANT = (16 << 20) - 64  # bytes: all that a file may have
# What a good request cannot do here: there is no hold and no new master key, and what can only be refused.
NEEDS_STATE = {"POST /holds/{hold}/resolve", "POST /master-key/finish", "POST /master-key/rotate", *NEVER}

# Their bodies say what to do, and are no object that is kept.
ACTIONS = {"POST /holds/resolve", "POST /holds/{hold}/resolve"}


class Caller:
    """The bystander: one call after the other until it is stopped."""

    def __init__(self, world: World, tenant: Tenant) -> None:
        self.world, self.tenant = world, tenant
        self.calls: list[tuple[str, Answer]] = []
        self.broken: list[str] = []
        self.stop = Event()
        self.thread = Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while not self.stop.wait(PAUSE):
            marker = self.world.fresh("bystander")
            try:
                self.calls.append((marker, self.world.call(self.tenant, marker, max_tokens=5)))
            except Exception as error:  # one that died silently would prove nothing
                self.broken.append(repr(error))

    def judge(self, outcome: Outcome) -> None:
        self.stop.set()
        self.thread.join()
        outcome.wrong([f"the bystander's call: {error}" for error in self.broken[:5]])
        billed = {call.marker: call.billed for call in self.world.backend.calls()}
        settled = {entry.request_id: entry for entry in self.world.books.entries() if entry.kind == "settle"}
        for marker, answer in self.calls:
            entry = settled.get(answer.request_id)
            if not answer.done or not entry:
                outcome.wrong(f"the bystander was answered {answer.status} {answer.body[:200]!r} {answer.error}")
            elif entry.cost != PRICE.cost(*billed[marker]) or entry.tenant_id != self.tenant.id:
                outcome.wrong(f"the bystander was billed {entry} for {billed[marker]}")
        outcome.must(len(self.calls) > 5, f"the bystander made {len(self.calls)} calls only")
        slowest = max((answer.seconds for _, answer in self.calls), default=0)
        outcome.figures["bystander"] = f"{len(self.calls)} calls, the slowest {slowest * 1000:.0f} ms"


def lay(world: World) -> tuple[Tenant, Stock, set[str]]:
    """The bystander, and one object of every kind that a path names, all of another tenant."""
    admin = world.admin
    good, odd = world.tenant("100000", time_zone="Europe/Berlin", tags={"team": "a"}), world.tenant("1000")
    admin.quotas(f"tenants/{good.id}", rpm=100_000)
    admin.budget(good.id, "5000", window="month", mode="soft", alerts_at=[0.5])
    call = world.assert_good_call(good)
    admin.pool(SERVED)
    admin.backend(SERVED, "odd-a", world.backend.base_url())
    admin.model("odd-model", [SERVED], 500)
    admin.price("odd-model", "1", "4")
    admin.entitle(odd.id, {SERVED: ["*"]})
    spare = admin.pool("spare")["name"]
    dead = admin.backend(spare, "dead", "http://127.0.0.1:9/v1")["id"]
    until = f"{datetime.now(UTC) + timedelta(days=300):%Y-%m-%dT%H:%M:%SZ}"
    raised = admin.ok("POST", f"/budgets/{odd.budget}/raises", {"limit": "2000", "until": until})["id"]
    webhook = admin.ok("POST", "/webhooks", {"url": "http://127.0.0.1:9/hook"})["id"]
    key = admin.ok("POST", "/admin-keys", {"name": "odd", "role": "viewer"})["id"]
    close_last_month(world)
    bill = admin.send("POST", "/reconciliations?provider=csv", b"Day,Model,Cost\n2026-10-14,odd-model,1\n",
                      {"content-type": "text/csv"}).body["id"]
    laid = {"tenant": odd.id, "key": odd.key_id, "budget": str(odd.budget), "pool": spare, "backend": dead,
            "model": "odd-model", "raise": raised, "webhook": webhook, "admin_key": key, "reconciliation": bill,
            "period": last_month(), "request": call.request_id, "hold": "no-such-one", "project": odd.id,
            "account": odd.key_id, "rate_limit": "rl-all-models", **lay_alerts(world, odd)}
    budgets = {row["id"] for row in admin.rows("/budgets") if row["tenant_id"] == odd.id}
    return good, Stock(laid, SERVED), {*laid.values(), *budgets, "dead"} - {call.request_id}


def lay_alerts(world: World, odd: Tenant) -> dict[str, str]:
    """What a project has to be limited and told of, as OpenAI's clients make it."""
    made = {}
    for name, path in (("alert", f"projects/{odd.id}/spend_alerts"), ("organization_alert", "spend_alerts")):
        made[name] = world.admin.send("POST", f"/{path}", ALERT, root=PREFIX).body["id"]
    assert world.admin.send("POST", f"/projects/{odd.id}/spend_limit", AMOUNT, root=PREFIX).status == 200
    return made


class Trial:
    """Sends requests, and judges what each was answered and left behind."""

    def __init__(self, world: World, drawing: Drawing, stock: Stock, watch: Watch) -> None:
        self.world, self.drawing, self.stock = world, drawing, stock
        self.watch = watch
        self.seen: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()  # what was accepted
        self.tried: set[str] = set()
        self.accepted: dict[str, dict[str, Any]] = {}  # tenants with hostile names, by their ids
        self.read_back = 0
        self.shown = {one.path for one in OPERATIONS if one.method == "GET"}

    def send(self, method: str, path: str) -> Answer:
        admin = self.world.admin
        head = (f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                f"Authorization: Bearer {admin.credential}\r\n\r\n")
        return exchange(admin.address, head.encode(), LIMIT)

    def one(self, request: Request) -> list[str]:
        server = self.world.server
        data = request.head + request.body
        answer = exchange(server.admin_address, data, LEAVES_AFTER if request.leaves else LIMIT, request.source)
        self.seen[f"{answer.status // 100}xx" if answer.status else "left"] += 1
        self.tried.add(request.operation.name)
        problems = list(answer_wrong(request, answer, self.world.admin.credential))
        accepted = 200 <= answer.status < 300
        if accepted:
            self.kinds[request.hostile.kind] += 1
            server.canaries.heard(None, answer.body)
            problems += self.kept_wrong(request, answer)
        reads = request.operation.method == "GET"
        problems += self.watch.wrong(accepted and not reads, accepted and "/exports/" in request.operation.path)
        if not server.running():
            problems.append(f"the gateway ended: {server.output[-1500:]}")
        return [f"{problem}; {request}" for problem in problems]

    def kept_wrong(self, request: Request, answer: Answer) -> list[str]:
        """What was accepted, read again."""
        operation = request.operation
        if operation.method == "GET":
            return list(rows_wrong(request, answer))
        made = answer.json() if answer.body and "json" in answer.headers.get("content-type", "") else {}
        if answer.headers.get("idempotency-replayed"):
            return []
        path = self.path_of(request, made)
        if operation.makes:
            self.stock.note(operation.makes, made["id"])
        is_json = operation.content_type == "application/json"
        if is_json and request.body and (problems := list(body_wrong(request.body))):
            return problems
        if operation.name in ACTIONS or not isinstance(request.sent, dict) or not operation.schema:
            return []
        found = made
        if path:
            read = self.send("GET", path)
            if read.status != 200:
                return [f"{answer.status}, and then {path} is {read.status} {read.body[:200]!r}"]
            found = read.json()
        if operation.name.endswith("/tenants"):
            self.accepted[made["id"]] = found
        elif "name" in found and found.get("id") in self.accepted:  # a tenant is a project too, and was renamed
            self.accepted[found["id"]]["name"] = found["name"]
        self.read_back += 1
        return list(stored_wrong(request.sent, found, operation.schema))

    def path_of(self, request: Request, made: dict[str, Any]) -> str:
        """Where the object is read; empty if its answer is all there is of it."""
        operation = request.operation
        for target, parameters in operation.links.items():
            values = {name: request.path[name] if source.startswith("$request") else made[source.rpartition("/")[2]]
                      for name, source in parameters.items()}
            for name, value in values.items():
                self.stock.note(name, value)
            reader = next(one for one in self.drawing.operations if target == operation_id(one))
            return filled(reader.path, values)
        if operation.makes:
            return filled(f"{operation.path}/{{{operation.makes}}}", request.path | {operation.makes: made["id"]})
        if operation.method in ("PATCH", "PUT") or operation.path in self.shown:
            return filled(operation.path, request.path)
        return ""


def every_operation(world: World) -> list[Operation]:
    return operations(world.admin.get("/openapi.json")) + OPERATIONS


def operation_id(operation: Operation) -> str:
    path = operation.path.removeprefix("/admin/v1/").replace("{", "").replace("}", "")
    return operation.method.lower() + "_" + "".join(letter if letter.isalnum() else "_" for letter in path)


def filled(path: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", escaped(value))
    return path


def giants(trial: Trial) -> Iterator[Request]:
    """Files of the size that is just taken, of what costs most to read."""
    files = {
        "/prices/import": (b"[" + b"0," * (GIANT // 2) + b"0]", b"[" + b"{}," * (GIANT // 3) + b"0]",
                           b'{"data":[' + b"[]," * (GIANT // 3 - 4) + b"0]}", b"[" * GIANT),
        "/reconciliations": tuple(b"Day,Model,Cost" + rest for rest in (
            b"\n" * (GIANT - 20), b"," * (GIANT - 20), b"\n" + b"," * (GIANT - 20),
            b'\n"' + b'""' * (GIANT // 2 - 20))),
    }
    for operation in trial.drawing.operations:
        for body in files.get(operation.path.removeprefix("/admin/v1"), ()) if operation.method == "POST" else ():
            request = trial.drawing.good(operation)
            request.place, request.hostile = "the whole body", Hostile("all that a file may have", None)
            request.sent, request.body = None, body
            yield trial.drawing.finished(request)


def good_ones(trial: Trial, outcome: Outcome) -> None:
    """The control: each operation's example works, so that what is refused later is refused for what is hostile."""
    refused = set()
    for operation in trial.drawing.operations:
        if operation.removes:
            continue
        request = trial.drawing.finished(trial.drawing.good(operation, laid=True))
        before = trial.seen["2xx"]
        outcome.wrong(trial.one(request))
        if trial.seen["2xx"] == before:
            refused.add(operation.name)
    outcome.must(refused == NEEDS_STATE, f"good requests were refused: {refused - NEEDS_STATE}, and taken: "
                 f"{NEEDS_STATE - refused}")


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    with fake_backend() as backend, gateway(run.binary) as server:
        world = World.lay(server, backend)
        good, stock, odd = lay(world)
        own = world.admin.ok("POST", "/admin-keys", {"name": "hostile", "role": "admin"})
        world.admin.credential = own["key"]
        drawing = Drawing(run.dice("hostile-admin"), every_operation(world), stock, own["key"])
        trial = Trial(world, drawing, stock, Watch(server.database, own["id"], odd, good.id))
        caller, before = Caller(world, good), peak_rss(server, forget=True)
        good_ones(trial, outcome)
        for request in giants(trial) if run.full else ():
            outcome.tried(trial.one(request))
        while outcome.count < size and server.running():
            outcome.tried(trial.one(drawing.request()))
        peak = peak_rss(server)
        caller.judge(outcome)
        outcome.must(peak <= before + memory.ADMINS_FILE, f"memory went from {before >> 20} to {peak >> 20} MiB")
        if server.running():
            outcome.wrong(list(told_wrong(world, trial.accepted, stock.made["model"])))
            outcome.wrong(list(memory_wrong(world)))
            bookkeeping.assert_right(server.database)
    untried = {one.name for one in drawing.operations} - trial.tried
    outcome.must(not untried or size < 3000, f"never tried: {untried}")
    outcome.must(trial.read_back > 0, "nothing that was accepted was read again")
    outcome.figures["answers"] = dict(trial.seen)
    outcome.figures["accepted and read again"] = f"{trial.read_back}; {dict(trial.kinds)}"
    outcome.figures["memory"] = f"{before >> 20} MiB before, {peak >> 20} MiB at most"
    return outcome


HOSTILE_ADMIN = Programme("hostile-admin", "hostile values in every place of the Admin API: told so, or kept as sent",
                          run, 10_000, 250)
