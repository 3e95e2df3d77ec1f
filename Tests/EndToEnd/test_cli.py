"""The commands on resources against a running gateway: create, list, show, both outputs, every exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.backend import FakeBackend
from support.options import Run
from support.tollgate import Gateway, gateway
from support.world import World

DONE, FAILED, USAGE, NOT_FOUND, DENIED, CONFLICT = range(6)
BACKEND_KEY = "sk-e2e-cli-0123456789"
PRICE = {"model": "org/m", "effective_from": "2026-01-01T00:00:00Z", "per_million": {"input": "0.1", "output": "0.4"}}


@pytest.fixture(scope="module")
def server(run: Run) -> Iterator[Gateway]:
    with gateway(run.binary) as started:
        yield started


def cli(server: Gateway, *arguments: str, code: int = DONE, **env: str) -> str:
    """Standard output of a command that must end with `code`; a refusal says why, and only on standard error."""
    done = server.run(*arguments, env=server.env | env)
    assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    assert (code == DONE) or (not done.stdout and done.stderr.strip()), done
    for secret in (server.admin_key, server.master_key, BACKEND_KEY):
        assert secret not in done.stdout + done.stderr, f"{arguments} shows a secret"
    return done.stdout


def entry(server: Gateway, *arguments: str, **env: str) -> dict[str, Any]:
    return dict(json.loads(cli(server, *arguments, "--output", "json", code=DONE, **env)))


def rows(server: Gateway, *arguments: str) -> list[dict[str, Any]]:
    page = entry(server, *arguments)
    assert page["has_more"] is False and page["next"] is None
    return list(page["data"])


def both(server: Gateway, *arguments: str, column: str, value: str) -> None:
    """The list holds the entry, in JSON and in the named column of the table."""
    assert any(row[column] == value for row in rows(server, *arguments)), arguments
    head, *lines = cli(server, *arguments, "--output", "table").splitlines()
    assert head.split()[0].isupper() and column.upper() in head.split(), head
    assert any(value in line.split() for line in lines), lines


def shown(server: Gateway, *arguments: str, **expected: Any) -> None:
    """`show` gives the same in JSON and as one line a member."""
    found = entry(server, *arguments)
    assert expected.items() <= found.items(), found
    table = {line.split()[0]: " ".join(line.split()[1:]).removesuffix(" USD")
             for line in cli(server, *arguments).splitlines()}
    assert table.keys() == found.keys(), table
    for name, value in expected.items():
        assert table[name] == str(value), table


@pytest.fixture(scope="module")
def routing(server: Gateway) -> dict[str, str]:
    """A pool with a backend, a model and its price, all made from the command line."""
    cli(server, "pools", "create", "--name", "p", "--set", "policy=least_busy")
    made = entry(
        server, "backends", "create", "--pool", "p", "--name", "b", "--set", "kind=openai", "--set",
        "base_url=http://127.0.0.1:9/v1", "--set", "api_key={env: CLI_KEY}", CLI_KEY=BACKEND_KEY)
    assert made["has_api_key"] is True and "api_key" not in made
    cli(server, "models", "create", "--name", "org/m", "--set", "targets=[{pool: p}]", "--set", "max_output_tokens=9")
    price = server.folder / "price.json"
    price.write_text(json.dumps(PRICE))
    return {"backend": made["id"], "price": entry(server, "prices", "create", "-f", str(price))["id"]}


@pytest.fixture(scope="module")
def tenant(server: Gateway) -> str:
    return str(entry(server, "tenants", "create", "--name", "one", "--set", "price_multiplier=1.5")["id"])


def test_routing_and_prices(server: Gateway, routing: dict[str, str]) -> None:
    both(server, "pools", "list", column="name", value="p")
    shown(server, "pools", "show", "p", name="p", policy="least_busy")
    both(server, "backends", "list", "--pool", "p", column="id", value=routing["backend"])
    for reference in ("p/b", routing["backend"]):
        shown(server, "backends", "show", reference, id=routing["backend"], name="b")
    both(server, "models", "list", column="name", value="org/m")
    shown(server, "models", "show", "org/m", name="org/m", max_output_tokens=9)
    both(server, "prices", "list", column="id", value=routing["price"])
    both(server, "prices", "show", "org/m", column="model", value="org/m")


def test_a_backend_is_drained_probed_and_looked_at(server: Gateway, routing: dict[str, str]) -> None:
    assert entry(server, "backends", "drain", "p/b")["draining"] is True
    assert entry(server, "backends", "health", routing["backend"])["state"] == "draining"
    assert entry(server, "backends", "undrain", "p/b")["draining"] is False
    probe = entry(server, "backends", "probe", "p/b")
    assert probe["passed"] is False and probe["error"]
    assert "probe" in str(entry(server, "backends", "health", "p/b")["last_error"])
    assert "ready" in cli(server, "backends", "health", "p/b")


@pytest.mark.usefixtures("routing")
def test_tenants_and_what_they_may(server: Gateway, tenant: str) -> None:
    both(server, "tenants", "list", column="name", value="one")
    for reference in ("one", tenant):
        shown(server, "tenants", "show", reference, id=tenant, name="one", price_multiplier="1.5")
    cli(server, "entitlements", "create", "--tenant", "one", "--pool", "p=org/m")
    for verb in ("show", "list"):
        both(server, "entitlements", verb, "--tenant", "one", column="pool", value="p")
    cli(server, "quotas", "create", "--tenant", "one", "--set", "rpm=60")
    cli(server, "quotas", "update", "--tenant", "one", "--set", "concurrency=4")
    shown(server, "quotas", "show", "--tenant", "one", rpm=60, concurrency=4)
    budget = entry(server, "budgets", "create", "--tenant", "one", "--limit", "10", "--window", "month")["id"]
    both(server, "budgets", "list", "--tenant", "one", column="id", value=budget)
    shown(server, "budgets", "show", budget, id=budget, limit="10", window="month", mode="hard")
    shown(server, "budgets", "show", budget, posted="0", held="0", remaining="10")
    assert entry(server, "budgets", "state", budget)["remaining"] == "10"


# What the commands of each kind send, and the words their `create` needs.
DOCUMENTED = {
    "tenants": ("/tenants", "/tenants/{}", []), "keys": ("/tenants/{}/keys", "/keys/{}", ["--tenant", "ten_1"]),
    "budgets": ("/budgets", "/budgets/{}", []), "pools": ("/pools", "/pools/{}", []),
    "backends": ("/pools/{}/backends", "/backends/{}", ["--pool", "p"]), "admin-keys": ("/admin-keys", None, []),
    "webhooks": ("/webhooks", None, []), "models": ("/models/{}", None, []), "prices": ("/prices", None, []),
}


def told(server: Gateway, *command: str) -> dict[str, bool]:
    """The fields that a command's help names, and whether each is required."""
    text = " ".join(cli(server, *command, "--help").split())
    names = re.findall(r"Fields: (.*?)\.(?: |$)", text)[0].split(", ")
    return {name.removesuffix(" (required)"): name.endswith("(required)") for name in names}


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_commands_take_the_fields_that_the_document_tells_of(server: Gateway, kind: str, tmp_path: Path) -> None:
    document = json.loads(server.admin.send("GET", "/openapi.json").text)
    paths = {re.sub(r"\{[^}]*\}", "{}", path).removeprefix("/admin/v1"): calls
             for path, calls in document["paths"].items()}

    def resolved(schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            found = document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def body(path: str, method: str) -> dict[str, Any]:
        return resolved(paths[path][method]["requestBody"]["content"]["application/json"]["schema"])

    create, update, words = DOCUMENTED[kind]
    schema = body(create, "put" if kind == "models" else "post")
    fields = dict(flat(schema, resolved))
    taken = told(server, kind, "create")
    if kind == "models":
        # The command takes the name as a field; the call has it in its path, and in its body if one likes.
        assert taken.pop("name") and not fields.pop("name")["required"]
    for name, field in fields.items():
        # A probe needs its path only where there is none yet, which the gateway knows.
        assert taken.pop(name) == (field["required"] and name != "probe.path"), name
    # Meters without a field of their own in the schema are names of the caller's choice there.
    rest = {name for name in taken if not fields[name.rpartition(".")[0]]["rest"]}
    assert not rest, rest
    if update:
        assert set(told(server, kind, "update")) == set(body(update, "patch")["properties"])
    for excess in (1, -1):
        file = tmp_path / "wrong.json"
        file.write_text(json.dumps(wrong(schema, resolved, excess)))
        done = server.run(kind, "create", *words, "-f", str(file), env=server.env)
        text = " ".join(done.stderr.split())
        for name, field in fields.items():
            path, found = re.escape(name.replace("[]", "[0]")), field["schema"]
            if "enum" in found and found.get("type") != "boolean":
                listed = re.findall(rf"{path} must be one of (.*?), not", text)
                assert listed and set(listed[0].split(", ")) == {word for word in found["enum"] if word}, (name, text)
            if found.get("type") == "integer":
                bounds = f"between {found['minimum']} and {found['maximum']},"
                assert re.search(rf"{path} must be a whole number {bounds}", text), (name, bounds, text)


def plain(schema: dict[str, Any], resolved: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """The schema of what is not null."""
    schema = resolved(schema)
    for choice in schema.get("anyOf", []):
        if choice.get("type") != "null":
            return resolved(choice)
    return schema


def flat(schema: dict[str, Any], resolved: Callable[[dict[str, Any]], dict[str, Any]],
         path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field with what is inside, named as help names it."""
    for name, field in schema["properties"].items():
        found = plain(field, resolved)
        yield path + name, {"schema": found, "required": name in schema.get("required", []),
                            "rest": isinstance(found.get("additionalProperties"), dict)}
        inside = plain(found.get("items", {}), resolved) if found.get("type") == "array" else found
        if inside.get("properties"):
            yield from flat(inside, resolved, f"{path}{name}{'[]' if inside is not found else ''}.")


def wrong(schema: dict[str, Any], resolved: Callable[[dict[str, Any]], dict[str, Any]], excess: int) -> Any:
    """A value with every number out of its range and every word none of those there are."""
    schema = plain(schema, resolved)
    match schema.get("type"):
        case "object":
            return {name: wrong(field, resolved, excess) for name, field in schema.get("properties", {}).items()}
        case "array": return [wrong(schema.get("items", {}), resolved, excess)]
        case "integer": return schema["maximum" if excess > 0 else "minimum"] + excess
        case "boolean": return True
        case _: return "zz"


def test_another_limit_of_a_budget_is_tried_out(server: Gateway, tenant: str) -> None:
    budget = entry(server, "budgets", "create", "--tenant", "one", "--limit", "10", "--window", "week")["id"]
    run = entry(server, "budgets", "dry-run", budget, "--limit", "5", "--days", "7")
    assert run["limit"] == "5" and run["days"] == 7 and run["refused"] == 0
    first, head, *_, total = cli(server, "budgets", "dry-run", budget, "--limit", "5").splitlines()
    assert first.startswith("5 USD a week, from ") and first.endswith("calls refused")
    assert head.split()[:4] == ["BY", "NAME", "CALLS", "REFUSED"] and total.split()[0] == "TOTAL"
    cli(server, "budgets", "dry-run", budget, "--limit", "5", "--days", "93", code=FAILED)


def test_a_key_is_shown_once(server: Gateway, tenant: str) -> None:
    made = entry(server, "keys", "create", "--tenant", "one", "--name", "k")
    both(server, "keys", "list", "--tenant", tenant, column="id", value=made["id"])
    shown(server, "keys", "show", made["id"], id=made["id"], name="k", state="active")
    again = entry(server, "keys", "rotate", made["id"])["key"]
    for arguments in (("keys", "list", "--tenant", "one"), ("keys", "show", made["id"])):
        text = cli(server, *arguments) + cli(server, *arguments, "--output", "json")
        assert made["key"][14:] not in text and again[14:] not in text


def test_webhooks_raises_and_credits(server: Gateway) -> None:
    made = entry(server, "webhooks", "create", "--to", "http://127.0.0.1:9/hook", "--set", "events=[budget.threshold]")
    assert made["secret"].startswith("whsec_") and made["events"] == ["budget.threshold"]
    both(server, "webhooks", "list", column="url", value="http://127.0.0.1:9/hook")
    shown(server, "webhooks", "show", made["id"], id=made["id"], url="http://127.0.0.1:9/hook")
    assert entry(server, "webhooks", "test", made["id"])["state"] != "delivered"
    both(server, "webhooks", "deliveries", made["id"], column="event", value="webhook.test")
    cli(server, "webhooks", "delete", made["id"])
    assert rows(server, "webhooks", "list") == []
    cli(server, "webhooks", "show", made["id"], code=NOT_FOUND)

    tenant = entry(server, "tenants", "create", "--name", "raised")["id"]
    budget = entry(server, "budgets", "create", "--tenant", "raised", "--limit", "10", "--window", "day")["id"]
    raised = entry(server, "budgets", "raise", budget, "--limit", "25", "--until", "2h")
    assert raised["limit"] == "25" and raised["running"] is True
    assert entry(server, "budgets", "state", budget)["limit"] == "25"
    both(server, "budgets", "raises", budget, column="id", value=raised["id"])
    cli(server, "budgets", "end-raise", budget, raised["id"])
    assert entry(server, "budgets", "state", budget)["limit"] == "10"
    assert [row["running"] for row in rows(server, "budgets", "raises", budget)] == [False]
    cli(server, "budgets", "raise", budget, "--limit", "5", "--until", "2099-01-01T00:00:00Z", code=FAILED)

    credit = entry(server, "tenants", "credit", "raised", "--amount", "5.5", "--kind", "goodwill", "--note", "sorry")
    assert (credit["amount"], credit["kind"], credit["tenant_id"]) == ("5.5", "goodwill", tenant)
    both(server, "tenants", "credits", "raised", column="note", value="sorry")
    cli(server, "tenants", "credit", "raised", "--amount", "0", code=FAILED)


def test_a_live_hold_is_listed_and_shown(run: Run, backend: FakeBackend) -> None:
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        running = world.in_background(world.tenant(), "cli-hold", knobs="latency=2000")
        hold = rows(server, "holds", "list", "--state", "live")[0]["id"]
        both(server, "holds", "list", column="id", value=hold)
        shown(server, "holds", "show", hold, id=hold, state="live", model="fake")
        assert rows(server, "holds", "list", "--state", "uncertain") == []
        running.result()


def test_exit_codes(server: Gateway, routing: dict[str, str], tenant: str) -> None:
    for arguments in (["tenants", "create", "--name", "=x"], ["holds", "list", "--state", "bogus"], ["pools", "lst"],
                      ["tenants", "show", "one", "--output", "xml"], ["keys", "list"],
                      ["backends", "update", routing["backend"], "--set", f"api_key={BACKEND_KEY}"]):
        cli(server, *arguments, code=USAGE)
    cli(server, "tenants", "list", code=USAGE, TOLLGATE_ADMIN_KEY="")
    for kind in ("tenants", "keys", "budgets", "pools", "backends", "models", "prices", "holds"):
        cli(server, kind, "show", "nobody", code=NOT_FOUND)
    cli(server, "quotas", "show", "--tenant", "nobody", code=NOT_FOUND)
    cli(server, "tenants", "list", code=DENIED, TOLLGATE_ADMIN_KEY="w" * 40)
    cli(server, "tenants", "create", "--name", "one", code=CONFLICT)
    cli(server, "models", "create", "--name", "org/m", "--set", "targets=[{pool: p}]", "--set", "max_output_tokens=9",
        code=CONFLICT)
    cli(server, "pools", "delete", "p", code=CONFLICT)
    cli(server, "tenants", "list", "--url", "http://127.0.0.1:9", code=FAILED)
    cli(server, "tenants", "update", tenant, "--set", "time_zone=Mars/Olympus", code=FAILED)
