"""How a run of the tests was asked for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    binary: Path
    seed: int
    full: bool

    def dice(self, name: str) -> random.Random:
        """A generator of its own for each test, so that one test replays alone."""
        return random.Random(f"{self.seed}/{name}")
