"""The two load drivers: wrk for plain requests, `sse_load` for streams. Both give back what they saw, as numbers."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .machine import BenchmarkError

MODEL_PLAIN = "bench"
MODEL_STREAM = "bench-stream"
BODY_BYTES = 1024

Numbers = dict[str, float]


@dataclass(frozen=True)
class Target:
    """Where the load goes. One gateway serves both ports; they are the same port at Tollgate."""

    name: str
    plain_port: int
    stream_port: int


@dataclass(frozen=True)
class StreamShape:
    streams: int
    interval_us: int
    rounds: int
    chunks: int = 64

    @property
    def title(self) -> str:
        return f"{self.streams} streams, a chunk every {self.interval_us / 1000:g} ms"


def request_body() -> bytes:
    """A chat completion of exactly `BODY_BYTES` bytes."""
    ask = {"model": MODEL_PLAIN, "max_tokens": 64, "temperature": 0.7, "messages": [
        {"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": ""}]}
    room = BODY_BYTES - len(json.dumps(ask))
    ask["messages"][1]["content"] = ("The quick brown fox jumps over the lazy dog. " * 30)[:room]
    return json.dumps(ask).encode()


@dataclass(frozen=True)
class Load:
    core: int
    body_file: Path
    keys_file: Path
    script: Path
    stream_driver: Path

    def plain(self, port: int, connections: int, seconds: float) -> Numbers:
        command = ["wrk", "--latency", "-t", "1", "-c", str(connections), "-d", f"{max(1, round(seconds))}s",
                   "--timeout", "10s", "-s", str(self.script), f"http://127.0.0.1:{port}"]
        output = self._run(command)
        line = next((line for line in output.splitlines() if line.startswith("RESULT ")), None)
        if line is None:
            raise BenchmarkError(f"wrk gave no result:\n{output}")
        numbers: Numbers = json.loads(line.removeprefix("RESULT "))
        if numbers["refused"] or numbers["broken"] or not numbers["requests"]:
            raise BenchmarkError(f"wrk at {connections} connections to port {port}: {line}")
        return numbers

    def streams(self, port: int, shape: StreamShape) -> Numbers:
        arguments = [port, shape.streams, shape.rounds, shape.chunks, shape.interval_us, MODEL_STREAM, self.keys_file]
        numbers: Numbers = json.loads(self._run([str(self.stream_driver), *map(str, arguments)]))
        expected = shape.streams * shape.rounds * shape.chunks
        if numbers["chunks"] != expected:
            raise BenchmarkError(f"{numbers['chunks']} of {expected} chunks arrived")
        return numbers

    def _run(self, command: list[str]) -> str:
        environment = {**os.environ, "BENCH_BODY": str(self.body_file), "BENCH_KEYS": str(self.keys_file)}
        finished = subprocess.run(
            ["taskset", "-c", str(self.core), *command], env=environment, capture_output=True, text=True, timeout=600)
        if finished.returncode != 0:
            raise BenchmarkError(f"{command[0]} failed:\n{finished.stdout}{finished.stderr}")
        return finished.stdout
