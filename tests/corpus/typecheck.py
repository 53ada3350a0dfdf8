"""mypy --strict and pyright strict over everything that was generated, project by project."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.corpus.projects import REPOSITORY


@dataclass(frozen=True)
class TypeResult:
    """``errors`` are lines of the tool; ``files`` is how many it looked at."""

    tool: str
    files: int
    errors: tuple[str, ...]


def mypy(packages: Sequence[Path]) -> TypeResult:
    """One run over all packages: what they share (kubewright.api) is analysed once."""
    if not packages:
        return TypeResult("mypy", 0, ())
    root = packages[0].parent
    with tempfile.TemporaryDirectory() as cache:
        done = _run(
            "mypy", "--strict", "--config-file", "", "--cache-dir", cache, "--no-error-summary", "--no-pretty",
            *(path.name for path in packages), cwd=root,
        )  # fmt: skip
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    if done.returncode and not errors:
        errors = [(done.stdout + done.stderr).strip()[-500:]]
    return TypeResult("mypy", _files(packages), tuple(errors))


def pyright(packages: Sequence[Path]) -> TypeResult:
    """One run over all packages."""
    if not packages:
        return TypeResult("pyright", 0, ())
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
        return TypeResult("pyright", 0, ((done.stdout + done.stderr).strip()[-500:],))
    errors = [
        f"{item['file']}:{item['range']['start']['line'] + 1}: {item['message']}"
        for item in found
        if item["severity"] == "error"
    ]
    return TypeResult("pyright", _files(packages), tuple(errors))


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
