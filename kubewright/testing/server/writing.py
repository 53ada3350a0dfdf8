"""Creates and updates: from an accepted object to a new revision in storage.

Every write, whatever verb it came from, ends here: one place checks names, versions and preconditions, so that PUT,
patches, apply and the status subresource cannot disagree. All of it happens under the storage's lock; there is no
window between reading the live object and storing the new one, hence no retry loop as in the real server.
"""

from __future__ import annotations

import copy
import random
from collections import deque
from collections.abc import Callable

from kubewright.clock import Clock
from kubewright.testing.server import statuses
from kubewright.testing.server.bodies import Notes
from kubewright.testing.server.documents import Json, same
from kubewright.testing.server.kinds import behaviour, is_namespace
from kubewright.testing.server.messages import StatusCause
from kubewright.testing.server.metadata import HOLLOW, set_namespace, wipe_system_fields
from kubewright.testing.server.options import WriteOptions
from kubewright.testing.server.registry import Registry, ServedResource
from kubewright.testing.server.represent import decode, encode, shown_as
from kubewright.testing.server.store import Collection, Entry, EventType, ResourceName, Storage
from kubewright.testing.server.strategy import before_create, before_update

Change = Callable[[Json | None], Json]
"""From the live object (None: there is none) to the wanted one; may change and return what it is given."""

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_NAME_ATTEMPTS = 8


