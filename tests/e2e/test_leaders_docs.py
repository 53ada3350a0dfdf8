"""The Python on the page about leader election and events is run, not believed."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.pages import python_of, run

SAID = """\
leading; the lease has changed hands 0 times
cleaning up, still True
nobody leads
a Synced all replicas run 2
"""


def test_the_code_on_the_page_runs_as_it_stands_and_says_what_it_should(tmp_path: Path) -> None:
    assert run(python_of("docs/leaders-and-events.md"), tmp_path) == SAID
