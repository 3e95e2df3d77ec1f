"""A month's files are the same bytes for ever, on the wire and on disk."""

from __future__ import annotations

import csv
import hashlib
import http.client
import io
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import finance_oracle as oracle
from support.books import Books, opened_books
from support.month import DAY, Month, fill
from support.options import Run


@pytest.fixture(scope="module")
def books(run: Run) -> Iterator[Books]:
    with opened_books(run) as books:
        yield books


@pytest.fixture(scope="module")
def closed(run: Run) -> Iterator[Books]:
    with opened_books(run) as books:
        books.close()
        yield books


FILES: tuple[tuple[str, dict[str, str]], ...] = (
    ("csv", {}), ("csv", {"group_by": "key"}), ("csv", {"profile": "excel"}), ("jsonl", {}), ("focus-1.2", {}),
    ("focus-1.4", {}), ("focus-1.4", {"file": "billing-period"}), ("focus-1.4", {"file": "invoice-detail"}),
    ("statement", {}), ("xlsx", {}), ("csv", {"tag": "cost_center:1"}), ("csv", {"view": "upstream"}),
)


def digests(books: Books) -> list[str]:
    files = [hashlib.sha256(books.file(format, **query)).hexdigest() for format, query in FILES]
    return [*files, hashlib.sha256(books.manifest_bytes()).hexdigest()]


def test_a_closed_month_is_the_same_bytes_for_ever(closed: Books, run: Run) -> None:
    first = digests(closed)
    assert digests(closed) == first
    assert closed.server.stop() == 0
    later = Month(**vars(closed.month))
    later.name, later.start, later.end = month_after(closed.month.name), closed.month.end, closed.month.end + DAY
    fill(closed.server, later, 500, run.dice("later"), corrected=3)
    closed.server.start()
    tenant = closed.month.tenants[0].id
    closed.server.admin.ok("PATCH", f"/tenants/{tenant}", {"name": "renamed", "tags": {"other": "tag"}})
    assert digests(closed) == first


def month_after(name: str) -> str:
    year, month = map(int, name.split("-"))
    return f"{year + month // 12}-{month % 12 + 1:02}"


