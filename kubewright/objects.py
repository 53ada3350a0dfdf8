"""The meta/v1 types that every kind shares, and the few functions that read them off any object.

ObjectMeta also carries, out of sight, the document that an object was read from (its origin): an update lays the typed
changes over it, so that fields which the model does not know survive (DESIGN.md, section 4). The origin rides in a slot, not in a
field: it is never encoded, never compared, never shown.

Source of the fields: k8s.io/apimachinery/pkg/apis/meta/v1 (types.go), as of Kubernetes 1.37.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, cast

import msgspec

from .model import Model, Req, decoder_of, field

__all__ = [
    "Condition",
    "DeleteOptions",
    "KubeObject",
    "LabelSelector",
    "LabelSelectorRequirement",
    "ListMeta",
    "ManagedFieldsEntry",
    "ObjectKey",
    "ObjectMeta",
    "OwnerReference",
    "Preconditions",
    "SeenOrigin",
    "Status",
    "StatusCause",
    "StatusDetails",
    "key_of",
    "metadata_of",
    "origin_of",
    "set_origin",
]


class ObjectKey(NamedTuple):
    """Names one object of a kind: what queues and caches are keyed by. `str()` is "namespace/name", or "name"."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @classmethod
    def parse(cls, text: str) -> ObjectKey:
        """The key that `str()` wrote. Raises ValueError for more than one slash (client-go: SplitMetaNamespaceKey)."""
        parts = text.split("/")
        if len(parts) == 1:
            return cls("", parts[0])
        if len(parts) == 2:
            return cls(parts[0], parts[1])
        raise ValueError(f"unexpected key format: {text!r}, want 'namespace/name' or 'name'")


class OwnerReference(Model, kw_only=True):
    """An object that owns this one; garbage collection follows it."""

    api_version: Req[str] = field(name="apiVersion")
    kind: Req[str]
    name: Req[str]
    uid: Req[str]
    controller: bool | None = None
    block_owner_deletion: bool | None = field(name="blockOwnerDeletion", default=None)


class ManagedFieldsEntry(Model, kw_only=True):
    """Which fields one field manager owns (server-side apply)."""

    api_version: str | None = field(name="apiVersion", default=None)
    fields_type: str | None = field(name="fieldsType", default=None)
    fields_v1: dict[str, Any] | None = field(name="fieldsV1", default=None)
    manager: str | None = None
    operation: str | None = None
    subresource: str | None = None
    time: str | None = None


class _OriginSlot:
    """Holds the wire document; a plain mixin, because a Struct may not declare slots (recipes, section 2)."""

    __slots__ = ("_origin",)
    _origin: bytes | None


class ObjectMeta(_OriginSlot, Model, kw_only=True):
    """Metadata that all persisted objects have. Times are RFC 3339 strings exactly as the server sent them."""

    name: str | None = None
    generate_name: str | None = field(name="generateName", default=None)
    namespace: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    uid: str | None = None
    resource_version: str | None = field(name="resourceVersion", default=None)
    generation: int | None = None
    creation_timestamp: str | None = field(name="creationTimestamp", default=None)
    deletion_timestamp: str | None = field(name="deletionTimestamp", default=None)
    deletion_grace_period_seconds: int | None = field(name="deletionGracePeriodSeconds", default=None)
    owner_references: list[OwnerReference] | None = field(name="ownerReferences", default=None)
    finalizers: list[str] | None = None
    managed_fields: list[ManagedFieldsEntry] | None = field(name="managedFields", default=None)
    self_link: str | None = field(name="selfLink", default=None)

    def __copy__(self) -> ObjectMeta:
        return _with_origin(type(self)(**_shallow(self)), _origin(self))

    def __deepcopy__(self, memo: dict[int, Any]) -> ObjectMeta:
        copied = decoder_of(type(self)).decode(msgspec.json.encode(self))
        return _with_origin(copied, _origin(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), _shallow(self), _origin(self))


def _shallow(meta: ObjectMeta) -> dict[str, Any]:
    return {name: getattr(meta, name) for name in meta.__struct_fields__}


def _origin(meta: ObjectMeta) -> bytes | None:
    return getattr(meta, "_origin", None)


def _with_origin(meta: ObjectMeta, origin: bytes | None) -> ObjectMeta:
    if origin is not None:
        meta._origin = origin  # pyright: ignore[reportPrivateUsage]
    return meta


def _restore(cls: type[ObjectMeta], fields: dict[str, Any], origin: bytes | None) -> ObjectMeta:
    return _with_origin(cls(**fields), origin)


class ListMeta(Model, kw_only=True):
    """Metadata of a list."""

    resource_version: str | None = field(name="resourceVersion", default=None)
    continue_: str | None = field(name="continue", default=None)
    remaining_item_count: int | None = field(name="remainingItemCount", default=None)
    self_link: str | None = field(name="selfLink", default=None)


