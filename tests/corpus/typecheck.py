"""mypy --strict and pyright strict over everything that was generated, project by project."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.corpus.projects import REPOSITORY


@dataclass(frozen=True)
class TypeResult:
    """``errors`` are lines of the tool; ``files`` is how many it looked at."""

    tool: str
    files: int
    errors: tuple[str, ...]


# So many packages at a time: what they share (kubewright.api) is analysed once, and memory stays in bounds.
_CHUNK = 24


def mypy(packages: Sequence[Path]) -> TypeResult:
    """mypy --strict with a cache of its own, so that a chunk finds what an earlier one has analysed."""
    errors: list[str] = []
    with tempfile.TemporaryDirectory() as cache:
        for chunk in _chunks(packages):
            done = _run(
                "mypy", "--strict", "--config-file", "", "--cache-dir", cache, "--no-error-summary", "--no-pretty",
                *(path.name for path in chunk), cwd=chunk[0].parent,
            )  # fmt: skip
            found = [line for line in done.stdout.splitlines() if ": error:" in line]
            if done.returncode and not found:
                found = [(done.stdout + done.stderr).strip()[-500:]]
            errors.extend(found)
    return TypeResult("mypy", _files(packages), tuple(errors))


def pyright(packages: Sequence[Path]) -> TypeResult:
    """pyright in strict mode."""
    errors: list[str] = []
    for chunk in _chunks(packages):
        errors.extend(_pyright(chunk))
    return TypeResult("pyright", _files(packages), tuple(errors))


def _pyright(packages: Sequence[Path]) -> list[str]:
    root = packages[0].parent
    config = {
        "typeCheckingMode": "strict",
        "include": [path.name for path in packages],
        "extraPaths": [str(REPOSITORY)],
        "pythonVersion": "3.11",
    }
    (root / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    done = _run("pyright", "-p", str(root), "--outputjson", "--pythonpath", sys.executable, cwd=root)
    try:
        found = json.loads(done.stdout)["generalDiagnostics"]
    except (ValueError, KeyError):
        return [(done.stdout + done.stderr).strip()[-500:]]
    return [
        f"{item['file']}:{item['range']['start']['line'] + 1}: {item['message']}"
        for item in found
        if item["severity"] == "error"
    ]


def _chunks(packages: Sequence[Path]) -> Iterator[Sequence[Path]]:
    for start in range(0, len(packages), _CHUNK):
        yield packages[start : start + _CHUNK]


def _files(packages: Sequence[Path]) -> int:
    return sum(1 for package in packages for _ in package.rglob("*.py"))


def _run(tool: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / tool), *arguments],
        cwd=cwd,
        env={"MYPYPATH": str(REPOSITORY), "PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "HOME": str(cwd)},
        capture_output=True,
        text=True,
        check=False,
    )
