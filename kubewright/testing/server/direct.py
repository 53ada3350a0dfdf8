"""Writes that come from the server itself: objects to start with, and what its own controllers change.

They skip validation, ownership and versions, because whoever writes here is the server; everything that watches sees
them like any other write.
"""

from __future__ import annotations

from kubewright.testing.server import statuses
from kubewright.testing.server.documents import Json
from kubewright.testing.server.kinds import behaviour, complete_new, decoded
from kubewright.testing.server.metadata import fill_system_fields, normalise
from kubewright.testing.server.registry import ServedResource
from kubewright.testing.server.writing import Writer


def create_directly(writer: Writer, obj: Json) -> Json:
    """Store an object: status kept, system fields filled in where missing. Raises 400 (unknown kind) and 409."""
    served = _served_kind(writer, obj)
    normalise(obj)
    served.prepare(obj)
    meta: Json = obj["metadata"]
    given: Json = {name: meta[name] for name in ("uid", "creationTimestamp") if name in meta}
    fill_system_fields(meta, writer.clock.time())
    meta.update(given)
    if served.resource.namespaced:
        meta.setdefault("namespace", "default")
    if served.builtin:
        status = obj.get("status")
        decoded(obj, served)
        complete_new(obj, served)
        if status:
            obj["status"] = status
    with writer.storage.lock:
        if writer.find(served, meta.get("namespace", ""), meta["name"]) is not None:
            raise statuses.already_exists(served.resource.group, served.resource.plural, meta["name"])
        if behaviour(served).generation:
            meta.setdefault("generation", 1)
        writer.commit(served, obj)
    return obj


def update_directly(writer: Writer, obj: Json) -> Json:
    """Replace a stored object; raises 404. Nothing is written when it is equal.

    An object that is being deleted and has no finalizers left is removed.
    """
    served = _served_kind(writer, obj)
    meta: Json = obj["metadata"]
    with writer.storage.lock:
        entry = writer.live(served, meta.get("namespace", ""), meta["name"])
        meta["resourceVersion"] = str(entry.revision)
        if writer.as_entry(served, obj, entry.revision).raw != entry.raw:
            entry = writer.commit(served, obj)
        if meta.get("deletionTimestamp") and not meta.get("finalizers"):
            writer.remove(served, entry)
    return obj


def _served_kind(writer: Writer, obj: Json) -> ServedResource:
    group, _, version = str(obj.get("apiVersion", "")).rpartition("/")
    served = writer.registry.lookup_kind(group, version, str(obj.get("kind", "")))
    if served is None:
        kind = f"{obj.get('apiVersion')}, Kind={obj.get('kind')}"
        raise statuses.bad_request(f"no matches for {kind}: install its CustomResourceDefinition first")
    return served
