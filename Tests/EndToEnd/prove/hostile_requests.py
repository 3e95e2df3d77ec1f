"""Requests to every operation of the Admin API's document, each with one thing in it that a hostile admin would try."""

from __future__ import annotations

import copy
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from . import hostile_values
from .hostile_values import MEBIBYTE, Hostile, Members, encoded

# A target and a field as RFC 9112 and 9110 have them; a head that is not so is refused before it is a request.
TARGET, FIELD = re.compile(rb"[\x21-\x7e]+"), re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
HEAD_AT_MOST = 8 << 10  # bytes that every server takes
Pointer = tuple[str | int, ...]  # names of members and numbers of items, from the outside in
CLOSED = "http://127.0.0.1:9/v1"  # where nobody listens
HEADERS = ("Authorization", "Content-Type", "Accept", "Host", "Expect", "X-HTTP-Method-Override", "X-Original-URL",
           "X-Forwarded-For", "Content-Encoding", "Cookie", "Range", "x-request-id", "traceparent")
KEPT = 30  # of each kind of object that was made: the newest ones


@dataclass(frozen=True)
class Operation:
    """One method of one path, as the document has it."""

    method: str
    path: str
    parameters: dict[str, tuple[str, ...]]  # by where they are
    query: dict[str, str]  # what must be asked, with a value that may be
    schema: dict[str, Any]
    example: Any
    content_type: str
    links: dict[str, dict[str, str]]  # how what it makes is read, by the path's parameters
    makes: str = ""  # the parameter of paths below it that what it makes is named by, if links do not say so

    @property
    def name(self) -> str:
        return f"{self.method} {self.path.removeprefix('/admin/v1')}"

    @property
    def removes(self) -> bool:
        return self.method == "DELETE" or self.path.endswith("/archive")


def operations(document: dict[str, Any]) -> list[Operation]:
    found = []
    for path, item in document["paths"].items():
        if not path.startswith("/admin/v1/"):
            continue
        for method, facts in item.items():
            parameters, query = defaultdict(list), {}
            for parameter in facts.get("parameters", []):
                parameters[parameter["in"]].append(parameter["name"])
                if parameter["in"] == "query" and parameter.get("required"):
                    # The last provider's bill is a CSV file, and so is the example.
                    query[parameter["name"]] = parameter["schema"].get("enum", ["odd"])[
                        -1 if parameter["name"] == "provider" else 0]
            contents = facts.get("requestBody", {}).get("content", {})
            content_type, content = next(reversed(contents.items()), ("", {}))
            links = {target: link["parameters"] for status, answer in facts["responses"].items() if status < "300"
                     for target, link in answer.get("links", {}).items() if target.startswith("get_")}
            found.append(Operation(
                method.upper(), path, {where: tuple(names) for where, names in parameters.items()}, query,
                content.get("schema", {}), content.get("example"), content_type, links))
    return found


@dataclass
class Request:
    operation: Operation
    place: str  # what is hostile of it: `/queue/max` in the body, `?limit`, `{tenant}`, the name of a header
    hostile: Hostile
    path: dict[str, str]
    target: bytes = b""
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    sent: Any = None  # the body as it was meant, if it is one object
    query: dict[str, str] = field(default_factory=dict)
    leaves: bool = False  # the client goes before its request is whole
    source: str = ""  # the address it is sent from

    @property
    def good_head(self) -> bool:
        """Whether the head is what every server reads: then it must be answered as the document says."""
        return (TARGET.fullmatch(self.target) is not None
                and all(FIELD.fullmatch(value) is not None for _, value in self.fields)
                and len(self.head) <= HEAD_AT_MOST and self.place != "framing")

    @property
    def head(self) -> bytes:
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in self.fields)
        return self.operation.method.encode() + b" " + self.target + b" HTTP/1.1\r\n" + lines + b"\r\n"

    def __str__(self) -> str:
        return (f"{self.operation.name}, {self.place} with {self.hostile.kind}: {self.target[:200]!r} "
                f"{repr(self.fields[2:])[:300]} {self.body[:300]!r}")


