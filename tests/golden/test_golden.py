"""Golden cases: what is generated is what stands there, it imports, it loses nothing, and it is typed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from codegen.config import Config
from codegen.crd import loader
from codegen.plan.build import build
from tests.corpus.checks import check
from tests.corpus.projects import CrdSet
from tests.golden.generate import CASES, case_names, expected, generate, plan, read

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("case", case_names())
def test_output_is_the_expected_one(case: str) -> None:
    assert generate(case) == expected(case), "read the difference, then: python -m tests.golden --update"


@pytest.mark.parametrize("case", case_names())
def test_package_imports_and_samples_lose_nothing(case: str, tmp_path: Path) -> None:
    from codegen.render import package

    planned = plan(case)
    for path, text in package.render(planned, Config(root=tmp_path)).items():
        file = tmp_path / f"golden_{case}" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    findings = check(CrdSet(f"golden_{case}", read(case)), planned.package.group_versions, tmp_path)
    assert findings.failures == []
    assert findings.versions == findings.imported == findings.round_trips == findings.updates > 0


@pytest.mark.parametrize("case", case_names())
def test_documents_in_another_order_give_the_same_package(case: str) -> None:
    text = (CASES / case / "crd.yaml").read_text(encoding="utf-8")
    reversed_text = "\n---\n".join(reversed(text.split("\n---\n")))
    loaded = loader.combine([loader.read_text(reversed_text.encode(), "crd.yaml")])
    assert build(loaded.crds, Config(root=CASES / case)) == plan(case)


@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_expected_packages_are_strictly_typed(tool: str, tmp_path: Path) -> None:
    for case in case_names():
        for path, text in expected(case).items():
            file = tmp_path / f"golden_{case}" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            (file.parent / "__init__.py").touch()
        # Left out of the golden files, but imported by their neighbours.
        (tmp_path / f"golden_{case}" / "py.typed").touch()
    if tool == "mypy":
        command = ["mypy", "--strict", "--config-file", "", "--cache-dir", str(tmp_path / ".cache"), str(tmp_path)]
    else:
        (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
        command = ["pyright", "-p", str(tmp_path), "--pythonpath", sys.executable]
    done = subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=tmp_path, env={"PYTHONPATH": str(REPOSITORY), "MYPYPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_hostile_text_is_never_code() -> None:
    for path, text in generate("hostile").items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called.rpartition(".")[2] not in {"system", "exit", "__import__", "eval", "exec"}, path
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = (
                    [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
                )
                assert "os" not in names, path
        assert "\u202e" not in text, path


def test_two_crds_of_one_kind_and_group_are_an_error_that_names_both() -> None:
    text = (CASES / "subresources" / "crd.yaml").read_text(encoding="utf-8").split("\n---\n")[0]
    other = text.replace("fleets", "armadas")
    loaded = loader.combine([loader.read_text(f"{text}\n---\n{other}".encode(), "crd.yaml")])
    assert any("Fleet" in str(error) and "armadas" in str(error) for error in loaded.errors)


def test_group_names_that_stay_ambiguous_are_an_error_with_a_pin() -> None:
    text = (CASES / "group_names" / "crd.yaml").read_text(encoding="utf-8").split("\n---\n")[0]
    twin = text.replace("networking.istio.io", "networking-istio.io")
    loaded = loader.combine([loader.read_text(f"{text}\n---\n{twin}".encode(), "crd.yaml")])
    planned = build(loaded.crds, Config(group_names={"networking.istio.io": "same", "networking-istio.io": "same"}))
    assert [gv.module for gv in planned.package.group_versions] == ["same_v1"]
    assert "networking.istio.io" in str(planned.errors[0])
    assert "group-names" in str(planned.errors[0])
