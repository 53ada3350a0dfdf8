"""The Python on the controllers' page is run, not believed."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.pages import python_of, run


def test_the_controller_on_the_page_runs_as_it_stands_and_ends_by_itself(tmp_path: Path) -> None:
    assert run(python_of("docs/controllers.md"), tmp_path) == "default/a Seen\n"
