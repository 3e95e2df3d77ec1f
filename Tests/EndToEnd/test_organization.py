"""OpenAI's administration API by the unmodified, typed `openai` client; every answer is held to its model strictly."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import openai
import pytest
from openai import OpenAI

from support.client import chat, fetch
from support.options import Run
from support.oracle import Entry, pico, usd
from support.receiver import receiver
from support.route import wait_for
from support.shapes import ShapeBackend, shape_backend
from support.world import World

AUDIO = ("speech.wav", b"RIFF" + bytes(range(256)) * 40, "audio/wav")
SHAPES = "shapes"
HOUR, DAY = 3600, 86_400


@dataclass
class Org:
    world: World
    shapes: ShapeBackend
    client: OpenAI

    @property
    def organization(self) -> Any:
        return self.client.admin.organization

    def data(self, key: str) -> OpenAI:
        return OpenAI(base_url=self.world.server.url + "/v1", api_key=key, max_retries=0)

    def project(self, prefix: str = "project") -> str:
        """A project whose keys may use every pool."""
        made = strict(self.organization.projects.create(name=self.world.fresh(prefix)))
        self.world.admin.entitle(made.id, {"fast": ["*"], SHAPES: ["*"]})
        return str(made.id)

    def key(self, project: str, name: str = "main", **fields: Any) -> tuple[str, str]:
        """A service account's id, and its key."""
        made = strict(self.organization.projects.service_accounts.create(project, name=name, **fields))
        assert made.api_key and made.api_key.id == made.id
        return made.id, made.api_key.value

    def shape(self, prefix: str, per_million: dict[str, str] | None, per_unit: dict[str, str] | None = None,
              recipe: dict[str, Any] | None = None, **fields: Any) -> str:
        model = self.world.fresh(prefix)
        if recipe is not None:
            self.shapes.recipe(model, **recipe)
        self.world.admin.model(model, [SHAPES], **fields)
        self.world.admin.price_of(model, per_million, per_unit)
        return model

    def entries(self, *tenants: str) -> list[Entry]:
        return [entry for entry in self.world.books.entries() if entry.tenant_id in tenants]


def strict(model: Any) -> Any:
    """The answer again, its types taken as they are: no text passes for a number, nothing that is required lacks."""
    raw = model.to_dict(mode="python", exclude_unset=True)
    type(model).model_validate(raw, strict=True)
    return model


def recent() -> dict[str, int]:
    now = int(time.time())
    return {"start_time": now - now % DAY - DAY, "end_time": now - now % DAY + 2 * DAY}


def results(page: Any) -> list[Any]:
    strict(page)
    return [result for bucket in page.data for result in bucket.results]


@pytest.fixture(scope="module")
def org(world: World) -> Iterator[Org]:
    with shape_backend() as shapes:
        world.admin.pool(SHAPES)
        world.admin.backend(SHAPES, "shapes-a", shapes.url)
        address = world.server.admin_address
        client = OpenAI(
            admin_api_key=world.server.admin_key, base_url=f"http://{address[0]}:{address[1]}/v1", max_retries=0)
        yield Org(world, shapes, client)


# Projects and keys

def test_projects_are_tenants(org: Org) -> None:
    projects, name = org.organization.projects, org.world.fresh("project")
    made = strict(projects.create(name=name))
    assert (made.name, made.status, made.object) == (name, "active", "organization.project")
    assert abs(made.created_at - time.time()) < 60
    assert org.world.admin.get(f"/tenants/{made.id}")["name"] == name
    assert strict(projects.retrieve(made.id)) == made
    assert strict(projects.update(made.id, name=name + "-b")).name == name + "-b"
    more = [projects.create(name=org.world.fresh("project")).id for _ in range(3)]
    listed = [strict(project) for project in projects.list(limit=2)]
    ids = [project.id for project in listed]
    assert {made.id, *more} <= set(ids) and len(ids) == len(set(ids)) and ids == sorted(ids)
    archived = strict(projects.archive(more[0]))
    assert archived.status == "archived" and archived.archived_at
    assert more[0] not in [project.id for project in projects.list()]
    assert more[0] in [project.id for project in projects.list(include_archived=True, limit=100)]
    assert strict(projects.retrieve(more[0])).status == "archived"


