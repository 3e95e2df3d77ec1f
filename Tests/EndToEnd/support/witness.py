"""What every backend script of the tests is made of: its log, its knobs, and how it starts and ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from typing import Any


class Witness:
    """The append-only log; each line is one write, so it is whole even if a reader looks at any instant."""

    def __init__(self, path: str) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, kind: str, **fields: Any) -> None:
        line = json.dumps({"event": kind, "at": time.time(), **fields}, separators=(",", ":"))
        os.write(self.file, line.encode() + b"\n")


def parse_knobs(text: str) -> dict[str, str]:
    """`name=value`, joined with commas."""
    pairs = (part.split("=", 1) for part in text.split(",") if "=" in part)
    return {name.strip(): value.strip() for name, value in pairs}


def end_with_the_tests() -> None:
    """Ends this process at SIGTERM, or when the one that started it is gone; call inside the event loop."""
    threading.Thread(target=stop_when_orphaned, args=(os.getppid(),), daemon=True).start()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: os._exit(0))


def stop_when_orphaned(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.3)
    os._exit(0)
