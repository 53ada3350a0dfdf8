"""Why this exists: what all verbs stand on: one resource, seen in one namespace or in all, through one transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, cast

from ..core import codec
from ..core.overlay import Json, overlay
from ..core.requests import Query, build
from ..core.resource import Resource
from ..core.wire import Request, Response, StopSignal, Transport
from ..objects import SeenOrigin, metadata_of, origin_of, set_origin
from .calls import send

__all__ = ["Endpoint"]

T = TypeVar("T")


class Endpoint(Generic[T]):
    """One resource through one transport; the verb classes add methods.

    Generated clients set `resource` and `model` as class attributes; clients of kinds known only at run time pass them.
    """

    resource: Resource
    model: type[T]

    def __init__(
        self,
        transport: Transport,
        *,
        resource: Resource | None = None,
        model: type[T] | None = None,
        namespace: str = "",
    ) -> None:
        self._transport = transport
        self._namespace = namespace
        if resource is not None:
            self.resource = resource
        if model is not None:
            self.model = model

    @property
    def namespace(self) -> str:
        """The namespace of all calls; "" means all of them, or a cluster-scoped kind."""
        return self._namespace

    @property
    def transport(self) -> Transport:
        """What carries the requests."""
        return self._transport

    def __repr__(self) -> str:
        where = f" in {self._namespace!r}" if self._namespace else ""
        return f"<{type(self).__name__}: {self.resource}{where}>"

    def _request(
        self,
        verb: str,
        method: str,
        name: str | None = None,
        *,
        subresource: str | None = None,
        query: Query = (),
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> Request:
        return build(
            verb,
            method,
            self.resource,
            namespace=self._namespace,
            name=name,
            subresource=subresource,
            query=query,
            body=body,
            content_type=content_type,
        )

    def _send(self, request: Request, timeout: float | None, stop: StopSignal | None = None) -> Response:
        return send(self._transport, request, timeout=timeout, stop=stop)

    def _read(self, raw: bytes) -> T:
        made = codec.decode(self.model, raw)
        set_origin(made, raw)
        return made

    def _document(self, obj: T) -> bytes:
        """What `create` sends: all that the object says, nothing of where it was read."""
        if isinstance(obj, Mapping):
            return codec.encode(self._identified(cast("Mapping[str, Any]", obj)))
        return codec.encode(obj)

    def _changed_document(self, obj: T) -> bytes:
        """What `update` sends: the document that was read with the object's changes laid over it."""
        raw = origin_of(obj)
        if raw is None:
            return self._document(obj)
        origin = cast("Mapping[str, Json]", codec.decode(dict[str, Any], raw))
        seen = raw.seen if isinstance(raw, SeenOrigin) else raw
        base = cast("dict[str, Json]", codec.to_builtins(codec.decode(type(obj), seen)))
        new = cast("dict[str, Json]", codec.to_builtins(obj))
        if not _one_object(origin, base, new):
            return self._document(obj)
        _keep_managed_fields(base, new)
        changed = cast("Mapping[str, Any]", overlay(origin, base, new))
        return codec.encode(self._identified(changed))

    def _identified(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        # Items of a built-in list come without apiVersion and kind, and hand-made dicts often lack them.
        if document.get("apiVersion") and document.get("kind"):
            return document
        return {**document, "apiVersion": self.resource.api_version, "kind": self.resource.kind}

    def _name_of(self, obj: object, verb: str) -> str:
        name = metadata_of(obj).name
        if not name:
            raise ValueError(f"{verb} {self.resource}: resource name may not be empty: set metadata.name")
        return name


def _one_object(origin: Mapping[str, Json], base: Mapping[str, Json], new: Mapping[str, Json]) -> bool:
    """Whether the origin belongs to this object: metadata may have been moved over from another one."""
    if any(base.get(word) != new.get(word) for word in ("apiVersion", "kind")):
        return False
    if origin.get("kind") not in (None, new.get("kind")):
        return False
    before, after = _metadata(origin), _metadata(new)
    return before.get("name") == after.get("name") and after.get("namespace") in (None, before.get("namespace"))


def _metadata(document: Mapping[str, Json]) -> Mapping[str, Json]:
    found = document.get("metadata")
    return found if isinstance(found, Mapping) else {}


def _keep_managed_fields(base: dict[str, Json], new: Mapping[str, Json]) -> None:
    # Caches hand out objects without managedFields. Leaving them out is no wish to remove them.
    before = base.get("metadata")
    if isinstance(before, dict) and "managedFields" not in _metadata(new):
        before.pop("managedFields", None)
