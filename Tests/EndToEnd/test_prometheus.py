"""What deploy/prometheus and deploy/grafana ask for is there: every rule and every panel, against a real Prometheus."""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml

from support.backend import FakeBackend
from support.client import chat, fetch
from support.keys import make_key
from support.options import Run
from support.processes import ROOT, free_port, note
from support.prometheus import FOLDER, Prometheus, prometheus
from support.tollgate import gateway
from support.world import World

DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "tollgate.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RULES = [rule for group in yaml.safe_load((FOLDER / "tollgate.rules.yml").read_text())["groups"]
         for rule in group["rules"]]
METRIC = re.compile(r"\b(?:tollgate|process|gen_ai_client|gen_ai_server)_[a-z0-9_]+")
SCRAPES = 8


@pytest.fixture(scope="module")
def loaded(run: Run, backend: FakeBackend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A gateway that has met everything a panel shows: calls good and bad, refusals, estimates, a dead backend."""
    with gateway(run.binary, f"backup: {{ directory: {tmp_path_factory.mktemp('backups')} }}\n") as server:
        world = World.lay(server, backend)
        for name, url in (("out", f"http://127.0.0.1:{free_port()}/v1"), ("shaky", backend.base_url("fault=500"))):
            world.admin.pool(name)
            world.admin.backend(name, f"{name}-a", url)
            world.admin.model(name, [name])
            world.admin.price(name, "1", "1")
        yield world


@pytest.fixture(scope="module")
def scraped(loaded: World) -> Iterator[Prometheus]:
    """Prometheus beside it, after some seconds of all kinds of calls."""
    with prometheus(loaded.server.metrics_address) as server:
        tenants = [loaded.tenant(pools=("fast", "out", "shaky")) for _ in range(3)]
        poor = loaded.tenant(limit="0.0000001")
        bodies: list[tuple[str, dict[str, Any]]] = [
            *((tenant.key, chat(stream=stream)) for tenant in tenants for stream in (False, True)),
            (tenants[0].key, chat(model="shaky")), (tenants[1].key, chat(knobs="usage=no")),
            (tenants[2].key, chat(model="out")), (poor.key, chat()), (make_key("0" * 10, "0" * 43), chat()),
        ]
        with ThreadPoolExecutor(8) as pool:
            for scrape in range(1, SCRAPES + 1):
                list(pool.map(lambda one: fetch(loaded.server.data, *one), bodies * 4))
                server.wait_for_scrapes(scrape)
        yield server


def promtool(*arguments: str, text: str | None = None) -> str:
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, timeout=60, cwd=FOLDER)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_configuration_and_rules_pass_promtool() -> None:
    promtool("check", "config", "prometheus.yml")
    promtool("test", "rules", "tollgate.test.yml")


def test_every_alert_has_a_test_that_fires_it_and_one_that_does_not() -> None:
    tests = [one for group in yaml.safe_load((FOLDER / "tollgate.test.yml").read_text())["tests"]
             for one in group["alert_rule_test"]]
    for rule in RULES:
        expected = [bool(one.get("exp_alerts")) for one in tests if one["alertname"] == rule["alert"]]
        assert set(expected) == {True, False}, rule["alert"]


def test_the_page_of_operations_says_what_to_do_about_every_alert() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    _, _, table = page.partition("## Prometheus and Grafana\n")[2].partition("| alert | do |\n")
    rows = [line.split("|")[1] for line in table.partition("\n\n")[0].splitlines()[1:]]
    documented = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(documented) == sorted(rule["alert"] for rule in RULES)


def test_metrics_pass_promtool(loaded: World) -> None:
    tenant = loaded.tenant()
    loaded.assert_good_call(tenant)
    assert promtool("check", "metrics", text=loaded.server.metrics_text()) == ""


def test_every_query_of_the_dashboard_has_data(scraped: Prometheus) -> None:
    replaced = {"$__rate_interval": "30s", "$instance": ".*", "$tenant": ".*"}
    asked = 0
    for panel in PANELS:
        for target in panel["targets"]:
            expression = target["expr"]
            for name, value in replaced.items():
                expression = expression.replace(name, value)
            assert "$" not in expression, expression
            values = [float(one["value"][1]) for one in scraped.query(expression)]
            assert values and not any(math.isnan(value) or math.isinf(value) for value in values), \
                f"{panel['title']}: {expression} -> {values}"
            asked += 1
    for variable in DASHBOARD["templating"]["list"][1:]:
        metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()
        assert scraped.get(f"label/{label}/values", **{"match[]": metric}), variable["name"]
    note(f"{asked} queries in {len(PANELS)} panels")


def test_the_dashboard_says_more_than_zero(scraped: Prometheus) -> None:
    """What the load did is seen: a panel that stays at zero whatever happens would pass the test above."""
    moving = {
        "Calls by outcome", "Share that fails upstream", "Tokens by meter", "Cost an hour by tenant",
        "Failed attempts", "Time to first event", "Time Tollgate adds", "Commits", "Bills that need an eye", "Memory",
        "Budgets: share spent", "Tokens by model and type", "Duration of a call by model, 95 %",
    }
    for panel in PANELS:
        if panel["title"] in moving:
            moving.remove(panel["title"])
            expression = re.sub(r"\$(instance|tenant)", ".*", panel["targets"][0]["expr"]).replace(
                "$__rate_interval", "30s")
            assert any(float(one["value"][1]) > 0 for one in scraped.query(expression)), panel["title"]
    assert not moving


def test_rules_are_evaluated_and_name_only_metrics_that_exist(scraped: Prometheus, loaded: World) -> None:
    tenant, wanted = loaded.tenant(pools=("out",)), {"TollgateErrors", "TollgatePoolDown", "TollgateBackendDown"}
    for scrape in range(SCRAPES, SCRAPES + 60):
        fetch(loaded.server.data, tenant.key, chat(model="out"))  # its backend rests, which is for some seconds only
        scraped.wait_for_scrapes(scrape)
        loaded_rules = [rule for group in scraped.get("rules")["groups"] for rule in group["rules"]]
        firing = {rule["name"] for rule in loaded_rules if rule["state"] != "inactive"}
        if wanted <= firing:
            break
    assert wanted <= firing, firing
    assert len(loaded_rules) == len(RULES)
    assert {rule["health"] for rule in loaded_rules} == {"ok"}, loaded_rules
    families = {line.split(" ")[2] for line in loaded.server.metrics_text().splitlines() if line.startswith("# TYPE ")}
    expressions = [rule["expr"] for rule in RULES]
    expressions += [target["expr"] for panel in PANELS for target in panel["targets"]]
    for expression in expressions:
        for name in METRIC.findall(expression):
            assert re.sub(r"_(bucket|sum|count)$", "", name) in families, f"{name} does not exist: {expression}"
