"""Child processes of the tests: started with their output in a file, always ended by their own pid."""

from __future__ import annotations

import os
import random
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NEEDS_ROOT = "needs root"  # so begins the reason of the only skips that are no failure, for anybody else than root
LATEST_PORTS: deque[int] = deque(maxlen=100)
FIRST_PORT, PORTS = 10_000, 5_000  # of a runner; up to four stay below those that clients get
RUNNER = "TOLLGATE_TEST_RUNNER"  # in a runner's environment: which one of several it is


def free_port() -> int:
    """A port nobody listens on, and not one handed out just before: that one is not taken yet. None that the system
    gives to clients, and each runner has a range of its own."""
    first = FIRST_PORT + int(os.environ.get(RUNNER, "0")) * PORTS
    while True:
        port = random.SystemRandom().randrange(first, first + PORTS)
        with socket.socket() as handle:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                handle.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in LATEST_PORTS:
            LATEST_PORTS.append(port)
            return port


def allow_many_files(wanted: int = 20_000) -> None:
    """Thousands of sockets are open during a storm, here and in the processes started from here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def note(text: str) -> None:
    """A measurement or a seed, printed as the run goes."""
    print(f"     {text}", flush=True)


class Child:
    """One process; `output` is its stdout and stderr together."""

    def __init__(
        self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, pass_fds: Sequence[int] = (),
    ) -> None:
        self.log = log
        with open(log, "ab") as sink:
            self.process = subprocess.Popen(
                list(command), stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
                env=dict(env) if env is not None else None, pass_fds=pass_fds,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def running(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, as a crash would end it."""
        if self.running():
            os.kill(self.pid, signal.SIGKILL)
        self.process.wait()

    def terminate(self, seconds: float = 20) -> int:
        """SIGTERM; returns the exit code. A process that ignores it is killed and fails the test."""
        if self.running():
            os.kill(self.pid, signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"pid {self.pid} did not stop in {seconds} s after SIGTERM") from None

    def wait_for_line(self, marker: str, seconds: float) -> str:
        """The rest of the first output line that contains `marker`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in self.output.splitlines(keepends=True):
                if marker in line and line.endswith("\n"):
                    return line.split(marker, 1)[1].strip()
            if not self.running():
                break
            time.sleep(0.02)
        raise AssertionError(f"no line with {marker!r}; output was:\n{self.output[-4000:]}")


class LlamaBackend:
    """The real llama.cpp server of the demo; `kill` and `start` may alternate, on the same port."""

    def __init__(self, parallel: int = 4, pooling: str | None = None) -> None:
        self.directory = tempfile.TemporaryDirectory(prefix="tollgate-llama-")
        self.parallel = parallel
        self.pooling = pooling  # "mean": it answers embeddings too; "rank": rankings
        self.port = 0
        try:
            self.start()
        except AssertionError:
            self.close()
            raise

    def start(self) -> None:
        script = ROOT / "deploy" / "demo" / "llama_backend.py"
        # One thread: two of them spin against each other, and against the gateway, where cores are few.
        command = [sys.executable, str(script), "--parallel", str(self.parallel), "--threads", "1",
                   "--port", str(self.port), *(["--pooling", self.pooling] if self.pooling else [])]
        log = Path(self.directory.name) / f"llama-{time.monotonic_ns()}.log"  # no line of an earlier start
        self.child = Child(command, log)
        self.url = self.child.wait_for_line("listening on ", 90)
        self.port = int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        self.child.kill()

    def close(self) -> None:
        self.child.kill()
        self.directory.cleanup()
