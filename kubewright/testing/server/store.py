"""Storage of the embedded server: one revision counter, objects as encoded bytes, a window of history.

This is etcd and the watch cache in one. Objects are kept as the JSON they are served as, so that a list or a watch only
joins bytes; beside each lie the few things that selecting needs. Every write gets the next revision of one counter for
all kinds, as in etcd. Events stay for a window (age and count), and from them the state at any revision inside the
window is rebuilt: that is what makes paged lists consistent and makes old watches and tokens expire with 410.

Nothing here knows HTTP, kinds or validation. All methods expect the caller to hold ``lock``.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

EventType = Literal["ADDED", "MODIFIED", "DELETED"]


class ResourceName(NamedTuple):
    """What a collection is called in storage: group and plural; all versions share it."""

    group: str
    plural: str


@dataclass(slots=True, eq=False)
class Entry:
    """One version of one object; never changed once stored. ``raw`` is its JSON, resourceVersion included."""

    namespace: str
    name: str
    uid: str
    revision: int
    labels: Mapping[str, str] | None
    raw: bytes
    written_as: object = None
    """The served kind (of the storage version) it was written under; read as another one it is converted anew."""
    stored: bytes | None = None
    """What a real server's etcd would hold, where that is not ``raw``: reading it fills in defaults and drops nulls."""
    view: tuple[object, bytes] | None = None
    """The last conversion, kept because readers of another version come again and again."""

    @property
    def key(self) -> str:
        """The storage key below the collection: ``namespace/name``, or ``name`` for cluster-scoped kinds."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(slots=True)
class StoredEvent:
    """One write. ``line`` caches the encoded watch line that everybody without a selector receives."""

    revision: int
    type: EventType
    key: str
    new: Entry
    """The object after the write; for a delete its last state, with the revision of the delete."""
    old: Entry | None
    at: float
    line: bytes | None = None


class Collection:
    """All objects of one resource, in key order, with their recent events and the watchers to tell."""

    def __init__(self, name: ResourceName) -> None:
        self.name = name
        self.entries: dict[str, Entry] = {}
        self.keys: list[str] = []
        self.events: deque[StoredEvent] = deque()
        self.oldest = 0
        """The newest revision up to which events have been forgotten: reads from before it are expired."""
        self.watchers: dict[int, Callable[[StoredEvent], None]] = {}

    def between(self, first: str, last: str) -> list[str]:
        """The keys from ``first`` (included) to ``last`` (excluded; empty = to the end)."""
        start = bisect_left(self.keys, first)
        stop = bisect_left(self.keys, last) if last else len(self.keys)
        return self.keys[start:stop]

    def events_after(self, revision: int) -> Iterator[StoredEvent]:
        """Events newer than ``revision``, oldest first."""
        newer: list[StoredEvent] = []
        for event in reversed(self.events):
            if event.revision <= revision:
                break
            newer.append(event)
        return reversed(newer)

    def changed_since(self, revision: int) -> dict[str, Entry | None]:
        """For every key written after ``revision``: what it held then (None = it did not exist)."""
        before: dict[str, Entry | None] = {}
        for event in reversed(self.events):
            if event.revision <= revision:
                break
            before[event.key] = event.old
        return before


def prefix_range(namespace: str) -> tuple[str, str]:
    """First and last key of a namespace; everything when it is empty."""
    return (f"{namespace}/", f"{namespace}0") if namespace else ("", "")


class Storage:
    """The revisioned store.

    ``window`` is how long history is kept in seconds (etcd's default compaction interval is five minutes), ``capacity``
    how many events a resource keeps at most. ``now`` gives monotonic seconds.
    """

    def __init__(self, now: Callable[[], float], *, window: float = 300.0, capacity: int = 100_000) -> None:
        self.lock = threading.RLock()
        self.revision = 1
        self.compacted = 0
        """The revision up to which all history was thrown away on demand."""
        self.window = window
        self.capacity = capacity
        self._now = now
        self._collections: dict[ResourceName, Collection] = {}
        self._tokens = 0

    def collection(self, name: ResourceName) -> Collection:
        """The collection of a resource, made when first asked for."""
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = Collection(name)
            found.oldest = self.revision
        return found

    def collections(self) -> list[Collection]:
        """Every collection that has been touched."""
        return list(self._collections.values())

    def drop(self, name: ResourceName) -> None:
        """Forget a resource altogether (its CRD is gone)."""
        self._collections.pop(name, None)

    def put(self, collection: Collection, entry: Entry) -> StoredEvent:
        """Store ``entry``, whose revision must be ``revision + 1``, and tell the watchers."""
        key = entry.key
        old = collection.entries.get(key)
        collection.entries[key] = entry
        if old is None:
            keys = collection.keys
            if keys and key < keys[-1]:
                insort(keys, key)
            else:
                keys.append(key)
        return self._commit(collection, StoredEvent(entry.revision, "MODIFIED" if old else "ADDED", key, entry, old, 0))

    def remove(self, collection: Collection, last: Entry) -> StoredEvent:
        """Remove the object; ``last`` is its last state under the revision of the removal."""
        key = last.key
        old = collection.entries.pop(key)
        del collection.keys[bisect_left(collection.keys, key)]
        return self._commit(collection, StoredEvent(last.revision, "DELETED", key, last, old, 0))

    def _commit(self, collection: Collection, event: StoredEvent) -> StoredEvent:
        if event.revision != self.revision + 1:
            raise AssertionError(f"revision {event.revision} does not follow {self.revision}")
        self.revision = event.revision
        event.at = self._now()
        events = collection.events
        events.append(event)
        if len(events) > self.capacity:
            collection.oldest = events.popleft().revision
        for tell in list(collection.watchers.values()):
            tell(event)
        return event

    def watch(self, collection: Collection, tell: Callable[[StoredEvent], None]) -> Callable[[], None]:
        """Call ``tell`` for each later event, under the lock; returns what ends it."""
        self._tokens += 1
        token = self._tokens
        collection.watchers[token] = tell

        def forget() -> None:
            with self.lock:
                collection.watchers.pop(token, None)

        return forget

    def expire_history(self, *, older_than: float | None = None) -> None:
        """Forget events: all of them, or those from before a monotonic time."""
        if older_than is None:
            self.compacted = self.revision
        for collection in self._collections.values():
            events = collection.events
            while events and (older_than is None or events[0].at < older_than):
                collection.oldest = events.popleft().revision
            if older_than is None:
                collection.oldest = self.revision

    def tick(self) -> None:
        """Let history older than the window go."""
        self.expire_history(older_than=self._now() - self.window)

    def restart(self, revision: int) -> None:
        """Pretend the server came back from a backup: no history and another revision counter."""
        self.expire_history()
        self.revision = revision
        self.compacted = min(self.compacted, revision)
        for collection in self._collections.values():
            collection.oldest = self.compacted
