"""Secrets that the whole suite pushes through a gateway, and the search for them in all that it leaves behind.

Each gateway has secrets of its own: its admin credential, its master key, what the Admin API was given as `api_key` or
showed once. Prompts and answers hold words that nothing else holds. When a gateway is closed, every file it wrote is
searched for all of them, as they are and as base64, hexadecimal digits and URL would show them.
"""

from __future__ import annotations

import base64
import gzip
import http.client
import io
import json
import re
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from .tollgate import Gateway

PROMPT = "~^`|~"  # as long as the word it stands for, so that no count of tokens depends on it
ANSWER = "`^~| "
PRINTED = re.compile(rb"tga?_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}|whsec_[0-9A-Za-z+/=_-]{20,}")
SHOWN = re.compile(rb'"(?:key|secret|value)"\s*:\s*"((?:tga?_|whsec_)[0-9A-Za-z+/=_-]{20,})"')
GRAMMAR = re.compile(rb"tga?_[0-9A-Za-z]{10}_[0-9A-Za-z]{40}")
HEX_GRAMMAR = re.compile(rb"7467(?:61)?5f(?:[0-9a-f]{2}){10}5f(?:[0-9a-f]{2}){40}", re.IGNORECASE)
PIECE = re.compile(rb"[0-9A-Za-z+/_-]{80,}")
SEARCHED_AT_MOST = 3 << 30  # bytes times patterns, a gateway: a second or two
REFUSALS_AT_MOST = 100  # searched of a gateway's data plane: storms refuse thousands of calls
FILE_AT_MOST = 128 << 20  # only benchmarks make larger ones
NOT_OURS = (".key", ".yaml", ".pem", ".next", ".former", ".sh", ".old")  # what tests and operators put there


