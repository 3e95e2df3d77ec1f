"""Options and shared fixtures of the end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.backend import FakeBackend, fake_backend
from support.certificates import Served
from support.faults import FaultBackend, fault_backend
from support.options import Run
from support.processes import allow_many_files
from support.tollgate import gateway
from support.world import World


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--tg-binary", required=True)
    parser.addoption("--tg-seed", type=int, default=0)
    parser.addoption("--tg-full", action="store_true")


def pytest_configure() -> None:
    allow_many_files()


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Run:
    get = request.config.getoption
    return Run(Path(get("--tg-binary")), get("--tg-seed"), get("--tg-full"))


@pytest.fixture(scope="module")
def backend() -> Iterator[FakeBackend]:
    with fake_backend() as server:
        yield server


@pytest.fixture(scope="module")
def faulty() -> Iterator[FaultBackend]:
    with fault_backend() as server:
        yield server


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Certificates for a gateway's own listeners."""
    certificates = Served()
    yield certificates
    certificates.close()


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    """One gateway with one fake backend for a whole file; each test makes tenants of its own."""
    with gateway(run.binary) as server:
        yield World.lay(server, backend)
