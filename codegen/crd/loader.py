"""Files -> CRDs, tolerantly: everything usable is returned, every refusal is said with its place.

Understands ``apiextensions.k8s.io/v1`` and ``v1beta1``, lists, other objects in between, and one CRD whose versions are
spread over documents.  Two documents for the same version must say the same.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, cast

import msgspec

from codegen.config import VersionChoice
from codegen.crd import documents, schema
from codegen.crd.inputs import InputFile
from codegen.crd.model import Crd, CrdVersion, PrinterColumn, Scale, Source
from codegen.errors import CodegenError

_CRD_GROUP: Final = "apiextensions.k8s.io/"
_LABEL: Final = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?\Z")
_KIND: Final = re.compile(r"[A-Za-z](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?\Z")
_GROUP: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\Z")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came out of reading: CRDs sorted by group and plural, refusals, remarks, and what was left aside."""

    crds: tuple[Crd, ...] = ()
    errors: tuple[CodegenError, ...] = ()
    notices: tuple[str, ...] = ()
    other_objects: int = 0


@dataclass(frozen=True, slots=True)
class CrdPart:
    """The part of a CRD that one document holds, with a digest of each version to tell same from different."""

    crd: Crd
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileContents:
    """What one file holds; files are independent, so they can be read in any process and any order."""

    parts: tuple[CrdPart, ...] = ()
    errors: tuple[CodegenError, ...] = ()
    notices: tuple[str, ...] = ()
    other_objects: int = 0


def load(inputs: Sequence[InputFile], *, versions: VersionChoice = "served") -> Loaded:
    """Read all ``inputs``; nothing is raised, everything wrong is in :attr:`Loaded.errors`."""
    return combine(map(read_file, inputs), versions=versions)


def read_file(item: InputFile) -> FileContents:
    """Everything one file says, good and bad."""
    try:
        text = item.read()
    except CodegenError as error:
        return FileContents(errors=(error,))
    return read_text(text, item.name, named=item.named)


def read_text(text: bytes, name: str, *, named: bool = True) -> FileContents:
    """As :func:`read_file`, of text already at hand.  ``named``: a text without any CRD is worth a remark."""
    parts: list[CrdPart] = []
    errors: list[CodegenError] = []
    notices: list[str] = []
    others = 0
    for document in documents.read_documents(text, name):
        if document.error is not None:
            errors.append(document.error)
            continue
        for value, source in _objects(document.value, document.source):
            if not _is_crd(value):
                others += 1
                continue
            if _is_placeholder(value):
                notices.append(f"{source}: skipped, a CustomResourceDefinition without content")
                continue
            reading = _CrdReading(cast("Json", value), source)
            try:
                parts.append(reading.part())
            except CodegenError as error:
                errors.append(error)
            errors.extend(reading.errors)
            notices.extend(reading.notices)
    if named and not parts and not errors and not notices:
        notices.append(f"{name}: no CustomResourceDefinition in it")
    return FileContents(tuple(parts), tuple(errors), tuple(notices), others)


def _objects(value: object, source: Source, depth: int = 0) -> Iterator[tuple[object, Source]]:
    """The objects of a document: itself, or the items of a ``List`` (also of a bare JSON array)."""
    items: object = None
    if isinstance(value, dict):
        entries = cast("Json", value)
        kind = entries.get("kind")
        if isinstance(kind, str) and kind.endswith("List") and isinstance(entries.get("items"), list):
            items, source = entries["items"], source.at("items")
    elif isinstance(value, list):
        items = cast("object", value)
    if items is None or depth > 8:
        yield value, source
        return
    for index, item in enumerate(cast("list[object]", items)):
        yield from _objects(item, source.at(index), depth + 1)


def _is_crd(value: object) -> bool:
    return isinstance(value, dict) and cast("Json", value).get("kind") == "CustomResourceDefinition"


