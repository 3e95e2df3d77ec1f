"""What a hostile admin calls below `/v1/organization`, and how that refuses.

The Admin API's document does not have these routes: they are OpenAI's, whose document its SDKs are made from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from support.client import Answer

from .hostile_requests import Operation, Request

PREFIX = "/v1/organization"
LISTED = ("limit", "after", "before")
AMOUNT = {"threshold_amount": 12_300, "currency": "USD", "interval": "month"}
ALERT = AMOUNT | {"notification_channel": {"type": "email", "recipients": ["a@b.example"], "subject_prefix": "odd"}}
LIMITS = {"max_requests_per_1_minute": 1000, "max_tokens_per_1_minute": 100_000, "max_requests_per_1_day": 1_000_000}
LATER = {"expires_in_seconds": 100_000}
USAGE = ("start_time", "end_time", "bucket_width", "project_ids[]", "api_key_ids[]", "user_ids[]", "group_by[]",
         "limit", "page")
KINDS = ("completions", "embeddings", "moderations", "images", "audio_speeches", "audio_transcriptions",
         "vector_stores", "code_interpreter_sessions", "file_search_calls", "web_search_calls")
# What can only be refused: a limit over all projects, which nothing here could hold.
NEVER = {f"{method} {PREFIX}/spend_limit" for method in ("GET", "POST")}
SAMPLE = 300  # characters of an answer in a failure


def operation(method: str, path: str, body: dict[str, Any] | None = None, query: tuple[str, ...] = (),
              makes: str = "", **asked: str) -> Operation:
    parameters = {"path": tuple(re.findall(r"{(\w+)}", path)), "query": query}
    return Operation(method, f"{PREFIX}/{path}", parameters, asked, schema_of(body) if body else {}, body,
                     "application/json" if body else "", {}, makes)


def schema_of(value: Any) -> dict[str, Any]:
    """What of a schema places and comparisons need: every field is shown as it was sent."""
    if isinstance(value, dict):
        return {"properties": {name: schema_of(part) for name, part in value.items()}}
    if isinstance(value, list):
        return {"items": schema_of(value[0])}
    return {"type": "integer" if isinstance(value, int) else "string"}


def resource(path: str, item: str, made: dict[str, Any], changed: dict[str, Any] | None = None,
             query: tuple[str, ...] = LISTED) -> Iterator[Operation]:
    yield operation("GET", path, query=query)
    yield operation("POST", path, made, makes=item)
    yield operation("GET", f"{path}/{{{item}}}")
    if changed:
        yield operation("POST", f"{path}/{{{item}}}", changed)


def all_operations() -> Iterator[Operation]:
    name, project = {"name": "odd"}, "projects/{project}"
    yield from resource("projects", "project", name, name, (*LISTED, "include_archived"))
    yield operation("POST", f"{project}/archive")
    yield from resource(f"{project}/service_accounts", "account", name | LATER, name)
    yield operation("DELETE", f"{project}/service_accounts/{{account}}")
    yield operation("GET", f"{project}/api_keys", query=(*LISTED, "owner_project_access"))
    yield operation("GET", f"{project}/api_keys/{{account}}")
    yield operation("POST", f"{project}/api_keys/{{account}}", LATER)
    yield operation("DELETE", f"{project}/api_keys/{{account}}")
    yield operation("GET", f"{project}/rate_limits", query=LISTED)
    yield operation("POST", f"{project}/rate_limits/{{rate_limit}}", LIMITS)
    for path, alert in ((f"{project}/spend_alerts", "alert"), ("spend_alerts", "organization_alert")):
        yield from resource(path, alert, ALERT, ALERT, (*LISTED, "order"))
        yield operation("DELETE", f"{path}/{{{alert}}}")
    for path in (f"{project}/spend_limit", "spend_limit"):
        yield operation("GET", path)
        yield operation("POST", path, AMOUNT)
        yield operation("DELETE", path)
    yield from resource("admin_api_keys", "admin_key", name | LATER, None, (*LISTED, "order"))
    yield operation("DELETE", "admin_api_keys/{admin_key}")
    yield operation("GET", "audit_logs", query=(
        *LISTED, "effective_at[gt]", "effective_at[lte]", "event_types[]", "project_ids[]", "actor_ids[]",
        "actor_emails[]", "resource_ids[]", "tenant_only"))
    yield operation("GET", "costs", query=(*USAGE, "line_items[]"), start_time="1700000000")
    for kind in KINDS:
        yield operation("GET", f"usage/{kind}", query=(*USAGE, "models[]", "batch"), start_time="1700000000")


OPERATIONS = list(all_operations())


def is_organization(one: Operation) -> bool:
    return one.path.startswith(f"{PREFIX}/")


def error_wrong(request: Request, answer: Answer) -> Iterator[str]:
    """A refusal in OpenAI's shape."""
    try:
        error = answer.json()["error"]
        message, kind, code, parameter = (error[name] for name in ("message", "type", "code", "param"))
    except (ValueError, KeyError, TypeError):
        yield f"{answer.status} is no error: {answer.headers} {answer.body[:SAMPLE]!r}"
        return
    if answer.headers.get("content-type") != "application/json" or not (message and kind) or not re.fullmatch(
            r"[a-z0-9_]+", code):
        yield f"{answer.status} does not say what was wrong: {answer.headers} {answer.body[:SAMPLE]!r}"
    if answer.status == 400 and code == "invalid_request" and not names(request.place, message, parameter):
        yield f"400 does not name {request.place}: {answer.body[:SAMPLE]!r}"


def names(place: str, message: str, parameter: str | None) -> bool:
    """Whether the error points at what was hostile, or at something that it holds or is in."""
    if place.startswith("/"):
        asked = place.split("/")[1]
        return asked in re.findall(r"\w+", message) or parameter is None or parameter.split(".")[0] == asked
    return parameter is not None or not place.startswith("?")
