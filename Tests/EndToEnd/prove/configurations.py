"""Hostile configurations: a mutated one at every reload. It is taken whole or not at all, and the gateway goes on.

What is mutated differs from what is in force in every setting that a reload takes over, so that a part that was taken
shows: `config_probes.py` asks for each of them. The timeouts and the limit of connections are asked for after every
twentieth refusal and after what was taken, a long body after every third, the drain at the end, once after each.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import yaml

from support.backend import fake_backend
from support.options import Run
from support.tollgate import Gateway

from .config_probes import Probes, Values, probed_gateway, said_since
from .programme import Outcome, Programme

ODD_TEXT = (b"", b"\x00", b"\xff\xfe", b"!!binary", b"{", b"[", b"- ", b": ", b"\t", b"*a", b"&a ", b"1e999", b"null",
            b"~", b"9" * 300, b"-1", b"2026-02-30", b"'", b'"', b"|", b"%", b"\xc3\x28", b"a" * 5000, b"true",
            b"0x10", b"\n---\n")
APPLIED, REFUSED = "applied", "refused"


def mutated(dice: random.Random, good: bytes, in_force: bytes) -> bytes:
    """Damage to `good`; a part of it is lines that are missing or are as in the file that is in force."""
    data = bytearray(good)
    for _ in range(dice.randint(1, 4)):
        place, kind = dice.randrange(len(data) + 1), dice.randrange(7)
        if kind == 0:
            data[place:place] = dice.choice(ODD_TEXT)
        elif kind == 1:
            del data[place:place + dice.randrange(1, 60)]
        elif kind == 2 and place < len(data):
            data[place] = dice.randrange(256)
        elif kind == 3:
            data[place:place] = bytes(data[dice.randrange(len(data) + 1):][:80])
        else:
            lines, others = bytes(data).split(b"\n"), in_force.split(b"\n")
            line = dice.randrange(len(lines))
            if kind == 4:
                lines[line] = lines[line].partition(b":")[0] + b": " + dice.choice(ODD_TEXT)
            elif kind == 5:
                del lines[line]
            else:
                lines[line] = others[min(line, len(others) - 1)]
            data = bytearray(b"\n".join(lines))
    return bytes(data)


def reloads(server: Gateway) -> dict[str, int]:
    """Read without a parser, as this is asked several times a reload."""
    counts = re.findall(r'^tollgate_reloads_total\{outcome="(\w+)"\} (\d+)$', server.metrics_text(), re.MULTILINE)
    return {outcome: int(count) for outcome, count in counts}


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
        time.sleep(0.002)
    return ""


def read(good: bytes, data: bytes) -> tuple[dict[str, Any] | None, list[str]]:
    """What another reader of YAML finds in bytes that were taken, None where it cannot tell, and what is wrong with
    having taken them: they must be settings that there are."""
    known = yaml.safe_load(good)
    try:
        # A tab behind a colon is right; the loader that is all Python does not know it.
        taken = yaml.load(data, Loader=yaml.CSafeLoader) or {}
    except yaml.constructor.ConstructorError:
        return None, []  # a tag of its own, which the gateway does not read
    except (yaml.YAMLError, ValueError) as error:
        return None, [f"what is no YAML was taken: {error}"]
    if not isinstance(taken, dict):
        return None, [f"{type(taken).__name__} was taken"]
    unknown = [name for name in taken if name not in known]
    for part in ("limits", "log", "tls"):
        fields = taken.get(part) or {}
        if not isinstance(fields, dict):
            return None, [f"{part} was taken as {type(fields).__name__}"]
        unknown += [f"{part}.{name}" for name in fields if name not in known[part]]
    return taken, [f"settings that there are not were taken: {unknown}"] if unknown else []


@dataclass
class Reloading:
    """The gateway, and the two good files: what is in force before and after each reload, and what is mutated."""

    probes: Probes
    dice: random.Random
    in_force: bytes
    other: bytes
    seen: Counter[str] = field(default_factory=Counter)
    taken_values: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.values = self.probes.values(yaml.safe_load(self.in_force))

    def all_wrong(self, values: Values, what: str, with_timeouts: bool, with_reader: bool) -> list[str]:
        """What is not as these values want it, by all probes; what the timeouts leave open is told later."""
        problems = self.probes.wrong(values) + self.probes.crowd_wrong(values)
        return problems + (self.probes.wait(values, what, with_reader) if with_timeouts else [])

    def one(self, number: int, with_timeouts: bool) -> list[str]:
        """What was wrong after one reload; the good ones are in force before and after."""
        data = mutated(self.dice, self.other, self.in_force)
        what = f"after {repr(data)[:1200]}"
        return [f"{problem}, {what}" for problem in self.after(data, number, with_timeouts, what)]

    def after(self, data: bytes, number: int, with_timeouts: bool, what: str) -> list[str]:
        server, since = self.probes.server, self.probes.server.log.stat().st_size
        ended = reload_with(server, data)
        self.seen[ended] += 1
        if not server.running():
            return [f"ended: {server.output[-1500:]}"]
        problems = [] if ended else ["nothing was counted"]
        if server.plain_get(server.data, "/readyz")[0] != 200:
            problems.append("not ready")
        if ended == REFUSED:
            if number % 20 == 0:
                problems += self.all_wrong(self.values, what, with_timeouts, number % 100 == 0)
            else:
                problems += self.probes.wrong(self.values, with_body=number % 3 == 0)
            if not said_since(server, "configuration kept", since):
                problems.append("the log does not say that it was kept")
            return problems
        taken, wrong = read(self.other, data)
        problems += wrong
        if taken is not None and not wrong:
            values = self.probes.values(taken)
            self.taken_values.update(name for name, value in values.items() if value)
            problems += self.all_wrong(values, what, with_timeouts, self.seen[APPLIED] % 10 == 1)
        return problems + self.back()

    def back(self) -> list[str]:
        """The file in force again, and what was wrong with it."""
        if reload_with(self.probes.server, self.in_force) != APPLIED:
            return ["a good configuration was not taken any more"]
        return self.probes.wrong(self.values)

    def drains(self) -> list[str]:
        """A gateway's end, after a file that was refused and after one that was taken."""
        server = self.probes.server
        ended = reload_with(server, self.other + b"\nno_such_setting: 1\n")
        server.config.write_bytes(self.in_force)
        problems = [] if ended == REFUSED else ["an unknown setting was not refused"]
        problems += self.probes.drain_wrong(self.values)
        problems += [] if reload_with(server, self.other) == APPLIED else ["the other good file was not taken"]
        server.config.write_bytes(self.in_force)
        return problems + self.probes.drain_wrong(self.probes.values(yaml.safe_load(self.other)))


