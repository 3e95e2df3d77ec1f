"""Projects, keys and logs of OpenAI's administration API, by its unmodified client; every answer strictly typed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import openai
import pytest
from openai import OpenAI

from support.client import chat, exchange, fetch
from support.organization import Org, organization, strict
from support.route import wait_for
from support.world import World


@pytest.fixture(scope="module")
def org(world: World) -> Iterator[Org]:
    with organization(world) as org:
        yield org


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


def test_a_head_is_refused_in_the_shape_of_its_path(org: Org) -> None:
    """Before anybody knows who asks: an SDK finds the words where it looks for them."""
    told = {}
    for path in ("/v1/organization/projects", "/admin/v1/tenants"):
        head = f"GET {path} HTTP/1.1\r\nHost: a\r\nExpect: the-unexpected\r\n\r\n"
        told[path] = exchange(org.world.server.admin_address, head.encode())
    spoken, problem = told.values()
    assert (spoken.status, spoken.headers["content-type"]) == (417, "application/json"), spoken
    error = spoken.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "expectation_failed") and error["message"], error
    assert (problem.status, problem.headers["content-type"]) == (417, "application/problem+json"), problem
    assert (problem.json()["title"], problem.json()["code"]) == ("Expectation Failed", "expectation_failed"), problem
