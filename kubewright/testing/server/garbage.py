"""What controllers do on a real cluster and tests miss without one: emptying deleted namespaces, collecting garbage.

Both act on committed writes, after the response is made, and only through ordinary deletes, so finalizers hold things
up here as they do there. Namespaces are always emptied; garbage collection of owned objects is an option, because on a
bare API server nobody does it and tests may rely on that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kubewright.testing.server.deleting import FOREGROUND, ORPHAN, delete
from kubewright.testing.server.documents import Json, section
from kubewright.testing.server.kinds import is_namespace
from kubewright.testing.server.options import DeleteOptions
from kubewright.testing.server.registry import ServedResource
from kubewright.testing.server.represent import decode
from kubewright.testing.server.store import Entry, EventType
from kubewright.testing.server.writing import Writer

BACKGROUND: Final = DeleteOptions(propagation="Background")


class NamespaceCleaner:
    """Empties namespaces that are being deleted, then removes them. A listener of ``API.on_stored``."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._terminating: set[str] = set()

    def __call__(self, event: EventType, served: ServedResource, obj: Json) -> None:
        if is_namespace(served):
            name = obj["metadata"]["name"]
            if event == "DELETED":
                self._terminating.discard(name)
            elif "deletionTimestamp" in obj["metadata"]:
                self._terminating.add(name)
                self._clean(served, name)
        elif event == "DELETED" and (name := obj["metadata"].get("namespace", "")) in self._terminating:
            namespaces = self._writer.registry.lookup("", "v1", "namespaces")
            if namespaces is not None:
                self._clean(namespaces, name)

    def _clean(self, namespaces: ServedResource, name: str) -> None:
        with self._writer.storage.lock:
            left = False
            for kind, entry in _everything_in(self._writer, name):
                if b'"deletionTimestamp"' not in entry.raw:
                    delete(self._writer, kind, name, entry.name, BACKGROUND)
                left = left or self._writer.find(kind, name, entry.name) is not None
            found = self._writer.find(namespaces, "", name)
            if left or found is None:
                return
            obj = decode(found.raw)
            if "deletionTimestamp" not in obj["metadata"]:
                return
            spec = section(obj, "spec")
            holding: list[str] = spec.pop("finalizers", [])
            others = [name for name in holding if name != "kubernetes"]
            if others:
                spec["finalizers"] = others
            if others != holding:
                found = self._writer.commit(namespaces, obj)
            if not others and not obj["metadata"].get("finalizers"):
                self._writer.remove(namespaces, found)


def _everything_in(writer: Writer, namespace: str) -> Iterator[tuple[ServedResource, Entry]]:
    for served in _kinds(writer):
        if served.resource.namespaced:
            collection = writer.collection(served)
            for key in collection.between(f"{namespace}/", f"{namespace}0"):
                yield served, collection.entries[key]


def _kinds(writer: Writer) -> list[ServedResource]:
    """Every stored kind once, in the version it is stored in."""
    return list(dict.fromkeys(writer.storage_kind(served) for served in writer.registry.all()))


