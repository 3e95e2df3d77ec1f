"""What deploy/ ships is checked offline, and the gateway lives under the confinement that its unit asks for."""

from __future__ import annotations

import base64
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import yaml

from support.backend import FakeBackend
from support.options import Run
from support.processes import ROOT
from support.tollgate import Gateway
from support.world import World

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "systemd" / "tollgate.service"
MOST_EXPOSURE = 1.5


def run_tool(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def test_the_unit_is_valid_and_little_exposed() -> None:
    text = run_tool("systemd-analyze", "security", "--offline=yes", "--no-pager", str(UNIT))
    [exposure] = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", text)
    assert float(exposure) <= MOST_EXPOSURE, text


def test_the_socket_unit_opens_the_ports_of_the_packages_settings() -> None:
    lines = (DEPLOY / "systemd" / "tollgate.socket").read_text().splitlines()
    opened = [line.removeprefix("ListenStream=") for line in lines if line.startswith("ListenStream=")]
    settings = yaml.safe_load((DEPLOY / "debian" / "tollgate.yaml").read_text())
    assert opened == [settings[name] for name in ("listen", "admin_listen", "metrics_listen")]


def test_the_gateway_works_under_the_units_confinement(run: Run, backend: FakeBackend) -> None:
    server = Gateway(run.binary)
    script = Path(__file__).parent / "support" / "confined.py"
    try:
        for path in (server.folder, server.config):
            os.chown(path, 65532, 65532)
        server.launcher = ("unshare", "--mount", sys.executable, str(script), str(server.folder))
        server.start()
        assert server.child
        status = Path(f"/proc/{server.child.pid}/status").read_text()
        assert re.search(r"^Uid:\s+65532\s", status, re.M) and re.search(r"^CapEff:\s+0+$", status, re.M), status
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.M) and re.search(r"^Seccomp:\s+2$", status, re.M), status
        world = World.lay(server, backend)
        world.assert_good_call(world.tenant())
        assert server.metric("process_max_fds") > 0
        assert server.metric("process_start_time_seconds") > 1e9
        # Nothing beside its folder can be written, whatever its mode says.
        outside = subprocess.run(
            ["nsenter", "--mount", f"--target={server.child.pid}", "touch", "/tmp/tollgate-escaped"],
            capture_output=True, text=True)
        assert outside.returncode != 0 and "Read-only" in outside.stderr, outside
        assert server.stop() == 0
        server.verify()
    finally:
        server.close()


def test_the_dockerfile_is_clean_and_without_root(run: Run) -> None:
    path = DEPLOY / "docker" / "Dockerfile"
    assert run_tool(tool("hadolint"), str(path)) == ""
    lines = path.read_text().splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER 65532:65532"]
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    # The image brings every library that the binary asks for by itself.
    image = " ".join(lines).partition("FROM debian")[2].split()
    needed = re.findall(r"NEEDED.*\[(\S+)\]", run_tool("readelf", "--dynamic", str(run.binary)))
    packages = {"libsqlite3.so.0": "libsqlite3-0", "libcurl.so.4": "libcurl4", "libssl.so.3": "libssl3",
                "libcrypto.so.3": "libssl3", "libargon2.so.1": "libargon2-1", "libstdc++.so.6": "libstdc++6",
                "libxlsxwriter.so.4": "libxlsxwriter4", "libz.so.1": "zlib1g"}
    base = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
    assert needed and {packages[name] for name in needed if name not in base} <= set(image), needed


def check_settings(run: Run, path: Path, folder: Path) -> None:
    """`tollgate check-config` takes these settings, with the secrets and the database put where a test may write."""
    text = path.read_text()
    for name in ("master.key", "admin.key"):
        (folder / name).write_text(base64.b64encode(secrets.token_bytes(32)).decode())
        (folder / name).chmod(0o600)
        text = re.sub(rf"file: \S*/{re.escape(name)}", f"file: {folder}/{name}", text)
    text = text.replace("/var/lib/tollgate", str(folder))
    (folder / "tollgate.yaml").write_text(text)
    run_tool(str(run.binary), "check-config", "--config", str(folder / "tollgate.yaml"))


def test_the_compose_file_names_only_what_there_is(run: Run, tmp_path: Path) -> None:
    folder = DEPLOY / "compose"
    compose = yaml.safe_load((folder / "compose.yaml").read_text())
    gateway, prometheus = compose["services"]["tollgate"], compose["services"]["prometheus"]
    assert (folder / gateway["build"]["context"] / gateway["build"]["dockerfile"]).is_file()
    for service in (gateway, prometheus):
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (folder / source).is_file(), volume
    assert set(gateway["secrets"]) == set(compose["secrets"])
    assert all(port.startswith("127.0.0.1:") for port in gateway["ports"]), "plaintext beyond this machine"
    assert not set(compose) - {"name", "services", "volumes", "secrets"}
    check_settings(run, folder / "tollgate.yaml", tmp_path)


def test_the_kubernetes_manifests_are_valid_and_restricted(run: Run, tmp_path: Path) -> None:
    folder = DEPLOY / "kubernetes"
    customization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    files = [str(folder / name) for name in customization["resources"]]
    assert {"kustomization.yaml", "tollgate.yaml", *customization["resources"]} == {
        path.name for path in folder.iterdir()}
    for version in ("1.32.0", "1.37.0"):
        text = run_tool(tool("kubernetes-validate"), "--strict", "-k", version, *files)
        assert text.count("passed") == 5 and "WARN" not in text, text
    documents = [one for path in files for one in yaml.safe_load_all(Path(path).read_text())]
    [workload] = [one for one in documents if one["kind"] == "StatefulSet"]
    pod = workload["spec"]["template"]["spec"]
    [container] = pod["containers"]
    # What the `restricted` Pod Security Standard asks for, and a read-only root.
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    ports = {port["name"] for port in container["ports"]}
    for service in (one for one in documents if one["kind"] == "Service"):
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] in ports
    assert workload["spec"]["replicas"] == 1, "one writer a database"
    check_settings(run, folder / "tollgate.yaml", tmp_path)