def places(schema: dict[str, Any], example: Any, pointer: Pointer = ()) -> Iterator[Pointer]:
    """Every value a body may have, nested ones too: those of the schema, and those of an example without any."""
    for choice in schema.get("anyOf", []):
        yield from places(choice, example, pointer)
    for name, part in schema.get("properties", {}).items():
        yield (*pointer, name)
        yield from places(part, None, (*pointer, name))
    if schema.get("items"):
        yield (*pointer, 0)
        yield from places(schema["items"], None, (*pointer, 0))
    if isinstance(schema.get("additionalProperties"), dict):
        yield (*pointer, "odd")
    if not schema and isinstance(example, dict):
        for name, part in example.items():
            yield (*pointer, name)
            yield from places({}, part, (*pointer, name))


def put(tree: Any, pointer: Pointer, value: Any) -> Any:
    """The tree with the value at that place; what is missing on the way there is made."""
    if not pointer:
        return value
    first, *rest = pointer
    if isinstance(first, int):
        items = list(tree) if isinstance(tree, list) and tree else [None]
        items[first] = put(items[first], tuple(rest), value)
        return items
    members = dict(tree) if isinstance(tree, dict) else {}
    members[first] = put(members.get(first), tuple(rest), value)
    return members


class Stock:
    """Objects to aim at: those that were laid for it, which stay, and those that accepted requests made."""

    def __init__(self, laid: dict[str, str], served: str) -> None:
        """`served` is the pool that bodies name, as its backend answers; that of paths is another one."""
        self.laid, self.served = laid, served
        self.made: dict[str, list[str]] = defaultdict(list)

    def note(self, name: str, value: str) -> None:
        if value not in self.made[name] and value not in self.laid.values():
            self.made[name] = [*self.made[name], value][-KEPT:]

    def pick(self, dice: random.Random, name: str, to_remove: bool = False) -> str:
        made = self.made[name]
        if to_remove:
            return made.pop(dice.randrange(len(made))) if made else "no-such-one"
        return dice.choice(made) if made and dice.random() < 0.3 else self.laid.get(name, "no-such-one")


