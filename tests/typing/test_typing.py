"""Types are part of the product: both checkers accept what is right and find what is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
TOOLS = Path(sys.executable).parent


@pytest.mark.parametrize("file", ["usage.py", "misuse.py"])
def test_mypy_agrees(file: str, tmp_path: Path) -> None:
    command = [str(TOOLS / "mypy"), "--strict", "--cache-dir", str(tmp_path), str(HERE / file)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", ["usage.py", "misuse.py"])
def test_pyright_agrees(file: str, tmp_path: Path) -> None:
    shutil.copy(HERE / file, tmp_path / file)  # pyright includes nothing from outside of its project
    config = {
        "include": [file],
        "extraPaths": [str(REPOSITORY)],
        "typeCheckingMode": "standard",
        "reportUnnecessaryTypeIgnoreComment": "error",
        "pythonVersion": "3.11",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    command = [str(TOOLS / "pyright"), "-p", str(tmp_path), "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors" in done.stdout, done.stdout
    assert "Ignoring" not in done.stdout, done.stdout
