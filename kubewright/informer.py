"""A shared informer: one cache of one kind, fed by reflectors, read by listers, announced to handlers.

Behaviour is client-go's SharedIndexInformer (ids I1-I18 of reference client-go.md) as DESIGN.md section 5 sharpens it. Lock order:
the informer has one lock, the cache's; user code (typed handlers, key handlers, hooks of stop) runs without it, except
index functions and `on_undecodable`, which may read the cache.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from .cache import Cache, HeaderIndexer, IndexFunction, Undecodable
from .clock import Clock, RealClock
from .core.backoff import Backoff
from .core.deltas import Change, Deleted, apply_event, apply_list, current_as_adds
from .core.streaminglists import StreamingLists
from .core.watchsteps import Events, Replaced
from .errors import KubewrightError, ShutDown
from .handlers import KeyRegistration, Registration, TypedRegistration, only_where
from .informerclock import InformerClock
from .informerstatus import InformerStatus, SourceStatus
from .lister import NamespacedLister
from .objects import ObjectKey, metadata_of
from .reflector import Reflector, Source, streaming_lists_of

__all__ = ["SharedInformer"]

T = TypeVar("T")

log = logging.getLogger("kubewright.informer")

MIN_RESYNC_PERIOD = 1.0  # seconds (I6)
STOP_TIMEOUT = 1.0  # seconds that stop() waits for threads that are in somebody else's code


class SharedInformer(Generic[T]):
    """Caches the objects of a kind and tells handlers what happens to them.

    `source`: a ListWatch, or several with different namespaces. `model`: what objects are read as; `dict[str, Any]` for a kind
    known only at run time. `resync_period` (seconds, 0: never) is the default of handlers. `indexers`: see `add_indexers`.
    `transform` and `managed_fields`: what readers get, see Cache. `streaming=False` forbids streaming lists. `backoff`: pattern
    for the waits after failures. `on_error` hears of every failed list and watch, on the thread that met it; it must not block.

    Runs once: `start`, `stop`, and never again (I13); make a new one then.
    """

    def __init__(
        self,
        source: Source | Sequence[Source],
        model: type[T],
        *,
        resync_period: float = 0.0,
        indexers: Mapping[str, IndexFunction[T] | HeaderIndexer] | None = None,
        transform: Callable[[T], T] | None = None,
        managed_fields: bool = False,
        on_undecodable: Callable[[Undecodable], None] | None = None,
        on_error: Callable[[Exception], object] | None = None,
        streaming: bool = True,
        backoff: Backoff | None = None,
        clock: Clock | None = None,
    ) -> None:
        sources: list[Source] = list(source) if isinstance(source, Sequence) else [source]
        _check_sources(sources)
        self.resource = sources[0].resource
        self.clock: Clock = clock if clock is not None else RealClock()
        self.cache: Cache[T] = Cache(
            model,
            self.resource,
            transform=transform,
            managed_fields=managed_fields,
            on_undecodable=on_undecodable,
        )
        if indexers:
            self.cache.add_indexers(indexers)
        self.resync_period = resync_period
        self._lock = self.cache.lock
        self._changed = threading.Condition(self._lock)
        self._waiters = 0
        self._state = "not started"
        self._handlers: tuple[Registration, ...] = ()
        self._inline: tuple[KeyRegistration, ...] = ()
        self._buffered: tuple[Registration, ...] = ()
        self._versions: dict[str | None, str] = {}
        self._synced = False
        self._on_error = on_error
        pattern = backoff if backoff is not None else Backoff()
        self._reflectors = [
            Reflector(
                each,
                self,
                clock=self.clock,
                backoff=pattern.copy(),
                streaming=streaming_lists_of(each) if streaming else StreamingLists.never(),
                on_request=lambda: self._time.wake(),
            )
            for each in sources
        ]
        self._time = InformerClock(str(self.resource), self.clock, self.cache, self._reflectors, lambda: self._handlers)

    # --- life

    def start(self) -> None:
        """Starts listing and watching. Again: nothing happens (I12). After `stop`: raises ShutDown (I13)."""
        with self._lock:
            if self._state == "stopped":
                raise ShutDown(f"the informer of {self.resource} was stopped and cannot start again: make a new one")
            if self._state == "started":
                return
            self._state = "started"
            now = self.clock.now()
            for handler in self._handlers:
                handler.schedule(now)
                handler.open()
            self._time.start()
            for reflector in self._reflectors:
                reflector.start()

    def stop(self, timeout: float = STOP_TIMEOUT) -> None:
        """Stops watching and delivering; the cache can still be read. Idempotent, from any thread, at any time.

        Returns when all threads have ended, at the latest after `timeout` seconds: a handler that does not return is named in
        the log. Called from one of the informer's own threads (a handler) it only signals.
        """
        if self.signal_stop():
            self.join(timeout)

    def signal_stop(self) -> bool:
        """The first half of `stop`: tells every thread, waits for none. Returns whether there is something to join."""
        with self._lock:
            started, self._state = self._state != "not started", "stopped"
            handlers = self._handlers
            self._changed.notify_all()
        for reflector in self._reflectors:
            reflector.stop()
        for handler in handlers:
            handler.close()
        self._time.stop()
        return started

    def join(self, timeout: float = STOP_TIMEOUT) -> bool:
        """The second half of `stop`: waits for the threads; returns whether all have ended."""
        threads = [reflector.thread for reflector in self._reflectors]
        threads.append(self._time.thread)
        threads += [handler.thread for handler in self._handlers if isinstance(handler, TypedRegistration)]
        threads = [thread for thread in threads if thread.ident is not None]
        if threading.current_thread() in threads:
            return False
        real = RealClock()
        deadline = real.now() + timeout
        for thread in threads:
            thread.join(max(0.0, deadline - real.now()))
        alive = [thread.name for thread in threads if thread.is_alive()]
        if alive:
            log.warning("%s: stopped, but still busy after %g s: %s", self.resource, timeout, ", ".join(alive))
        return not alive

    @property
    def is_stopped(self) -> bool:
        return self._state == "stopped"

    @property
    def is_started(self) -> bool:
        return self._state == "started"

    # --- reading

    @property
    def lister(self) -> NamespacedLister[T]:
        """Reads the cache. For a cluster-scoped kind `ClusterLister(informer.cache)` has the fitting `get`."""
        return NamespacedLister(self.cache)

    @property
    def has_synced(self) -> bool:
        """Whether the cache has held, once, all objects of all sources."""
        return self._synced

    @property
    def last_sync_resource_version(self) -> str:
        """The version that the cache has caught up to: of several sources, the one that is furthest behind; "" before."""
        with self._lock:
            if len(self._versions) < len(self._reflectors):
                return ""
            return min(self._versions.values(), key=_comparable)

    def status(self) -> InformerStatus:
        """A snapshot for people and probes: phases, last errors, counters."""
        with self._lock:
            return InformerStatus(
                resource=self.resource,
                state=self._state,
                synced=self._synced,
                objects=len(self.cache),
                undecodable=len(self.cache.undecodable),
                undecodable_total=self.cache.undecodable_total,
                index_errors=self.cache.index_errors,
                handler_errors=sum(handler.errors for handler in self._handlers),
                pending_events=sum(handler.pending for handler in self._handlers),
                sources=tuple(SourceStatus.of(r.machine, r.namespace, self._versions) for r in self._reflectors),
            )

    def wait_synced(self, timeout: float | None = None, clock: Clock | None = None) -> bool:
        """Waits until `has_synced`, at most `timeout` seconds (None: for ever); False also when it was stopped before.

        `clock` measures the timeout (None: the informer's).
        """
        return self._wait(lambda: self._synced, timeout, clock)

    def wait_for(self, written: str | object, timeout: float, namespace: str | None = None) -> None:
        """Waits until the cache has caught up to `written`: an object as a write returned it, or a resourceVersion.

        Of several sources only that of the object's namespace (of `namespace`) counts; for a bare version, all of them: one in
        whose namespace nothing happens learns of new versions by bookmarks only, about once a minute. Raises TimeoutError
        after `timeout` seconds, ShutDown when the informer stops, ValueError for a version that is no number (only those can be
        compared, KEP-5504).
        """
        if isinstance(written, str):
            resource_version = written
        else:
            meta = metadata_of(written)
            resource_version, namespace = meta.resource_version or "", namespace or meta.namespace
        if not resource_version.isdigit():
            raise ValueError(f"resource version {resource_version!r} is not a number: it cannot be compared")
        wanted = int(resource_version)
        scopes = [r.namespace for r in self._reflectors]
        if namespace in scopes:
            scopes = [namespace]

        def reached() -> bool:
            return all(_comparable(self._versions.get(scope, "")) >= wanted for scope in scopes)

        if not self._wait(reached, timeout):
            if self.is_stopped:
                raise ShutDown(
                    f"the informer of {self.resource} was stopped while waiting for version {resource_version}"
                )
            raise TimeoutError(
                f"{self.resource}: the cache is at version {self.last_sync_resource_version or 'none'} "
                f"and did not reach {resource_version} within {timeout:g} s"
            )

    def _wait(self, reached: Callable[[], bool], timeout: float | None, clock: Clock | None = None) -> bool:
        clock = clock if clock is not None else self.clock
        with self._lock:
            self._waiters += 1
            try:
                deadline = None if timeout is None else clock.now() + timeout
                while not reached():
                    remaining = None if deadline is None else deadline - clock.now()
                    if self._state == "stopped" or (remaining is not None and remaining <= 0):
                        return reached()
                    clock.wait(self._changed, remaining)
                return True
            finally:
                self._waiters -= 1

    # --- handlers and indexes

    def add_indexers(self, indexers: Mapping[str, IndexFunction[T] | HeaderIndexer]) -> None:
        """Adds indexes by name, before or after `start`. Raises KubewrightError when a name is taken, ShutDown after `stop` (S5)."""
        if self.is_stopped:
            raise ShutDown(f"the informer of {self.resource} is stopped: no index can be added")
        self.cache.add_indexers(indexers)

    def add_event_handler(
        self,
        *,
        on_add: Callable[[T], object] | None = None,
        on_update: Callable[[T, T], object] | None = None,
        on_delete: Callable[[Deleted[T]], object] | None = None,
        on_key: Callable[[ObjectKey], object] | None = None,
        where: Callable[[T], bool] | None = None,
        resync_period: float | None = None,
        name: str = "",
    ) -> Registration:
        """Adds a handler, at any time; a late one is told of every object that is there, as an add (I2).

        `on_add(obj)`, `on_update(old, new)`, `on_delete(deleted)` run on a thread of their own. `on_key(key)` instead of them is
        called on the thread that noticed, for whatever happened; it must not block (`queue.add`). A late key handler gets
        the present keys on the calling thread, before this returns. `where` shows a typed handler only some objects: one that
        begins to be among them is an add, one that ceases to be a delete (I15). `resync_period`: seconds, at least 1 (0: never; None: the
        informer's). What a handler raises is logged and counted. Raises ShutDown after `stop` (I11).
        """
        period = self.resync_period if resync_period is None else resync_period
        if 0 < period < MIN_RESYNC_PERIOD:
            log.warning("%s: a resync period of %g s is raised to %g s", self.resource, period, MIN_RESYNC_PERIOD)
            period = MIN_RESYNC_PERIOD
        typed = on_add is not None or on_update is not None or on_delete is not None
        if typed == (on_key is not None) or (where is not None and not typed):
            raise KubewrightError(
                "add_event_handler() needs on_add, on_update, on_delete (and where), or else on_key alone"
            )
        handler: Registration
        if on_key is not None:
            handler = KeyRegistration(on_key, name or _name_of(on_key), period, self._remove)
        else:
            shown = name or _name_of(on_add or on_update or on_delete)
            if where is not None:
                on_add, on_update, on_delete = only_where(where, on_add, on_update, on_delete)
            handler = TypedRegistration(self.cache, on_add, on_update, on_delete, shown, period, self._remove, where)
        with self._lock:
            if self._state == "stopped":
                raise ShutDown(f"the informer of {self.resource} is stopped: no handler can be added")
            present, synced = current_as_adds(self.cache.store), self._synced
            self._set_handlers((*self._handlers, handler))
            if self._state == "started":
                handler.schedule(self.clock.now())
                handler.open()
            if not isinstance(handler, KeyRegistration):
                handler.push(present)
                if synced:
                    handler.mark_synced()
        if isinstance(handler, KeyRegistration):
            handler.push(present)
            if synced:
                handler.mark_synced()
        if handler.resync_period:
            self._time.wake()
        return handler

    def _set_handlers(self, handlers: tuple[Registration, ...]) -> None:
        self._handlers = handlers
        self._inline = tuple(h for h in handlers if isinstance(h, KeyRegistration))
        self._buffered = tuple(h for h in handlers if not isinstance(h, KeyRegistration))

    def _remove(self, handler: Registration) -> None:
        with self._lock:
            self._set_handlers(tuple(h for h in self._handlers if h is not handler))

    # --- what the reflectors learn (their threads)

    def replaced(self, namespace: str | None, content: Replaced) -> None:
        """For reflectors: the whole content of one scope."""
        with self._lock:
            changes = apply_list(self.cache.store, content.entries, namespace)
            first = not self._synced
            self._applied(namespace, content.resource_version, changes)
            if first and len(self._versions) == len(self._reflectors):
                self._synced = True
                self._changed.notify_all()
                for handler in self._buffered:
                    handler.mark_synced()
            synced, inline = self._synced, self._inline
        for key_handler in inline:
            key_handler.push(changes)
            if synced and not key_handler.has_synced:
                key_handler.mark_synced()

    def changed(self, namespace: str | None, events: Events) -> None:
        """For reflectors: events of one scope, in order."""
        store = self.cache.store
        with self._lock:
            changes: list[Change] = []
            for entry, deleted in zip(events.entries, events.deleted, strict=True):
                changes += apply_event(store, entry, deleted=deleted)
            self._applied(namespace, events.resource_version, changes)
            inline = self._inline
        if changes:
            for key_handler in inline:
                key_handler.push(changes)

    def failed(self, namespace: str | None, error: Exception) -> None:
        """For reflectors: a list or a watch failed; it is tried again."""
        if self._on_error is not None:
            try:
                self._on_error(error)
            except Exception:
                log.exception("%s: the hook on_error raised", self.resource)

    def _applied(self, namespace: str | None, resource_version: str, changes: Sequence[Change]) -> None:
        self._versions[namespace] = resource_version
        if changes:
            self.cache.released(change.key for change in changes)
            for handler in self._buffered:
                handler.push(changes)
        if self._waiters:
            self._changed.notify_all()


def _check_sources(sources: Sequence[Source]) -> None:
    if not sources:
        raise KubewrightError("an informer needs a source (client.list_watch())")
    resources = {source.resource for source in sources}
    if len(resources) > 1:
        raise KubewrightError(f"one informer caches one kind, not {', '.join(sorted(map(str, resources)))}")
    namespaces = [source.namespace or None for source in sources]
    if len(set(namespaces)) < len(namespaces) or (None in namespaces and len(namespaces) > 1):
        raise KubewrightError(
            f"the sources of one informer must not overlap: {', '.join(n or 'all namespaces' for n in namespaces)}"
        )


def _comparable(resource_version: str) -> int:
    return int(resource_version) if resource_version.isdigit() else -1


def _name_of(callback: Callable[..., Any] | None) -> str:
    return getattr(callback, "__qualname__", None) or type(callback).__name__
