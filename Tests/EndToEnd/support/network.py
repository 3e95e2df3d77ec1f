"""Stands in for the content network on this machine: the same name and path over TLS, whatever file a test gives it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

HOST = "cdn.jsdelivr.net"
CHART = "/npm/chart.js@3.9.1/dist/chart.min.js"


class ContentNetwork:
    def __init__(self, content: bytes) -> None:
        self.asked: list[str] = []
        self.told: list[str] = []  # what the browser said of where it came from, and of who it is
        network = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                network.asked.append(self.path)
                for name in ("referer", "cookie", "authorization"):
                    network.told += self.headers.get_all(name, [])
                self.send_response(200)
                self.send_header("content-type", "application/javascript")
                self.send_header("access-control-allow-origin", "*")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert(HOST).configure_cert(context)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def browser_arguments(self) -> tuple[str, str]:
        """What makes Chromium find it under the real name."""
        rules = f"MAP {HOST} 127.0.0.1:{self.server.server_address[1]}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        return f"--host-resolver-rules={rules}", "--ignore-certificate-errors"


@contextmanager
def content_network(content: bytes) -> Iterator[ContentNetwork]:
    network = ContentNetwork(content)
    try:
        yield network
    finally:
        network.server.shutdown()
        network.server.server_close()