def test_a_service_account_issues_a_key_that_works_until_it_is_deleted(org: Org) -> None:
    project, accounts = org.project(), org.organization.projects.service_accounts
    account, key = org.key(project, "robot")
    assert fetch(org.world.server.data, key, chat(max_tokens=5)).done
    assert strict(accounts.retrieve(account, project_id=project)).role == "member"
    assert strict(accounts.update(account, project_id=project, name="robot-2")).name == "robot-2"
    others = [org.key(project, f"robot-{number}")[0] for number in range(3, 6)]
    assert [strict(found).id for found in accounts.list(project, limit=2)] == [account, *others]
    assert strict(accounts.delete(account, project_id=project)).deleted is True
    assert fetch(org.world.server.data, key, chat(max_tokens=5)).status == 401
    with pytest.raises(openai.NotFoundError) as raised:
        accounts.retrieve(account, project_id=project)
    assert raised.value.code == "not_found"
    short = strict(accounts.create(project, name="short", expires_in_seconds=1)).api_key
    assert short.expires_at - short.created_at == 1
    time.sleep(1.1)
    assert fetch(org.world.server.data, short.value, chat(max_tokens=5)).status == 401


def test_project_api_keys_are_the_same_keys(org: Org) -> None:
    project, keys = org.project(), org.organization.projects.api_keys
    made = dict(org.key(project, name) for name in ("a", "b", "c"))
    listed = [strict(key) for key in keys.list(project, limit=2)]
    assert [key.id for key in listed] == list(made) and [key.name for key in listed] == ["a", "b", "c"]
    first = listed[0]
    assert first.owner.type == "service_account" and first.owner.service_account.id == first.id
    assert first.owner_project_access == "active"
    secret = made[first.id]
    assert first.redacted_value.startswith(secret[:13]) and secret not in first.redacted_value
    assert strict(keys.retrieve(first.id, project_id=project)) == first
    ending = strict(keys.update(first.id, project_id=project, expires_in_seconds=3600))
    assert abs(ending.expires_at - time.time() - 3600) < 60
    assert strict(keys.delete(first.id, project_id=project)).deleted is True
    assert fetch(org.world.server.data, secret, chat(max_tokens=5)).status == 401
    assert [key.id for key in keys.list(project)] == list(made)[1:]
    org.world.admin.ok("POST", f"/tenants/{project}/suspend")
    assert [key.owner_project_access for key in keys.list(project)] == ["inactive"] * 2
    assert [list(keys.list(project, owner_project_access=access)) == [] for access in ("active", "inactive")] == [
        True, False]


# Limits

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


# Usage and costs

@pytest.fixture(scope="module")
def spent(org: Org) -> tuple[list[str], dict[str, str]]:
    """Two projects that have used every kind of route, and the models by kind."""
    tokens = {"input": "1", "output": "4", "input_cache_read": "0.25"}
    models = {
        "completions": "fake", "embeddings": org.shape("embed", tokens),
        "images": org.shape("image", None, {"image": "0.04"}, recipe={"usage": False}),
        "audio_speeches": org.shape("speech", None, {"character": "0.000015"}),
        "audio_transcriptions": org.shape(
            "hear", None, {"second": "0.0001"}, recipe={"duration": 2.5}, audio_seconds_max=600),
    }
    projects = [org.project("spender") for _ in range(2)]
    for number, project in enumerate(projects):
        for name in ("a", "b"):
            client = org.data(org.key(project, name)[1])
            for _ in range(number + 1):
                client.chat.completions.create(
                    model="fake", max_tokens=20, messages=[{"role": "user", "content": "hello"}])
            client.embeddings.create(model=models["embeddings"], input=["hello", "world"])
            client.images.generate(model=models["images"], prompt="a gate", n=3)
            client.audio.speech.create(model=models["audio_speeches"], input="hello there", voice="alloy").read()
            client.audio.transcriptions.create(
                model=models["audio_transcriptions"], file=AUDIO, response_format="verbose_json")
    org.world.books.wait_until_no_holds()
    return projects, models


def test_usage_of_every_kind_is_what_the_ledger_says(org: Org, spent: tuple[list[str], dict[str, str]]) -> None:
    projects, models = spent
    usage, entries = org.organization.usage, org.entries(*projects)
    asked = {"project_ids": projects, "group_by": ["project_id", "api_key_id", "model"], **recent()}
    counts = {"completions": lambda e: (sum(e.meters.get(name, 0) for name in ("input", "input_cache_read")), e.output),
              "embeddings": lambda e: (e.input,), "images": lambda e: (e.meters["image"],),
              "audio_speeches": lambda e: (e.meters["character"],),
              "audio_transcriptions": lambda e: (e.meters["second"],)}
    fields = {"completions": ("input_tokens", "output_tokens"), "embeddings": ("input_tokens",),
              "images": ("images",), "audio_speeches": ("characters",), "audio_transcriptions": ("seconds",)}
    for kind, count in counts.items():
        found = results(getattr(usage, kind)(**asked))
        assert len(found) == 4, (kind, found)
        for result in found:
            mine = [entry for entry in entries if entry.kind == "settle" and (
                entry.tenant_id, entry.key_id, entry.model) == (result.project_id, result.api_key_id, models[kind])]
            assert result.model == models[kind] and result.num_model_requests == len(mine) > 0
            assert tuple(getattr(result, name) for name in fields[kind]) == tuple(
                sum(column) for column in zip(*(count(entry) for entry in mine), strict=True)), (kind, result)
    for kind in ("moderations", "vector_stores", "code_interpreter_sessions", "file_search_calls", "web_search_calls",
                 "decisions"):
        options = {"group_by": ["project_id"], "project_ids": projects, **recent()}
        assert results(getattr(usage, kind)(**options)) == []


