"""The Python on the client's page is run, not believed."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.pages import python_of, run

SAID = """\
default
default a TsTest
4
ADDED a
True
get tstests.stable.example.com default/nobody: 404 NotFound: tstests.stable.example.com "nobody" not found
404 NotFound []
web
x
"""


def test_the_code_on_the_page_runs_as_it_stands_and_says_what_it_should(tmp_path: Path) -> None:
    assert run(python_of("docs/client.md"), tmp_path) == SAID
