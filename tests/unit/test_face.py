"""The public face: what it promises is there, and costs nothing before it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kubewright

SOURCE = Path(kubewright.__file__).read_text(encoding="utf-8")


def _imported_for_checkers() -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {alias.name: node.module or "" for alias in node.names}
    return found


def test_every_public_name_can_be_had() -> None:
    missing = [name for name in kubewright.__all__ if not hasattr(kubewright, name)]
    assert not missing


def test_checkers_and_the_interpreter_find_each_name_in_the_same_module() -> None:
    assert _imported_for_checkers() == kubewright._HOME_OF  # pyright: ignore[reportPrivateUsage]
    assert sorted(kubewright.__all__) == sorted(kubewright._HOME_OF)  # pyright: ignore[reportPrivateUsage]


def test_importing_the_face_or_a_clientset_loads_no_informer() -> None:
    script = (
        "import sys, kubewright, generated.clientset\n"
        "print([m for m in sys.modules if m in ('kubewright.informer', 'kubewright.controller', 'urllib3')])"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Nothing"):
        kubewright.Nothing  # type: ignore[attr-defined]  # noqa: B018
