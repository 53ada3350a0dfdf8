"""Code in the README is run, not believed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.e2e.pages import python_of, run

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_ten_lines_of_use_run_as_they_stand(tmp_path: Path) -> None:
    assert run(python_of("README.md"), tmp_path) == "default/a 3\n"


def test_every_file_that_the_readme_links_to_is_there() -> None:
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", prose) if "://" not in target]
    assert targets
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert not missing


def test_every_make_target_that_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:^\$ |`)make ([a-z-]+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
