"""Runs the Python of a page against the embedded server, as a reader would who copies it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from kubewright.testing import APIServer

ROOT = Path(__file__).resolve().parents[2]


def python_of(page: str) -> str:
    """All Python blocks of a file of this repository, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks, f"no Python on {page}"
    return "\n".join(blocks)


def run(code: str, directory: Path) -> str:
    """What the code prints, with the TsTest CRD installed and KUBECONFIG set; it must end well and complain of nothing."""
    with APIServer(crds=[ROOT / "schemas" / "tstest.yaml"]) as server:
        environment = {**os.environ, "KUBECONFIG": str(server.write_kubeconfig(directory / "kubeconfig.yaml"))}
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
    assert done.stderr == ""
    return done.stdout
