"""The tests that `docs/threat-model.md` names for its requirements are there, every one of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from prove.programmes import PROGRAMMES
from support.processes import ROOT

HEADING = "## OWASP ASVS 5.0, level 2"
REQUIREMENT = re.compile(r"\| \d[\d.]* ")
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


def test_every_test_that_is_named_exists() -> None:
    text = table()
    assert not missing(text), "docs/threat-model.md names what is not there"
    rows = [line for line in text.splitlines() if REQUIREMENT.match(line)]
    assert len(rows) > 60 and len(END_TO_END.findall(text)) > 50 and len(LINES.findall(text)) > 10


@pytest.mark.parametrize(("row", "found"), [
    ("| 1.1.1 x | holds | `test_bad_admin`, `test_gone`; `prove`: rows |", ["test_gone"]),
    ("| 1.1.1 x | holds | `GoneTests` (all of it), `TidyTests` |", ["GoneTests"]),
    ("| 1.1.1 x | holds | `prove`: raw-http (smuggling 100 %), gone; one check of heads |", ["prove: gone"]),
    ("| 1.1.1 x | holds | `prove`: rows, raw-htp |", ["prove: raw-htp"]),
    ("| 1.1.1 x | holds | `make prove-ops`, `make gone` |", ["make gone"]),
])
def test_one_that_is_gone_is_found(row: str, found: list[str]) -> None:
    assert missing(row) == found
