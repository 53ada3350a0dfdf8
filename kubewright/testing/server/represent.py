"""How a stored object is shown: as it is, in another version, as a Table for kubectl, or metadata only.

Stored bytes are served untouched whenever the request asks for the version they are stored in, which is the common
case and the reason why lists and watches are cheap. Everything else is decoded, changed and encoded again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from kubewright.testing.server import statuses
from kubewright.testing.server.documents import Json
from kubewright.testing.server.kinds import zero_object
from kubewright.testing.server.messages import JSON, ServerRequest
from kubewright.testing.server.registry import ServedResource
from kubewright.testing.server.store import Entry

YAML: Final = "application/yaml"
ACCEPTED: Final = (JSON, YAML)
_AS: Final = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")

_encoder = msgspec.json.Encoder()


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


STORED: Final = msgspec.json.Decoder(float_hook=_number)
"""Decodes what is or will be stored: whole floats become integers, because Go writes 1.0 back as 1."""


_META_ORDER: Final = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)


def encode(obj: Json) -> bytes:
    """An object as it is stored: ``apiVersion`` and ``kind`` first, so that they can be cut off in typed lists.

    Metadata follows in the order of the Go type, which is how people are used to read it.
    """
    given: Json = obj["metadata"]
    meta = {name: given[name] for name in _META_ORDER if name in given}
    head = {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind"), "metadata": meta}
    for key, value in obj.items():
        if key != "metadata":
            head[key] = value
    return _encoder.encode(head)


def decode(raw: bytes) -> Json:
    """A stored object as a fresh dict."""
    value: Json = STORED.decode(raw)
    return value


def media_type(accept: str) -> tuple[str, str]:
    """The first acceptable (media type, ``as`` parameter) of an Accept header; raises 406 when there is none."""
    if not accept:
        return JSON, ""
    for clause in accept.split(","):
        kind, *parameters = (part.strip() for part in clause.split(";"))
        wanted = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        if kind in ("*/*", "application/*"):
            kind = JSON
        if kind not in ACCEPTED:
            continue
        as_kind = wanted.get("as", "")
        if not as_kind or (
            as_kind in _AS and wanted.get("g") == "meta.k8s.io" and wanted.get("v") in ("v1", "v1beta1")
        ):
            return kind, as_kind.removesuffix("List")
    raise statuses.not_acceptable((*ACCEPTED, "application/vnd.kubernetes.protobuf"))


def shown_as(entry: Entry, served: ServedResource) -> bytes:
    """The JSON of a stored object in a served version: as it lies there whenever that is the version it lies in."""
    if entry.written_as is served:
        return entry.raw
    view = entry.view
    if view is not None and view[0] is served:
        return view[1]
    obj = decode(entry.stored or entry.raw)
    # Defaults are those of the version it is stored in, as its schema is now; conversion only takes away.
    stored_in = served.versions.get(obj["apiVersion"].rpartition("/")[2])
    if stored_in is not None:
        stored_in.coerce(obj)
        stored_in.default_on_read(obj)
    if stored_in is not served:
        obj["apiVersion"] = served.resource.api_version
        if not served.builtin:
            served.coerce(obj)
    converted = encode(obj)
    entry.view = (served, converted)
    return converted


class Representation:
    """How one request wants to see objects of one kind. Errors: 406 when nothing acceptable can be served."""

    def __init__(self, served: ServedResource, request: ServerRequest) -> None:
        self.served = served
        self.media, self.as_kind = media_type(request.headers.get("accept", ""))
        self.include_object = request.param("includeObject", "Metadata")
        if self.as_kind == "Table" and self.include_object not in ("Metadata", "Object", "None"):
            raise statuses.bad_request(
                f'includeObject: Invalid value: "{self.include_object}": '
                "must be 'Metadata', 'Object', 'None', or empty"
            )
        resource = served.resource
        self.plain = not self.as_kind and self.media == JSON
        self._item_prefix = len(f'{{"apiVersion":"{resource.api_version}","kind":"{resource.kind}",')
        self._first_row = True

    def raw(self, entry: Entry) -> bytes:
        """The object's JSON in the version asked for."""
        return shown_as(entry, self.served)

    def body(self, entry: Entry) -> bytes:
        """One object as a response body."""
        return self._finish(self.event_object(entry))

    def document(self, obj: Json) -> bytes:
        """A document that is not stored (a scale, a status) as a response body."""
        return self._finish(_encoder.encode(obj))

    def event_object(self, entry: Entry) -> bytes:
        """One object, or its row or metadata, as JSON."""
        raw = self.raw(entry)
        if not self.as_kind:
            return raw
        if self.as_kind == "Table":
            return _encoder.encode(self._table([decode(raw)], entry.revision))
        return _encoder.encode(_partial(decode(raw)))

    def _table(self, objects: list[Json], revision: int) -> Json:
        """Rows of a watch; the first event says what the columns are."""
        table = _table()(
            self.served,
            objects,
            resource_version=str(revision),
            include_object=self.include_object,
            columns=self._first_row,
        )
        self._first_row = False
        return table

    def list_body(self, entries: Sequence[Entry], *, revision: int, continue_: str, remaining: int | None) -> bytes:
        """A whole list as a response body."""
        meta: Json = {"resourceVersion": str(revision)}
        if continue_ or not (self.served.builtin or self.as_kind):
            meta["continue"] = continue_  # lists of custom resources say so even when there is nothing more
        if remaining is not None:
            meta["remainingItemCount"] = remaining
        if self.as_kind == "Table":
            return self._finish(
                _encoder.encode(
                    _table()(
                        self.served,
                        [decode(self.raw(entry)) for entry in entries],
                        resource_version=str(revision),
                        include_object=self.include_object,
                        continue_=continue_,
                        remaining=remaining,
                    )
                )
            )
        if self.as_kind:
            items = [_encoder.encode(_partial(decode(self.raw(entry)))) for entry in entries]
            head: Json = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
        else:
            items = [self.raw(entry) for entry in entries]
            if self.served.builtin:  # typed lists leave apiVersion and kind out of their items
                cut = self._item_prefix
                items = [b"{" + raw[cut:] for raw in items]
            resource = self.served.resource
            kind = resource.list_kind or resource.kind + "List"
            head = {"apiVersion": resource.api_version, "items": None, "kind": kind, "metadata": meta}
        head.pop("items", None)
        if self.as_kind and not items:
            return self._finish(_encoder.encode({**head, "items": None}))
        return self._finish(b"".join((_encoder.encode(head)[:-1], b',"items":[', b",".join(items), b"]}")))

    def bookmark(self, revision: int, *, initial_events_end: bool = False) -> bytes:
        """The object of a BOOKMARK event: nothing but a revision, of the kind being watched (and the empty fields of a Go type)."""
        meta: Json = {"resourceVersion": str(revision)}
        if initial_events_end:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        resource = self.served.resource
        obj: Json = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta}
        if self.served.builtin:
            obj = {**zero_object(self.served), "metadata": meta}
        if self.as_kind == "Table":
            obj = self._table([obj], revision)
        elif self.as_kind:
            obj = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
        return _encoder.encode(obj)

    def _finish(self, body: bytes) -> bytes:
        if self.media == YAML:
            return msgspec.yaml.encode(msgspec.json.decode(body))
        return body


class TableFunction(Protocol):
    """What renders objects as ``kubectl get`` prints them."""

    def __call__(
        self,
        served: ServedResource,
        objects: list[Json],
        *,
        resource_version: str,
        include_object: str,
        columns: bool = True,
        continue_: str = "",
        remaining: int | None = None,
    ) -> Json: ...


def _table() -> TableFunction:
    from kubewright.testing.server.table import table  # lazy: table knows printing, only kubectl asks for it

    return table


def _partial(obj: Json) -> Json:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj.get("metadata", {})}