class Condition(Model, kw_only=True):
    """One aspect of an object's state. `status` is "True", "False" or "Unknown"."""

    type: Req[str]
    status: Req[str]
    last_transition_time: Req[str] = field(name="lastTransitionTime")
    reason: Req[str]
    message: Req[str]
    observed_generation: int | None = field(name="observedGeneration", default=None)


class LabelSelectorRequirement(Model, kw_only=True):
    """`operator` is In, NotIn, Exists or DoesNotExist."""

    key: Req[str]
    operator: Req[str]
    values: list[str] | None = None


class LabelSelector(Model, kw_only=True):
    """Labels that must be there; all of `match_labels` and `match_expressions` must hold."""

    match_expressions: list[LabelSelectorRequirement] | None = field(name="matchExpressions", default=None)
    match_labels: dict[str, str] | None = field(name="matchLabels", default=None)


class StatusCause(Model, kw_only=True):
    """One thing that is wrong: `reason` (machine), `message` (human), `field` (its JSON path)."""

    reason: str | None = None
    message: str | None = None
    field: str | None = None


class StatusDetails(Model, kw_only=True):
    """More about a Status."""

    name: str | None = None
    group: str | None = None
    kind: str | None = None
    uid: str | None = None
    causes: list[StatusCause] | None = None
    retry_after_seconds: int | None = field(name="retryAfterSeconds", default=None)


class Status(Model, kw_only=True):
    """What the server answers when there is no object to return, above all its errors."""

    api_version: str = field(name="apiVersion", default="v1")
    kind: str = "Status"
    metadata: ListMeta | None = None
    status: str | None = None
    message: str | None = None
    reason: str | None = None
    details: StatusDetails | None = None
    code: int | None = None


class Preconditions(Model, kw_only=True):
    """What must hold for a delete to be carried out."""

    uid: str | None = None
    resource_version: str | None = field(name="resourceVersion", default=None)


class DeleteOptions(Model, kw_only=True):
    """The body of a delete."""

    api_version: str = field(name="apiVersion", default="v1")
    kind: str = "DeleteOptions"
    grace_period_seconds: int | None = field(name="gracePeriodSeconds", default=None)
    preconditions: Preconditions | None = None
    propagation_policy: str | None = field(name="propagationPolicy", default=None)
    dry_run: list[str] | None = field(name="dryRun", default=None)


class KubeObject(Protocol):
    """Anything with metadata: all generated root classes."""

    @property
    def metadata(self) -> ObjectMeta: ...


def metadata_of(obj: object) -> ObjectMeta:
    """The metadata of a model or of a plain document (then a fresh, typed copy of it; an empty one if there is none).

    Raises TypeError for what is neither.
    """
    if isinstance(obj, Mapping):
        document = cast("Mapping[str, Any]", obj)
        decoder_of(ObjectMeta)  # convert() alone is not safe from many threads
        return msgspec.convert(document.get("metadata") or {}, ObjectMeta)
    meta = getattr(obj, "metadata", None)
    if isinstance(meta, ObjectMeta):
        return meta
    if meta is None and hasattr(obj, "metadata"):
        return ObjectMeta()
    raise TypeError(f"{type(obj).__name__} has no metadata: a Kubernetes object or a dict of one is needed")


def key_of(obj: object) -> ObjectKey:
    """The key of a model or of a plain document (client-go: MetaNamespaceKeyFunc)."""
    if isinstance(obj, Mapping):
        document = cast("Mapping[str, Any]", obj)
        meta: Mapping[str, Any] = document.get("metadata") or {}
        return ObjectKey(meta.get("namespace") or "", meta.get("name") or "")
    typed = metadata_of(obj)
    return ObjectKey(typed.namespace or "", typed.name or "")


class SeenOrigin(bytes):
    """An origin of which its reader saw only a part: a cache's transform left something out, and `seen` is what remained.

    What the reader never saw is no wish to remove it: an update compares with `seen` (client-go#1312 and many others).
    """

    seen: bytes

    @classmethod
    def of(cls, raw: bytes, seen: bytes) -> SeenOrigin:
        made = cls(raw)
        made.seen = seen
        return made


def origin_of(obj: object) -> bytes | None:
    """The wire document that `obj` was read from, or None: made by hand, a dict, or read without metadata."""
    meta = getattr(obj, "metadata", None)
    return _origin(meta) if isinstance(meta, ObjectMeta) else None


def set_origin(obj: object, raw: bytes | None) -> None:
    """Remembers the wire document of `obj`; nothing to do for a dict, which knows all of its fields anyway."""
    meta = getattr(obj, "metadata", None)
    if isinstance(meta, ObjectMeta):
        meta._origin = raw  # pyright: ignore[reportPrivateUsage]
