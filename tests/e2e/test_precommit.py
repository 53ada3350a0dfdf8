"""The pre-commit hooks, used as another repository uses them: this one is the hook source, at its last commit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CONFIG = """\
repos:
  - repo: {source}
    rev: {revision}
    hooks:
      - id: {hook}
"""


class Scratch:
    """A user's repository with one CRD, and pre-commit in an environment of its own."""

    def __init__(self, directory: Path, home: Path) -> None:
        self.directory = directory
        self._home = home
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))},
            "PRE_COMMIT_HOME": str(home / "pre-commit"),
            "KUBEWRIGHT_CACHE": str(home / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "somebody",
            "GIT_AUTHOR_EMAIL": "somebody@example.com",
            "GIT_COMMITTER_NAME": "somebody",
            "GIT_COMMITTER_EMAIL": "somebody@example.com",
        }

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=self.directory, env=self._environment, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def hook(self, hook: str) -> subprocess.CompletedProcess[str]:
        """Run one hook on everything that git knows."""
        revision = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout.strip()
        config = CONFIG.format(source=REPOSITORY.as_uri(), revision=revision, hook=hook)
        (self.directory / ".pre-commit-config.yaml").write_text(config)
        self.run("git", "add", "--all")
        return self.run(str(self._home / "venv/bin/pre-commit"), "run", "--all-files", hook, check=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("home")
    subprocess.run([sys.executable, "-m", "venv", str(directory / "venv")], check=True)
    subprocess.run(
        [str(directory / "venv/bin/pip"), "install", "--quiet", "--disable-pip-version-check", "pre-commit"], check=True
    )
    return directory


@pytest.fixture
def scratch(tmp_path: Path, home: Path) -> Scratch:
    (tmp_path / "schemas").mkdir()
    shutil.copy(REPOSITORY / "schemas/tstest.yaml", tmp_path / "schemas/tstest.yaml")
    (tmp_path / "pyproject.toml").write_text('[tool.kubewright]\nschemas = ["schemas/"]\noutput = "generated"\n')
    (tmp_path / ".gitignore").write_text("__pycache__/\n")
    repository = Scratch(tmp_path, home)
    repository.run("git", "init", "--quiet")
    return repository


def change_the_crd(scratch: Scratch) -> None:
    crd = scratch.directory / "schemas/tstest.yaml"
    crd.write_text(crd.read_text().replace("cronSpec:", "cronSchedule:"))


def test_a_changed_crd_regenerates_and_stops_the_commit_once(scratch: Scratch) -> None:
    first = scratch.hook("kubewright-generate")
    assert first.returncode == 1, first.stdout + first.stderr  # new files are not in the commit yet
    assert (scratch.directory / "generated/models/stable_v1.py").exists()
    assert scratch.hook("kubewright-generate").returncode == 0
    change_the_crd(scratch)
    changed = scratch.hook("kubewright-generate")
    assert changed.returncode == 1
    assert "the output has changed; add it to the commit" in changed.stdout
    assert "cron_schedule" in (scratch.directory / "generated/models/stable_v1.py").read_text()
    assert scratch.hook("kubewright-generate").returncode == 0


def test_a_stale_tree_fails_the_check_with_a_diff(scratch: Scratch) -> None:
    scratch.hook("kubewright-generate")
    assert scratch.hook("kubewright-check").returncode == 0
    change_the_crd(scratch)
    stale = scratch.hook("kubewright-check")
    assert stale.returncode == 1
    assert '+    cron_schedule: str | None = field(name="cronSchedule", default=None)' in stale.stdout
    assert "run `kubewright generate`" in stale.stdout
    assert "cron_spec" in (scratch.directory / "generated/models/stable_v1.py").read_text()
