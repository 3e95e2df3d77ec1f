"""Certificates to meet a TLS client with, and a way to make one process trust the authority that signed them."""

from __future__ import annotations

import datetime
import subprocess
import tempfile
from pathlib import Path

import trustme

HOST = "127.0.0.1"
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"  # of Debian and Ubuntu; where libcurl looks


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

    def launcher(self) -> tuple[str, ...]:
        """Put before a command: it then sees our authority, and no other, where the system's bundle is.

        It takes a mount namespace of the process's own; nothing outside it changes. Empty where a user may have none:
        then every certificate here is refused, but an expired one no longer for being expired.
        """
        script = f"mount --bind {self.authority} {SYSTEM_BUNDLE} && exec \"$@\""
        for unshare in (("unshare", "--mount"), ("unshare", "--map-root-user", "--mount")):
            command = (*unshare, "/bin/sh", "-c", script, "sh")
            if subprocess.run([*command, "true"], check=False, capture_output=True).returncode == 0:
                return command
        return ()

    def close(self) -> None:
        self.directory.cleanup()