def test_usage_is_filtered_and_summed_as_asked(org: Org, spent: tuple[list[str], dict[str, str]]) -> None:
    projects, models = spent
    ask = org.organization.usage.completions
    entries = [entry for entry in org.entries(*projects) if entry.model == "fake" and entry.kind == "settle"]
    [whole] = results(ask(project_ids=projects, **recent()))
    assert whole.num_model_requests == len(entries) == 6 and whole.project_id is None and whole.model is None
    assert whole.output_tokens == sum(entry.output for entry in entries)
    assert whole.input_uncached_tokens + whole.input_cached_tokens == whole.input_tokens
    key = entries[0].key_id
    [one] = results(ask(api_key_ids=[key], models=["fake", "other"], **recent()))
    assert one.num_model_requests == sum(entry.key_id == key for entry in entries)
    assert results(ask(models=["no-such-model"], project_ids=projects, **recent())) == []
    assert results(ask(user_ids=["user-1"], **recent())) == []
    grouped = results(ask(project_ids=projects, group_by=["project_id", "user_id", "batch", "api_source"], **recent()))
    assert {result.project_id: result.num_model_requests for result in grouped} == {projects[0]: 2, projects[1]: 4}
    assert {(result.user_id, result.batch, result.api_source) for result in grouped} == {(None, False, "unlabeled")}
    with pytest.raises(openai.BadRequestError) as raised:
        ask(bucket_width="1m", **recent())
    assert raised.value.param == "bucket_width"
    with pytest.raises(openai.BadRequestError):
        ask(start_time=10, end_time=10)


def test_usage_pages_cover_the_span_once(org: Org, spent: tuple[list[str], dict[str, str]]) -> None:
    projects, _ = spent
    start = int(time.time()) // HOUR * HOUR - 5 * HOUR
    asked: dict[str, Any] = {"start_time": start, "end_time": start + 8 * HOUR, "bucket_width": "1h",
                             "project_ids": projects}
    whole = strict(org.organization.usage.completions(limit=100, **asked))
    assert not whole.has_more and whole.next_page is None and len(whole.data) == 8
    assert [bucket.start_time for bucket in whole.data] == [start + HOUR * number for number in range(8)]
    assert all(bucket.end_time - bucket.start_time == HOUR for bucket in whole.data)
    pages, cursor = [], None
    while True:
        page = strict(org.organization.usage.completions(limit=3, **asked, **({"page": cursor} if cursor else {})))
        pages += page.data
        cursor = page.next_page
        assert page.has_more == (cursor is not None)
        if cursor is None:
            break
    assert pages == whole.data
    assert sum(result.num_model_requests for bucket in pages for result in bucket.results) == 6


def test_costs_equal_the_ledger_to_the_last_digit(org: Org, spent: tuple[list[str], dict[str, str]]) -> None:
    projects, models = spent
    entries, costs = org.entries(*projects), org.organization.usage.costs
    for groups in ([], ["project_id"], ["project_id", "api_key_id"], ["line_item"], ["project_id", "line_item"]):
        raw = org.organization.usage.with_raw_response.costs(project_ids=projects, group_by=groups, **recent())
        found = results(raw.parse())
        exact = [row["amount"]["value"] for bucket in raw_json(raw) for row in bucket["results"]]
        assert sum(pico(value) for value in exact) == sum(entry.cost for entry in entries), groups
        assert all(result.amount.currency == "usd" for result in found)
    by_project = results(costs(project_ids=projects, group_by=["project_id"], **recent()))
    assert {result.project_id: result.amount.value for result in by_project} == {
        project: float(usd(sum(entry.cost for entry in org.entries(project)))) for project in projects}
    items = {result.line_item: result for result in results(
        costs(project_ids=projects, group_by=["line_item"], **recent()))}
    images = items[f"{models['images']}, image"]
    assert (images.quantity, images.quantity_unit, images.amount.value) == (12, "images", 0.48)
    output = items["fake, output"]
    assert output.quantity_unit == "tokens" and output.quantity == sum(
        entry.output for entry in entries if entry.model == "fake")
    [only] = results(costs(
        project_ids=projects, line_items=[f"{models['images']}, image"], group_by=["line_item"], **recent()))
    assert only == images
    with pytest.raises(openai.BadRequestError):
        costs(group_by=["model"], **recent())  # type: ignore[list-item]


