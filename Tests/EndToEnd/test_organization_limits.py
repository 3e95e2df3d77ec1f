"""Limits, alerts and quotas of OpenAI's administration API, by its unmodified client; every answer strictly typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from support.client import chat, fetch
from support.oracle import pico
from support.organization import Org, organization, strict
from support.receiver import receiver
from support.world import World


@pytest.fixture(scope="module")
def org(world: World) -> Iterator[Org]:
    with organization(world) as org:
        yield org


def test_a_spend_limit_refuses_at_once_and_says_so(org: Org) -> None:
    project, limits = org.project(), org.organization.projects.spend_limit
    _, key = org.key(project)
    with pytest.raises(openai.NotFoundError):
        limits.retrieve(project)
    update = {"currency": "USD", "interval": "month"}
    made = strict(limits.update(project, threshold_amount=1000, **update))
    assert (made.threshold_amount, made.enforcement.status) == (1000, "inactive")
    [budget] = org.world.admin.rows(f"/budgets?tenant_id={project}")
    assert (budget["limit"], budget["mode"], budget["window"]) == ("10", "hard", "month")
    assert fetch(org.world.server.data, key, chat(max_tokens=5)).done
    assert strict(limits.update(project, threshold_amount=0, **update)).enforcement.status == "enforcing"
    refused = fetch(org.world.server.data, key, chat(max_tokens=5))
    assert (refused.status, refused.failure["code"]) == (429, "insufficient_quota")
    assert refused.failure["budget"]["id"] == budget["id"]
    assert strict(limits.retrieve(project)).enforcement.status == "enforcing"
    assert strict(limits.delete(project)).deleted is True
    assert fetch(org.world.server.data, key, chat(max_tokens=5)).done
    with pytest.raises(openai.NotFoundError):
        org.organization.spend_limit.retrieve()
    with pytest.raises(openai.BadRequestError) as raised:
        org.organization.spend_limit.update(threshold_amount=1, **update)
    assert raised.value.code == "unsupported_parameter" and "each project" in raised.value.message
    with pytest.raises(openai.NotFoundError):
        org.organization.spend_limit.delete()


def test_spend_alerts_are_raised_to_whom_they_name(org: Org) -> None:
    project, alerts = org.project(), org.organization.projects.spend_alerts
    _, key = org.key(project)
    fields: dict[str, Any] = {"currency": "USD", "interval": "month", "notification_channel": {
        "type": "email", "recipients": ["ops@example.org", "cfo@example.org"], "subject_prefix": "Spend"}}
    made = strict(alerts.create(project, threshold_amount=1, **fields))
    later = strict(alerts.create(project, threshold_amount=5_000_000, **fields))
    assert made.notification_channel.recipients == ["ops@example.org", "cfo@example.org"]
    assert [strict(alert) for alert in alerts.list(project, limit=1)] == [made, later]
    assert [alert.id for alert in alerts.list(project, order="desc")] == [later.id, made.id]
    assert strict(alerts.retrieve(made.id, project_id=project)) == made
    changed = strict(alerts.update(later.id, project_id=project, threshold_amount=6_000_000, **fields))
    assert (changed.id, changed.threshold_amount) == (later.id, 6_000_000)
    with receiver() as hooks:
        hook = org.world.admin.ok(
            "POST", "/webhooks", {"url": hooks.origin + "/alerts", "events": ["budget.threshold"]})
        model = org.shape("dear", {"input": "1000", "output": "1000"})
        answer = fetch(org.world.server.data, key, chat(model=model, max_tokens=50))
        assert answer.done, answer
        [call] = hooks.wait("/alerts", lambda calls: any(call.data.get("tenant_id") == project for call in calls))
        call.verify(hook["secret"])
        assert call.data["amount"] == "0.01" and call.data["recipients"] == "cfo@example.org,ops@example.org"
        assert call.data["mode"] == "soft" and "threshold" not in call.data
        org.world.admin.ok("DELETE", f"/webhooks/{hook['id']}")
    for alert in (made, later):
        assert strict(alerts.delete(alert.id, project_id=project)).deleted is True
    assert org.world.admin.rows(f"/budgets?tenant_id={project}") == []
    assert fetch(org.world.server.data, key, chat(max_tokens=5)).done


def test_spend_alerts_of_the_organization_look_at_all_projects(org: Org) -> None:
    """Two projects spend five cents each, whatever others spent before; the alert is of eight cents more than that."""
    alerts, model = org.organization.spend_alerts, org.shape("dear", {"input": "0", "output": "1000"})
    fields: dict[str, Any] = {"currency": "USD", "interval": "month", "notification_channel": {
        "type": "email", "recipients": ["cfo@example.org"]}}
    spent = sum(entry.cost for entry in org.world.books.entries())
    with receiver() as hooks:
        hook = org.world.admin.ok("POST", "/webhooks", {"url": hooks.origin + "/all", "events": ["spend.threshold"]})
        made = strict(alerts.create(threshold_amount=spent // pico("0.01") + 8, **fields))
        later = strict(alerts.create(threshold_amount=900_000_000, **fields))
        assert made.object == "organization.spend_alert" and made.notification_channel.recipients == ["cfo@example.org"]
        assert [strict(alert) for alert in alerts.list(limit=1)] == [made, later]
        assert [alert.id for alert in alerts.list(order="desc")] == [later.id, made.id]
        assert strict(alerts.retrieve(made.id)) == made
        changed = strict(alerts.update(later.id, threshold_amount=800_000_000, **fields))
        assert (changed.id, changed.threshold_amount) == (later.id, 800_000_000)
        org.shapes.recipe(model, usage={"prompt_tokens": 1, "completion_tokens": 50, "total_tokens": 51})
        for _ in range(2):
            answer = fetch(org.world.server.data, org.key(org.project())[1], chat(model=model, max_tokens=50))
            assert answer.done, answer
        [call] = hooks.wait("/all", lambda calls: bool(calls), seconds=25)
        call.verify(hook["secret"])
        assert call.data["alert_id"] == made.id and call.data["recipients"] == "cfo@example.org"
        assert pico(call.data["posted"]) == spent + 2 * pico("0.05")
        org.world.admin.ok("DELETE", f"/webhooks/{hook['id']}")
    for alert in (made, later):
        assert strict(alerts.delete(alert.id)).deleted is True
    assert list(alerts.list()) == []


def test_rate_limits_are_quotas(org: Org) -> None:
    project, limits = org.project(), org.organization.projects.rate_limits
    _, key = org.key(project)
    [found] = [strict(limit) for limit in limits.list_rate_limits(project)]
    assert (found.model, found.max_requests_per_1_minute) == ("*", 10**12)
    changed = strict(limits.update_rate_limit(
        found.id, project_id=project, max_requests_per_1_minute=2, max_requests_per_1_day=50))
    assert (changed.max_requests_per_1_minute, changed.max_tokens_per_1_minute) == (2, 10**12)
    quota = org.world.admin.get(f"/tenants/{project}/quotas")
    assert (quota["rpm"], quota["tpm"], quota["rpd"]) == (2, None, 50)
    answers = [fetch(org.world.server.data, key, chat(max_tokens=5)) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    limits.update_rate_limit(found.id, project_id=project, max_requests_per_1_minute=10**12)
    assert org.world.admin.get(f"/tenants/{project}/quotas")["rpm"] is None
    assert fetch(org.world.server.data, key, chat(max_tokens=5)).done
    with pytest.raises(openai.BadRequestError) as raised:
        limits.update_rate_limit(found.id, project_id=project, max_images_per_1_minute=5)
    assert (raised.value.code, raised.value.param) == ("unsupported_parameter", "max_images_per_1_minute")
