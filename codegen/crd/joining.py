"""Joining what the files say: in an order that does not depend on theirs, and refusing contradictions.

A CRD may be spread over documents and may come twice; what the result is must never depend on which was read first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from codegen.config import VersionChoice
from codegen.crd.definition import CrdPart
from codegen.crd.model import Crd, CrdVersion, Source
from codegen.errors import CodegenError


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came out of reading: CRDs sorted by group and plural, refusals, remarks, and what was left aside."""

    crds: tuple[Crd, ...] = ()
    errors: tuple[CodegenError, ...] = ()
    notices: tuple[str, ...] = ()
    other_objects: int = 0


@dataclass(frozen=True, slots=True)
class FileContents:
    """What one file holds; files are independent, so they can be read in any process and any order."""

    parts: tuple[CrdPart, ...] = ()
    errors: tuple[CodegenError, ...] = ()
    notices: tuple[str, ...] = ()
    other_objects: int = 0


def combine(
    contents: Iterable[FileContents],
    *,
    versions: VersionChoice = "served",
    select: Callable[[Crd], bool] = lambda _: True,
) -> Loaded:
    """Join what the files say, in an order that does not depend on theirs.  ``select`` leaves CRDs out, unjudged."""
    parts: dict[tuple[str, str], list[CrdPart]] = {}
    errors: list[CodegenError] = []
    notices: list[str] = []
    others = 0
    for content in contents:
        for part in filter(lambda part: select(part.crd), content.parts):
            parts.setdefault((part.crd.group, part.crd.plural), []).append(part)
        errors.extend(content.errors)
        notices.extend(content.notices)
        others += content.other_objects
    crds: list[Crd] = []
    for key in sorted(parts):
        try:
            crd = _join(sorted(parts[key], key=lambda part: part.crd.source))
        except CodegenError as error:
            errors.append(error)
            continue
        chosen = tuple(
            v for v in crd.versions if versions == "all" or (v.storage if versions == "storage" else v.served)
        )
        if chosen:
            crds.append(replace(crd, versions=chosen))
        elif crd.versions:
            notices.append(f'{crd.source}: {crd.name} has no {versions} version; versions = "all" includes it')
    kept = list(_without_kind_clashes(crds, errors))
    errors.sort(key=lambda error: (error.source, error.message))
    return Loaded(tuple(kept), tuple(errors), tuple(sorted(notices)), others)


def _join(parts: Sequence[CrdPart]) -> Crd:
    first = parts[0].crd
    versions: dict[str, tuple[CrdVersion, str, Source]] = {}
    for part in parts:
        crd = part.crd
        if (crd.kind, crd.scope) != (first.kind, first.scope):
            raise CodegenError(
                f"{crd.name} is a {crd.scope} {crd.kind} here and a {first.scope} {first.kind} in {first.source}",
                source=str(crd.source),
                hint="keep one of the two documents",
            )
        for version, digest in zip(crd.versions, part.digests, strict=True):
            known = versions.setdefault(version.name, (version, digest, crd.source))
            if known[1] != digest:
                raise CodegenError(
                    f"{crd.name} {version.name} is defined differently in {known[2]}",
                    source=str(crd.source),
                    hint="keep one of the two documents, or leave one out with `exclude`",
                )
    return replace(
        first,
        versions=tuple(versions[name][0] for name in sorted(versions)),
        short_names=_union(p.crd.short_names for p in parts),
        categories=_union(p.crd.categories for p in parts),
        files=tuple(sorted({p.crd.source.file for p in parts})),
    )


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _without_kind_clashes(crds: Sequence[Crd], errors: list[CodegenError]) -> Iterator[Crd]:
    """A kind belongs to one resource of its group and version; the API server refuses the second one as well."""
    owners: dict[tuple[str, str, str], list[Crd]] = {}
    for crd in crds:
        for version in crd.versions:
            owners.setdefault((crd.group, version.name, crd.kind), []).append(crd)
    clashing: set[str] = set()
    for (group, version_name, kind), owning in owners.items():
        if len(owning) > 1:
            clashing.update(crd.name for crd in owning)
            places = ", ".join(f"{crd.plural} in {crd.source}" for crd in owning)
            errors.append(
                CodegenError(
                    f"kind {kind} of {group}/{version_name} is claimed by several resources: {places}",
                    source=str(owning[-1].source),
                    hint="keep one of them",
                )
            )
    return (crd for crd in crds if crd.name not in clashing)
