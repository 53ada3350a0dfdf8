"""The Python on the controllers' page is run, not believed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from kubewright.testing import APIServer

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "controllers.md").read_text(encoding="utf-8")


def test_the_controller_on_the_page_runs_as_it_stands_and_ends_by_itself(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    with APIServer(crds=[ROOT / "schemas" / "tstest.yaml"]) as server:
        environment = {**os.environ, "KUBECONFIG": str(server.write_kubeconfig(tmp_path / "kubeconfig.yaml"))}
        command = [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "default/a Seen\n"
    assert done.stderr == ""
