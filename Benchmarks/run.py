#!/usr/bin/env python3
"""Measures Tollgate against nginx as plain proxy, in one run on one pinned core. See README.md beside this file."""

import argparse
import contextlib
import datetime
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness import nginx
from harness.load import Load, StreamShape, Target, request_body
from harness.machine import (
    BenchmarkError, PinnedProcess, compile_native, describe, free_ports, install_missing_tools, raise_file_limit)
from harness.measure import Bench, Plan, Results, Subject
from harness.report import DIRECT, NGINX, TOLLGATE, render
from harness.tollgate import Ports, Tollgate

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

FULL = Plan(rounds=3, seconds=5, warm_seconds=2, connections=(1, 64, 256), shapes=(
    StreamShape(streams=512, interval_us=8000, rounds=8), StreamShape(streams=128, interval_us=8000, rounds=8)))
QUICK = Plan(rounds=1, seconds=2, warm_seconds=1, connections=(1, 64, 256), shapes=(
    StreamShape(streams=512, interval_us=8000, rounds=2), StreamShape(streams=128, interval_us=8000, rounds=2)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", choices=["tollgate", "none"], default="tollgate", help="none: nginx alone")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/tollgate")
    parser.add_argument("--quick", action="store_true", help="one short round: shows that it runs, not how fast")
    parser.add_argument("--rounds", type=int, help="interleaved rounds (default 3)")
    parser.add_argument("--seconds", type=float, help="length of one plain step (default 5)")
    parser.add_argument("--keys", type=int, default=1, help="keys to issue and use in turn (an argon2 run each)")
    parser.add_argument("--gateway-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument("--directory", type=Path, help="where the database is made (default: the temporary directory)")
    parser.add_argument("--keep", action="store_true", help="leave the database and the logs behind, and say where")
    parser.add_argument("--output", type=Path, default=HERE / "results/latest.md", help="tables; raw numbers beside it")
    parsed = parser.parse_args()
    if not 1 <= parsed.keys <= 1000:
        parser.error("--keys: 1 to 1000")
    cores = {parsed.gateway_core, parsed.load_core}
    if len(cores) != 2 or not cores <= os.sched_getaffinity(0):
        parser.error("two different cores of this machine are needed")
    if parsed.gateway == TOLLGATE and not parsed.binary.exists():
        parser.error(f"{parsed.binary} is not there: run `make build`, or use --gateway none")
    return parsed


@contextlib.contextmanager
def work_directory(options: argparse.Namespace) -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="tollgate-bench-", dir=options.directory))
    try:
        yield directory
    finally:
        if options.keep:
            print(f"run.py: kept {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory)


def plan_for(options: argparse.Namespace) -> Plan:
    plan = QUICK if options.quick else FULL
    return Plan(options.rounds or plan.rounds, options.seconds or plan.seconds, plan.warm_seconds, plan.connections,
                plan.shapes)


def facts(options: argparse.Namespace, directory: Path) -> dict[str, object]:
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    filesystem = subprocess.run(
        ["df", "--output=fstype", str(directory)], capture_output=True, text=True).stdout.split()[-1]
    return {
        **describe(), "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit or "unknown", "command": shlex.join(["Benchmarks/run.py", *sys.argv[1:]]),
        "keys": options.keys, "gateway_core": options.gateway_core, "load_core": options.load_core,
        "database_filesystem": filesystem,
    }


def prepare_tollgate(gateway: Tollgate, backends: tuple[int, int], keys: int, results: Results) -> list[str]:
    """Sets it up, measures its start (median of three), and leaves it running and warm."""
    gateway.start()
    gateway.wait_until_ready()
    issued = gateway.set_up(*backends, keys)
    starts = []
    for _ in range(3):
        gateway.stop()
        starts.append(gateway.time_to_first_request(issued[0]))
    for key in issued:
        if not gateway.ask(key):
            raise BenchmarkError("tollgate refused a fresh key")
    results.facts["start_seconds"] = statistics.median(starts)
    results.facts["rss_idle_kib"] = gateway.process.memory_kib("VmRSS")
    return issued


def finish_tollgate(gateway: Tollgate, results: Results) -> None:
    state = gateway.drained_budget()
    results.facts |= {
        "rss_after_kib": gateway.process.memory_kib("VmRSS"), "rss_peak_kib": gateway.process.memory_kib("VmHWM"),
        "budget_posted": state["posted"], "budget_held": state["held"],
    }
    gateway.stop()
    results.facts["verified"] = gateway.verify()


def run(options: argparse.Namespace, directory: Path) -> tuple[Results, Plan, list[str]]:
    plan, results = plan_for(options), Results()
    results.facts |= facts(options, directory)
    native = {name: compile_native(HERE / f"native/{name}.c", HERE / ".build-bench")
              for name in ("sse_backend", "sse_load")}
    plain_backend, stream_backend, plain_proxy, stream_proxy, data, admin, metrics = free_ports(7)
    body_file, keys_file = directory / "body.json", directory / "keys.txt"
    body_file.write_bytes(request_body())
    keys_file.write_text("no-key-needed\n")
    load = Load(options.load_core, body_file, keys_file, HERE / "native/post.lua", native["sse_load"])
    with contextlib.ExitStack() as stack:
        backend = stack.enter_context(nginx.start_backend(options.load_core, directory / "backend", plain_backend))
        streamer = stack.enter_context(PinnedProcess(
            "sse_backend", options.load_core, [str(native["sse_backend"]), str(stream_backend)],
            directory / "sse_backend.log"))
        proxy = stack.enter_context(nginx.start_proxy(
            options.gateway_core, directory / "proxy", (plain_proxy, plain_backend), (stream_proxy, stream_backend)))
        for process, port in ((backend, plain_backend), (streamer, stream_backend), (proxy, plain_proxy)):
            process.wait_for_port(port)
        subjects = [Subject(Target(NGINX, plain_proxy, stream_proxy), proxy)]
        gateway = None
        if options.gateway == TOLLGATE:
            ports = Ports(data, admin, metrics)
            gateway = Tollgate(options.binary.resolve(), options.gateway_core, directory / "tollgate", ports)
            stack.callback(gateway.stop)
            keys = prepare_tollgate(gateway, (plain_backend, stream_backend), options.keys, results)
            keys_file.write_text("\n".join(keys) + "\n")
            subjects.append(Subject(Target(TOLLGATE, data, data), gateway.process))
        direct = Subject(Target(DIRECT, plain_backend, stream_backend), None)
        Bench(plan, load, results).run_rounds(direct, subjects)
        if gateway:
            finish_tollgate(gateway, results)
    return results, plan, [subject.target.name for subject in subjects]


def main() -> int:
    options = arguments()
    try:
        install_missing_tools()
        raise_file_limit()
        # The harness itself must not run on the gateway's core.
        os.sched_setaffinity(0, {options.load_core})
        with work_directory(options) as directory:
            results, plan, gateways = run(options, directory)
    except BenchmarkError as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1
    text = render(results, plan, gateways)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text)
    options.output.with_suffix(".json").write_text(json.dumps(results.as_dict(), indent=1) + "\n")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
