"""The Python on the client's page is run, not believed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from kubewright.testing import APIServer

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")

SAID = """\
default
default a TsTest
4
ADDED a
True
get tstests.stable.example.com default/nobody: 404 NotFound: tstests.stable.example.com "nobody" not found
404 NotFound []
web
x
"""


def test_the_code_on_the_page_runs_as_it_stands_and_says_what_it_should(tmp_path: Path) -> None:
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
    assert done.stdout == SAID
