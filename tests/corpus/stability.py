"""How stable class names are: variants of one CRD, and how many objects they have in common are called differently."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.config import Config
from codegen.crd.model import Crd, CrdVersion
from codegen.plan.build import share
from codegen.plan.sharing import Path, place


@dataclass(frozen=True)
class Stability:
    """``common`` objects of two variants stand at the same place; ``renamed`` says which have another class name."""

    common: int
    renamed: tuple[str, ...]


def compare(left: Crd, right: Crd) -> Stability:
    """The versions that both variants have, pooled."""
    others = {version.name: version for version in right.versions}
    common = 0
    renamed: list[str] = []
    for version in left.versions:
        other = others.get(version.name)
        if other is None or other.schema == version.schema:
            continue
        before, after = _names(left, version), _names(right, other)
        for path in sorted(before.keys() & after.keys()):
            common += 1
            if before[path] != after[path]:
                renamed.append(f"{left.name} {version.name} {place(path)}: {before[path]} / {after[path]}")
    return Stability(common, tuple(renamed))


def _names(crd: Crd, version: CrdVersion) -> dict[Path, str]:
    table, _, names = share([(crd, version)], Config())
    return {path: names[shape.id] for shape in table.shapes.values() for path in shape.paths}
