"""nginx in its two parts: the fake backend for plain requests, and the plain proxy Tollgate is compared with."""

import json
import os
from pathlib import Path

from .machine import PinnedProcess

ANSWER = json.dumps({
    "id": "chatcmpl-bench", "object": "chat.completion", "created": 1700000000, "model": "bench",
    "choices": [{
        "index": 0, "logprobs": None, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "All work and no play makes a dull gateway. " * 8},
    }],
    "usage": {"prompt_tokens": 250, "completion_tokens": 64, "total_tokens": 314},
    "system_fingerprint": None,
}, separators=(",", ":"))

FRAME = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 32768;
pid {directory}/nginx.pid;
error_log {directory}/error.log error;
{user}
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
    tcp_nodelay on;
    client_body_buffer_size 64k;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    {servers}
}}
"""

BACKEND = """
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        default_type application/json;
        location / {{ return 200 '{answer}'; }}
    }}
"""

PROXY = """
    upstream {name} {{
        server 127.0.0.1:{backend};
        keepalive 1024;
        keepalive_requests 1000000000;
        keepalive_timeout 300s;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://{name};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering {buffering};
        }}
    }}
"""


def _start(name: str, core: int, directory: Path, servers: str) -> PinnedProcess:
    directory.mkdir(parents=True)
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = directory / "nginx.conf"
    configuration.write_text(FRAME.format(directory=directory, user=user, servers=servers))
    command = ["nginx", "-c", str(configuration), "-p", str(directory), "-e", str(directory / "error.log")]
    return PinnedProcess(name, core, command, directory / "output.log")


def start_backend(core: int, directory: Path, port: int) -> PinnedProcess:
    return _start("nginx backend", core, directory, BACKEND.format(port=port, answer=ANSWER))


def start_proxy(core: int, directory: Path, plain: tuple[int, int], stream: tuple[int, int]) -> PinnedProcess:
    """Each pair is (port to listen on, port of the backend); streams pass unbuffered."""
    servers = PROXY.format(name="plain", port=plain[0], backend=plain[1], buffering="on")
    servers += PROXY.format(name="stream", port=stream[0], backend=stream[1], buffering="off")
    return _start("nginx proxy", core, directory, servers)
