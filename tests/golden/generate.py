"""What the generator makes of a golden case."""

from __future__ import annotations

from pathlib import Path

from codegen.config import Config
from codegen.crd import loader
from codegen.crd.inputs import InputFile
from codegen.crd.model import Crd
from codegen.plan.build import build
from codegen.plan.model import Plan
from codegen.render import package

CASES = Path(__file__).parent / "cases"


def case_names() -> list[str]:
    return sorted(path.name for path in CASES.iterdir() if path.is_dir())


def read(case: str) -> tuple[Crd, ...]:
    loaded = loader.load([InputFile("crd.yaml", CASES / case / "crd.yaml")])
    assert not loaded.errors, "\n".join(map(str, loaded.errors))
    return loaded.crds


def plan(case: str) -> Plan:
    planned = build(read(case), Config(root=CASES / case))
    assert not planned.errors, "\n".join(map(str, planned.errors))
    return planned


def generate(case: str) -> dict[str, str]:
    """Path -> text; the files that say nothing new from case to case are left out."""
    tree = package.render(plan(case), Config(root=CASES / case))
    dull = ("listers/", "informers/") if case != "subresources" else ()
    return {path: text for path, text in tree.items() if not path.startswith(dull) and text}


def expected(case: str) -> dict[str, str]:
    root = CASES / case / "expected"
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.py"))}


def update(case: str) -> None:
    """Writes what is made now."""
    root = CASES / case / "expected"
    made = generate(case)
    for stale in sorted(root.rglob("*.py")):
        if stale.relative_to(root).as_posix() not in made:
            stale.unlink()
    for path, text in made.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
