"""The scorecard: a line of each programme, kept in a file across sittings, and what is still missing of the whole.

A line counts for the binary it was made with and the checks it was made by, by their digests, and for the whole if its
programme was run at full length. Lines of other programmes stay in the file; a shorter run that found nothing does not
take a longer one's place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from .programme import Programme
from .sources import digest_of_checks

SHOWN_FAILURES = 12
HEADINGS = f"{'programme':<14}{'what':<66}{'done':>9}{'failed':>8}{'seconds':>9}"


@dataclass(frozen=True)
class Line:
    name: str
    what: str
    done: int
    failed: int
    seconds: float
    figures: dict[str, object]
    failures: list[str]  # all of them; only the first are shown
    binary: str = ""  # the digest of what was tried
    seed: int = 0
    size: int = 0
    whole: bool = False  # at full length
    failed_before: int = 0  # earlier runs of the same binary by the same checks that failed
    checks: str = ""  # the digest of what it was judged by

    def __str__(self) -> str:
        return f"{self.name:<14}{self.what:<66}{self.done:>9,}{self.failed:>8}{self.seconds:>9.0f}"

    def after(self, earlier: Line | None) -> Line:
        """The line to keep of this one and the one that its programme has already."""
        if not earlier or (earlier.binary, earlier.checks) != (self.binary, self.checks):
            return self
        if (self.whole, self.size) < (earlier.whole, earlier.size) and not self.failed:
            return earlier
        return replace(self, failed_before=earlier.failed_before + (earlier.failed > 0))


def show(line: Line) -> None:
    print(line, flush=True)
    for name, value in line.figures.items():
        print(f"    {name}: {value}", flush=True)
    for failure in line.failures[:SHOWN_FAILURES]:
        print("    FAILED " + failure.rstrip().replace("\n", "\n    "), flush=True)
    if line.failed > SHOWN_FAILURES:
        print(f"    and {line.failed - SHOWN_FAILURES} more, all in the file of --json", flush=True)


def digest_of(binary: Path) -> str:
    with open(binary, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checks_of(programme: Programme) -> str:
    return digest_of_checks(programme.run.__module__, programme.judged_by)


@dataclass
class Scorecard:
    """Lines by their programmes' names, and the binary they are to be about."""

    programmes: Sequence[Programme]
    binary: str
    lines: dict[str, Line] = field(default_factory=dict)

    def read(self, path: Path) -> None:
        """What earlier sittings left; a file in another form is as none."""
        known = {entry.name for entry in fields(Line)}
        try:
            found = json.loads(path.read_text())["lines"]
            lines = [Line(**{name: value for name, value in line.items() if name in known}) for line in found]
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            return
        self.lines |= {line.name: line for line in lines}

    def add(self, line: Line) -> None:
        self.lines[line.name] = line.after(self.lines.get(line.name))

    def write(self, path: Path) -> None:
        """At once or not at all: a sitting may be ended at any time."""
        new = path.with_suffix(".new")
        new.write_text(json.dumps({
            "binary": self.binary, "partial": bool(self.lacking()), "lacking": self.lacking(),
            "failed": sum(line.failed > 0 for line in self.lines.values() if line.binary == self.binary),
            "lines": [asdict(line) for line in self.lines.values()],
        }, indent=1, default=str) + "\n")
        new.replace(path)

    def lacking(self) -> dict[str, str]:
        """Of each programme that the whole does not have yet, why not."""
        reasons: dict[str, str] = {}
        for programme in self.programmes:
            line = self.lines.get(programme.name)
            if not line:
                reasons[programme.name] = "not run"
            elif line.binary != self.binary:
                reasons[programme.name] = f"of another binary, {line.binary[:12] or 'unknown'}"
            elif line.checks != checks_of(programme):
                reasons[programme.name] = f"made by other checks, {line.checks[:12] or 'unknown'}"
            elif not line.whole:
                reasons[programme.name] = f"only {line.size:,} of {programme.full:,}"
        return reasons

    def verdict(self) -> str:
        """One line, or more where something failed or is lacking."""
        lacking = self.lacking()
        of_it = [line for line in self.lines.values() if line.binary == self.binary]
        good = sum(not line.failed for line in of_it if line.name not in lacking)
        said = [f"{good} of {len(self.programmes)} lines as promised, binary {self.binary[:12]}"]
        said += [f"    FAILED {line.name}: {line.failed} failures" for line in of_it if line.failed]
        said += [f"    failed before, {line.failed_before} times: {line.name}" for line in of_it
                 if line.failed_before and not line.failed]
        if lacking:
            said[0] += f"; NOT THE WHOLE, {len(lacking)} are lacking:"
            said += [f"    {name}: {reason}" for name, reason in lacking.items()]
        return "\n".join(said)

    @property
    def as_promised(self) -> bool:
        return not self.lacking() and not any(
            self.lines[programme.name].failed for programme in self.programmes)
