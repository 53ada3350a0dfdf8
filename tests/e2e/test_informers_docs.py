"""The page on informers: its Python runs, and every test that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

from tests.e2e.pages import ROOT, python_of, run

PAGE = "docs/informers.md"


def test_the_code_on_the_page_runs_as_it_stands(tmp_path: Path) -> None:
    said = run(python_of(PAGE), tmp_path).splitlines()
    assert said == ["cached: 3", "pods of web: 0", "queued: 1", "heard first: new: web"]


def test_every_test_that_the_page_names_exists() -> None:
    files = list((ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)\(", "\n".join(path.read_text(encoding="utf-8") for path in files)))
    named = set(re.findall(r"\b(test_\w+)\b", (ROOT / PAGE).read_text(encoding="utf-8")))
    assert named - defined - {path.stem for path in files} == set()
