"""What every programme is: a name, words for its line of the scorecard, how much it does, and what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from support.options import Run


@dataclass
class Outcome:
    """`count` is what was tried, `failures` one line for each thing that was not as it must be."""

    count: int = 0
    failures: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def tried(self, problems: list[str] | str | None = None) -> None:
        """One more of what is counted, and what was wrong with it."""
        self.count += 1
        self.wrong(problems)

    def wrong(self, problems: list[str] | str | None) -> None:
        if problems:
            self.failures += [problems] if isinstance(problems, str) else problems

    def must(self, good: bool, problem: str) -> None:
        if not good:
            self.failures.append(problem)


@dataclass(frozen=True)
class Programme:
    """`run(run, size)` does `size` of whatever the line counts; `full` for `make prove`, `smoke` for `make test`."""

    name: str
    what: str
    run: Callable[[Run, int], Outcome]
    full: int
    smoke: int
    # The tests of `make test` that are the smoke of this line already; then there is no other one.
    smoke_is: str = ""
    needs_root: bool = False
    judged_by: tuple[str, ...] = ()  # patterns of files below the root, besides what its module imports
