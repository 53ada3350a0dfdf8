"""What the corpus holds: projects, and in each the sets of CRDs that can be generated together.

Projects keep several variants of one CRD side by side (minimal and full, one per release channel).  A set holds each
CRD version once; variants of one CRD are also what the stability of names is measured on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codegen.crd import loader
from codegen.crd.inputs import InputFile
from codegen.crd.loader import FileContents
from codegen.crd.model import Crd
from codegen.errors import CodegenError

REPOSITORY = Path(__file__).parents[2]


def corpus_directory() -> Path:
    """$KUBEWRIGHT_CORPUS, or ``shared/crds`` beside the repository."""
    named = os.environ.get("KUBEWRIGHT_CORPUS")
    return Path(named) if named else REPOSITORY.parent / "shared" / "crds"


@dataclass(frozen=True)
class CrdSet:
    """CRDs of one project without a contradiction."""

    name: str
    crds: tuple[Crd, ...]


@dataclass(frozen=True)
class Project:
    name: str
    files: int
    sets: tuple[CrdSet, ...]
    errors: tuple[CodegenError, ...]

    @property
    def crds(self) -> int:
        return sum(len(each.crds) for each in self.sets)

    @property
    def versions(self) -> int:
        return sum(len(crd.versions) for each in self.sets for crd in each.crds)

    def variants(self) -> Iterator[tuple[Crd, Crd]]:
        """Pairs of different CRDs of one name."""
        for number, left in enumerate(self.sets):
            for right in self.sets[number + 1 :]:
                others = {crd.name: crd for crd in right.crds}
                yield from ((crd, others[crd.name]) for crd in left.crds if crd.name in others)


def project_names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.is_dir())


def read_project(directory: Path, name: str) -> Project:
    """Reads all files of a project and deals its CRDs out into sets, in the order of the files."""
    files = sorted(p for p in (directory / name).rglob("*") if p.suffix in (".yaml", ".yml", ".json"))
    contents = [loader.read_file(InputFile(f"{name}/{path.name}", path, named=False)) for path in files]
    sets: list[list[FileContents]] = []
    taken: list[dict[tuple[str, ...], str]] = []
    for content in contents:
        for part in content.parts:
            wanted: dict[tuple[str, ...], str] = {("kind", part.crd.group, part.crd.kind): part.crd.plural}
            wanted["names", part.crd.name] = f"{part.crd.kind} {part.crd.scope}"
            for version, digest in zip(part.crd.versions, part.digests, strict=True):
                wanted["version", part.crd.name, version.name] = digest
            home = next(
                (i for i, t in enumerate(taken) if all(t.get(k, v) == v for k, v in wanted.items())), len(taken)
            )
            if home == len(taken):
                taken.append({})
                sets.append([])
            taken[home].update(wanted)
            sets[home].append(FileContents((part,)))
    errors = [error for content in contents for error in content.errors]
    loaded = [loader.combine(each, versions="all") for each in sets]
    errors.extend(error for each in loaded for error in each.errors)
    named = tuple(CrdSet(f"{name}_{number}".replace("-", "_"), each.crds) for number, each in enumerate(loaded))
    return Project(name, len(files), named, tuple(errors))
