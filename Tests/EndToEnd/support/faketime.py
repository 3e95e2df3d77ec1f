"""Debian's `faketime`: a gateway that starts so many days ago."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

SHARED = Path("/dev/shm")


def days_ago(days: int) -> tuple[str, ...]:
    """The launcher of a gateway that starts so many days ago; 0 is today."""
    if not days:
        return ()
    sweep()
    return "faketime", "-f", f"-{days}d"


def sweep() -> None:
    """Removes what processes that were killed left shared. It is named by the number of the process, and under
    `faketime` the next one that gets the number ends at its start."""
    for file in SHARED.glob("*faketime_s[eh]m_*"):
        number = file.name.rpartition("_")[2]
        if not Path("/proc", number).exists():
            with suppress(FileNotFoundError, PermissionError):
                file.unlink()
