#!/usr/bin/env python3
"""Counts the instructions of user code that one plain request takes in Tollgate, under Valgrind's callgrind.

Unlike times, the count hardly depends on the machine's mood: it tells whether a change made the request path shorter.
What the process does by the clock and not for requests is counted apart, over as long a time without load.
"""

import argparse
import contextlib
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import nginx
from harness.load import Load, request_body
from harness.machine import BenchmarkError, PinnedProcess, free_ports, raise_file_limit
from harness.tollgate import Ports, Tollgate

HERE = Path(__file__).resolve().parent


class CountedTollgate(Tollgate):
    """Tollgate under callgrind, which counts only once it is told to."""

    def start(self) -> PinnedProcess:
        command = [
            "valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={self.directory}/counts",
            str(self.binary), "serve", "--config", str(self.configuration)]
        self.process = PinnedProcess("tollgate", self.core, command, self.directory / "output.log", self.environment)
        return self.process

    def count(self, switch: str) -> None:
        assert self.process
        subprocess.run(
            ["callgrind_control", "-i", switch, str(self.process.process.pid)], check=True, capture_output=True)

    def write_counts(self) -> None:
        """Writes what was counted so far to the next file, and begins anew at zero."""
        assert self.process
        subprocess.run(["callgrind_control", "-d", str(self.process.process.pid)], check=True, capture_output=True)

    def counted(self, name: str) -> int:
        """All instructions in one file."""
        return int(re.findall(r"^(?:summary|totals): (\d+)", (self.directory / name).read_text(), re.M)[-1])


def stripped(binary: Path, directory: Path) -> Path:
    """Valgrind does not read the debug information of Swift's linker."""
    copy = directory / "tollgate-stripped"
    subprocess.run(["strip", "-g", "-o", str(copy), str(binary)], check=True)
    return copy


def instructions_per_request(
    binary: Path, seconds: float, connections: int, level: str, directory: Path
) -> tuple[int, int, int]:
    """Instructions a request, instructions a second without any, and the requests they were counted over."""
    backend_port, data, admin, metrics = free_ports(4)
    body, keys = directory / "body.json", directory / "keys.txt"
    body.write_bytes(request_body())
    with contextlib.ExitStack() as stack:
        backend = stack.enter_context(nginx.start_backend(1, directory / "backend", backend_port))
        backend.wait_for_port(backend_port)
        ports = Ports(data, admin, metrics)
        gateway = CountedTollgate(stripped(binary, directory), 0, directory / "tollgate", ports, level)
        stack.callback(gateway.stop)
        gateway.start()
        gateway.wait_until_ready()
        keys.write_text("\n".join(gateway.set_up(backend_port, backend_port, 1)) + "\n")
        load = Load(1, body, keys, HERE / "native/post.lua", HERE)
        load.plain(data, connections, 3)
        gateway.count("on")
        begin = time.monotonic()
        requests = load.plain(data, connections, seconds)["requests"]
        gateway.count("off")
        lasted = time.monotonic() - begin
        gateway.write_counts()
        gateway.count("on")
        time.sleep(lasted)
        gateway.count("off")
        gateway.write_counts()
        gateway.stop()
        busy, idle = gateway.counted("counts.1"), gateway.counted("counts.2")
        return int((busy - idle) / requests), int(idle / lasted), int(requests)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, default=HERE.parent / ".build/release/tollgate")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--log-level", default="warning", help="info: with the line that each request writes")
    options = parser.parse_args()
    raise_file_limit()
    try:
        with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as directory:
            each, idle, requests = instructions_per_request(
                options.binary.resolve(), options.seconds, options.connections, options.log_level,
                Path(directory))
    except (BenchmarkError, OSError, subprocess.CalledProcessError) as error:
        print(f"instructions.py: {error}", file=sys.stderr)
        return 1
    print(f"{each:,} instructions a request, over {requests:,} requests on {options.connections} connections; "
          f"{idle:,} a second without any")
    return 0


if __name__ == "__main__":
    sys.exit(main())
