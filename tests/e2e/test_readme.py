"""The README's promises, kept: its two commands work in a fresh clone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.xdist_group("packaging")]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone") / "kubewright"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def _make(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["make", *arguments], cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done


def test_make_demo_shows_the_main_job_in_a_fresh_clone(clone: Path) -> None:
    told = _make(clone, "demo").stdout
    for line in ("installed the CRDs", "phase=Ready", "readyReplicas=5", "DELETED", "nothing is left behind"):
        assert line in told, told


def test_make_demo_leaves_the_committed_generated_code_as_it_was(clone: Path) -> None:
    _make(clone, "demo")
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert changed.stdout == ""


def test_make_test_sets_up_and_passes_in_a_fresh_clone(clone: Path) -> None:
    # The unit tests stand for all: running the whole suite inside itself would only cost time (.ci/run is a fresh clone too).
    assert " passed" in _make(clone, "test", "PYTEST_ARGS=tests/unit").stdout
