"""Runs the command blocks of a page of deploy/sop as an operator would: in order, in one shell, the lines marked
`# yours` filled in. What the page says is what runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from .processes import ROOT
from .tollgate import Gateway

FOLDER = ROOT / "deploy" / "sop"
BLOCK = re.compile(r"^```(sh(?: \w+)?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
YOURS = re.compile(r"^(export )?([A-Z_]+)=.*  # yours$")
SYSTEMCTL = """#!/bin/bash
# Asks the test to do what systemd would.
ask="$(mktemp -u "{asks}/XXXXXXXX")"
echo "$*" > "$ask.new"
mv "$ask.new" "$ask.ask"
until [ -e "$ask.done" ]; do sleep 0.02; done
exit "$(cat "$ask.done")"
"""


def blocks(page: str, kind: str = "sh") -> list[str]:
    """The blocks of one kind: `sh` for the way there, `sh back` for the way back."""
    return [text for found, text in BLOCK.findall((FOLDER / page).read_text()) if found == kind]


def filled(block: str, values: dict[str, str]) -> str:
    """The block with the operator's values; one that is not given fails the test."""
    lines = []
    for line in block.splitlines():
        match = YOURS.match(line)
        if match:
            line = f"{match[1] or ''}{match[2]}={shlex.quote(values[match[2]])}"
        assert "# yours" not in line, f"no value can be filled in here: {line}"
        lines.append(line)
    return "\n".join(lines)


class Operator:
    """Follows pages on one gateway; `systemctl` stops and starts that one."""

    def __init__(self, server: Gateway, place: Path, values: dict[str, str]) -> None:
        self.server, self.values = server, values
        self.asks, self.bin = place / "asks", place / "bin"
        for folder in (self.asks, self.bin):
            folder.mkdir()
        self.binary = self.bin / "tollgate"
        self.use(server.binary)
        self.write("systemctl", SYSTEMCTL.format(asks=self.asks))
        self.asked: list[str] = []

    def use(self, binary: Path) -> None:
        """`tollgate` is this binary from now on."""
        self.write("tollgate", f'#!/bin/bash\nexec {shlex.quote(str(binary))} "$@"\n')

    def write(self, name: str, text: str) -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def follow(self, page: str, kind: str = "sh", skip: Callable[[str], bool] = lambda block: False) -> str:
        """Runs the page's blocks; returns what they printed."""
        wanted = [block for block in blocks(page, kind) if not skip(block)]
        assert wanted, f"{page} has no block of {kind}"
        settings = [block for block in blocks(page) if "# yours" in block] if kind != "sh" else []
        script = "set -euo pipefail\n" + "\n".join(filled(block, self.values) for block in [*settings, *wanted])
        env = self.server.env | {"PATH": f"{self.bin}:{self.server.env['PATH']}"}
        del env["TOLLGATE_ADMIN_KEY"]  # pages bring it themselves
        env |= {"TOLLGATE_ADMIN_KEY": self.server.admin_key} if "TOLLGATE_ADMIN_KEY" not in script else {}
        with subprocess.Popen(["bash", "-c", script], env=env, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as shell:
            over = threading.Event()
            helper = threading.Thread(target=self.help, args=(over,), daemon=True)
            helper.start()
            try:
                output, errors = shell.communicate(timeout=120)
            finally:
                over.set()
                helper.join()
        assert shell.returncode == 0, f"{page} ({kind}) ended with {shell.returncode}:\n{output}\n{errors}"
        self.server.canaries.printed(output, errors)
        return output + errors

    def help(self, over: threading.Event) -> None:
        while not over.wait(0.02):
            for ask in list(self.asks.glob("*.ask")):
                order = ask.read_text().strip()
                self.asked.append(order)
                ask.unlink()
                status = 0
                try:
                    self.obey(order)
                except AssertionError as problem:
                    status, message = 1, str(problem)
                    (self.asks / "problem").write_text(message)
                done = ask.with_suffix(".done")
                done.with_suffix(".late").write_text(str(status))
                done.with_suffix(".late").rename(done)

    def obey(self, order: str) -> None:
        verb, *units = order.split()
        assert units in (["tollgate"], ["tollgate.socket", "tollgate.service"]), order
        if verb in ("stop", "restart") and self.server.running():
            self.server.stop()
        if verb in ("start", "restart"):
            self.server.start()
