"""The workbook in LibreOffice: it opens, its sums are right, and nothing in it is a formula.

    python prove_finance.py --binary PATH

LibreOffice is large, so this is not among the tests; `make prove-finance` installs it and runs this.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import subprocess
import tempfile
from pathlib import Path

from support import finance_oracle as oracle
from support.downloads import download
from support.month import fill, lay_out
from support.tollgate import gateway


def sheet(path: Path, number: int) -> list[list[str]]:
    """One sheet as LibreOffice reads it: texts and numbers, formulas shown as such."""
    with tempfile.TemporaryDirectory() as folder:
        filter = f'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,true,false,{number}'
        done = subprocess.run(
            ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", filter,
             "--outdir", folder, str(path)],
            capture_output=True, text=True, check=False, timeout=300)
        files = list(Path(folder).glob("*.csv"))
        assert len(files) == 1, done.stdout + done.stderr
        return list(csv.reader(io.StringIO(files[0].read_text())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    options = parser.parse_args()
    with gateway(options.binary.resolve()) as server, tempfile.TemporaryDirectory() as folder:
        month = lay_out(server)
        server.stop()
        fill(server, month, 20_000, random.Random(2))
        server.start()
        ledger = oracle.Ledger(server.database, month.name)
        for format in ("xlsx", "csv"):
            path = Path(folder) / f"month.{format}"
            path.write_bytes(download(server, month.name, format))
            rows = sheet(path, 4 if format == "xlsx" else 1)
            heads = rows[0]
            place = heads.index("cost_exact" if format == "xlsx" else "cost")
            total = sum(oracle.pico(row[place]) for row in rows[1:])
            assert total == ledger.total, (format, total, ledger.total)
            assert not [cell for row in rows for cell in row if cell.startswith("=")]
            print(f"{format}: {len(rows) - 1} rows in LibreOffice, {total} picodollars as in the ledger")


if __name__ == "__main__":
    main()
