"""Processes pinned to a core, what they cost, and the tools the benchmark needs on the machine."""

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

TOOLS = {"nginx": "nginx-light", "wrk": "wrk", "cc": "gcc libc6-dev", "taskset": "util-linux"}
CPUCLOCK_SCHED = 2


class BenchmarkError(Exception):
    """Something the run cannot go on without; the message is for the person at the terminal."""


def install_missing_tools() -> None:
    missing = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if not missing:
        return
    root = [] if os.geteuid() == 0 else ["sudo"]
    packages = [name for entry in missing for name in entry.split()]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        command = [*root, "apt-get", "-qq", *arguments]
        finished = subprocess.run(command, env=environment, capture_output=True, text=True)
        if finished.returncode != 0:
            raise BenchmarkError(f"apt-get {arguments[0]} failed: {finished.stderr.strip()}")


def raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]


def compile_native(source: Path, directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    binary = directory / source.stem
    if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", str(binary), str(source)], check=True)
    return binary


class PinnedProcess:
    """A server on one core, ended with the `with` block. Costs include its children (nginx's worker)."""

    def __init__(
        self, name: str, core: int, command: Sequence[str], log: Path, environment: dict[str, str] | None = None
    ):
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**os.environ, **(environment or {})},
            )

    def __enter__(self) -> "PinnedProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self, patience: float = 30) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def wait_for_port(self, port: int, patience: float = 20) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.002)
        raise BenchmarkError(f"{self.name} did not open port {port}:\n{self.log_tail()}")

    def log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def _processes(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        return [pid, *map(int, children.read_text().split())] if children.exists() else [pid]

    def cpu_ns(self) -> int:
        """User and system time so far by the kernel's process clock: to the nanosecond, ended threads included."""
        return sum(time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED) for pid in self._processes())

    def cpu_ticks(self) -> tuple[int, int]:
        """User and system time so far in clock ticks: only good enough to tell the two apart."""
        fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self._processes()]
        return sum(int(f[11]) for f in fields), sum(int(f[12]) for f in fields)

    def memory_kib(self, field: str) -> int:
        """`VmRSS` or `VmHWM` (its peak), children included."""
        total = 0
        for pid in self._processes():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith(field + ":"):
                    total += int(line.split()[1])
        return total


def describe() -> dict[str, str]:
    """What a reader needs to judge the numbers."""
    cpu = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")),
        os.uname().machine,
    )
    nginx = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip().rpartition("/")[2]
    return {"cpu": f"{cpu}, {os.cpu_count()} cores", "kernel": os.uname().release, "nginx": nginx}