class Drawing:
    """Draws requests; every name it chooses itself is used once."""

    def __init__(self, dice: random.Random, operations: list[Operation], stock: Stock, credential: str) -> None:
        self.dice, self.stock, self.credential = dice, stock, credential
        self.operations = operations
        self.weights = [4 if one.schema or one.example else 1 for one in self.operations]
        self.number = 0

    def fresh(self, prefix: str) -> str:
        self.number += 1
        return f"{prefix}-{self.number}"

    def good(self, operation: Operation, laid: bool = False) -> Request:
        """One that nothing is wrong with, as far as a reader of the document can tell; `laid`: to what was laid."""
        last = (operation.parameters.get("path") or ("",))[-1]
        path = {name: (self.stock.laid[name] if laid else
                       self.stock.pick(self.dice, name, operation.removes and name == last))
                for name in operation.parameters.get("path", ())}
        request = Request(operation, "", Hostile("nothing", None), path, query=dict(operation.query))
        if operation.path.endswith("/models/{model}") and operation.method == "PUT" and self.dice.random() < 0.7:
            path["model"] = self.fresh("odd-model")
        request.sent = self.good_body(operation)
        return request

    def good_body(self, operation: Operation) -> Any:
        body = copy.deepcopy(operation.example)
        if not isinstance(body, dict) or not operation.schema:
            return body
        now = datetime.now(UTC)
        laid = {"tenant_id": self.stock.laid["tenant"], "model": self.stock.laid["model"], "pool": self.stock.served,
                "base_url": CLOSED, "url": f"{CLOSED}/hook", "api_key": self.fresh("sk-odd"), "name": self.fresh("odd"),
                "effective_from": f"{now + timedelta(seconds=self.dice.randrange(10**8)):%Y-%m-%dT%H:%M:%SZ}",
                "until": f"{now + timedelta(days=self.dice.randrange(1, 20)):%Y-%m-%dT%H:%M:%SZ}"}
        known = operation.schema.get("properties", {})
        for name, value in laid.items():
            if name in body:
                body[name] = value
        if "window" in known and not operation.path.endswith("}"):
            # Scope, window and mode of a budget are its identity.
            body |= {"tenant_id": self.stock.pick(self.dice, "tenant"), "model": self.stock.pick(self.dice, "model"),
                     "window": self.dice.choice(("day", "week", "month", "total"))}
        if "targets" in known:
            body["targets"] = [{"pool": self.stock.served, "upstream_model": self.fresh("upstream")}]
        if "pools" in known:
            body["pools"] = [{"pool": self.stock.served, "models": ["*"]}]
        if "models" in known and "models" in body:
            body["models"] = [self.stock.laid["model"]]
        if "base_url" in known and operation.method == "PATCH":
            body["name"] = self.fresh("odd")
        return body

    def request(self) -> Request:
        [operation] = self.dice.choices(self.operations, self.weights)
        request = self.good(operation)
        ways = [self.in_path] if operation.parameters.get("path") else []
        ways += [self.in_query, self.in_header, self.in_header]
        if operation.method not in ("GET", "DELETE"):
            ways += [self.in_body] * (10 if operation.schema or operation.example else 1)
        if operation.schema or operation.example:
            ways += [self.instead_of_body, self.instead_of_body, self.unknown, self.twice, self.framing]
        self.dice.choice(ways)(request)
        return self.finished(request)

    def in_path(self, request: Request) -> None:
        name = self.dice.choice(request.operation.parameters["path"])
        request.hostile = hostile_values.text(self.dice)
        if self.dice.random() < 0.05:
            request.hostile = Hostile("a long text", "a" * self.dice.choice((4000, 100_000, MEBIBYTE)))
        request.place, request.path[name] = f"{{{name}}}", request.hostile.value

    def in_query(self, request: Request) -> None:
        names = [*request.operation.parameters.get("query", ()), *request.operation.parameters.get("query", ()), "odd"]
        name, request.hostile = self.dice.choice(names), hostile_values.text(self.dice)
        if name == "odd" and self.dice.random() < 0.5:
            name = request.hostile.value or "odd"
        request.query[name] = request.hostile.value
        request.place = f"?{name}"

    def in_header(self, request: Request) -> None:
        names = [*request.operation.parameters.get("header", ()), *HEADERS]
        request.place, request.hostile = self.dice.choice(names), hostile_values.text(self.dice)
        if self.dice.random() < 0.1:
            request.hostile = Hostile("a long text", "a" * self.dice.choice((256, 4000, 100_000)))
        if request.place == "X-HTTP-Method-Override":
            request.hostile = Hostile("another method", "DELETE")

    def in_body(self, request: Request) -> None:
        found = list(places(request.operation.schema, request.operation.example))
        pointer = self.dice.choice(found) if found else ()
        request.hostile = hostile_values.value(self.dice)
        value = request.hostile.value
        if isinstance(request.sent, str) or not found:  # a file that is no JSON, or no body at all
            value = value if isinstance(value, str) else hostile_values.written(value)
            request.sent = f"{request.sent or ''}{value}"
        elif pointer[-1] == "odd":
            request.sent = put(request.sent, (*pointer[:-1], hostile_values.text(self.dice).value), value)
        else:
            request.sent = put(request.sent, pointer, value)
        request.place = "".join(f"/{part}" for part in pointer if part != "odd") or "the body"

    def unknown(self, request: Request) -> None:
        request.hostile = hostile_values.text(self.dice)
        request.place = "an unknown field"
        if isinstance(request.sent, dict):
            request.sent = {**request.sent, f"{request.hostile.value}?": self.dice.choice((None, "a", [], 1))}

    def twice(self, request: Request) -> None:
        request.place = "a field twice"
        request.hostile = hostile_values.value(self.dice, large=0)
        if isinstance(request.sent, dict) and request.sent:
            name = self.dice.choice(list(request.sent))
            request.sent = Members([*request.sent.items(), (name, request.hostile.value)])

    def instead_of_body(self, request: Request) -> None:
        good = request.sent if isinstance(request.sent, str) else json.dumps(request.sent)
        request.hostile = hostile_values.bodies(self.dice, good.encode())
        request.place, request.sent, request.body = "the whole body", None, request.hostile.value

    def framing(self, request: Request) -> None:
        request.place = "framing"
        request.hostile = Hostile(self.dice.choice((
            "chunks without an end", "a stop amid chunks", "a stop amid the body", "a negative length", "two lengths",
            "a length and chunks", "a chunk without a size", "a huge length", "a length that is none")), None)

    def finished(self, request: Request) -> Request:
        """With its target, head and body as bytes."""
        raw = self.dice.random() < 0.15  # hostile text as it is, not percent-encoded
        target = request.operation.path
        for name, value in request.path.items():
            target = target.replace(f"{{{name}}}", value if raw and request.place == f"{{{name}}}" else escaped(value))
        if request.query:
            target += "?" + "&".join(f"{escaped(name)}={escaped(value)}" for name, value in request.query.items())
        request.target = target.encode("utf-8", "surrogatepass")
        values: dict[str, str] = {"Host": "127.0.0.1", "Connection": "close",
                                  "Authorization": f"Bearer {self.credential}"}
        if request.operation.content_type:
            values["Content-Type"] = request.operation.content_type
        header = request.place if request.place in (*HEADERS, *request.operation.parameters.get("header", ())) else ""
        if header:
            values[header] = request.hostile.value
        if header == "Authorization":
            request.source = f"127.0.{self.dice.randrange(1, 255)}.{self.dice.randrange(1, 255)}"
        request.fields = [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in values.items()]
        if request.sent is not None:
            request.body = (request.sent.encode("utf-8", "surrogatepass") if isinstance(request.sent, str)
                            else encoded(request.sent, self.dice.random() < 0.5))
        if request.place == "framing":
            request.body = framed(request)
        elif request.body or request.operation.method in ("POST", "PUT", "PATCH"):
            request.fields.append((b"Content-Length", str(len(request.body)).encode()))
        return request


def escaped(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def framed(request: Request) -> bytes:
    """The body as it is sent, the fields that say where it ends being added to the head."""
    body, chunk = request.body, b"10000\r\n" + b" " * (64 << 10) + b"\r\n"
    length = str(len(body)).encode()
    chunked, too_long = (b"Transfer-Encoding", b"chunked"), [(b"Content-Length", length)]
    fields, data, leaves = {
        "chunks without an end": ([chunked], chunk * 17 * 17, False),
        "a stop amid chunks": ([chunked], chunk[:1000], True),
        "a stop amid the body": ([(b"Content-Length", str(len(body) + 10).encode())], body, True),
        "a negative length": ([(b"Content-Length", b"-1")], body, False),
        "two lengths": ([*too_long, (b"Content-Length", str(len(body) + 1).encode())], body, False),
        "a length and chunks": ([*too_long, chunked], chunk + b"0\r\n\r\n", False),
        "a chunk without a size": ([chunked], b"zz\r\n" + body, False),
        "a huge length": ([(b"Content-Length", b"9" * 30)], body, False),
        "a length that is none": ([(b"Content-Length", b"ten")], body, False),
    }[request.hostile.kind]
    request.fields += fields
    request.leaves, request.sent = leaves, None
    return data
