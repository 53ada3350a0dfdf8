"""docs/generator.md shows what is really generated and what is really said."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from codegen.config import load_config

REPOSITORY = Path(__file__).resolve().parents[2]
TEXT = (REPOSITORY / "docs/generator.md").read_text()
EXCERPTS = re.findall(r"<!-- from (\S+) -->\n```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize(("path", "excerpt"), EXCERPTS, ids=[path for path, _ in EXCERPTS])
def test_excerpts_are_lines_of_the_generated_files_in_their_order(path: str, excerpt: str) -> None:
    lines = iter((REPOSITORY / path).read_text().splitlines())
    for line in filter(str.strip, excerpt.splitlines()):
        assert line in lines, f"{path} has no such line, or not here: {line}"


def test_the_settings_that_are_shown_are_settings(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert tomllib.loads(shown)
    (tmp_path / "pyproject.toml").write_text(shown)
    assert load_config(tmp_path / "pyproject.toml").docstring_length == 400
