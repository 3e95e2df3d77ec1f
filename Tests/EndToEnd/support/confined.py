"""Runs a command nearly as deploy/systemd/tollgate.service would, where no systemd runs.

    unshare --mount python confined.py FOLDER[:FOLDER…] COMMAND…

What is done: the root file system read-only but the FOLDERs, a user without capabilities or new privileges, the unit's
system calls and address families, no memory that is both writable and executable, no core dumps. The rest of the
unit (name spaces, devices, credentials) is systemd's own.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

UNIT = Path(__file__).resolve().parents[3] / "deploy" / "systemd" / "tollgate.service"
USER = 65532
ALLOW, DENY = 0x7FFF0000, 0x00050000 | errno.EPERM
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN = 38, 24, 65, 1
EQUAL = 4


class Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operation", ctypes.c_int), ("a", ctypes.c_uint64),
                ("b", ctypes.c_uint64)]


def settings(name: str) -> list[str]:
    lines = [line.partition("=") for line in UNIT.read_text().splitlines()]
    return [value.strip() for key, _, value in lines if key == name]


def members(group: str) -> set[str]:
    """The system calls of one of systemd's groups."""
    listed = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", group], check=True,
                            capture_output=True, text=True).stdout
    names: set[str] = set()
    for line in listed.splitlines()[1:]:
        name = line.strip()
        if name.startswith("@"):
            names |= members(name)
        elif name and not name.startswith("#"):
            names.add(name)
    return names


def allowed_calls() -> set[str]:
    """The unit's SystemCallFilter lines, one after the other."""
    allowed = members("@default")
    for line in settings("SystemCallFilter"):
        names = {name for word in line.lstrip("~").split() for name in (members(word) if word[0] == "@" else {word})}
        allowed = allowed - names if line.startswith("~") else allowed | names
    return allowed


def families() -> list[int]:
    numbers = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
    return [numbers[name] for line in settings("RestrictAddressFamilies") for name in line.split()]


def filter_calls() -> None:
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(DENY))
    for name in allowed_calls() | {"execve"}:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            continue  # of another architecture
        if name == "socket":
            for family in families():
                only = Comparison(0, EQUAL, family, 0)
                assert library.seccomp_rule_add(context, ALLOW, number, 1, only) == 0
            continue
        assert library.seccomp_rule_add(context, ALLOW, number, 0) == 0, name
    assert library.seccomp_load(context) == 0


def main() -> None:
    folders, command = sys.argv[1].split(":"), sys.argv[2:]
    library = ctypes.CDLL(None, use_errno=True)
    # Bind each onto itself first: a mount of its own stays writable when the rest does not.
    for folder in folders:
        subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", "/"], check=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for capability in range(41):
        library.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    assert library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    library.prctl(PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)  # older kernels have no such thing
    filter_calls()
    os.environ.pop("TMPDIR", None)  # nothing in deploy/ sets it
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
