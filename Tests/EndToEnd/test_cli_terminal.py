"""The command line for people: completions of each shell, tables and progress on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from support.backend import FakeBackend
from support.options import Run
from support.state_file import STATE, apply
from support.tollgate import Gateway, gateway
from support.world import World


# completions


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_reads_its_completions(run: Run, shell: str) -> None:
    done = subprocess.run([str(run.binary), "completions", shell], capture_output=True, text=True, check=True)
    for word in ("tenants", "doctor", "completions", "prune"):
        assert word in done.stdout, word
    found = shutil.which(shell)
    if found is None:
        assert shell != "bash"
        return
    check = subprocess.run([found, "-n"], input=done.stdout, capture_output=True, text=True, check=False)
    assert check.returncode == 0 and not check.stderr, check


def test_bash_completes_a_command(run: Run) -> None:
    done = subprocess.run([str(run.binary), "completions", "bash"], capture_output=True, text=True, check=True)
    script = done.stdout + """
        COMP_WORDS=(tollgate ten); COMP_CWORD=1; COMP_LINE='tollgate ten'; COMP_POINT=12; COMP_TYPE=9
        _tollgate tollgate ten tollgate; echo "found: ${COMPREPLY[*]}"
        """
    shell = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=False)
    assert "found: tenants" in shell.stdout, shell


# tables on a terminal


def on_a_terminal(server: Gateway, width: int, *arguments: str) -> str:
    """What a command writes to a terminal of that width, both streams together."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    with subprocess.Popen([str(server.binary), *arguments], env=server.env, stdin=subprocess.DEVNULL, stdout=theirs,
                          stderr=theirs) as process:
        os.close(theirs)
        text = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            text += part
        assert process.wait(30) == 0, text
    os.close(ours)
    return text.decode().replace("\r\n", "\n")


def test_tables_fit_the_terminal(run: Run, backend: FakeBackend) -> None:
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        tenant = world.tenant("12.5", time_zone="Europe/Rome")
        world.assert_good_call(tenant)
        hook = world.admin.ok("POST", "/webhooks", {"url": "http://127.0.0.1:9/" + "long/" * 30})["id"]
        assert server.run("webhooks", "test", hook).returncode == 0
        assert server.run("budgets", "raise", tenant.budget or "", "--limit", "20", "--until", "2h").returncode == 0
        assert server.run("tenants", "credit", tenant.id, "--amount", "5", "--note", "word " * 40).returncode == 0
        commands = [[kind, "list"] for kind in ("tenants", "budgets", "pools", "models", "prices", "holds")]
        commands += [["backends", "list", "--pool", "fast"], ["keys", "list", "--tenant", tenant.name],
                     ["backends", "show", "fast/fake-a"], ["budgets", "show", tenant.budget or ""],
                     ["keys", "show", tenant.key_id], ["quotas", "show", "--tenant", tenant.name],
                     ["usage", "--group-by", "tenant,key,model"], ["costs", "--group-by", "tenant,model,pool"],
                     ["webhooks", "list"], ["webhooks", "deliveries", hook],
                     ["budgets", "raises", tenant.budget or ""], ["tenants", "credits", tenant.name]]
        for width in (80, 160):
            for command in commands:
                lines = on_a_terminal(server, width, *command).splitlines()
                assert all(len(line) <= width for line in lines), (width, command, lines)
        shown = server.run("budgets", "show", tenant.budget or "").stdout
        for name in ("posted", "held", "remaining", "resets_at", "limit"):
            assert f"\n{name} " in shown, shown
        assert "12.5 USD" in " ".join(shown.split())
        costs = on_a_terminal(server, 80, "usage", "--group-by", "tenant,key,model")
        assert "COST USD" in costs and "REQUESTS" in costs and "a wider terminal also shows:" in costs, costs
        listed = server.run("budgets", "list").stdout
        assert tenant.name in listed and "REMAINING USD" in listed
        keys = server.run("keys", "list", "--tenant", tenant.name).stdout.splitlines()
        assert "active" in keys[1].split() and ("ago" in keys[1] or "now" in keys[1]), keys


def test_progress_is_drawn_on_a_terminal_only(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "state.yaml"
    state = STATE.replace(', api_key: { env: CHAT_API_KEY }', "")
    with gateway(run.binary) as server:
        file.write_text(state)
        text = on_a_terminal(server, 80, "apply", "-f", str(file))
        assert "] 6/6" in text and "\x1b[K" in text and "+ pool fast" in text
        file.write_text(state.replace("512", "5").replace("25.00", "5"))
        done = apply(server, file)
        assert "]" not in done.stdout + done.stderr and "\x1b" not in done.stdout + done.stderr
