"""Downloads of a month as bytes, and the tools of others that look at them."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from .processes import ROOT
from .tollgate import Gateway

CRITERIA = (
    "ACCOUNT_NAMING", "SUB_ACCOUNT", "USAGE_MEASUREMENT", "UNIT_PRICING", "PUBLIC_PRICE_LIST", "NEGOTIATED_PRICING",
    "TAGGING", "MULTIPLE_PRICING_CATEGORIES", "RESOURCE_TYPE_ASSIGNMENT", "BILLING_BASED_ON_PROVISIONED_RESOURCES",
    "PRICING_BILLING_CURRENCY_DIFFERENCES",
)
FOCUS_PYTHON = ROOT / ".venv-test-focus" / "bin" / "python"
FAILED_RULE = re.compile(r"❌\s*([A-Za-z]+-[A-Z]-\d+-[A-Z])")
TOTAL = re.compile(r"Fail:\s*(\d+)")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def get(server: Gateway, path: str, credential: str | None = None, **headers: str) -> Answer:
    connection = http.client.HTTPConnection(*server.admin_address, timeout=300)
    try:
        fields = {"authorization": f"Bearer {credential or server.admin_key}"}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", f"/admin/v1{path}", headers=fields)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def download(server: Gateway, period: str, format: str, **query: object) -> bytes:
    answer = get(server, f"/exports/{period}?{urlencode({'format': format, **query})}")
    assert answer.status == 200, answer
    return answer.body


def official_failures(path: Path) -> set[str]:
    """The rules of FOCUS 1.2 that the official validator says the file breaks; its exit status says nothing."""
    folder = subprocess.run(
        [str(FOCUS_PYTHON), "-c", "import focus_validator; print(focus_validator.__path__[0])"],
        capture_output=True, text=True, check=True).stdout.strip()
    done = subprocess.run(
        [
            str(FOCUS_PYTHON), "-m", "focus_validator.main", "--data-file", str(path.resolve()), "--validate-version", "1.2",
            "--block-download", "--applicability-criteria", ",".join(f"{name}_SUPPORTED" for name in CRITERIA),
        ],
        capture_output=True, text=True, check=False, cwd=Path(folder).parent, timeout=600)
    text = done.stdout + done.stderr
    total = TOTAL.findall(text)
    assert total, f"the validator said no total:\n{text[-3000:]}"
    failed = set(FAILED_RULE.findall(text))
    assert len(failed) == int(total[-1]), text[-3000:]
    return failed


def toolkit(*arguments: str) -> str:
    """What focus-data-toolkit says; it must find nothing wrong."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "focus-toolkit"), *arguments], capture_output=True, text=True, check=False,
        timeout=300)
    assert done.returncode == 0, f"{arguments}:\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    return done.stdout
