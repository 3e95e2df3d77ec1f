"""Run the programmes and print the scorecard.

    python -m prove --binary PATH [--only NAME,NAME] [--smoke] [--size N] [--seed N] [--json FILE] [--list]

One line per programme as it ends, its figures and failures below it. Exit code 1 if anything failed or nothing ran.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

from support.options import Run
from support.processes import allow_many_files

from .programme import Outcome, Programme
from .programmes import PROGRAMMES

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
    failures: list[str]

    def __str__(self) -> str:
        return f"{self.name:<14}{self.what:<66}{self.done:>9,}{self.failed:>8}{self.seconds:>9.0f}"


def played(programme: Programme, run: Run, size: int) -> Line:
    started = time.monotonic()
    try:
        outcome = programme.run(run, size)
    except Exception:  # one broken programme must not hide the others
        outcome = Outcome(0, [traceback.format_exc()])
    if not outcome.count and not outcome.failures:
        outcome.wrong("nothing was tried")
    return Line(programme.name, programme.what, outcome.count, len(outcome.failures), time.monotonic() - started,
                outcome.figures, outcome.failures)


def show(line: Line) -> None:
    print(line, flush=True)
    for name, value in line.figures.items():
        print(f"    {name}: {value}", flush=True)
    for failure in line.failures[:SHOWN_FAILURES]:
        print("    FAILED " + failure.rstrip().replace("\n", "\n    "), flush=True)
    if line.failed > SHOWN_FAILURES:
        print(f"    and {line.failed - SHOWN_FAILURES} more", flush=True)


def chosen(only: str) -> list[Programme]:
    names = [name for name in only.split(",") if name]
    unknown = set(names) - {programme.name for programme in PROGRAMMES}
    if unknown:
        sys.exit(f"prove: there is no {', '.join(sorted(unknown))}; --list shows what there is")
    return [programme for programme in PROGRAMMES if not names or programme.name in names]


def main() -> int:
    parser = argparse.ArgumentParser(prog="prove", description="The promises, proved by force")
    parser.add_argument("--binary", required=True, type=Path, help="the built tollgate")
    parser.add_argument("--only", default="", help="these programmes, separated by commas")
    parser.add_argument("--smoke", action="store_true", help="as little as in `make test`")
    parser.add_argument("--size", type=int, help="as much of each programme")
    parser.add_argument("--seed", type=int, help="replay the random choices of a run")
    parser.add_argument("--json", type=Path, help="write the scorecard here too")
    parser.add_argument("--list", action="store_true", help="say what there is")
    options = parser.parse_args()
    programmes = chosen(options.only)
    if options.list:
        for programme in programmes:
            print(f"{programme.name:<14}{programme.what:<66}{programme.full:>9,}")
        return 0
    binary = options.binary.resolve()
    if not binary.is_file():
        sys.exit(f"prove: no binary at {binary}")
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    allow_many_files()
    print(f"seed {seed}\n{HEADINGS}", flush=True)
    lines = []
    for programme in programmes:
        size = options.size or (programme.smoke if options.smoke else programme.full)
        if not size:
            continue  # its smoke is a test of `make test`
        lines.append(played(programme, Run(binary, seed, not options.smoke), size))
        show(lines[-1])
    failed = sum(line.failed > 0 for line in lines)
    print(f"\n{HEADINGS}\n" + "\n".join(str(line) for line in lines))
    print(f"{len(lines) - failed} of {len(lines)} lines as promised (seed {seed})", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"seed": seed, "failed": failed, "lines": [asdict(line) for line in lines]},
                                           indent=1, default=str) + "\n")
    return 0 if lines and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
