"""What deploy/ ships is checked offline, and the gateway lives under the confinement that its unit asks for."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.backend import FakeBackend
from support.certificates import Served
from support.downloads import download
from support.options import Run
from support.processes import ROOT, note
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
    # However often it ends, it is back within 300 ms.
    assert {"StartLimitIntervalSec=0", "RestartSec=200ms"} <= set(UNIT.read_text().splitlines())


def test_the_socket_unit_opens_the_ports_of_the_packages_settings() -> None:
    lines = (DEPLOY / "systemd" / "tollgate.socket").read_text().splitlines()
    opened = [line.removeprefix("ListenStream=") for line in lines if line.startswith("ListenStream=")]
    settings = yaml.safe_load((DEPLOY / "debian" / "tollgate.yaml").read_text())
    assert opened == [settings[name] for name in ("listen", "admin_listen", "metrics_listen")]


def pod_and_container() -> tuple[dict[str, Any], dict[str, Any]]:
    pod = yaml.safe_load((DEPLOY / "kubernetes" / "statefulset.yaml").read_text())["spec"]["template"]["spec"]
    [container] = pod["containers"]
    return pod, container


def temporary_folders(kind: str) -> list[str]:
    """The bounded places for temporary files that this way of running it gives the gateway beside its database's."""
    if kind == "unit":
        return ["/tmp"] if "PrivateTmp=yes" in UNIT.read_text().splitlines() else []
    if kind == "compose":
        service = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())["services"]["tollgate"]
        return [place.split(":")[0] for place in service.get("tmpfs", ()) if "size=" in place]
    pod, container = pod_and_container()
    empty = {volume["name"] for volume in pod["volumes"] if volume.get("emptyDir", {}).get("sizeLimit")}
    return [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] in empty]


