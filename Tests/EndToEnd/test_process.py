"""The process itself: start refusals, one instance a database, orderly stop, metrics, and secrets that stay inside."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from support.backend import FakeBackend
from support.client import Answer, call, chat
from support.options import Run
from support.oracle import Books
from support.tollgate import Gateway, gateway, parse_metrics
from support.world import World

METRICS = (
    "tollgate_requests_total", "tollgate_tokens_total", "tollgate_cost_usd_total", "tollgate_budget_limit_usd",
    "tollgate_budget_posted_usd", "tollgate_budget_held_usd", "tollgate_journal_pending",
    "tollgate_argon2_total", "tollgate_key_cache_hits_total", "tollgate_build_info",
)


def test_health_needs_no_key(world: World) -> None:
    for address in (world.server.data, world.server.admin_address):
        for path in ("/healthz", "/readyz"):
            assert world.server.plain_get(address, path)[0] == 200


def test_metrics_name_what_happened(world: World) -> None:
    tenant = world.tenant()
    answer = world.assert_good_call(tenant)
    text = world.server.metrics_text()
    samples = parse_metrics(text)
    names = {name for name, _, _ in samples}
    assert not [name for name in METRICS if name not in names], sorted(names)
    for family in ("tollgate_journal_commit_seconds", "tollgate_gateway_overhead_seconds"):
        assert any(name.startswith(family) for name in names), family
    identities = [(name, tuple(sorted(labels.items()))) for name, labels, _ in samples]
    assert len(identities) == len(set(identities)), "a sample occurs twice"
    typed = [line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE ")]
    assert len(typed) == len(set(typed)), "a metric has two TYPE lines"
    entry = world.books.settled(answer.request_id)
    meters = {labels["meter"]: value for name, labels, value in samples
              if name == "tollgate_tokens_total" and labels["tenant"] == tenant.name}
    assert meters.get("output") == entry.output and sum(meters.values()) == entry.input + entry.output


def test_a_second_instance_on_the_same_database_refuses_to_start(run: Run, world: World) -> None:
    second = Gateway(run.binary)
    try:
        text = second.config.read_text().replace(str(second.database), str(world.server.database))
        second.config.write_text(text)
        done = second.run("serve", "--config", str(second.config), env=world.server.env, timeout=15)
        assert done.returncode == 1, done
        assert done.stdout + done.stderr
    finally:
        second.close()
    world.assert_good_call(world.tenant())


def test_each_processor_has_a_loop_and_the_writer_interrupts_none(world: World) -> None:
    """The classes of its threads, as the kernel tells them: SCHED_BATCH is 3 (decision 0068)."""
    assert world.server.child
    threads = Path(f"/proc/{world.server.child.pid}/task")
    names = [(thread / "comm").read_text() for thread in threads.iterdir()]
    loops = {name for name in names if name.startswith("NIO-ELT-1-")}
    assert len(loops) == len(os.sched_getaffinity(world.server.child.pid)), names
    classes = [os.sched_getscheduler(int(thread.name)) for thread in threads.iterdir()]
    assert classes.count(os.SCHED_BATCH) == 1


def test_sigterm_lets_a_stream_end(run: Run, backend: FakeBackend) -> None:
    server = Gateway(run.binary)
    try:
        server.start()
        world = World.lay(server, backend)
        tenant, marker = world.tenant(), world.fresh("drained")

        async def stop_under_way() -> tuple[Answer, Answer]:
            body = chat(marker, knobs="latency=1500,chunks=15", stream=True)
            stream = asyncio.create_task(call(server.data, tenant.key, body))
            while not any(seen.marker == marker for seen in backend.calls()):
                await asyncio.sleep(0.01)
            assert server.child
            os.kill(server.child.pid, signal.SIGTERM)
            await asyncio.sleep(0.2)
            late = await call(server.data, tenant.key, chat("late"))
            return await stream, late

        stream, late = asyncio.run(stop_under_way())
        assert stream.done, stream
        assert late.status in (0, 503), "a new call was admitted while draining"
        assert server.stop() == 0, server.output[-3000:]
        assert world.books.settled(stream.request_id).provenance == "reported"
        server.verify()
        assert server.start() < 5
        assert not world.books.holds()
        world.assert_good_call(tenant)
    finally:
        server.close()


def test_a_second_sigterm_cuts_what_drains_and_settles_it(run: Run, backend: FakeBackend) -> None:
    server = Gateway(run.binary, "limits: { drain: 10m }\n")
    try:
        server.start()
        world = World.lay(server, backend)
        tenant, marker = world.tenant(), world.fresh("hurried")

        async def stop_twice() -> tuple[Answer, float]:
            body = chat(marker, knobs="latency=60000,chunks=60", stream=True)
            stream = asyncio.create_task(call(server.data, tenant.key, body, timeout=90))
            while not any(seen.marker == marker for seen in backend.calls()):
                await asyncio.sleep(0.01)
            await asyncio.sleep(1.2)  # what has come by now is paid for
            assert server.child
            os.kill(server.child.pid, signal.SIGTERM)
            assert await asyncio.to_thread(server.said, "draining")
            await asyncio.sleep(1)
            assert server.running() and not stream.done(), "the first signal did not let the stream go on"
            asked = time.monotonic()
            os.kill(server.child.pid, signal.SIGTERM)
            answer = await stream
            assert await asyncio.to_thread(server.child.process.wait, 20) == 0
            return answer, time.monotonic() - asked

        stream, seconds = asyncio.run(stop_twice())
        assert seconds < 6, f"it took {seconds:.1f} s to stop"
        assert not stream.done, "the stream ended as if it was whole"
        assert server.said("asked again to stop")
        server.verify()
        assert world.books.settled(stream.request_id).provenance == "estimated"
        assert not world.books.holds()
    finally:
        server.close()


def test_no_memory_gets_out_of_the_process(run: Run, backend: FakeBackend) -> None:
    """Core files are off, and other processes of its user cannot look into it: what is its own in /proc is root's."""
    server = Gateway(run.binary)
    person = 65534
    as_person = ["setpriv", f"--reuid={person}", f"--regid={person}", "--clear-groups"] if os.geteuid() == 0 else []
    try:
        if as_person:
            server.folder.chmod(0o755)
            shutil.chown(server.folder, person, person)
            server.launcher = tuple(as_person)
        server.start()
        assert server.child
        World.lay(server, backend)
        proc = Path(f"/proc/{server.child.pid}")
        [core] = [line for line in (proc / "limits").read_text().splitlines() if line.startswith("Max core file size")]
        assert core.split()[4:6] == ["0", "0"], core
        with subprocess.Popen([*as_person, "sleep", "60"]) as other:
            owner = os.geteuid() if not as_person else person
            end = time.monotonic() + 5
            while (Path(f"/proc/{other.pid}/comm").read_text().strip() != "sleep"
                   or Path(f"/proc/{other.pid}/environ").stat().st_uid != owner):
                assert time.monotonic() < end, "the control process is not what it should be"
            look = [*as_person, "cat"]
            assert subprocess.run([*look, f"/proc/{other.pid}/environ"], capture_output=True).returncode == 0
            for name in ("environ", "maps", "mem"):
                assert (proc / name).stat().st_uid == 0, name
                if as_person or os.geteuid() != 0:
                    assert subprocess.run([*look, str(proc / name)], capture_output=True).returncode != 0, name
            other.kill()
        assert server.stop() == 0
    finally:
        server.close()


