"""nginx, Caddy and HAProxy in front of a gateway, each started from its file in deploy/ with only places changed."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import trustme

from .processes import ROOT, Child, free_port
from .tollgate import Gateway

DEPLOY = ROOT / "deploy"
HOST, ADMIN_HOST = "llm.example.com", "llm-admin.example.com"
NAMES = ("nginx", "caddy", "haproxy")


@dataclass
class Piece:
    """One piece of an answer's body and when it came, in seconds since the request was sent."""

    text: str
    at: float


@dataclass
class Fetched:
    """What curl saw."""

    code: int
    error: str
    head: str
    pieces: list[Piece]

    @property
    def status(self) -> int:
        return int(self.head.split(" ")[1]) if self.head else 0

    @property
    def version(self) -> str:
        return self.head.split(" ")[0]

    @property
    def headers(self) -> dict[str, str]:
        pairs = (line.partition(":") for line in self.head.splitlines()[1:])
        return {name.lower(): value.strip() for name, mark, value in pairs if mark}

    @property
    def body(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    def event_times(self) -> list[float]:
        """When each `data:` event was there."""
        return [piece.at for piece in self.pieces for _ in range(piece.text.count("data:"))]


def last_head(path: Path) -> str:
    """The answer's own head, without the 100 Continue that may come before it."""
    return path.read_text().rstrip().split("\n\n")[-1] if path.exists() else ""


class FrontProxy:
    def __init__(self, name: str, server: Gateway) -> None:
        self.directory = tempfile.TemporaryDirectory(prefix=f"tollgate-{name}-")
        self.folder = Path(self.directory.name)
        self.name = name
        self.port, self.admin_port = free_port(), free_port()
        authority = trustme.CA()
        self.pem, self.authority = self.folder / "front.pem", self.folder / "authority.pem"
        authority.issue_cert(HOST, ADMIN_HOST).private_key_and_cert_chain_pem.write_to_path(self.pem)
        authority.cert_pem.write_to_path(self.authority)
        self.places = {
            "127.0.0.1:8080": f"127.0.0.1:{server.data[1]}", "127.0.0.1:8081": f"127.0.0.1:{server.admin_address[1]}",
            "/etc/ssl/tollgate/chain.pem": str(self.pem), "/etc/ssl/tollgate/key.pem": str(self.pem),
            "/etc/ssl/tollgate/tollgate.pem": str(self.pem),
            ":443": f":{self.port}", ":8443": f":{self.admin_port}",
            "listen 443": f"listen {self.port}", "listen 8443": f"listen {self.admin_port}",
        }
        self.child = Child(getattr(self, name)(), self.folder / "log", os.environ | {"HOME": str(self.folder)})
        self.wait()

    def shipped(self, path: str) -> str:
        text = (DEPLOY / path).read_text()
        for old, new in self.places.items():
            text = text.replace(old, new)
        return text

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def nginx(self) -> list[str]:
        # Debian's own nginx.conf is what surrounds conf.d/; only what a second instance needs is different.
        folder = self.folder
        paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        text = (f"daemon off;\nworker_processes 1;\nuser root;\npid {folder}/pid;\nerror_log {folder}/log;\n"
                f"events {{ worker_connections 768; }}\nhttp {{\naccess_log {folder}/access;\n{paths}"
                f"gzip on;\n{self.shipped('nginx/tollgate.conf')}}}\n")
        path = self.write("nginx.conf", text)
        self.check("nginx", "-t", "-c", path)
        return ["nginx", "-c", path]

    def caddy(self) -> list[str]:
        options = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
        path = self.write("Caddyfile", options + self.shipped("caddy/Caddyfile"))
        self.check("caddy", "validate", "--adapter", "caddyfile", "--config", path)
        return ["caddy", "run", "--adapter", "caddyfile", "--config", path]

    def haproxy(self) -> list[str]:
        path = self.write("haproxy.cfg", self.shipped("haproxy/haproxy.cfg"))
        self.check("haproxy", "-c", "-f", path)
        return ["haproxy", "-db", "-f", path]

    def check(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30,
                              env=os.environ | {"HOME": str(self.folder)})
        assert done.returncode == 0, done.stdout + done.stderr
        if self.name == "haproxy":
            assert "WARNING" not in done.stdout + done.stderr, done.stderr

    def wait(self) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            assert self.child.running(), self.child.output[-4000:]
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                if self.curl("/readyz").status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{self.name} does not answer:\n{self.child.output[-4000:]}")

    def curl(self, path: str, *options: str, admin: bool = False, version: str = "--http1.1",
             source: str = "127.0.0.1", timeout: float = 30) -> Fetched:
        """One request by curl through the proxy, from this source address; every piece of the body with its time."""
        port, host = (self.admin_port, ADMIN_HOST) if admin else (self.port, HOST)
        heads = self.folder / f"heads-{time.monotonic_ns()}"
        started = time.monotonic()
        process = subprocess.Popen(
            ["curl", "-sSN", version, "--cacert", str(self.authority), "--resolve", f"{host}:{port}:127.0.0.1",
             "--interface", source, "--max-time", str(timeout), "--dump-header", str(heads), *options,
             f"https://{host}:{port}{path}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout and process.stderr
        pieces: list[Piece] = []
        while piece := os.read(process.stdout.fileno(), 1 << 16):
            pieces.append(Piece(piece.decode(), time.monotonic() - started))
        error = process.stderr.read().decode()
        process.wait()
        return Fetched(process.returncode, error, last_head(heads), pieces)

    def close(self) -> None:
        self.child.terminate(10)
        self.directory.cleanup()
