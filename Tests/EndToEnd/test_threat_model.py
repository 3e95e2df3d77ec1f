"""What `docs/threat-model.md` says of ASVS: every test it names is there, and every requirement is in it once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from prove.programmes import PROGRAMMES
from support.processes import ROOT

HEADING = "## OWASP ASVS 5.0, level 2"
REQUIREMENT = re.compile(r"\| \d[\d.]*[ ,-]")
FIRST_CELL = re.compile(r"\| ([^|]*) \|")
SPAN = re.compile(r"(\d+\.\d+\.\d+)(?:-(\d+\.\d+\.\d+))?")
WHOLE_CHAPTER = re.compile(r"(\d+) [^|]*\((\d+)\)")
# ASVS 5.0.0: by chapter, how many requirements of levels 1 and 2 each of its sections has. They are numbered from 1;
# those of level 3 come last in each section.
SECTIONS = {
    1: (2, 9, 11, 3, 2), 2: (3, 3, 4, 1), 3: (0, 2, 4, 6, 5, 0, 2), 4: (3, 1, 2, 4), 5: (1, 3, 2, 3),
    6: (3, 12, 4, 4, 5, 3, 0, 4), 7: (3, 4, 2, 5, 2, 2), 8: (2, 3, 1, 1), 9: (3, 4), 10: (2, 2, 4, 11, 5, 2, 3),
    11: (2, 3, 3, 4, 1, 1, 0), 12: (3, 2, 4), 13: (1, 5, 2, 5), 14: (2, 4, 3), 15: (3, 3, 7, 0), 16: (1, 5, 4, 3, 3),
    17: (1, 4, 2),
}
ALL = [f"{chapter}.{section}.{number}" for chapter, counts in SECTIONS.items()
       for section, count in enumerate(counts, 1) for number in range(1, count + 1)]
END_TO_END, SWIFT, TARGET = re.compile(r"`(test_\w+)`"), re.compile(r"`(\w+Tests)`"), re.compile(r"`make ([\w-]+)`")
LINES = re.compile(r"`prove`: ([^;|]*)")
ASIDE = re.compile(r"\([^)]*\)")


def table() -> str:
    text = (ROOT / "docs" / "threat-model.md").read_text()
    assert text.count(HEADING) == 1
    return text.partition(HEADING)[2]


def swift_tests() -> set[str]:
    return {file.stem for file in (ROOT / "Tests").rglob("*Tests.swift")}


def missing(text: str) -> list[str]:
    """What a text names that is not there."""
    here = Path(__file__).resolve().parent
    lines = {line.name for line in PROGRAMMES}
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = [name.strip() for found in LINES.findall(text) for name in ASIDE.sub("", found).split(",")]
    return [*(name for name in END_TO_END.findall(text) if not (here / f"{name}.py").is_file()),
            *(name for name in SWIFT.findall(text) if name not in swift_tests()),
            *(f"make {name}" for name in TARGET.findall(text) if name not in targets),
            *(f"prove: {name}" for name in named if name not in lines)]


def numbers(cell: str) -> list[str]:
    """The requirements that the first cell of a row is about; a chapter alone says how many it has."""
    if chapter := WHOLE_CHAPTER.fullmatch(cell):
        found = [number for number in ALL if number.startswith(f"{chapter[1]}.")]
        return found if len(found) == int(chapter[2]) else [cell]
    covered: list[str] = []
    for first, last in SPAN.findall(cell):
        ends = [first, last or first]
        both = all(end in ALL for end in ends)
        covered += ALL[ALL.index(ends[0]):ALL.index(ends[1]) + 1] if both else ends
    return covered or [cell]


def covered_wrong(text: str) -> list[str]:
    """Requirements of levels 1 and 2 that are in no row or in several, and what is none of them."""
    rows = [line for line in text.splitlines() if REQUIREMENT.match(line)]
    found = Counter(number for row in rows for number in numbers(FIRST_CELL.match(row)[1]))  # type: ignore[index]
    return [f"{number} is in {found[number]} rows" for number in ALL if found[number] != 1] + [
        f"{number} is none of level 1 or 2" for number in found if number not in ALL]


def test_every_requirement_has_one_row() -> None:
    assert len(ALL) == 253
    assert not covered_wrong(table())


@pytest.mark.parametrize(("row", "instead", "wrong"), [
    ("| 1.3.6 SSRF |", "| 1.3.60 SSRF |", ["1.3.6 is in 0 rows", "1.3.60 is none of level 1 or 2"]),
    ("| 6.1.2, 6.2.1-6.2.12 passwords |", "| 6.1.2, 6.2.1-6.2.11 passwords |", ["6.2.12 is in 0 rows"]),
    ("| 2.3.3 transactions |", "| 2.3.3, 2.3.4 transactions |", ["2.3.4 is in 2 rows"]),
    ("| 14.2.4 protection", "| 14.2.4, 14.2.5 protection", ["14.2.5 is none of level 1 or 2"]),
    ("| 17 WebRTC (7) |", "| 17 WebRTC (8) |", [*(f"17.{number} is in 0 rows" for number in (
        "1.1", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2")), "17 WebRTC (8) is none of level 1 or 2"]),
])
def test_a_requirement_too_few_or_too_many_is_found(row: str, instead: str, wrong: list[str]) -> None:
    text = table()
    assert text.count(row) == 1
    assert covered_wrong(text.replace(row, instead)) == wrong


def test_every_test_that_is_named_exists() -> None:
    text = table()
    assert not missing(text), "docs/threat-model.md names what is not there"
    assert len(END_TO_END.findall(text)) > 50 and len(LINES.findall(text)) > 10


@pytest.mark.parametrize(("row", "found"), [
    ("| 1.1.1 x | holds | `test_bad_admin`, `test_gone`; `prove`: rows |", ["test_gone"]),
    ("| 1.1.1 x | holds | `GoneTests` (all of it), `TidyTests` |", ["GoneTests"]),
    ("| 1.1.1 x | holds | `prove`: raw-http (smuggling 100 %), gone; one check of heads |", ["prove: gone"]),
    ("| 1.1.1 x | holds | `prove`: rows, raw-htp |", ["prove: raw-htp"]),
    ("| 1.1.1 x | holds | `make prove-ops`, `make gone` |", ["make gone"]),
])
def test_one_that_is_gone_is_found(row: str, found: list[str]) -> None:
    assert missing(row) == found
