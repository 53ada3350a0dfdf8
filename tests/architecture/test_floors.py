"""The house's walls are code: import contracts, and what an import may load."""

from __future__ import annotations

import subprocess
import sys
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


def _importers(package: str) -> set[str]:
    """Files under kubewright/ and codegen/ that import `package` anywhere."""
    import ast

    importers: set[str] = set()
    for path in [*ROOT.glob("kubewright/**/*.py"), *ROOT.glob("codegen/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            )
            if any(name.partition(".")[0] == package for name in names):
                importers.add(str(path.relative_to(ROOT)))
    return importers


@pytest.mark.parametrize(
    ("package", "home"),
    [
        ("kubernetes", {"kubewright/transport"}),
        ("urllib3", {"kubewright/transport"}),
        ("datamodel_code_generator", {"codegen/render/models.py"}),
        ("jinja2", {"codegen/render/templates.py"}),
        ("black", {"codegen/render/package.py"}),
        ("uvicorn", {"kubewright/testing/server/http.py"}),
        ("re2", {"kubewright/validation"}),
        ("rich", {"codegen/cli.py"}),
    ],
)
def test_a_third_party_package_has_one_importer(package: str, home: set[str]) -> None:
    importers = _importers(package)
    assert importers, f"nobody imports {package}: is it still a dependency?"
    outside = {path for path in importers if not any(path == h or path.startswith((h + "/", h + ".py")) for h in home)}
    assert not outside, f"{package} is imported outside {home}"
    assert len(importers) == 1, f"{package} has several importers: {sorted(importers)}"
