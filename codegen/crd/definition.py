"""One CustomResourceDefinition object -> :class:`~codegen.crd.model.Crd`, checked as far as safety and typing need it.

Names are held to the API server's rules here, at the door: they become modules, attributes and paths later on, and a
group called ``../../etc`` must not get that far.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import msgspec

from codegen.crd import schema
from codegen.crd.model import Crd, CrdVersion, PrinterColumn, Scale, Source
from codegen.errors import CodegenError

_CRD_GROUP: Final = "apiextensions.k8s.io/"
_LABEL: Final = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?\Z")
_KIND: Final = re.compile(r"[A-Za-z](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?\Z")
_GROUP: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\Z")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CrdPart:
    """The part of a CRD that one document holds, with a digest of each version to tell same from different."""

    crd: Crd
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """One document's CRD: what is usable of it, and what is not."""

    part: CrdPart | None
    errors: tuple[CodegenError, ...] = ()
    notices: tuple[str, ...] = ()


def read_definition(crd: Json, source: Source) -> Definition:
    """Read one CRD object; nothing is raised, a version that cannot be used spoils no other."""
    reading = _Reading(crd, source)
    try:
        part = reading.part()
    except CodegenError as error:
        return Definition(None, (*reading.errors, error), tuple(reading.notices))
    return Definition(part, tuple(reading.errors), tuple(reading.notices))


class _Reading:
    """One CRD document, read with its place at hand."""

    def __init__(self, crd: Json, source: Source) -> None:
        self._source = source
        self._crd = crd
        self._spec: Json = {}
        self.errors: list[CodegenError] = []
        self.notices: list[str] = []

    def part(self) -> CrdPart:
        self._spec = self._map(self._crd, "spec", self._source)
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
        if not isinstance(value, str) or len(value) > 253 or not pattern.match(value):
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