def test_a_file_that_was_begun_ends_where_it_began(books: Books) -> None:
    """`through` fixes the last entry, so that files of a month that still takes entries fit their manifest."""
    manifest = books.manifest()
    sequence = manifest["ledger_sequence"]
    for file in manifest["files"]:
        query = {"file": file["file"]} if "file" in file else {}
        data = books.file(file["format"], through=sequence, **query)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"]), file
    half = oracle.table(books.file("csv", through=sequence // 2))
    assert manifest["status"] == "open"
    assert sum(oracle.pico(row["cost"]) for row in half) < books.ledger.total


def test_the_command_line_saves_and_checks_files(closed: Books, tmp_path: Path) -> None:
    saved = closed.server.run("export", "fetch", closed.month.name, "--directory", str(tmp_path), "--output", "json")
    assert saved.returncode == 0, saved.stderr
    names = {row["name"] for row in json.loads(saved.stdout)["data"]}
    month = closed.month.name
    assert {f"tollgate-{month}-csv.csv", f"tollgate-{month}-jsonl.jsonl", f"tollgate-{month}-xlsx.xlsx"} <= names
    assert not list(tmp_path.glob("*.part"))
    check = closed.server.run("export", "verify", str(tmp_path))
    assert check.returncode == 0 and check.stdout.startswith("ok: 1 manifest, 8 files"), check
    sums = subprocess.run(
        ["sha256sum", "-c", f"tollgate-{month}-manifest.sha256"], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert sums.returncode == 0 and len(sums.stdout.splitlines()) == 9, sums


@pytest.mark.parametrize("options", [("csv",), ("xlsx",), ("csv", "--profile", "excel", "--decimal", "comma")])
def test_what_was_fetched_is_checked_and_nothing_else(closed: Books, tmp_path: Path, options: tuple[str, ...]) -> None:
    server, month = closed.server, closed.month.name
    assert server.run("export", "fetch", month, "--format", *options, "--directory", str(tmp_path)).returncode == 0
    check = server.run("export", "verify", str(tmp_path))
    assert check.returncode == 0 and check.stdout.startswith("ok: 1 manifest, 1 file\n"), check
    [file] = [path for path in tmp_path.iterdir() if "manifest" not in path.name]
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert server.run("export", "verify", str(tmp_path)).returncode == 1
    file.unlink()
    gone = server.run("export", "verify", str(tmp_path))
    assert gone.returncode == 1 and "is missing" in gone.stdout, gone


def test_a_forged_month_does_not_pass(run: Run, tmp_path: Path) -> None:
    """Whoever keeps the files takes an amount off a row and makes all hashes of that month anew."""
    with opened_books(run) as books:
        books.close()
        month, server = books.month, books.server
        folders = [tmp_path / name for name in (month.name, month_after(month.name))]
        for folder in folders:
            saved = server.run("export", "fetch", folder.name, "--directory", str(folder), timeout=300)
            assert saved.returncode == 0, saved
        honest = server.run("export", "verify", str(tmp_path))
        assert honest.returncode == 0 and honest.stdout.startswith("ok: 2 manifests, 16 files"), honest
        noted = hashlib.sha256((folders[0] / f"tollgate-{month.name}-manifest.json").read_bytes()).hexdigest()
        assert f"the SHA-256 of its manifest {noted}" in honest.stdout, honest
        assert server.run("export", "verify", "--expect", noted, str(tmp_path)).returncode == 0
        forge(folders[0], month.name)
        forged = server.run("export", "verify", str(tmp_path))
        assert forged.returncode == 1, forged
        assert f"names another manifest of {month.name}" in forged.stdout, forged
        # The files of the month alone: their rows and the seal of its close contradict what was forged.
        alone = server.run("export", "verify", str(folders[0]))
        assert alone.returncode == 1 and "its figures are not those of the close" in alone.stdout, alone
        assert "jsonl.jsonl: cost of" in alone.stdout and "focus-1.2.csv: cost of" in alone.stdout, alone
        assert noted in server.run("export", "verify", "--expect", noted, str(folders[0])).stdout


def forge(folder: Path, month: str) -> None:
    """A cent less for one tenant in the csv, and its manifest made to fit."""
    table, manifest = folder / f"tollgate-{month}-csv.csv", folder / f"tollgate-{month}-manifest.json"
    (folder / f"tollgate-{month}-manifest.sha256").unlink()
    before = table.read_bytes()
    heads, *lines = csv.reader(io.StringIO(before.decode(), newline=""))
    places = {name: heads.index(name) for name in ("tenant_id", "cost", "billed")}
    line = next(
        line for line in lines
        if oracle.pico(line[places["cost"]]) > 10**10 and line[places["cost"]] == line[places["billed"]])
    tenant = line[places["tenant_id"]]
    line[places["cost"]] = line[places["billed"]] = decimal(oracle.pico(line[places["cost"]]) - 10**10)
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([heads, *lines])
    after = text.getvalue().encode()
    table.write_bytes(after)
    said = manifest.read_text()
    told = json.loads(said)
    [total] = [total for total in told["totals"] if total["tenant_id"] == tenant]
    for old in (total, told["total"]):
        for name in ("cost", "billed"):
            new = decimal(oracle.pico(old[name]) - 10**10)
            assert f'"{name}":"{old[name]}"' in said
            said = said.replace(f'"{name}":"{old[name]}"', f'"{name}":"{new}"')
    for was, now in (
        (hashlib.sha256(before).hexdigest(), hashlib.sha256(after).hexdigest()),
        (f'"bytes":{len(before)},', f'"bytes":{len(after)},'),
    ):
        said = said.replace(was, now)
    body = said[: said.rindex(',"digest"')] + "}"
    manifest.write_text(body[:-1] + f',"digest":"{hashlib.sha256(body.encode()).hexdigest()}"}}\n')


def decimal(pico: int) -> str:
    return f"{pico // 10**12}.{pico % 10**12:012}".rstrip("0").rstrip(".")


def test_one_changed_byte_is_found(closed: Books, tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "whole"
    assert closed.server.run("export", "fetch", closed.month.name, "--directory", str(folder)).returncode == 0
    dice = run.dice("byte")
    for path in sorted(folder.iterdir()):
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy)
        data = bytearray((copy / path.name).read_bytes())
        place = dice.randrange(len(data))
        data[place] ^= 1
        (copy / path.name).write_bytes(data)
        done = closed.server.run("export", "verify", str(copy))
        assert done.returncode == 1 and done.stdout, (path.name, place, done)
        shutil.rmtree(copy)
    (folder / f"tollgate-{closed.month.name}-csv.csv").unlink()
    assert closed.server.run("export", "verify", str(folder)).returncode == 1
    assert closed.server.run("export", "verify", "--partial", str(folder)).returncode == 0


def test_a_download_breaks_off_with_the_server(books: Books) -> None:
    """kill -9 after the first bytes arrived: the answer has no end, so nobody takes it for the file."""
    server = books.server
    whole = books.file("jsonl")
    connection = http.client.HTTPConnection(*server.admin_address, timeout=30)
    connection.request(
        "GET", f"/admin/v1/exports/{books.month.name}?format=jsonl", headers={"authorization": f"Bearer {server.admin_key}"})
    answer = connection.getresponse()
    begun = answer.read(64 << 10)
    assert whole.startswith(begun) and len(begun) == 64 << 10
    server.kill()
    # What is not read yet is more than sockets hold, so the server was in the middle of it.
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        answer.read()
    connection.close()
    server.start()
    assert books.file("jsonl") == whole


def test_a_fetch_that_breaks_off_leaves_no_file(books: Books, tmp_path: Path) -> None:
    """The server dies while the command writes the file: the command fails and nothing that looks whole is left."""
    server, name = books.server, f"tollgate-{books.month.name}-jsonl.jsonl"
    for attempt in range(10):
        folder = tmp_path / str(attempt)
        server.outputs.append(folder)
        fetch = subprocess.Popen(
            [str(server.binary), "export", "fetch", books.month.name, "--format", "jsonl", "--directory", str(folder)],
            env=server.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        while fetch.poll() is None and not any(folder.glob(f"*{name}*.part")) and not (folder / name).exists():
            threading.Event().wait(0.001)
        was_writing = any(folder.glob(f"*{name}*.part"))
        server.kill()
        output = fetch.communicate(timeout=60)[0]
        server.start()
        if was_writing and fetch.returncode != 0:
            assert output and not list(folder.glob("*.part")) and not (folder / name).exists()
            return
    raise AssertionError("the file was whole before the server could be killed, ten times")
