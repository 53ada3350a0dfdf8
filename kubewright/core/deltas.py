"""What changes in a cache, decided from what was there and what the server says: the rules of adds, updates and deletes.

A list or a watch event says what *is*; handlers want to know what *happened*. The rules (client-go's, and where they differ on
purpose, DESIGN.md section 5):

- the same uid and resourceVersion again is no change: a relist of unchanged objects fires nothing;
- a new uid under the same name is a delete and an add, not an update (client-go: one update, I5);
- what a list no longer has was deleted while nobody looked: a delete with the last known object, marked so (Q6);
- of one list, deletes come before adds and updates (Q3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar, overload

import msgspec

from ..objects import ObjectKey
from .store import Entry, Key, Store

__all__ = [
    "Adds",
    "Change",
    "Deleted",
    "Kind",
    "apply_event",
    "apply_list",
    "current_as_adds",
    "current_as_resync",
]

T = TypeVar("T")


class Kind(IntEnum):
    """What happened to an object."""

    ADDED = 0
    UPDATED = 1
    DELETED = 2
    SYNC = 3  # nothing happened: a resync shows the handler what is there


class Change(msgspec.Struct, gc=False, frozen=True):
    """One thing that happened. `old` is what the store held, `new` what it holds now, or an object's final state.

    `unknown`: the delete itself was missed, and with it, maybe, later states of the object.
    """

    kind: Kind
    key: Key
    old: Entry | None
    new: Entry | None
    unknown: bool = False


class Adds(Sequence[Change]):
    """The adds of many objects at once: a first list is 50,000 of them, and a Change each would be for nothing."""

    __slots__ = ("entries",)

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Change]:
        return map(_added, self.entries)

    @overload
    def __getitem__(self, index: int) -> Change: ...
    @overload
    def __getitem__(self, index: slice) -> Adds: ...
    def __getitem__(self, index: int | slice) -> Change | Adds:
        if isinstance(index, slice):
            return Adds(self.entries[index])
        return _added(self.entries[index])


def _added(entry: Entry) -> Change:
    return Change(Kind.ADDED, entry.key, None, entry)


@dataclass(frozen=True, slots=True)
class Deleted(Generic[T]):
    """What `on_delete` gets: the last state of an object that is gone.

    `object` is the state in which it was deleted; when the delete was missed (`final_state_unknown`), the last one that was seen
    (client-go: DeletedFinalStateUnknown, typed).
    """

    object: T
    key: ObjectKey
    final_state_unknown: bool


def apply_event(store: Store, entry: Entry, *, deleted: bool) -> Sequence[Change]:
    """Applies one watch event to the store and says what happened. ADDED and MODIFIED are one: the store knows better."""
    key = entry.key
    old = store.get(key)
    if deleted:
        if old is None or (old.uid != entry.uid and _is_stale(entry, old)):
            return ()
        store.remove(key)
        if old.uid != entry.uid:  # an add that was missed came before it: what was known has been gone longer
            return (Change(Kind.DELETED, key, old, None, True),)
        return (Change(Kind.DELETED, key, old, entry),)
    if old is None:
        store.put(entry)
        return (_added(entry),)
    if old.uid == entry.uid:
        if _unchanged(old, entry):
            return ()
        store.put(entry)
        return (Change(Kind.UPDATED, key, old, entry),)
    store.put(entry)
    return Change(Kind.DELETED, key, old, None, True), _added(entry)


def apply_list(store: Store, entries: list[Entry], namespace: str | None = None) -> Sequence[Change]:
    """Makes the store hold exactly `entries`, in all namespaces or in one, and says what happened.

    An unchanged object keeps its old entry, and with it what is known about it. A key that comes twice counts once, the
    last one. `entries` is not to be changed afterwards: what is said of a first list may be that very list.
    """
    fresh = {entry.key: entry for entry in entries}
    if not len(store):  # the first list: nothing to compare with
        store.replace_all(fresh)
        return Adds(entries if len(entries) == len(fresh) else list(fresh.values()))
    gone: list[Change] = []
    come: list[Change] = []
    for old in store.entries(namespace):
        if old.key not in fresh:
            gone.append(Change(Kind.DELETED, old.key, old, None, True))
    for key, entry in fresh.items():
        before = store.get(key)
        if before is None:
            come.append(_added(entry))
        elif before.uid != entry.uid:
            gone.append(Change(Kind.DELETED, key, before, None, True))
            come.append(_added(entry))
        elif _unchanged(before, entry):
            fresh[key] = before
        else:
            come.append(Change(Kind.UPDATED, key, before, entry))
    if namespace is None:
        if gone or come:
            store.replace_all(fresh)
    else:
        for change in gone:
            store.remove(change.key)
        for change in come:
            store.put(fresh[change.key])
    return gone + come


def current_as_adds(store: Store) -> Adds:
    """What a handler that comes late is told: every object that is there, as an add (I2)."""
    return Adds(list(store))


def current_as_resync(store: Store) -> list[Change]:
    """What a resync tells: every object that is there, once more (R22: out of memory, the server is not asked)."""
    return [Change(Kind.SYNC, entry.key, entry, entry) for entry in store]


def _unchanged(old: Entry, new: Entry) -> bool:
    """Whether this is the same version of the same incarnation again. The content decides where the bytes differ: the order of
    keys is no change, but a server that was restored from a backup gives the same numbers to other content."""
    if old.resource_version != new.resource_version:
        return False
    if old.raw == new.raw:
        return True
    try:
        return bool(msgspec.json.decode(old.raw) == msgspec.json.decode(new.raw))
    except msgspec.DecodeError:
        return False


def _is_stale(event: Entry, stored: Entry) -> bool:
    """Whether an event about another incarnation is older than the stored one (versions are comparable: KEP-5504)."""
    try:
        return int(event.resource_version) <= int(stored.resource_version)
    except ValueError:
        return False