@pytest.mark.parametrize("kind", ["unit", "compose", "kubernetes"])
def test_the_gateway_works_under_the_units_confinement(run: Run, backend: FakeBackend, kind: str) -> None:
    """With the places that each way of running it leaves writable: workbooks and large sorts need one."""
    server = Gateway(run.binary)
    script = Path(__file__).parent / "support" / "confined.py"
    try:
        for path in (server.folder, server.config):
            os.chown(path, 65532, 65532)
        writable = ":".join([str(server.folder), *temporary_folders(kind)])
        server.launcher = ("unshare", "--mount", sys.executable, str(script), writable)
        server.start()
        assert server.child
        status = Path(f"/proc/{server.child.pid}/status").read_text()
        assert re.search(r"^Uid:\s+65532\s", status, re.M) and re.search(r"^CapEff:\s+0+$", status, re.M), status
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.M) and re.search(r"^Seccomp:\s+2$", status, re.M), status
        world = World.lay(server, backend)
        world.assert_good_call(world.tenant())
        assert server.metric("process_max_fds") > 0
        assert server.metric("process_start_time_seconds") > 1e9
        workbook = download(server, time.strftime("%Y-%m", time.gmtime()), "xlsx")
        assert workbook.startswith(b"PK\x03\x04"), workbook[:300]
        # Nothing beside these folders can be written, whatever its mode says.
        outside = subprocess.run(
            ["nsenter", "--mount", f"--target={server.child.pid}", "touch", "/usr/tollgate-escaped"],
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


def test_the_images_health_check_meets_plain_listeners_and_tls(run: Run) -> None:
    [check] = re.findall(r"^HEALTHCHECK [^\n]*\\\n +CMD (.+)$", (DEPLOY / "docker" / "Dockerfile").read_text(), re.M)
    served = Served()
    try:
        for tls in (False, True):
            server = Gateway(run.binary)
            try:
                if tls:
                    server.use_tls(served.chain, served.key, served.trust())
                command = json.loads(check.replace("127.0.0.1:8080", f"127.0.0.1:{server.data[1]}"))
                assert subprocess.run(command, timeout=20).returncode != 0, "nobody is there"
                server.start()
                assert subprocess.run(command, timeout=20).returncode == 0, tls
            finally:
                server.close()
    finally:
        served.close()


def test_the_debian_package_is_clean_and_whole(run: Run, tmp_path: Path) -> None:
    """Without lintian's checks of the binary's bytes, which take long; `make prove-ops` makes them and boots it."""
    packed = subprocess.run([str(ROOT / "scripts" / "build-deb.sh"), str(run.binary), str(tmp_path)], text=True,
                            capture_output=True, timeout=120, env=os.environ | {"DEB_COMPRESSION": "gzip"})
    assert packed.returncode == 0, packed.stderr
    package = packed.stdout.strip()
    run_tool("lintian", "--allow-root", "--fail-on=error,warning", "--dont-check-part",
             "binaries/hardening,binaries/spelling,libraries/embedded", package)
    listed = set(re.findall(r" \./(\S*[^/\s])$", run_tool("dpkg-deb", "--contents", package), re.M))
    assert {"usr/bin/tollgate", "lib/systemd/system/tollgate.service", "lib/systemd/system/tollgate.socket",
            "etc/tollgate/tollgate.yaml", "usr/share/tollgate/web-static/index.html"} <= listed
    steps = {f"usr/share/doc/tollgate/sop/{path.name}" for path in (DEPLOY / "sop").iterdir()}
    assert steps and steps <= listed


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
    pod, container = pod_and_container()
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


def test_the_kubernetes_manifests_fit_together() -> None:
    """Every name that one of them uses is another's; where there is a kubectl, it builds them to the same end."""
    folder = DEPLOY / "kubernetes"
    customization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    documents = [one for name in customization["resources"] for one in yaml.safe_load_all((folder / name).read_text())]
    generated = {one["name"] for one in customization["configMapGenerator"]}
    assert all((folder / name).is_file() for one in customization["configMapGenerator"] for name in one["files"])
    [pairs] = [one["pairs"] for one in customization["labels"] if one["includeSelectors"]]
    pod, container = pod_and_container()
    assert [one["name"] for one in customization["images"]] == [container["image"]]
    [workload] = [one for one in documents if one["kind"] == "StatefulSet"]
    labels = workload["spec"]["template"]["metadata"]["labels"] | pairs
    services = {one["metadata"]["name"]: one["spec"] for one in documents if one["kind"] == "Service"}
    assert workload["spec"]["serviceName"] in services
    for one in documents:
        for name in ("selector", "podSelector"):
            selector = one["spec"].get(name, {})
            # A selector that is not in it yet gets the label, as kustomize gives it.
            assert (selector.get("matchLabels", selector) | pairs).items() <= labels.items(), one
    ports = {port["name"] for port in container["ports"]}
    [policy] = [one["spec"] for one in documents if one["kind"] == "NetworkPolicy"]
    assert {port["port"] for rule in policy["ingress"] for port in rule["ports"]} == ports
    [reached] = [rule["to"] for rule in policy["egress"] if "to" in rule]
    assert [block["ipBlock"]["cidr"] for block in reached] == ["0.0.0.0/0", "::/0"]
    volumes = {one["name"]: one for one in [*pod["volumes"], *(
        claim["metadata"] for claim in workload["spec"]["volumeClaimTemplates"])]}
    assert set(volumes) == {mount["name"] for mount in container["volumeMounts"]}
    assert volumes["configuration"]["configMap"]["name"] in generated
    [created] = re.findall(r"create secret generic (\S+)", (folder / "kustomization.yaml").read_text())
    assert volumes["secrets"]["secret"]["secretName"] == created
    if shutil.which("kubectl"):
        built = list(yaml.safe_load_all(run_tool("kubectl", "kustomize", str(folder))))
        assert {one["kind"] for one in built} == {one["kind"] for one in documents} | {"ConfigMap"}
        assert {one["metadata"]["namespace"] for one in built} == {customization["namespace"]}
    else:
        note("no kubectl here: the manifests were read, not built")
