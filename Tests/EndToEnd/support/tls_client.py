"""A TLS client over a plain socket, for ends that no library makes: half-closes with and without a goodbye."""

from __future__ import annotations

import socket
import ssl
import time

from cryptography import x509

from .client import Address


class TLSClient:
    def __init__(self, address: Address, context: ssl.SSLContext, timeout: float = 10) -> None:
        self.socket = socket.create_connection(address, timeout=timeout)
        self.inward, self.outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.session = context.wrap_bio(self.inward, self.outward, server_hostname=address[0])
        while True:
            try:
                self.session.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.push()
                self.pull()
        self.push()

    def __enter__(self) -> TLSClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def push(self) -> None:
        self.socket.sendall(self.outward.read())

    def pull(self) -> None:
        data = self.socket.recv(1 << 16)
        if data:
            self.inward.write(data)
        else:
            self.inward.write_eof()

    @property
    def serial(self) -> int:
        """The serial number of the gateway's certificate."""
        der = self.session.getpeercert(binary_form=True)
        assert der
        return x509.load_der_x509_certificate(der).serial_number

    def send(self, data: bytes) -> None:
        self.session.write(data)
        self.push()

    def say_goodbye(self) -> None:
        """`close_notify`: nothing more will be sent."""
        try:
            self.session.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.push()

    def shut(self) -> None:
        """End the sending side of the connection beneath TLS."""
        self.socket.shutdown(socket.SHUT_WR)

    def read(self, until: bytes | None = None) -> bytes:
        """What comes until the gateway's goodbye, or until these bytes came; an end without a goodbye is an error."""
        found = b""
        while until is None or until not in found:
            try:
                data = self.session.read(1 << 16)
                if not data:
                    return found
                found += data
            except ssl.SSLWantReadError:
                self.pull()
            except ssl.SSLZeroReturnError:
                return found
        return found

    def ended_within(self, seconds: float) -> bool:
        """Whether the connection beneath ends in time, whatever comes before."""
        deadline = time.monotonic() + seconds
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(1 << 16):
                if time.monotonic() > deadline:
                    return False
        except TimeoutError:
            return False
        except OSError:
            pass
        return True
