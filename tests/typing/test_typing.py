"""What type checkers say about the generic client: revealed types, and mistakes that they must find.

A line of `cases/*.py` that ends in `# reveals: TYPE` must reveal it, one that ends in `# error` must be an error, and every
other line must be none. Both checkers must agree.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))
ROOT = Path(__file__).parents[2]


def expectations(path: Path) -> tuple[dict[int, str], set[int]]:
    reveals: dict[int, str] = {}
    errors: set[int] = set()
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if found := re.search(r"# reveals: (.+)$", line):
            reveals[number] = found.group(1)
        elif line.endswith("# error"):
            errors.add(number)
    return reveals, errors


def short(text: str) -> str:
    """A type without its modules, the way both checkers can be compared."""
    text = re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text.replace("builtins.", ""))
    # mypy shows a NamedTuple by what it is made of
    named = re.fullmatch(r"tuple\[.*, fallback=(.*)\]", text)
    return named.group(1) if named else text


def by_mypy() -> tuple[dict[tuple[str, int], str], set[tuple[str, int]]]:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", *map(str, CASES)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    reveals: dict[tuple[str, int], str] = {}
    errors: set[tuple[str, int]] = set()
    for line in done.stdout.splitlines():
        found = re.match(r"(.+?):(\d+): (\w+): (.*)", line)
        if found is None:
            continue
        place = (Path(found.group(1)).name, int(found.group(2)))
        if revealed := re.match(r'Revealed type is "(.*)"', found.group(4)):
            reveals[place] = short(revealed.group(1))
        elif found.group(3) == "error":
            errors.add(place)
    return reveals, errors


def by_pyright() -> tuple[dict[tuple[str, int], str], set[tuple[str, int]]]:
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", *map(str, CASES)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    reveals: dict[tuple[str, int], str] = {}
    errors: set[tuple[str, int]] = set()
    for item in json.loads(done.stdout)["generalDiagnostics"]:
        place = (Path(item["file"]).name, item["range"]["start"]["line"] + 1)
        if revealed := re.match(r'Type of ".*" is "(.*)"', item["message"], re.DOTALL):
            reveals[place] = short(revealed.group(1))
        elif item["severity"] == "error":
            errors.add(place)
    return reveals, errors


@pytest.mark.parametrize("checker", [by_mypy, by_pyright], ids=["mypy", "pyright"])
def test_checkers_see_what_the_cases_say(checker: object) -> None:
    assert callable(checker)
    reveals, errors = checker()
    wanted_reveals: dict[tuple[str, int], str] = {}
    wanted_errors: set[tuple[str, int]] = set()
    for path in CASES:
        of_file, mistakes = expectations(path)
        wanted_reveals.update({(path.name, line): text for line, text in of_file.items()})
        wanted_errors.update((path.name, line) for line in mistakes)
    assert errors == wanted_errors
    assert reveals == wanted_reveals
