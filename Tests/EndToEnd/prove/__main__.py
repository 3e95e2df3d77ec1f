"""Run the programmes and print the scorecard.

    python -m prove --binary PATH [--only NAME,NAME] [--smoke] [--size N] [--seed N] [--json FILE] [--list | --card]

One line per programme as it ends, its figures and failures below it. Exit code 1 if anything failed or nothing ran.
With --json the lines are kept, so that the whole scorecard may be made in several sittings; --card shows it, with exit
code 1 while anything of it failed, is lacking, or was made with another binary.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from pathlib import Path

from support.options import Run
from support.processes import allow_many_files

from .programme import Outcome, Programme
from .programmes import PROGRAMMES
from .scorecard import HEADINGS, Line, Scorecard, checks_of, digest_of, show


def played(programme: Programme, run: Run, size: int, digest: str) -> Line:
    started = time.monotonic()
    try:
        outcome = programme.run(run, size)
    except Exception:  # one broken programme must not hide the others
        outcome = Outcome(0, [traceback.format_exc()])
    if not outcome.count and not outcome.failures:
        outcome.wrong("nothing was tried")
    return Line(programme.name, programme.what, outcome.count, len(outcome.failures), time.monotonic() - started,
                outcome.figures, outcome.failures, digest, run.seed, size, run.full and size >= programme.full,
                checks=checks_of(programme))


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
    parser.add_argument("--json", type=Path, help="add the lines to the scorecard in this file")
    parser.add_argument("--card", action="store_true", help="run nothing: show the scorecard of --json")
    parser.add_argument("--list", action="store_true", help="say what there is")
    options = parser.parse_args()
    programmes = chosen(options.only)
    if options.list:
        for programme in programmes:
            print(f"{programme.name:<14}{programme.what:<66}{programme.full:>9,}")
        return 0
    if options.card and not options.json:
        sys.exit("prove: --card shows the scorecard of a file: name it with --json")
    binary = options.binary.resolve()
    if not binary.is_file():
        sys.exit(f"prove: no binary at {binary}")
    digest = digest_of(binary)
    card = Scorecard(PROGRAMMES, digest)
    if options.json:
        card.read(options.json)
    if options.card:
        return show_card(card)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    allow_many_files()
    print(f"seed {seed}, binary {digest[:12]}\n{HEADINGS}", flush=True)
    lines = []
    for programme in programmes:
        size = options.size or (programme.smoke if options.smoke else programme.full)
        if not size:
            continue  # its smoke is a test of `make test`
        lines.append(played(programme, Run(binary, seed, not options.smoke), size, digest))
        show(lines[-1])
        card.add(lines[-1])
        if options.json:
            card.write(options.json)
    return end(lines, seed, card if options.json else None)


def end(lines: list[Line], seed: int, card: Scorecard | None) -> int:
    """Says what this sitting was, and what the scorecard is with it."""
    good = sum(not line.failed for line in lines)
    print(f"\n{HEADINGS}\n" + "\n".join(str(line) for line in lines))
    whole = sum(line.whole for line in lines)
    part = "" if whole == len(PROGRAMMES) else (
        f"; {whole} of {len(PROGRAMMES)} programmes at full length, NOT THE WHOLE: {', '.join(map(named, lines))}")
    print(f"{good} of {len(lines)} lines of this sitting as promised (seed {seed}){part}", flush=True)
    if card:
        print(f"the scorecard: {card.verdict()}", flush=True)
    return 0 if lines and good == len(lines) else 1


def named(line: Line) -> str:
    return line.name if line.whole else f"{line.name} ({line.size:,})"


def show_card(card: Scorecard) -> int:
    print(HEADINGS)
    for programme in PROGRAMMES:
        if programme.name in card.lines:
            show(card.lines[programme.name])
    print(f"\n{card.verdict()}", flush=True)
    return 0 if card.as_promised else 1


if __name__ == "__main__":
    sys.exit(main())
