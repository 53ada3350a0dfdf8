"""Event handlers of an informer: typed ones on their own threads, key handlers inline.

A typed handler has its own thread and its own unbounded buffer, so a slow one delays neither the cache nor another handler
(I3, O4, C10). It decodes what it delivers, on that thread, and keeps track of objects that it could not decode: to the
handler such a version never happened.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Generic, TypeAlias, TypeVar, cast

from .cache import Cache
from .core.deltas import Adds, Change, Deleted, Kind
from .core.store import Entry, Key
from .errors import DecodeError
from .objects import ObjectKey, key_of

__all__ = ["KeyRegistration", "Registration", "TypedRegistration", "only_where"]

T = TypeVar("T")
_Keyed = TypeVar("_Keyed", Change, Entry)

log = logging.getLogger("kubewright.informer")

_ADDED, _UPDATED, _DELETED = Kind.ADDED, Kind.UPDATED, Kind.DELETED  # looked up once, not once an event

# What ObjectKey(*key) does, at a third of its cost.
_key = cast("Callable[[type[ObjectKey], Key], ObjectKey]", tuple.__new__)  # pyright: ignore[reportUnknownMemberType]


class Registration:
    """One handler of an informer, as `add_event_handler` returns it."""

    def __init__(self, name: str, resync_period: float, on_remove: Callable[[Registration], None]) -> None:
        self.name = name
        self.resync_period = resync_period
        self.next_resync: float | None = None
        self.errors = 0
        self._synced = threading.Event()
        self._on_remove = on_remove

    @property
    def has_synced(self) -> bool:
        """Whether this handler has been told of every object of the first list (I7: more than the cache's `has_synced`)."""
        return self._synced.is_set()

    def wait_synced(self, timeout: float | None = None) -> bool:
        """Waits until `has_synced`, at most `timeout` seconds; returns whether it is."""
        return self._synced.wait(timeout)

    @property
    def pending(self) -> int:
        """Events that wait for this handler."""
        return 0

    def remove(self, timeout: float | None = None) -> bool:
        """Takes the handler out: nothing more is delivered. Idempotent, from any thread, also from the handler itself (I9).

        With a `timeout` (seconds) it waits until a call that is under way has returned, except from the handler itself; returns
        whether none is under way any more.
        """
        self._on_remove(self)
        self.close()
        return self.join(timeout or 0.0)

    # --- for the informer

    def schedule(self, now: float) -> None:
        """The next resync is a period away from `now`."""
        self.next_resync = now + self.resync_period if self.resync_period > 0 else None

    def push(self, changes: Sequence[Change]) -> None:
        """Tells the handler, or puts it into its buffer."""
        raise NotImplementedError

    def mark_synced(self) -> None:
        """All of the first list has been pushed."""
        raise NotImplementedError

    def open(self) -> None:
        """The informer runs: deliver."""

    def close(self) -> None:
        """Deliver nothing more; a call that is under way is not interrupted."""

    def join(self, timeout: float) -> bool:
        """Waits for a call that is under way; returns whether there is none."""
        return True


class KeyRegistration(Registration):
    """Calls `on_key` for whatever happens to an object, on the thread that noticed. It costs no decoding and must not block."""

    def __init__(
        self,
        on_key: Callable[[ObjectKey], object],
        name: str,
        resync_period: float,
        on_remove: Callable[[Registration], None],
    ) -> None:
        super().__init__(name, resync_period, on_remove)
        self._on_key = on_key
        self._closed = False

    def push(self, changes: Sequence[Change]) -> None:
        on_key = self._on_key
        for one in changes.entries if isinstance(changes, Adds) else changes:
            if self._closed:
                return
            try:
                on_key(_key(ObjectKey, one.key))
            except Exception:
                self.errors += 1
                log.exception("key handler %s raised for %s; going on", self.name, ObjectKey(*one.key))

    def mark_synced(self) -> None:
        self._synced.set()

    def close(self) -> None:
        self._closed = True


def only_where(
    where: Callable[[T], bool],
    on_add: Callable[[T], object] | None,
    on_update: Callable[[T, T], object] | None,
    on_delete: Callable[[Deleted[T]], object] | None,
) -> tuple[Callable[[T], object], Callable[[T, T], object], Callable[[Deleted[T]], object]]:
    """Callbacks that see only the objects for which `where` holds: one that begins to is an add, one that ceases to a delete
    (I15; client-go: FilteringResourceEventHandler). Which deletes it sees, TypedRegistration decides: it knows the state before.
    """

    def add(obj: T) -> None:
        if on_add is not None and where(obj):
            on_add(obj)

    def update(old: T, new: T) -> None:
        before, after = where(old), where(new)
        if before and after:
            if on_update is not None:
                on_update(old, new)
        elif after:
            if on_add is not None:
                on_add(new)
        elif before and on_delete is not None:
            on_delete(Deleted(old, key_of(old), False))

    def delete(deleted: Deleted[T]) -> None:
        if on_delete is not None:
            on_delete(deleted)

    return add, update, delete


class _Synced:
    """Marks, in a buffer, the end of the first list."""


_SYNCED = _Synced()
_Item: TypeAlias = Sequence[Change] | _Synced | None


class TypedRegistration(Registration, Generic[T]):
    """Calls typed callbacks on a thread of its own, in order, each with objects that are nobody else's."""

    def __init__(
        self,
        cache: Cache[T],
        on_add: Callable[[T], object] | None,
        on_update: Callable[[T, T], object] | None,
        on_delete: Callable[[Deleted[T]], object] | None,
        name: str,
        resync_period: float,
        on_remove: Callable[[Registration], None],
        where: Callable[[T], bool] | None = None,
    ) -> None:
        super().__init__(name, resync_period, on_remove)
        self._cache = cache
        self._where = where
        self._on_add = on_add
        self._on_update = on_update
        self._on_delete = on_delete
        self._inbox: SimpleQueue[_Item] = SimpleQueue()
        self._closed = False
        self._pushed = self._delivered = 0
        # Keys whose newest version this handler could not decode: the last version it was told of, None for never.
        self._behind: dict[Key, Entry | None] = {}
        self.thread = threading.Thread(target=self._run, name=f"kubewright-handler {name}", daemon=True)

    @property
    def pending(self) -> int:
        return 0 if self._closed else self._pushed - self._delivered

    def push(self, changes: Sequence[Change]) -> None:
        if changes and not self._closed:
            self._pushed += len(changes)
            self._inbox.put(changes)

    def mark_synced(self) -> None:
        self._inbox.put(_SYNCED)

    def open(self) -> None:
        self.thread.start()

    def close(self) -> None:
        self._closed = True
        self._inbox.put(None)

    def join(self, timeout: float) -> bool:
        if self.thread is not threading.current_thread() and self.thread.ident is not None:
            self.thread.join(timeout)
        return not self.thread.is_alive()

    def _run(self) -> None:
        get = self._inbox.get
        while True:
            item = get()
            if item is None:
                return
            if isinstance(item, _Synced):
                self._synced.set()
                continue
            if isinstance(item, Adds):
                self._each(item.entries, self._added)
            else:
                self._each(item, self._deliver)
            item = None  # while it waits for the next one, it holds on to nothing

    def _each(self, todo: Sequence[_Keyed], deliver: Callable[[_Keyed], None]) -> None:
        for one in todo:
            if self._closed:
                return
            try:
                deliver(one)
            except Exception:  # I8: client-go lets the process crash
                self.errors += 1
                log.exception("handler %s raised for %s; going on", self.name, ObjectKey(*one.key))
            self._delivered += 1

    def _deliver(self, change: Change) -> None:
        kind = change.kind
        if kind is _ADDED:
            if change.new is not None:
                self._added(change.new)
        elif kind is _UPDATED:
            self._updated(change)
        elif kind is _DELETED:
            self._deleted(change)
        elif self._on_update is not None and change.new is not None and change.key not in self._behind:
            old, new = self._decoded(change.new), self._decoded(change.new)
            if old is not None and new is not None:
                self._on_update(old, new)

    def _added(self, entry: Entry) -> None:
        if self._on_add is None:
            return
        try:
            new = self._cache.decode(entry)
        except DecodeError:
            self._behind[entry.key] = None
        else:
            self._on_add(new)

    def _updated(self, change: Change) -> None:
        if change.new is None:
            return
        behind = bool(self._behind) and change.key in self._behind
        before = self._behind[change.key] if behind else change.old
        if self._on_update is None and (not behind or self._on_add is None):
            return
        new = self._decoded(change.new)
        if new is None:
            self._behind[change.key] = before
            return
        if behind:
            del self._behind[change.key]
        old = self._decoded(before) if before is not None else None
        if old is None:
            if self._on_add is not None:
                self._on_add(new)  # the handler has never seen a good version
        elif self._on_update is not None:
            self._on_update(old, new)

    def _deleted(self, change: Change) -> None:
        known = change.old
        if change.key in self._behind:
            known = self._behind.pop(change.key)
            if known is None:
                return  # the handler has never heard of it
        if self._on_delete is None:
            return
        where = self._where
        if where is not None and known is not None:
            # Whoever was shown the object is told that it is gone, whatever its last change made of it: removing the last
            # finalizer and a label in one update is a DELETED without a MODIFIED. (client-go looks at the final state.)
            shown = self._decoded(known)
            if shown is not None and not where(shown):
                return
        for entry in (change.new, known):
            obj = self._decoded(entry) if entry is not None else None
            if obj is not None and (where is None or where(obj)):
                self._on_delete(Deleted(obj, ObjectKey(*change.key), change.unknown))
                break

    def _decoded(self, entry: Entry) -> T | None:
        try:
            return self._cache.decode(entry)
        except DecodeError:
            return None
