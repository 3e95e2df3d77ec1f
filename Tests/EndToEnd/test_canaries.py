"""No secret and no content gets out, by whatever way; and the search that says so finds what it looks for."""

from __future__ import annotations

import asyncio
import base64
import gzip
import os
import secrets
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from support import canaries
from support.backend import FakeBackend
from support.client import call, chat, fetch
from support.options import Run
from support.processes import note
from support.receiver import receiver
from support.tollgate import Gateway
from support.world import World

WAYS: dict[str, Callable[[bytes], bytes]] = {
    "raw": bytes,
    "base64": base64.b64encode,
    "base64, one byte later": lambda secret: base64.b64encode(b"x" + secret),
    "base64, two bytes later": lambda secret: base64.b64encode(b"xy" + secret),
    "base64 of a credential": lambda secret: base64.b64encode(b"Bearer " + secret + b"\n"),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret + b"tail"),
    "hexadecimal": lambda secret: secret.hex().encode(),
    "HEXADECIMAL": lambda secret: secret.hex().upper().encode(),
    "in a URL": lambda secret: quote(secret, safe="").encode(),
    "all of it escaped": lambda secret: "".join(f"%{byte:02X}" for byte in secret).encode(),
}
SECRETS = {
    "text": b"sk-" + secrets.token_hex(20).encode(),
    "signs": b"a+b/c=" + secrets.token_urlsafe(20).encode() + b"??>>",
    "bytes": secrets.token_bytes(32),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", SECRETS)
def test_the_search_finds_a_secret_however_it_is_written(kind: str, way: str) -> None:
    known = canaries.Canaries()
    known.add("it", SECRETS[kind])
    known.add("another", secrets.token_hex(20))
    noise = os.urandom(100_000)
    assert not known.find(noise)
    assert any(find.startswith("it: ") for find in known.find(noise + WAYS[way](SECRETS[kind]) + noise)), way


@pytest.mark.parametrize("way", ["raw", "base64", "base64, one byte later", "hexadecimal"])
def test_the_search_finds_keys_it_was_never_told_of(way: str) -> None:
    key = b"tg_" + b"A1b2C3d4E5" + b"_" + secrets.token_hex(30).encode()[:49]
    noise = os.urandom(100_000)
    assert not canaries.Canaries().find(noise)
    assert canaries.Canaries().find(noise + b'"' + WAYS[way](key) + b'"' + noise)


def test_the_search_looks_where_a_gateway_writes(run: Run) -> None:
    for place in ("gateway.log", "tollgate.db-wal", "backups/one.db", "export.csv", "export.csv.gz", "export.xlsx"):
        server = Gateway(run.binary)
        server.start()
        secret = b" " + base64.b64encode(server.master_key.encode()) + b" "
        if place.endswith("xlsx"):
            with zipfile.ZipFile(server.folder / place, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("xl/sheet.xml", secret)
        else:
            with open(made(server.folder / place), "ab") as file:
                file.write(gzip.compress(secret) if place.endswith("gz") else secret)
        with pytest.raises(AssertionError, match="secrets got out"):
            server.close()


@pytest.mark.parametrize("where", ["a command's folder", "a setting's folder"])
def test_the_search_looks_where_a_gateway_was_told_to_write(run: Run, tmp_path: Path, where: str) -> None:
    server = Gateway(run.binary, "" if where.startswith("a command") else f"backup: {{ directory: {tmp_path} }}\n")
    (tmp_path / "one.db").write_text(f"x{server.admin_key}x")
    if where.startswith("a command"):
        server.run("backup", "--config", str(server.config), "--directory", str(tmp_path))
    with pytest.raises(AssertionError, match="secrets got out"):
        server.close()


def test_the_search_reads_what_commands_print_and_refusals_say(run: Run, tmp_path: Path) -> None:
    server = Gateway(run.binary)
    shell = tmp_path / "tollgate.sh"
    shell.write_text("#!/bin/sh\nprintf %s \"$1\"\nprintf %s \"$2\" >&2\n")
    shell.chmod(0o755)
    server.binary = shell
    key = "tg_" + "A1b2C3d4E5" + "_" + "x" * 49
    try:
        server.run(key, "well")
        for arguments in ((key, ""), ("", key.replace("A1", "B2")), (server.admin_key, ""), ("", server.master_key)):
            with pytest.raises(AssertionError, match="a command prints"):
                server.run(*arguments)
        canaries.refused(server.data[1], {}, b"no such model")
        for head, body in (({"x": key}, b""), ({}, base64.b64encode(server.admin_key.encode()))):
            with pytest.raises(AssertionError, match="gives away"):
                canaries.refused(server.data[1], head, body)
    finally:
        server.close()


def made(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    return path


def test_what_goes_through_a_gateway_stays_in_it(run: Run, backend: FakeBackend) -> None:
    """Every kind of secret and of ending, at the most talkative level; then everything there is, searched."""
    api_key, prompt = "sk-" + secrets.token_hex(20), secrets.token_hex(20)
    server = Gateway(run.binary, "log: { format: json, level: trace }\n")
    server.canaries.add("a prompt of its own", prompt)
    try:
        server.start()
        world = World.lay(server, backend, api_key=api_key)
        with receiver() as hooks:
            server.admin.ok("POST", "/webhooks", {"url": hooks.origin + "/hook"})
            made = server.admin.ok("POST", "/admin-keys", {"name": "other", "role": "viewer"})
            tenant, poor = world.tenant("1"), world.tenant("0.0000001")
            rotated = server.admin.ok("POST", f"/keys/{tenant.key_id}/rotate", {"grace_seconds": 60})
            for knobs in ("", "fault=400", "fault=500", "fault=malformed", "fault=401", "usage=no", "fault=reset"):
                for stream in (False, True):
                    world.call(tenant, knobs=knobs, text=prompt, stream=stream)
            fetch(server.data, rotated["key"], chat(text=prompt))
            world.call(poor, text=prompt)
            world.call(tenant, text=prompt, model=prompt[:8])
            world.call(tenant, text=prompt, messages=[{"role": prompt}])
            fetch(server.data, tenant.key[:-1] + "x", chat(text=prompt))
            fetch(server.data, tenant.key, prompt.encode() * 20)
            fetch(server.data, tenant.key, path=f"/v1/models/{quote(prompt)}")
            asyncio.run(call(server.data, tenant.key, chat(text=prompt, knobs="latency=2000", stream=True),
                             hang_up_events=2))
            server.admin.send("POST", "/pools/fast/backends", {"name": "x", "api_key": api_key, "kind": 7})
            server.admin.send("PATCH", "/backends/none", {"api_key": api_key})
            hook = server.admin.rows("/webhooks")[0]["id"]
            server.admin.ok("POST", f"/webhooks/{hook}/test")
            path = server.folder / "other.key"
            done = server.run("rotate-master-key", "--config", str(server.config), "--other-key-file", str(path))
            assert done.returncode == 0, done
            server.canaries.add_master_key("the next master key", path.read_text().strip())
            done = server.run("backup", "--config", str(server.config), "--directory", str(server.folder / "backups"))
            assert done.returncode == 0, done
            # Another address, and what its failures brought the backend is forgotten.
            [listed] = server.admin.rows("/pools/fast/backends")
            server.admin.ok("PATCH", f"/backends/{listed['id']}", {"base_url": backend.base_url("out=20")})
            world.in_background(tenant, world.fresh("killed"), knobs="latency=3000", text=prompt)
            server.kill()
            server.start()
            assert server.admin.rows("/holds?state=uncertain")
            time.sleep(0.5)
        assert made["key"].encode() in server.canaries.known.values()
        for name in ("api_key", "tga", "whsec", "secret of tg"):
            assert any(known.startswith(name) for known in server.canaries.known), name
        finds, total = canaries.search(server, "focus-1.2", "focus-1.4", "xlsx", "statement")
        assert not finds, canaries.dump(finds)
        note(f"{len(server.canaries.known)} secrets, {total / 1e6:.1f} MB searched")
        # What may be seen is: the search did read what it should.
        texts = dict(canaries.files([server.folder])) | dict(canaries.pages(server))
        public = tenant.key.split("_")[1].encode()
        assert public in texts["tollgate.db"] + texts["tollgate.db-wal"]
        assert tenant.id.encode() in texts["gateway.log"] and tenant.name.encode() in texts["metrics"]
        month = time.strftime("%Y-%m", time.gmtime())
        assert tenant.name.encode() in texts[f"/exports/{month}?format=csv"]
        assert any(name.startswith("tollgate-2") for name in texts)
    finally:
        server.close()
