"""Which core a process runs on: whoever is measured on one, whoever makes the noise on the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def move(process: int, cores: set[int]) -> None:
    """With all its threads; those it starts later follow."""
    for thread in Path(f"/proc/{process}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


@contextmanager
def shared_out(measured: Iterable[int], others: Iterable[int]) -> Iterator[set[int]]:
    """`measured` processes on the first core, `others` and this one, with what it starts, on the rest; undone at the
    end. Gives the core of the measured. On one core alone nothing is moved."""
    everywhere = os.sched_getaffinity(0)
    if len(everywhere) < 2:
        yield everywhere
        return
    first = {min(everywhere)}
    measured, others = list(measured), [*others, os.getpid()]
    for process in measured:
        move(process, first)
    for process in others:
        move(process, everywhere - first)
    try:
        yield first
    finally:
        for process in (*measured, *others):
            if Path(f"/proc/{process}").exists():
                move(process, everywhere)
