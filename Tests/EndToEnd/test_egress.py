"""Where the process itself connects to: no proxy of the environment, no address that is no backend's."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.backend import FakeBackend
from support.options import Run
from support.processes import free_port
from support.tollgate import Gateway
from support.world import World


def test_proxies_of_the_environment_are_not_used(run: Run, backend: FakeBackend) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    names = [name for base in ("http_proxy", "https_proxy", "all_proxy") for name in (base, base.upper())]
    server = Gateway(run.binary)
    server.launcher = ("env", "-u", "no_proxy", "-u", "NO_PROXY", *(f"{name}={nobody}" for name in names))
    try:
        server.start()
        world = World.lay(server, backend)
        world.assert_good_call(world.tenant())
        server.verify()
    finally:
        server.close()


def assert_nothing_is_sent(world: World, base_url: str) -> None:
    pool, model = world.fresh("pool"), world.fresh("model")
    world.admin.pool(pool)
    world.admin.backend(pool, f"{pool}-far", base_url)
    world.admin.model(model, [pool])
    world.admin.price(model, "1", "4")
    answer = world.call(world.tenant(pools=(pool,)), model=model)
    assert answer.status == 503 and answer.failure["code"] == "all_pools_exhausted", answer
    entries = world.books.of_request(answer.request_id)
    assert entries and all((entry.outcome, entry.cost) == ("not_sent", 0) for entry in entries), entries
    assert world.server.said("forbidden_address")


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "0.0.0.0"])
def test_a_backend_at_a_forbidden_address_is_never_sent_anything(world: World, host: str) -> None:
    port = world.backend.origin.rsplit(":", 1)[1]
    assert_nothing_is_sent(world, f"http://{host}:{port}/v1")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_backend_whose_name_means_a_forbidden_address_is_never_sent_anything(
        run: Run, backend: FakeBackend, tmp_path: Path, scheme: str) -> None:
    """What counts is the address that the name is resolved to, here by a hosts file of its own."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 good.example\n169.254.169.254 far.example\n")
    server = Gateway(run.binary)
    server.launcher = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts))
    try:
        server.start()
        world = World.lay(server, backend)
        port = backend.origin.rsplit(":", 1)[1]
        world.admin.pool("near")
        world.admin.backend("near", "near-good", f"http://good.example:{port}/v1")
        world.admin.model("near", ["near"])
        world.admin.price("near", "1", "4")
        assert world.call(world.tenant(pools=("near",)), model="near").done
        assert_nothing_is_sent(world, f"{scheme}://far.example:{port}/v1")
    finally:
        server.close()


def test_an_authorities_file_that_is_not_there_is_refused_at_start(run: Run) -> None:
    server = Gateway(run.binary, "routing: { ca_file: nowhere.pem }\n")
    try:
        for command in ("serve", "check-config"):
            done = server.run(command, "--config", str(server.config), timeout=15)
            assert done.returncode == 1 and "routing.ca_file" in done.stdout + done.stderr, done
    finally:
        server.close()