def configurations(run: Run, size: int) -> Outcome:
    outcome, dice = Outcome(), run.dice("configurations")
    with fake_backend() as backend, probed_gateway(run, backend) as probes:
        reloading = Reloading(probes, dice, probes.file(0), probes.file(1))
        outcome.wrong(probes.wrong(reloading.values))
        for number in range(size):
            # None is left to a timeout at the end, where somebody would have to wait for it.
            outcome.tried(reloading.one(number, with_timeouts=number < size - size // 10))
            if not probes.server.running():
                return outcome
            outcome.wrong(probes.ended_wrong())
            if number % 20 == 0:
                outcome.wrong(reloading.back())
                outcome.must(probes.world.call(probes.tenant, max_tokens=5).done, "a good call failed")
        outcome.wrong(probes.ended_wrong(until_all=True))
        outcome.wrong(reloading.drains())
        outcome.figures["mutated ones"] = dict(reloading.seen)
        outcome.figures["values probed after one was taken"] = dict(reloading.taken_values)
        outcome.figures["connections left to timeouts"] = dict(probes.judged)
        outcome.must(reloading.seen[REFUSED] > 0, "no configuration was refused")
        outcome.must(reloading.seen[APPLIED] > 0, "no configuration was taken")
    return outcome


CONFIGURATIONS = Programme("configs", "mutated configurations at reload: the last good one is kept", configurations,
                           1000, 60)
