"""Which checks a line of the scorecard was made with: a digest of the programme's module, of all that it imports of
`prove` and `support` or starts as a script of theirs, and of the files that it names, so that a line does not outlive
what it was judged by."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from importlib.util import resolve_name
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parents[1]


def digest_of_checks(module: str, files: Iterable[str] = ()) -> str:
    """Of a module's name, such as `prove.slow`, and patterns of files below the root."""
    paths = {path_of(name) for name in reached_from(module)}
    paths |= {path for pattern in files for path in ROOT.glob(pattern) if path.is_file()}
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def reached_from(module: str) -> set[str]:
    """The module and those of the tests' own that it imports, and they in turn."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found and path_of(name).is_file():
            found.add(name)
            waiting += imported_by(name)
    return found


def path_of(module: str) -> Path:
    return TESTS.joinpath(*module.split(".")).with_suffix(".py")


def imported_by(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(path_of(module).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), module.rpartition(".")[0])
            yield source
            yield f"{module.rpartition('.')[0]}.{source}"  # of a script, what lies beside it
            yield from (f"{source}.{alias.name}" for alias in node.names)  # a name of a package may be a module
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".py"):
            yield f"{module.rpartition('.')[0]}.{node.value.removesuffix('.py')}"  # what is started beside it