def raw_json(raw: Any) -> list[dict[str, Any]]:
    """The buckets with every number as it was written."""
    return list(json.loads(raw.text, parse_float=str, parse_int=str)["data"])


# Operators

def test_admin_api_keys_open_the_api_until_they_are_deleted(org: Org) -> None:
    """While one lives, the bootstrap credential is worth nothing."""
    keys = org.organization.admin_api_keys
    made = strict(keys.create(name="robot"))
    assert made.value.startswith("tga_") and made.redacted_value.startswith(made.value[:14])
    assert made.value not in made.redacted_value and made.owner.role == "admin"
    mine = OpenAI(admin_api_key=made.value, base_url=str(org.client.base_url), max_retries=0)
    with pytest.raises(openai.AuthenticationError) as raised:
        keys.list()
    assert raised.value.code == "invalid_api_key"
    admin = mine.admin.organization.admin_api_keys
    short = strict(admin.create(name="short", expires_in_seconds=3600))
    viewer = strict(admin.create(name="viewer", extra_body={"role": "viewer"}))
    assert short.expires_at - short.created_at == 3600
    assert [strict(key).id for key in admin.list(limit=1)] == [made.id, short.id, viewer.id]
    assert [key.id for key in admin.list(order="desc")] == [viewer.id, short.id, made.id]
    found = strict(admin.retrieve(made.id))
    assert found.last_used_at and not hasattr(found, "value")
    eyes = OpenAI(admin_api_key=viewer.value, base_url=str(org.client.base_url), max_retries=0).admin.organization
    assert list(eyes.projects.list())
    for call in (eyes.admin_api_keys.list, eyes.audit_logs.list, lambda: eyes.projects.create(name="no")):
        with pytest.raises(openai.PermissionDeniedError) as denied:
            call()
        assert denied.value.code == "role_not_allowed"
    for key in (viewer, short, made):
        assert strict(admin.delete(key.id)).deleted is True
    with pytest.raises(openai.AuthenticationError):
        admin.list()
    wait_for(lambda: list(keys.list()) == [], "the bootstrap credential opens again")


def test_audit_logs_tell_who_changed_what(org: Org) -> None:
    project, logs = org.project("audited"), org.organization.audit_logs
    org.key(project)
    org.organization.projects.archive(project)
    events = [strict(event) for event in logs.list(project_ids=[project], limit=1)]
    assert [event.type for event in events] == [
        "project.archived", "api_key.created", "project.updated", "project.created"]
    created = events[-1]
    assert created.actor.type == "api_key" and created.actor.api_key.id == "bootstrap"
    assert created.project.id == project == created.project_created.id
    assert created.project_created.data.name.startswith("audited")
    native = org.world.admin.rows(f"/audit-log?subject={project}&order=asc")
    assert [event.id for event in reversed(events) if event.type != "api_key.created"] == [row["id"] for row in native]
    assert [event.type for event in logs.list(event_types=["project.archived"], project_ids=[project])] == [
        "project.archived"]
    now = int(time.time())
    assert list(logs.list(project_ids=[project], effective_at={"gt": now + 60})) == []
    assert len(list(logs.list(project_ids=[project], effective_at={"gte": now - 600, "lte": now + 60}))) == 4
    every = [strict(event) for event in logs.list(limit=100)]
    known = org.world.admin.rows("/audit-log")
    assert [event.id for event in every] == [row["id"] for row in known if row["action"] != "role.refused"]


def test_a_post_the_sdk_repeats_is_made_once(org: Org) -> None:
    """The SDK gives each POST an idempotency key of its own; one that is given again answers again."""
    name, headers = org.world.fresh("twice"), {"Idempotency-Key": org.world.fresh("key")}
    first = org.organization.projects.create(name=name, extra_headers=headers)
    assert org.organization.projects.create(name=name, extra_headers=headers) == first
    started = time.monotonic()
    with pytest.raises(openai.ConflictError) as raised:
        org.client.with_options(max_retries=2).admin.organization.projects.create(name=name)
    assert raised.value.code == "name_taken" and time.monotonic() - started < 0.4, "the SDK tried again"