def test_no_master_key_no_start(run: Run) -> None:
    server = Gateway(run.binary)
    try:
        for value in (None, "", "c2hvcnQ=", "not base64 !", base64.b64encode(bytes(32)).decode()):
            env = {name: text for name, text in server.env.items() if name != "TOLLGATE_MASTER_KEY"}
            if value is not None:
                env["TOLLGATE_MASTER_KEY"] = value
            done = server.run("serve", "--config", str(server.config), env=env, timeout=15)
            assert done.returncode == 1, f"{value!r}: {done}"
            assert "master" in (done.stdout + done.stderr).lower()
    finally:
        server.close()


def test_another_master_key_is_noticed(run: Run, backend: FakeBackend) -> None:
    server = Gateway(run.binary)
    try:
        server.start()
        World.lay(server, backend)
        assert server.stop() == 0
        env = server.env | {"TOLLGATE_MASTER_KEY": base64.b64encode(os.urandom(32)).decode()}
        assert server.run("serve", "--config", str(server.config), env=env, timeout=15).returncode == 1
    finally:
        server.close()


def test_a_sample_or_short_admin_key_is_refused(run: Run) -> None:
    server = Gateway(run.binary)
    try:
        for value in ("short", "changeme" * 5, "a" * 40):
            env = server.env | {"TOLLGATE_ADMIN_KEY": value}
            assert server.run("serve", "--config", str(server.config), env=env, timeout=15).returncode == 1, value
    finally:
        server.close()