class GarbageCollector:
    """Deletes what has lost its owners, and finishes foreground and orphaning deletes. A listener of ``API.on_stored``.

    Source of behaviour: the controller manager's garbage collector, without its delays and caches.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def __call__(self, event: EventType, served: ServedResource, obj: Json) -> None:
        meta: Json = obj["metadata"]
        with self._writer.storage.lock:
            if event == "DELETED":
                self._owner_gone(meta["uid"])
            elif "deletionTimestamp" in meta:
                finalizers = meta.get("finalizers", [])
                if ORPHAN in finalizers:
                    self._orphan(served, meta)
                elif FOREGROUND in finalizers:
                    self._foreground(served, meta)
            elif meta.get("ownerReferences"):
                self._collect_if_abandoned(served, meta)

    def _dependents(self, uid: str) -> list[tuple[ServedResource, Json]]:
        needle = uid.encode()
        found: list[tuple[ServedResource, Json]] = []
        for served in _kinds(self._writer):
            for entry in list(self._writer.collection(served).entries.values()):
                if needle in entry.raw and entry.uid != uid:
                    obj = decode(entry.raw)
                    if any(owner.get("uid") == uid for owner in obj["metadata"].get("ownerReferences", ())):
                        found.append((served, obj))
        return found

    def _exists(self, uid: str) -> bool:
        return any(
            entry.uid == uid
            for served in _kinds(self._writer)
            for entry in self._writer.collection(served).entries.values()
        )

    def _owner_gone(self, uid: str) -> None:
        for served, obj in self._dependents(uid):
            self._collect_if_abandoned(served, obj["metadata"])
        self._finish_waiting_owners()

    def _collect_if_abandoned(self, served: ServedResource, meta: Json) -> None:
        """Delete an object none of whose owners is left; drop the references to those that are gone."""
        namespace, name = meta.get("namespace", ""), meta["name"]
        entry = self._writer.find(served, namespace, name)
        if entry is None or entry.uid != meta["uid"]:
            return
        obj = decode(entry.raw)
        owners: list[Json] = obj["metadata"].get("ownerReferences", [])
        left = [owner for owner in owners if self._exists(owner.get("uid", ""))]
        if not owners or len(left) == len(owners):
            return
        if not left:
            if "deletionTimestamp" not in obj["metadata"]:
                delete(self._writer, served, namespace, name, BACKGROUND)
            return
        obj["metadata"]["ownerReferences"] = left
        self._writer.commit(served, obj)

    def _orphan(self, served: ServedResource, meta: Json) -> None:
        for kind, obj in self._dependents(meta["uid"]):
            owners = [owner for owner in obj["metadata"]["ownerReferences"] if owner.get("uid") != meta["uid"]]
            if owners:
                obj["metadata"]["ownerReferences"] = owners
            else:
                del obj["metadata"]["ownerReferences"]
            self._writer.commit(kind, obj)
        self._drop_finalizer(served, meta, ORPHAN)

    def _foreground(self, served: ServedResource, meta: Json) -> None:
        """Delete dependents; the owner goes when none that blocks it is left."""
        blocking = False
        for kind, obj in self._dependents(meta["uid"]):
            each: Json = obj["metadata"]
            owners: list[Json] = each["ownerReferences"]
            if len([owner for owner in owners if self._exists(owner.get("uid", ""))]) > 1:
                continue
            if "deletionTimestamp" not in each:
                delete(
                    self._writer, kind, each.get("namespace", ""), each["name"], DeleteOptions(propagation="Foreground")
                )
            still = self._writer.find(kind, each.get("namespace", ""), each["name"])
            mine = next(owner for owner in owners if owner.get("uid") == meta["uid"])
            blocking = blocking or (still is not None and bool(mine.get("blockOwnerDeletion")))
        if not blocking:
            self._drop_finalizer(served, meta, FOREGROUND)

    def _finish_waiting_owners(self) -> None:
        for served in _kinds(self._writer):
            for entry in list(self._writer.collection(served).entries.values()):
                if b'"foregroundDeletion"' in entry.raw:
                    meta = decode(entry.raw)["metadata"]
                    if "deletionTimestamp" in meta and FOREGROUND in meta.get("finalizers", ()):
                        self._foreground(served, meta)

    def _drop_finalizer(self, served: ServedResource, meta: Json, finalizer: str) -> None:
        entry = self._writer.find(served, meta.get("namespace", ""), meta["name"])
        if entry is None or entry.uid != meta["uid"]:
            return
        obj = decode(entry.raw)
        finalizers = [each for each in obj["metadata"].get("finalizers", []) if each != finalizer]
        if finalizers:
            obj["metadata"]["finalizers"] = finalizers
            self._writer.commit(served, obj)
        else:
            self._writer.remove(served, entry)
