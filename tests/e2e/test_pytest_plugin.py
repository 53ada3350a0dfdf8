"""The pytest plugin, in a pytest run of its own, as a user has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEST = """
from kubewright.core.resource import Resource

TSTESTS = Resource(group="stable.example.com", version="v1", kind="TsTest", plural="tstests")

def test_the_kind_of_the_ini_file_is_served(kube_api, kube_client, kube_namespace):
    tstests = kube_client.namespaced(TSTESTS)(kube_namespace)
    made = tstests.create({
        "apiVersion": "stable.example.com/v1", "kind": "TsTest", "metadata": {"name": "a"}, "spec": {"image": "nginx"},
    })
    assert tstests.get("a")["metadata"]["uid"] == made["metadata"]["uid"]
    assert kube_api.url.startswith("http")

def test_another_test_has_another_namespace(kube_client, kube_namespace):
    assert list(kube_client.namespaced(TSTESTS)(kube_namespace).list()) == []
"""


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text(f"[pytest]\nkube_crds = {ROOT / 'schemas' / 'tstest.yaml'}\n")
    (folder / "test_it.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "kubewright.testing.pytest_plugin", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


def test_fixtures_give_a_server_a_client_and_a_namespace_of_ones_own(tmp_path: Path) -> None:
    done = run_pytest(tmp_path)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_plugin_loads_no_server_before_a_fixture_is_used(tmp_path: Path) -> None:
    code = (
        "import sys, kubewright.testing.pytest_plugin\n"
        "print([m for m in ('httptools', 'urllib3', 'yaml', 'kubewright.testing.apiserver') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_missing_binaries_of_the_real_server_skip_with_what_to_do(tmp_path: Path) -> None:
    missing = {"KUBEBUILDER_ASSETS": "", "XDG_CACHE_HOME": str(tmp_path / "empty"), "PATH": os.environ["PATH"]}
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text("def test_it(kube_api): ...\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-p",
        "kubewright.testing.pytest_plugin",
        "--kube-server=real",
    ]
    environment = {**os.environ, **missing, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert "1 skipped" in done.stdout, done.stdout + done.stderr
    assert "--kube-server=real" in done.stdout
