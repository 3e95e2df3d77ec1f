"""Certificates to meet a TLS client with, and the setting that makes a gateway trust their authority."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path

import trustme

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
