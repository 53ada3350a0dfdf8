"""The house's walls are code: import contracts, and what an import may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

BLOCKED = ("kubernetes", "jinja2", "black", "datamodel_code_generator", "yaml", "rich", "uvicorn", "codegen", "re2")

_BLOCKING_IMPORT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ImportError(f"{{name}} must not be loaded")

sys.meta_path.insert(0, Blocked())
{statement}
loaded = sorted(m for m in sys.modules if m.partition(".")[0] in {blocked!r})
assert not loaded, loaded
"""


def test_every_import_contract_holds() -> None:
    found = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "import kubewright",
        "import generated.clientset, generated.informers, generated.listers, generated.models.stable_v1",
        "from generated.clientset import Clientset; Clientset.for_url('http://127.0.0.1:1').close()",
    ],
)
def test_the_runtime_loads_neither_kubernetes_nor_any_generator_package(statement: str) -> None:
    script = _BLOCKING_IMPORT.format(blocked=BLOCKED, statement=statement)
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr


def _imported(path: Path) -> set[str]:
    """Top-level names that a file imports, anywhere in it, by statement or by importlib."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module or "")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "import_module":
            found |= {str(each.value) for each in node.args if isinstance(each, ast.Constant)}
    return {name.partition(".")[0] for name in found}


@cache
def _imports() -> dict[str, set[str]]:
    """File -> what it imports, for all files of kubewright/ (generated ones aside) and codegen/."""
    files = [*ROOT.glob("kubewright/**/*.py"), *ROOT.glob("codegen/**/*.py")]
    return {str(p.relative_to(ROOT)): _imported(p) for p in files if "kubewright/api" not in str(p)}


def _importers(package: str) -> set[str]:
    return {path for path, names in _imports().items() if package in names}


@pytest.mark.parametrize(
    ("package", "home"),
    [
        # One file each, or one folder that is one subject.
        ("kubernetes", "kubewright/transport/"),
        ("urllib3", "kubewright/transport/"),
        ("datamodel_code_generator", "codegen/render/models.py"),
        ("jinja2", "codegen/render/templates.py"),
        ("black", "codegen/render/formatting.py"),
        ("rich", "codegen/progress.py"),
        ("httptools", "kubewright/testing/server/connection.py"),
        ("re2", "kubewright/validation/"),
        ("trustme", "kubewright/testing/tls.py"),
    ],
)
def test_a_third_party_package_has_one_home(package: str, home: str) -> None:
    importers = _importers(package)
    assert importers, f"nobody imports {package}: is it still a dependency?"
    outside = sorted(path for path in importers if not path.startswith(home))
    assert not outside, f"{package} is imported outside {home}"


def test_yaml_is_read_in_one_place_of_the_generator_and_one_of_the_test_servers() -> None:
    assert _importers("yaml") == {"codegen/crd/documents.py", "kubewright/testing/manifests.py"}


HOMES = {
    "msgspec",
    "kubernetes",
    "urllib3",
    "datamodel_code_generator",
    "jinja2",
    "black",
    "rich",
    "httptools",
    "re2",
    "yaml",
    "trustme",
}


def test_nobody_imports_a_third_party_package_that_has_no_home() -> None:
    ours = {"kubewright", "codegen", "pytest"}  # pytest: the plugin
    known = HOMES | ours | sys.stdlib_module_names
    strangers = {path: names - known for path, names in _imports().items() if names - known}
    assert not strangers
