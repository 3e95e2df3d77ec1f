"""The house's limit on files holds beyond `Sources` and `Tests`, where `TidyTests` look: scripts, checkers, pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.processes import ROOT

FOLDERS = ("Benchmarks", "Fuzz", "Sources", "Tests", "deploy", "scripts", "web-static")
KINDS = (".py", ".sh", ".js", ".css", ".c", ".h", ".swift")
FILE_LINES = 400


def files(root: Path) -> list[Path]:
    """What people write; environments and what was built are in folders whose names begin with a dot."""
    found = (file for folder in FOLDERS for file in (root / folder).rglob("*") if file.suffix in KINDS)
    return [file for file in found if not any(part.startswith(".") for part in file.relative_to(root).parts)]


def too_long(root: Path) -> list[str]:
    counted = {file: len(file.read_text().splitlines()) for file in files(root)}
    return [f"{file.relative_to(root)}: {lines} lines, at most {FILE_LINES}" for file, lines in sorted(counted.items())
            if lines > FILE_LINES]


def test_no_file_is_longer_than_400_lines() -> None:
    assert Path(__file__).resolve() in [file.resolve() for file in files(ROOT)]
    assert not too_long(ROOT)


@pytest.mark.parametrize(("place", "lines", "found"), [
    ("Tests/EndToEnd/prove/long.py", FILE_LINES, False),
    ("Tests/EndToEnd/prove/long.py", FILE_LINES + 1, True),
    ("scripts/long.sh", FILE_LINES + 1, True),
    ("Benchmarks/.build/long.py", FILE_LINES + 1, False),
])
def test_a_longer_one_is_found(tmp_path: Path, place: str, lines: int, found: bool) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True)
    file.write_text("pass\n" * lines)
    assert bool(too_long(tmp_path)) == found
