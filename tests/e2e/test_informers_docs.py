"""The page on informers: its Python runs, and every test that it names exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from kubewright.testing import APIServer

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "informers.md").read_text(encoding="utf-8")


def test_the_code_on_the_page_runs_as_it_stands(tmp_path: Path) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    with APIServer(crds=[ROOT / "schemas" / "tstest.yaml"]) as server:
        environment = {**os.environ, "KUBECONFIG": str(server.write_kubeconfig(tmp_path / "kubeconfig.yaml"))}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    # The handler prints on its own thread: when it says "replicas: 2 -> 3" is not the page's promise.
    assert said[0] == "new: web"
    assert [line for line in said if not line.startswith("replicas")][1:] == [
        "cached: 3",
        "pods of web: 0",
        "queued: 1",
    ]


def test_every_test_that_the_page_names_exists() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)\(", sources)) | {
        path.stem for path in (ROOT / "tests").rglob("test_*.py")
    }
    named = set(re.findall(r"\b(test_\w+)\b", PAGE))
    assert named - defined == set()