def _is_placeholder(value: object) -> bool:
    """controller-gen writes a CRD of empty strings for packages without types."""
    spec = cast("Json", value).get("spec")
    if not isinstance(spec, dict):
        return not spec
    fields = cast("Json", spec)
    return not fields.get("group") and not fields.get("versions") and not fields.get("version")


class _CrdReading:
    """One CRD document, read with its place at hand."""

    def __init__(self, crd: Json, source: Source) -> None:
        self._source = source
        self._crd = crd
        self._spec = self._map(crd, "spec", source)
        self.errors: list[CodegenError] = []
        self.notices: list[str] = []

    def part(self) -> CrdPart:
        api_version = str(self._crd.get("apiVersion", ""))
        if api_version not in (_CRD_GROUP + "v1", _CRD_GROUP + "v1beta1"):
            raise CodegenError(
                f"unknown apiVersion {api_version!r} of a CustomResourceDefinition",
                source=str(self._source.at("apiVersion")),
                hint=f"{_CRD_GROUP}v1 and v1beta1 are understood",
            )
        spec, at = self._spec, self._source.at("spec")
        names, names_at = self._map(spec, "names", at), at.at("names")
        group = self._name(spec, "group", _GROUP, at)
        kind = self._name(names, "kind", _KIND, names_at)
        plural = self._name(names, "plural", _LABEL, names_at)
        listed = list(self._versions(api_version.endswith("beta1")))
        crd = Crd(
            group=group,
            kind=kind,
            plural=plural,
            versions=tuple(version for version, _ in listed),
            scope=self._scope(spec, at, required=not api_version.endswith("beta1")),
            singular=_text(names.get("singular")) or kind.lower(),
            list_kind=_text(names.get("listKind")) or f"{kind}List",
            short_names=_texts(names.get("shortNames")),
            categories=_texts(names.get("categories")),
            source=self._source,
            files=(self._source.file,),
        )
        return CrdPart(crd, tuple(digest for _, digest in listed))

    def _map(self, parent: Json, key: str, at: Source) -> Json:
        value = parent.get(key)
        if not isinstance(value, dict):
            raise CodegenError(
                f"`{key}` must be a map", source=str(at.at(key)), hint="is this a whole CustomResourceDefinition?"
            )
        return cast("Json", value)

    def _name(self, parent: Json, key: str, pattern: re.Pattern[str], at: Source) -> str:
        value = parent.get(key)
        if not isinstance(value, str) or not pattern.match(value) or len(value) > 253:
            raise CodegenError(
                (
                    f"`{key}` is missing"
                    if value in (None, "")
                    else f"`{key}` {str(value)[:80]!r} is no name that an API server accepts"
                ),
                source=str(at.at(key)),
                hint="groups are DNS names, versions and plurals lower-case DNS labels, kinds are letters, digits and dashes",
            )
        return value

    def _scope(self, spec: Json, at: Source, *, required: bool) -> Literal["Namespaced", "Cluster"]:
        scope = spec.get("scope")
        if scope in (None, "") and not required:
            return "Namespaced"
        if scope in ("Namespaced", "Cluster"):
            return "Cluster" if scope == "Cluster" else "Namespaced"
        close = difflib.get_close_matches(str(scope), ["Namespaced", "Cluster"], n=1, cutoff=0.4)
        raise CodegenError(
            f"scope {str(scope)[:80]!r} is neither Namespaced nor Cluster",
            source=str(at.at("scope")),
            hint=f"did you mean {close[0]!r}?" if close else "spec.scope says whether objects live in namespaces",
        )

    def _versions(self, beta: bool) -> Iterator[tuple[CrdVersion, str]]:
        """Each version with its digest; a version that cannot be read is an error and spoils no other."""
        spec, at = self._spec, self._source.at("spec")
        listed = spec.get("versions")
        if isinstance(listed, list) and listed:
            entries = [(entry, at.at("versions", i)) for i, entry in enumerate(cast("list[object]", listed))]
        elif beta and spec.get("version"):
            entries = [({"name": spec["version"], "served": True, "storage": True}, at)]
        else:
            raise CodegenError("no versions", source=str(at.at("versions")), hint="`spec.versions` lists at least one")
        seen: set[str] = set()
        for entry, place in entries:
            try:
                if not isinstance(entry, dict):
                    raise CodegenError("a version must be a map", source=str(place))
                version = self._version(cast("Json", entry), place, beta)
                if version.name in seen:
                    raise CodegenError(f"version {version.name} is listed twice", source=str(place.at("name")))
            except CodegenError as error:
                self.errors.append(error)
                continue
            seen.add(version.name)
            shared = (
                {key: spec.get(key) for key in ("validation", "subresources", "additionalPrinterColumns")}
                if beta
                else {}
            )
            yield version, _digest(cast("object", entry), shared)

    def _version(self, entry: Json, at: Source, beta: bool) -> CrdVersion:
        name = (
            self._name(entry, "name", _LABEL, at)
            if at.pointer != self._source.at("spec").pointer
            else str(entry["name"])
        )
        if not _LABEL.match(name):
            raise CodegenError(
                f"`version` {name[:80]!r} is no name that an API server accepts", source=str(at.at("version"))
            )
        root, root_at = self._schema(entry, at, beta)
        if root is None:
            self.notices.append(f"{at}: version {name} has no schema; only apiVersion, kind and metadata are typed")
        declared = self._setting(entry, "subresources", beta)
        subresources: Json = cast("Json", declared) if isinstance(declared, dict) else {}
        columns = self._setting(entry, "additionalPrinterColumns", beta)
        selectable = entry.get("selectableFields")
        return CrdVersion(
            name=name,
            schema=schema.bare_root() if root is None else schema.read_schema(root, root_at, self.notices),
            served=entry.get("served") is not False,
            storage=entry.get("storage") is True,
            deprecated=entry.get("deprecated") is True,
            deprecation_warning=_text(entry.get("deprecationWarning")),
            has_status=isinstance(subresources.get("status"), dict),
            scale=_scale(subresources.get("scale")),
            printer_columns=tuple(map(_column, _maps(columns))),
            selectable_fields=tuple(_text(field.get("jsonPath")) for field in _maps(selectable)),
            has_schema=root is not None,
        )

    def _setting(self, entry: Json, key: str, beta: bool) -> object:
        """In v1beta1 what a version does not say itself, the CRD says for all versions."""
        return self._spec.get(key) if beta and entry.get(key) is None else entry.get(key)

    def _schema(self, entry: Json, at: Source, beta: bool) -> tuple[object, Source]:
        holder, holder_at = entry.get("schema"), at.at("schema")
        if holder is None and beta:
            holder, holder_at = self._spec.get("validation"), self._source.at("spec", "validation")
        if holder is None:
            return None, holder_at
        if not isinstance(holder, dict):
            raise CodegenError("`schema` must be a map", source=str(holder_at))
        return cast("Json", holder).get("openAPIV3Schema"), holder_at.at("openAPIV3Schema")


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


def _digest(*values: object) -> str:
    return hashlib.sha256(msgspec.json.encode(values, order="deterministic")).hexdigest()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(v for v in cast("list[object]", value) if isinstance(v, str)) if isinstance(value, list) else ()


def _maps(value: object) -> tuple[Json, ...]:
    listed = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(cast("Json", v) for v in listed if isinstance(v, dict))


def _scale(value: object) -> Scale | None:
    if not isinstance(value, dict):
        return None
    scale = cast("Json", value)
    return Scale(*(_text(scale.get(key)) for key in ("specReplicasPath", "statusReplicasPath", "labelSelectorPath")))


def _column(column: Json) -> PrinterColumn:
    priority = column.get("priority")
    return PrinterColumn(
        name=_text(column.get("name")),
        type=_text(column.get("type")),
        # v1beta1 spells it in capitals.
        json_path=_text(column.get("jsonPath") or column.get("JSONPath")),
        description=_text(column.get("description")),
        format=_text(column.get("format")),
        priority=priority if isinstance(priority, int) else 0,
    )
