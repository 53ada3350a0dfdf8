"""What the embedded server serves: every kind, in every version, with its schema.

Verbs ask the registry, never a table of their own: built-in kinds are in it from the start, a CRD adds its kinds when
it is established and takes them away when it is gone. Lookups come from many request threads while a CRD is being
installed, so the tables are replaced as a whole and never changed in place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Protocol, TypeAlias

from kubewright.core.resource import Resource
from kubewright.testing.server import builtins
from kubewright.testing.server.embedded import coerce_embedded
from kubewright.testing.server.selectable import SELECTABLE
from kubewright.validation import Cause, Scale, Structural, compile_schema, default, prune, validate

Json: TypeAlias = dict[str, Any]


class Admission(Protocol):
    """Rules of one kind that no schema can say (the part of a Go strategy that tests notice)."""

    def prepare(self, obj: Json, old: Json | None) -> None:
        """Fill in what the server owns, in place."""
        ...

    def validate(self, obj: Json, old: Json | None) -> list[Cause]:
        """Everything that is wrong with the object."""
        ...

    def default(self, obj: Json) -> None:
        """What Go's defaulting functions fill in when an object is decoded, in place."""
        ...

    def prepare_delete(self, obj: Json, now: float) -> bool:
        """Mark the object in place at the first request to delete it; False leaves that to the ordinary way."""
        ...

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        """What the client should hear although the request succeeds."""
        ...


@dataclass(eq=False)
class ServedResource:
    """One kind in one version, as the verbs see it. Never changed: a changed CRD is a new ServedResource."""

    resource: Resource
    storage_version: str
    builtin: bool
    load_schema: Callable[[], Json | None] = field(default=lambda: None, repr=False)
    scale: Scale | None = None
    admission: Admission | None = None
    deprecation_warning: str = ""
    selectable: Mapping[str, Callable[[Json], str]] = field(
        default_factory=dict[str, Callable[[Json], str]], repr=False
    )
    """Selectable fields besides metadata.name and metadata.namespace (``spec.nodeName``), and how to read them."""
    schema_name: str = ""
    """Name of a built-in kind's schema in the published documents."""
    origin: Json | None = field(default=None, repr=False)
    """The CRD's spec, to see whether a changed CRD changes anything here."""
    versions: Mapping[str, ServedResource] = field(default_factory=dict[str, "ServedResource"], repr=False)
    """All versions of a custom kind, this one too, also those that are not served: objects may be stored in them."""

    @cached_property
    def schema(self) -> Json | None:
        """Structural schema without references (built-ins: linked, may be cyclic); None = any object.

        The schema of a custom resource says nothing about metadata; here it is added, for those who merge.
        """
        schema = self.load_schema()
        if schema is None or self.builtin:
            return schema
        type_meta: Json = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
        properties: Json = {**(schema.get("properties") or {}), **type_meta, "metadata": builtins.object_meta()}
        return {**schema, "properties": properties}

    @cached_property
    def structural(self) -> Structural | None:
        """The schema compiled, for pruning, defaulting and validation."""
        schema = self.load_schema()
        return None if schema is None else compile_schema(schema)

    @property
    def verbs(self) -> tuple[str, ...]:
        return self.resource.verbs

    @property
    def has_status(self) -> bool:
        return "status" in self.resource.subresources

    def resolve(self, node: Json) -> Json:
        """A schema node with references followed: they are linked already, so the node itself."""
        return node

    def prepare(self, obj: Json) -> list[str]:
        """Prune unknown fields and fill in defaults, in place; the dotted paths of what was pruned, sorted.

        Raises WrongType for metadata of an embedded resource that is none.
        """
        pruned = self.coerce(obj)
        if self.structural is None:
            return pruned
        if not self.builtin:
            default(self.structural, obj)
        elif self.admission is not None:
            self.admission.default(obj)
        return pruned

    def coerce(self, obj: Json) -> list[str]:
        """Prune unknown fields only, in place: what conversion into this version does (apiextensions: schemaCoercingConverter).

        The dotted paths of what was pruned, sorted. Raises WrongType as ``prepare``.
        """
        structural = self.structural
        if structural is None:
            return []
        pruned = prune(structural, obj, typed=self.builtin)
        if not self.builtin:
            coerce_embedded(structural, obj)
        return pruned

    def validate(self, obj: Json, old: Json | None, subresource: str = "") -> list[Cause]:
        """Everything the schema and the kind's own rules have against the object (metadata is the verbs' matter)."""
        causes: list[Cause] = []
        if self.structural is not None and not self.builtin:
            causes += validate(self.structural, obj, old, status=subresource == "status", scale=self.scale)
        if self.admission is not None and not subresource:
            causes += self.admission.validate(obj, old)
        return causes

    def admit(self, obj: Json, old: Json | None) -> list[str]:
        """Apply the kind's own rules in place before validation; warnings for the client."""
        if self.admission is None:
            return []
        self.admission.prepare(obj, old)
        return self.admission.warnings(obj, old)

    def default_on_read(self, obj: Json, *, drop_nulls: bool = True) -> None:
        """Bring an object that was stored under another schema up to this one (real servers default what etcd holds)."""
        if not self.builtin and self.structural is not None:
            default(self.structural, obj, drop_nulls=drop_nulls)

    def fields(self, obj: Json) -> Mapping[str, str]:
        """Values of the selectable fields; absent ones are empty strings, as in field selectors of the real server."""
        return {name: read(obj) for name, read in self.selectable.items()}


