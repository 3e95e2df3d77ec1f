"""Certificates to meet a TLS client with, and the setting that makes a gateway trust their authority."""

from __future__ import annotations

import datetime
import ssl
import tempfile
from pathlib import Path

import trustme
from cryptography import x509

HOST = "127.0.0.1"


class Certificates:
    """One authority; its good, expired and wrong-host certificates, and one that only vouches for itself."""

    def __init__(self) -> None:
        self.directory = tempfile.TemporaryDirectory(prefix="tollgate-certificates-")
        folder = Path(self.directory.name)
        self.served = folder / "served"
        self.served.mkdir()
        self.authority = folder / "authority.crt"
        ours = trustme.CA()
        ours.cert_pem.write_to_path(self.authority)
        past = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
        leaves = {
            "good": ours.issue_cert(HOST),
            "expired": ours.issue_cert(HOST, not_before=past, not_after=past + datetime.timedelta(days=30)),
            "wrong-host": ours.issue_cert("elsewhere.test"),
        }
        for name, leaf in leaves.items():
            leaf.private_key_and_cert_chain_pem.write_to_path(self.served / f"{name}.pem")
        other = trustme.CA()
        (self.served / "self-signed.pem").write_bytes(other.private_key_pem.bytes() + other.cert_pem.bytes())

    def config(self) -> str:
        """The gateway's own way to trust the authority, beside the system's: a `routing` entry."""
        return f"ca_file: {self.authority}"

    def close(self) -> None:
        self.directory.cleanup()


class Served:
    """The certificate and key files of a gateway's listeners, which one authority renews again and again."""

    def __init__(self) -> None:
        self.directory = tempfile.TemporaryDirectory(prefix="tollgate-served-")
        self.authority = trustme.CA()
        self.chain, self.key = (Path(self.directory.name) / name for name in ("chain.pem", "key.pem"))
        self.authority_file = Path(self.directory.name) / "authority.pem"
        self.authority.cert_pem.write_to_path(self.authority_file)
        self.serial = self.renew()

    def renew(self, days: int = 30) -> int:
        """Another certificate for another key, in the same files; its serial number."""
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
        leaf = self.authority.issue_cert(HOST, not_after=end)
        self.chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        self.key.touch(mode=0o600)
        self.key.write_bytes(leaf.private_key_pem.bytes())
        self.serial = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes()).serial_number
        return self.serial

    def trust(self) -> ssl.SSLContext:
        """A client that trusts the authority."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def close(self) -> None:
        self.directory.cleanup()