def forms(secret: bytes) -> dict[str, bytes]:
    """How a secret may look, without what depends on the bytes around it."""
    found = {"raw": secret, "hex": secret.hex().encode(), "HEX": secret.hex().upper().encode(),
             "URL": b"".join(b"%%%02X" % byte for byte in secret),
             "url": b"".join(b"%%%02x" % byte for byte in secret)}
    escaped = quote(secret, safe="").encode()
    if escaped != secret:
        found["url-escaped"] = escaped
    for before in range(3 if len(secret) >= 12 else 0):
        text = base64.b64encode(b"\0" * before + secret).rstrip(b"=")
        whole = len(text) - (1 if (before + len(secret)) % 3 else 0)
        text = text[{0: 0, 1: 2, 2: 3}[before]:whole]
        found[f"base64+{before}"] = text
        if text.translate(bytes.maketrans(b"+/", b"-_")) != text:
            found[f"base64url+{before}"] = text.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def client_keys(data: bytes) -> Iterator[str]:
    """Forms in which whole keys, whoever has them, are in there."""
    if GRAMMAR.search(data):
        yield "a key, raw"
    if HEX_GRAMMAR.search(data):
        yield "a key, hex"
    for piece in PIECE.findall(data):
        for start in range(4):
            text = piece[start:].translate(bytes.maketrans(b"-_", b"+/"))
            if GRAMMAR.search(base64.b64decode(text[:len(text) // 4 * 4])):
                yield "a key, base64"
                return


@dataclass
class Canaries:
    """The secrets of one gateway."""

    known: dict[str, bytes] = field(default_factory=dict)
    refusals: int = 0

    def add(self, name: str, secret: str | bytes) -> None:
        data = secret.encode() if isinstance(secret, str) else secret
        if len(data) >= 5:
            self.known[name] = data

    def add_master_key(self, name: str, text: str) -> None:
        self.add(name, text)
        self.add(f"{name}, its bytes", base64.b64decode(text))

    def heard(self, body: object, answer: bytes) -> None:
        """What a call of the Admin API gave away on purpose."""
        if isinstance(body, dict) and isinstance(body.get("api_key"), str):
            self.add(f"api_key {len(self.known)}", body["api_key"])
        for match in SHOWN.finditer(answer):
            self.shown(match[1].decode())

    def shown(self, text: str) -> None:
        self.add(f"{text.partition('_')[0]} {len(self.known)}", text)
        # The part nobody may see, apart from the part that everybody may.
        self.add(f"secret of {text.partition('_')[0]} {len(self.known)}", text.rpartition("_")[2][:43])

    def printed(self, output: str, errors: str) -> None:
        """What a command printed: a new secret once, on purpose, on its output; none that was known before."""
        found = self.find_known(output.encode(), 1 << 24) + self.find(errors.encode(), 1 << 24)
        assert not found, f"a command prints {found}"
        for match in PRINTED.finditer(output.encode()):
            self.shown(match[0].decode())

    def refused(self, head: object, body: bytes) -> None:
        self.refusals += 1
        if self.refusals <= REFUSALS_AT_MOST:
            # A caller's own words may come back to it, as the name of a model that does not exist.
            found = [one for one in self.find(repr(head).encode() + body, 1 << 24) if not one.startswith("a prompt")]
            assert not found, f"an error of the data plane gives away {found}"

    def find(self, data: bytes, budget: int = SEARCHED_AT_MOST) -> list[str]:
        """`name: form` of its own secrets in there, and whole keys of anybody's."""
        return self.find_known(data, budget) + list(client_keys(data))

    def find_known(self, data: bytes, budget: int) -> list[str]:
        """Of very many secrets in very many bytes only some are looked for."""
        names = list(self.known)
        most = max(8, budget // max(1, len(data)) // 9)
        if len(names) > most:
            names = names[:most // 2] + names[-(most - most // 2):]
        return [f"{name}: {form}" for name in names for form, text in forms(self.known[name]).items() if text in data]


def of_content() -> Canaries:
    """Words of prompts and answers, which no gateway may write anywhere."""
    return Canaries({"a prompt": PROMPT.encode(), "an answer": ANSWER.encode()})


REGISTRY: dict[int, Canaries] = {}  # by the ports of the Admin API and of the data plane


def heard(port: int, body: object, status: int, answer: bytes) -> None:
    """An answer of the Admin API: what it shows is a secret from now on, and a refusal shows none."""
    canaries = REGISTRY.get(port)
    if canaries is None:
        return
    if status >= 400:
        found = canaries.find(answer, 1 << 24)
        assert not found, f"an error of the Admin API gives away {found}"
    else:
        canaries.heard(body, answer)


def refused(port: int, head: object, body: bytes) -> None:
    """A refusal of the data plane: it shows nothing."""
    if port in REGISTRY:
        REGISTRY[port].refused(head, body)


def pages(server: Gateway, formats: tuple[str, ...] = ("csv", "jsonl")) -> Iterator[tuple[str, bytes]]:
    """What the running gateway tells: metrics, lists, and the month's exports while they are small."""
    yield "metrics", server.plain_get(server.metrics_address, "/metrics")[1].encode()
    paths = ["/pools", "/webhooks?limit=50", "/admin-keys?limit=100", "/audit-log?limit=1000", "/requests?limit=200",
             "/status", "/tenants?limit=100", "/holds?limit=100"]
    if server.database.exists() and server.database.stat().st_size < 4 << 20:
        month = time.strftime("%Y-%m", time.gmtime())
        paths += [f"/exports/{month}?format={name}" for name in formats]
    for path in paths:
        connection = http.client.HTTPConnection(*server.admin_address, timeout=30)
        try:
            connection.request("GET", f"/admin/v1{path}", headers={"authorization": f"Bearer {server.admin.credential}"})
            yield from unpacked(path, connection.getresponse().read())
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()


def files(folders: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            try:
                if path.is_file() and path.suffix not in NOT_OURS and path.stat().st_size <= FILE_AT_MOST:
                    yield from unpacked(path.name, path.read_bytes())
            except FileNotFoundError:
                continue  # a running gateway has removed it meanwhile


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The bytes, and those that are packed in them: workbooks and compressed files."""
    yield name, data
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield f"{name}!{member}", archive.read(member)
    elif data.startswith(b"\x1f\x8b"):
        yield f"{name}!", gzip.decompress(data)


def search(server: Gateway, *formats: str) -> tuple[list[str], int]:
    """All finds, and how many bytes were searched; `formats` of exports beside the two that are cheap."""
    content, finds, total = of_content(), [], 0
    places = list(files(server.places()))
    if server.running():
        places += list(pages(server, ("csv", "jsonl", *formats)))
    for place, data in places:
        total += len(data)
        if place == server.log.name:
            # A client's own name of a request may be any text, and stands there by right.
            data = re.sub(rb'"client_request_id":"(?:[^"\\]|\\.)*"', b"", data)
        finds += [f"{place} holds {find}" for find in server.canaries.find(data) + content.find(data)]
    return finds, total


def dump(finds: list[str]) -> str:
    return json.dumps(sorted(set(finds))[:20], indent=1)