def test_check_config_names_the_line_and_the_nearest_key(run: Run) -> None:
    server = Gateway(run.binary)
    try:
        good = server.run("check-config", "--config", str(server.config))
        assert good.returncode == 0, good
        lines = server.config.read_text().splitlines()
        lines[1] = lines[1].replace("admin_listen", "admin_lisen")
        server.config.write_text("\n".join(lines) + "\n")
        done = server.run("check-config", "--config", str(server.config))
        assert done.returncode == 1, done
        assert "admin_lisen" in done.stderr and "admin_listen" in done.stderr and "2" in done.stderr, done.stderr
    finally:
        server.close()


def test_init_writes_a_configuration_that_checks(run: Run, tmp_path: Path) -> None:
    server = Gateway(run.binary)
    try:
        env = {name: text for name, text in server.env.items() if not name.startswith("TOLLGATE")}
        done = server.run("init", env=env | {"HOME": str(tmp_path)}, cwd=tmp_path)
        assert done.returncode == 0, done
        assert done.stdout.count("tga_") <= 1
        files = [file for file in tmp_path.rglob("*") if file.is_file()]
        [config] = [file for file in files if file.suffix == ".yaml"]
        for file in files:
            if "key" in file.name:
                assert file.stat().st_mode & 0o777 == 0o600, file
        checked = server.run("check-config", "--config", str(config), env=env, cwd=tmp_path)
        assert checked.returncode == 0, checked
        again = server.run("init", env=env, cwd=tmp_path)
        assert again.returncode != 0, "a second init wrote over the first"
    finally:
        server.close()


def test_secrets_stay_inside(run: Run, backend: FakeBackend) -> None:
    backend_key = "sk-canary-7Qw2ZbX0pLmN4vKe"
    with gateway(run.binary, "log: { format: json, level: debug }\n") as server:
        world = World.lay(server, backend, api_key=backend_key)
        tenant = world.tenant()
        world.assert_good_call(tenant)
        world.call(tenant, model="unknown")
        world.admin.send("POST", "/tenants", {"name": 7})
        shown = "".join(str(world.admin.get(path)) for path in (
            "/pools", "/pools/fast/backends", "/tenants", f"/tenants/{tenant.id}/keys", f"/keys/{tenant.key_id}"))
        texts = [shown.encode(), server.metrics_text().encode(), server.output.encode()]
        texts += [file.read_bytes() for file in server.folder.glob("tollgate.db*")]
        secrets = {
            "client key": tenant.key.split("_")[2], "backend key": backend_key,
            "admin key": server.admin_key, "master key": server.master_key,
        }
        for name, secret in secrets.items():
            raw = secret.encode()
            for form in (raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"=")):
                assert not any(form in text for text in texts), f"the {name} leaked"
        assert Books(server.database).entries()
