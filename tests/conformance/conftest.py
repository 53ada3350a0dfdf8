"""Both servers, started once a session, and the table of cases × servers at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubewright.testing.apiserver import APIServer
from kubewright.testing.envtest import BinariesMissing, EnvTest
from tests.conformance.rawhttp import Endpoint
from tests.conformance.runner import Runner

CRDS = (Path(__file__).parent / "crds", Path(__file__).parents[2] / "schemas" / "tstest.yaml")
_COLUMNS = {
    "test_holds_on_embedded": "embedded",
    "test_holds_on_real": "real",
    "test_answers_are_the_same": "same",
}
_MISSING = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def embedded() -> Iterator[APIServer]:
    with APIServer(crds=CRDS) as server:
        yield server


@pytest.fixture(scope="session")
def real(request: pytest.FixtureRequest) -> Iterator[EnvTest]:
    try:
        server = EnvTest(crds=CRDS).start()
    except BinariesMissing as missing:
        request.config.stash[_MISSING] = str(missing)
        if os.environ.get("CI"):
            pytest.fail(f"CI must judge the embedded server by the real one: {missing}", pytrace=False)
        pytest.skip(f"ONLY HALF OF THE SUITE RUNS: {missing}")
    with server:
        yield server


@pytest.fixture(scope="session")
def embedded_runner(embedded: APIServer) -> Runner:
    return Runner(Endpoint(embedded.url, embedded.token), embedded.compact)


@pytest.fixture(scope="session")
def real_runner(real: EnvTest) -> Runner:
    return Runner(Endpoint(real.url, real.token, str(real.ca_file)), real.compact)


@pytest.fixture(params=["embedded", "real"])
def server(request: pytest.FixtureRequest) -> APIServer | EnvTest:
    """Each server in turn, for tests that talk to it through this project's own client."""
    found: APIServer | EnvTest = request.getfixturevalue(request.param)
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How many cases hold on which server; a missing real server is said where nobody can overlook it."""
    outcomes: dict[str, dict[str, int]] = {}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            test = str(getattr(report, "nodeid", "")).rpartition("::")[2]
            for name, column in _COLUMNS.items():
                if test.startswith(name):
                    row = outcomes.setdefault(column, {})
                    row[outcome] = row.get(outcome, 0) + 1
    if outcomes:
        terminalreporter.section("conformance: cases x servers")
        for column, row in outcomes.items():
            terminalreporter.line(f"{column:>9}: " + ", ".join(f"{count} {outcome}" for outcome, count in row.items()))
    if _MISSING in config.stash:
        terminalreporter.line(f"NOT COMPARED WITH A REAL API SERVER: {config.stash[_MISSING]}", red=True)
