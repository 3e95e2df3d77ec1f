"""Several binaries measured in turn, so that the hour is the same for all of them; for the benchmarks beside this file."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol


class Rounds(Protocol):
    def round(self) -> float:
        """What one round cost."""


def compare(doc: str | None, start: Callable[[Path], AbstractContextManager[Rounds]], rounds: int, unit: str) -> None:
    """Prints the median of each binary that the command line names, and its ratio to the first."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries", nargs="+", type=Path)
    binaries = parser.parse_args().binaries
    with ExitStack() as stack:
        every = [stack.enter_context(start(binary)) for binary in binaries]
        costs = [[one.round() for one in every] for _ in range(rounds)]
    for place, binary in enumerate(binaries):
        each = statistics.median(turn[place] for turn in costs)
        ratio = statistics.median(turn[place] / turn[0] for turn in costs)
        print(f"{binary}: {each:.2f} {unit}, x{ratio:.2f}")
