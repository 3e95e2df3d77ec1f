"""Hostile configurations: a mutated one at every reload. It is taken whole or not at all, and the gateway goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter

import yaml

from support.backend import fake_backend
from support.client import chat, fetch
from support.options import Run
from support.tollgate import Gateway, gateway
from support.world import Tenant, World

from .programme import Outcome, Programme

ODD_TEXT = (b"", b"\x00", b"\xff\xfe", b"!!binary", b"{", b"[", b"- ", b": ", b"\t", b"*a", b"&a ", b"1e999", b"null",
            b"~", b"9" * 300, b"-1", b"2026-02-30", b"'", b'"', b"|", b"%", b"\xc3\x28", b"a" * 5000, b"true",
            b"0x10", b"\n---\n")
MAX_BODY = 64 << 10
# What a reload takes over.
BASE = """limits:
  max_body: 64KiB
  body_memory: 512MiB
  header_timeout: 10s
  idle_timeout: 120s
  reader_timeout: 60s
log:
  format: json
  level: info
"""
APPLIED, REFUSED = "applied", "refused"


def mutated(dice: random.Random, good: bytes) -> bytes:
    data = bytearray(good)
    for _ in range(dice.randint(1, 4)):
        place, kind = dice.randrange(len(data) + 1), dice.randrange(5)
        if kind == 0:
            data[place:place] = dice.choice(ODD_TEXT)
        elif kind == 1:
            del data[place:place + dice.randrange(1, 60)]
        elif kind == 2 and place < len(data):
            data[place] = dice.randrange(256)
        elif kind == 3:
            data[place:place] = bytes(data[dice.randrange(len(data) + 1):][:80])
        else:
            lines = bytes(data).split(b"\n")
            line = dice.randrange(len(lines))
            lines[line] = lines[line].partition(b":")[0] + b": " + dice.choice(ODD_TEXT)
            data = bytearray(b"\n".join(lines))
    return bytes(data)


def reloads(server: Gateway) -> dict[str, float]:
    return {outcome: server.metric("tollgate_reloads_total", outcome=outcome) for outcome in (APPLIED, REFUSED)}


def reload_with(server: Gateway, data: bytes) -> str:
    """How the reload ended, by the gateway's own count; empty if it ended in no way."""
    before = reloads(server)
    server.config.write_bytes(data)
    assert server.child
    os.kill(server.child.pid, signal.SIGHUP)
    deadline = time.monotonic() + 5
    while server.running() and time.monotonic() < deadline:
        after = reloads(server)
        if after != before:
            assert sum(after.values()) == sum(before.values()) + 1, f"one reload was counted as {before}, {after}"
            return APPLIED if after[APPLIED] > before[APPLIED] else REFUSED
        time.sleep(0.005)
    return ""


def good_settings_wrong(world: World, tenant: Tenant) -> list[str]:
    """With the good configuration a body of 64 KiB is taken and one byte more is not, and a call is in the log."""
    body = json.dumps(chat(world.fresh("limit"), max_tokens=5)).encode()
    whole, large = (fetch(world.server.data, tenant.key, body.ljust(size)) for size in (MAX_BODY, MAX_BODY + 1))
    problems = [] if whole.done else [f"a body of the limit was answered {whole.status} {whole.error}"]
    problems += [] if large.status == 413 else [f"a body over the limit was answered {large.status} {large.error}"]
    if not world.server.said(whole.request_id, seconds=2):
        problems.append("a call is not in the log")
    return problems


def taken_wrong(world: World, tenant: Tenant, good: bytes, data: bytes) -> list[str]:
    """What is wrong with having taken these bytes: by another reader of YAML they must be settings that there are, and
    the largest body must be the one they say."""
    known = yaml.safe_load(good)
    try:
        # A tab behind a colon is right; the loader that is all Python does not know it.
        taken = yaml.load(data, Loader=yaml.CSafeLoader) or {}
    except yaml.constructor.ConstructorError:
        return []  # a tag of its own, which the gateway does not read
    except (yaml.YAMLError, ValueError) as error:
        return [f"what is no YAML was taken: {error}"]
    if not isinstance(taken, dict):
        return [f"{type(taken).__name__} was taken"]
    unknown = [name for name in taken if name not in known]
    for part in ("limits", "log"):
        fields = taken.get(part) or {}
        if not isinstance(fields, dict):
            return [f"{part} was taken as {type(fields).__name__}"]
        unknown += [f"{part}.{name}" for name in fields if name not in known[part]]
    problems = [f"settings that there are not were taken: {unknown}"] if unknown else []
    if (taken.get("limits") or {}).get("max_body") == known["limits"]["max_body"]:
        problems += good_settings_wrong(world, tenant)
    return problems


def one_configuration(world: World, tenant: Tenant, good: bytes, data: bytes, seen: Counter[str]) -> list[str]:
    """What was wrong after a reload with these bytes; the good ones are in force before and after."""
    server = world.server
    kept = server.output.count("configuration kept")
    ended = reload_with(server, data)
    seen[ended] += 1
    if not server.running():
        return [f"ended: {server.output[-1500:]}"]
    problems = [] if ended else ["nothing was counted"]
    if server.plain_get(server.data, "/readyz")[0] != 200:
        problems.append("not ready")
    if ended == REFUSED:
        problems += good_settings_wrong(world, tenant)
        if not server.said("configuration kept", kept + 1):
            problems.append("the log does not say that it was kept")
    else:
        problems += taken_wrong(world, tenant, good, data)
        if reload_with(server, good) != APPLIED:
            problems.append("a good configuration was not taken any more")
    return problems


def configurations(run: Run, size: int) -> Outcome:
    outcome, dice, seen = Outcome(), run.dice("configurations"), Counter[str]()
    with fake_backend() as backend, gateway(run.binary, BASE) as server:
        world = World.lay(server, backend)
        tenant = world.tenant("100000")
        good = server.config.read_bytes()
        outcome.wrong(good_settings_wrong(world, tenant))
        for number in range(size):
            data = mutated(dice, good)
            outcome.tried([f"{problem}, after {repr(data)[:600]}" for problem in
                           one_configuration(world, tenant, good, data, seen)])
            if not server.running():
                return outcome
            if number % 20 == 0:
                outcome.must(reload_with(server, good) == APPLIED, "a good configuration was not taken")
                outcome.wrong(good_settings_wrong(world, tenant))
                world.assert_good_call(tenant)
        outcome.figures["mutated ones"] = dict(seen)
        outcome.must(seen[REFUSED] > 0, "no configuration was refused")
        server.config.write_bytes(good)
    return outcome


CONFIGURATIONS = Programme("configs", "mutated configurations at reload: the last good one is kept", configurations,
                           1000, 60)