class Writer:
    """Writes objects. ``stored`` collects what was committed, for whoever listens after the lock is released."""

    def __init__(self, storage: Storage, registry: Registry, clock: Clock) -> None:
        self.storage = storage
        self.registry = registry
        self.clock = clock
        self.stored: deque[tuple[EventType, ServedResource, Json]] = deque()
        self._random = random.Random()

    def collection(self, served: ServedResource) -> Collection:
        """Where the objects of a served kind lie."""
        return self.storage.collection(ResourceName(served.resource.group, served.resource.plural))

    def find(self, served: ServedResource, namespace: str, name: str) -> Entry | None:
        """The stored object."""
        return self.collection(served).entries.get(_key(served, namespace, name))

    def live(self, served: ServedResource, namespace: str, name: str) -> Entry:
        """The stored object; raises 404."""
        entry = self.find(served, namespace, name)
        if entry is None:
            raise statuses.not_found(served.resource.group, served.resource.plural, name)
        return entry

    def create(self, served: ServedResource, namespace: str, obj: Json, options: WriteOptions, notes: Notes) -> Entry:
        """Store a new object; raises 400, 404 (namespace), 409, 422."""
        set_namespace(obj["metadata"], namespace if served.resource.namespaced else "")
        self._check_namespace(served, obj)
        if obj["metadata"].get("name") or not obj["metadata"].get("generateName"):
            return self._create(served, namespace, obj, options, notes)
        taken = ""
        for _ in range(_NAME_ATTEMPTS):
            attempt = copy.deepcopy(obj)
            taken = self._generate_name(attempt["metadata"]["generateName"])
            attempt["metadata"]["name"] = taken
            if self.find(served, attempt["metadata"].get("namespace", ""), taken) is None:
                return self._create(served, namespace, attempt, options, notes)
        raise statuses.name_generation_failed(served.resource.group, served.resource.plural, taken)

    def _generate_name(self, base: str) -> str:
        return base[:58] + "".join(self._random.choices(_ALPHABET, k=5))

    def _check_namespace(self, served: ServedResource, obj: Json) -> None:
        """Raise 404 when the namespace does not exist and 403 when it is going away."""
        if not served.resource.namespaced:
            return
        namespace = obj["metadata"].get("namespace", "")
        found = self.storage.collection(ResourceName("", "namespaces")).entries.get(namespace)
        if found is None:
            raise statuses.not_found("", "namespaces", namespace)
        if b'"Terminating"' in found.raw and decode(found.raw).get("status", {}).get("phase") == "Terminating":
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            cause = StatusCause(
                "metadata.namespace", "NamespaceTerminating", f"namespace {namespace} is being terminated"
            )
            name = obj["metadata"].get("name", "")
            raise statuses.forbidden(served.resource.group, served.resource.plural, name, why, [cause])

    def _create(self, served: ServedResource, namespace: str, obj: Json, options: WriteOptions, notes: Notes) -> Entry:
        before_create(obj, served, behaviour(served), namespace, self.clock.time(), notes)
        meta: Json = obj["metadata"]
        resource = served.resource
        if meta.get("resourceVersion") not in (None, "", "0"):
            raise statuses.unexplained("resourceVersion should not be set on objects to be created")
        existing = self.find(served, meta.get("namespace", ""), meta["name"])
        if existing is not None:
            deleting = "deletionTimestamp" in decode(existing.raw)["metadata"]
            raise statuses.already_exists(resource.group, resource.plural, meta["name"], deleting=deleting)
        if options.dry_run:
            meta.pop("resourceVersion", None)
            return self.as_entry(served, obj, 0)
        return self.commit(served, obj)

    def update(
        self,
        served: ServedResource,
        namespace: str,
        name: str,
        change: Change,
        options: WriteOptions,
        notes: Notes,
        *,
        subresource: str = "",
        allow_create: bool = False,
        match_uid: bool = False,
    ) -> tuple[Entry, bool]:
        """Bring an object to what ``change`` makes of it; the result and whether it is new. Raises 4xx.

        ``match_uid``: a uid in the wanted object is a precondition (a PUT), not just an immutable field (a patch).
        """
        kind = behaviour(served)
        resource = served.resource
        entry = self.find(served, namespace, name)
        if entry is None:
            if not (allow_create or (kind.create_on_update and not subresource)):
                raise statuses.not_found(resource.group, resource.plural, name)
            obj = change(None)
            if allow_create and (uid := obj["metadata"].get("uid")):
                why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                raise statuses.conflict(resource.group, resource.plural, name, why)
            wipe_system_fields(obj["metadata"])
            version = obj["metadata"].pop("resourceVersion", None)
            entry = self.create(served, namespace, obj, options, notes)
            if options.dry_run and version:  # nobody takes it away again when nothing is stored
                obj["metadata"]["resourceVersion"] = version
                entry = self.as_entry(served, obj, 0)
            return entry, True
        old = decode(shown_as(entry, served))
        obj = change(decode(shown_as(entry, served)))
        meta: Json = obj["metadata"]
        if match_uid and meta.get("uid") and meta["uid"] != entry.uid:
            what = f"UID in precondition: {meta['uid']}, UID in object meta: {entry.uid}"
            raise statuses.precondition_failed(resource.group, resource.plural, namespace, name, what)
        self._check_version(served, meta, entry, unconditional=kind.unconditional_update)
        before_update(obj, old, served, kind, subresource, notes)
        meta = obj["metadata"]
        if self._is_stored(served, obj, old, entry):
            return entry, False
        if (
            "deletionTimestamp" in old["metadata"]
            and not meta.get("finalizers")
            and not meta.get("deletionGracePeriodSeconds")
        ):
            if self._may_go(served, obj):
                if not options.dry_run:
                    self.remove(served, entry)
                # Answered as it was asked for: it has never gone through storage.
                place = (entry.namespace, entry.name, entry.uid, entry.revision)
                return Entry(*place, meta.get("labels"), encode(obj), served), False
        if options.dry_run:
            return self.as_entry(served, obj, entry.revision), False
        return self.commit(served, obj), False

    def _may_go(self, served: ServedResource, obj: Json) -> bool:
        """Whether nothing but metadata.finalizers kept a deleted object; a namespace also waits for its spec's."""
        return not (is_namespace(served) and obj.get("spec", {}).get("finalizers"))

    def _check_version(self, served: ServedResource, meta: Json, entry: Entry, *, unconditional: bool) -> None:
        given = meta.get("resourceVersion") or ""
        resource = served.resource
        if given in ("", "0"):
            if not unconditional:
                cause = StatusCause(
                    "metadata.resourceVersion", "FieldValueInvalid", "Invalid value: 0: must be specified for an update"
                )
                raise statuses.invalid(resource.group, resource.plural, entry.name, [cause])
            meta["resourceVersion"] = str(entry.revision)
        elif given != str(entry.revision):
            raise statuses.conflict(resource.group, resource.plural, entry.name)

    def commit(self, served: ServedResource, obj: Json) -> Entry:
        """Store an object under the next revision; no checks."""
        collection = self.collection(served)
        revision = self.storage.revision + 1
        obj["metadata"]["resourceVersion"] = str(revision)
        entry = self.as_entry(served, obj, revision)
        event = self.storage.put(collection, entry)
        self.stored.append((event.type, served, obj))
        return entry

    def remove(self, served: ServedResource, entry: Entry) -> Entry:
        """Remove an object; its last state under the revision of the removal."""
        revision = self.storage.revision + 1
        obj = decode(entry.raw)
        obj["metadata"]["resourceVersion"] = str(revision)
        last = Entry(entry.namespace, entry.name, entry.uid, revision, entry.labels, encode(obj), entry.written_as)
        self.storage.remove(self.collection(served), last)
        self.stored.append(("DELETED", served, obj))
        return last

    def storage_kind(self, served: ServedResource) -> ServedResource:
        """The kind in the version that objects are stored in, whether or not that one is served."""
        resource = served.resource
        if served.storage_version == resource.version:
            return served
        known = served.versions.get(served.storage_version)
        return known or self.registry.lookup(resource.group, served.storage_version, resource.plural) or served

    def as_entry(self, served: ServedResource, obj: Json, revision: int) -> Entry:
        """An object as it would be stored, in the storage version (a dry run's answer, or about to be stored).

        ``obj`` loses what does not survive that, unless it is stored in another version than it is in.
        """
        target, obj = self._for_storage(served, obj)
        stored = encode(obj)
        completed = stored
        hollow = _drop_hollow(obj["metadata"])
        # Reading from storage fills in defaults and drops nulls that nothing allows.
        structural = None if target.builtin else target.structural
        filled = structural is not None and (structural.has_defaults or structural.has_embedded or b"null" in stored)
        if filled:
            target.coerce(obj)
            target.default_on_read(obj)
        if hollow or filled:
            completed = encode(obj)
        meta: Json = obj["metadata"]
        return Entry(
            meta.get("namespace", ""),
            meta["name"],
            meta["uid"],
            revision,
            meta.get("labels"),
            completed,
            target,
            None if completed == stored else stored,
        )

    def _for_storage(self, served: ServedResource, obj: Json) -> tuple[ServedResource, Json]:
        """The kind in its storage version, and the object converted to it: the same object when it is in that version already."""
        target = self.storage_kind(served)
        if target is served:
            return target, obj
        obj = {**copy.deepcopy(obj), "apiVersion": target.resource.api_version}
        _drop_hollow(obj["metadata"])
        target.coerce(obj)
        return target, obj

    def _is_stored(self, served: ServedResource, obj: Json, old: Json, entry: Entry) -> bool:
        """Whether storing ``obj`` would leave storage as it is (etcd3 store, GuaranteedUpdate, compares the bytes to be stored).

        An object equal to the one that was read may well change it: where reading had added something, or where the version to
        store in is another one now. And one that is not equal may not: where conversion takes the difference off again.
        """
        if _same_but_for_times(obj, old):
            if entry.stored is None and entry.written_as is served:
                return True
            obj = old
        elif self.storage_kind(served) is served:
            return False
        return same(self._for_storage(served, obj)[1], decode(entry.stored or entry.raw))


def _drop_hollow(meta: Json) -> bool:
    """Remove empty maps and lists, and nulls, that decoding metadata forgets, in place; whether there were any."""
    hollow = [name for name in HOLLOW if name in meta and not meta[name]]
    for name in hollow:
        del meta[name]
    return bool(hollow)


def _key(served: ServedResource, namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if served.resource.namespaced else name


def _same_but_for_times(obj: Json, old: Json) -> bool:
    """Whether a write would change nothing; then the live object, with its managedFields times, stays as it is."""
    meta, before = obj["metadata"], old["metadata"]
    for key in obj.keys() | old.keys():
        if key != "metadata" and not same(obj.get(key), old.get(key)):
            return False
    for key in meta.keys() | before.keys():
        if key == "managedFields":
            if _without_times(meta.get(key)) != _without_times(before.get(key)):
                return False
        elif meta.get(key) != before.get(key):
            return False
    return True


def _without_times(managed: list[Json] | None) -> list[Json]:
    return [{key: value for key, value in entry.items() if key != "time"} for entry in managed or ()]