_Key: TypeAlias = tuple[str, str, str]


class Registry:
    """All served kinds. Safe to ask from any thread."""

    def __init__(self, *, admissions: Mapping[str, Admission] | None = None) -> None:
        """``admissions``: rules of single built-in kinds, by ``plural.group``."""
        self._lock = threading.Lock()
        self._served: dict[_Key, ServedResource] = {}
        self._kinds: dict[_Key, ServedResource] = {}
        self._changed: list[Callable[[], None]] = []
        self._replace(_builtin_resources(admissions or {}), lambda served: False)

    def lookup(self, group: str, version: str, plural: str) -> ServedResource | None:
        """The kind behind a request path, or None where a real server answers 404."""
        return self._served.get((group, version, plural))

    def lookup_kind(self, group: str, version: str, kind: str) -> ServedResource | None:
        """The kind named in a document's apiVersion and kind."""
        return self._kinds.get((group, version, kind))

    def versions(self, group: str, plural: str) -> list[ServedResource]:
        """Every served version of one kind."""
        return [s for s in self._served.values() if s.resource.group == group and s.resource.plural == plural]

    def all(self) -> list[ServedResource]:
        """Every kind in every version."""
        return list(self._served.values())

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` after each change (discovery and OpenAPI documents are cached)."""
        self._changed.append(callback)

    def install(self, group: str, plural: str, served: Iterable[ServedResource]) -> None:
        """Serve these versions of one kind, instead of those served so far."""
        self._replace(served, lambda s: s.resource.group == group and s.resource.plural == plural)

    def remove(self, group: str, plural: str) -> None:
        """Serve the kind no longer."""
        self.install(group, plural, ())

    def _replace(self, added: Iterable[ServedResource], obsolete: Callable[[ServedResource], bool]) -> None:
        with self._lock:
            kept = [s for s in self._served.values() if not obsolete(s)]
            kept += added
            self._served = {(s.resource.group, s.resource.version, s.resource.plural): s for s in kept}
            self._kinds = {(s.resource.group, s.resource.version, s.resource.kind): s for s in kept}
        for callback in self._changed:
            callback()


def _builtin_resources(admissions: Mapping[str, Admission]) -> list[ServedResource]:
    return [
        ServedResource(
            resource=resource,
            storage_version=resource.version,
            builtin=True,
            load_schema=partial(builtins.linked, schema),
            schema_name=schema,
            scale=Scale(label_selector_path=".spec.selector") if "scale" in resource.subresources else None,
            admission=admissions.get(str(resource)),
            selectable=SELECTABLE.get(str(resource), {}),
        )
        for resource, schema in builtins.resources()
    ]
