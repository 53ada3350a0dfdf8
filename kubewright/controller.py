"""The worker step, once and right: take a key, reconcile it, and decide by what came of it whether and when it comes back.

Every controller has this loop, and small mistakes in it are expensive: an item that is never marked done is never seen again, one that
is never forgotten waits longer each time, an exception that ends a worker ends them all in the end. Behaviour is
controller-runtime's (reference client-go.md, P2), on client-go's queue.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

from .clock import Clock, RealClock
from .core.deltas import Deleted
from .errors import KubewrightError, ShutDown
from .factory import ResourceInformer, raise_if_late
from .informer import SharedInformer
from .objects import ObjectKey, metadata_of
from .workqueue import RateLimitingQueue

__all__ = ["Controller", "Outcome", "Requeue", "TerminalError", "controlled_by"]

T = TypeVar("T")

log = logging.getLogger("kubewright.controller")

SYNC_TIMEOUT = 120.0
"""Seconds that caches may take to fill (controller-runtime: CacheSyncTimeout)."""
GRACE_PERIOD = 30.0
"""Seconds that reconciles in work get to finish after a stop (controller-runtime: GracefulShutdownTimeout)."""

_SLICE = 0.1


@dataclass(frozen=True, slots=True)
class Requeue:
    """What a reconcile returns to see the key again although nothing failed: after `after` seconds, or, without it, as soon as the rate
    limiter says (as after an error, but without one)."""

    after: float | None = None


class TerminalError(KubewrightError):
    """Raise it (from the cause) in a reconcile when another try cannot help: it is logged, and the key is not tried again until its
    object changes."""


class Outcome(Enum):
    """What came of one reconcile; the values are controller-runtime's labels."""

    SUCCESS = "success"
    REQUEUE = "requeue"
    REQUEUE_AFTER = "requeue_after"
    ERROR = "error"
    TERMINAL = "terminal"


Reconcile: TypeAlias = Callable[[ObjectKey], Requeue | None]
"""Brings the world in line with what an object wants. It gets a key and reads the object itself, because by the time a worker is
free the object has changed or is gone. It is called with one key at a time from one thread only, and with other keys from other threads."""


class Controller:
    """Runs `reconcile` on `workers` threads for the keys of what it watches.

    `queue` is one of its own when not given. `reconcile` returns None when all is well, or a `Requeue`; what it raises is logged, and the
    key comes back later and later (see `default_controller_rate_limiter`). `on_outcome(key, outcome, seconds)` is called after each
    reconcile, for metrics; it must be quick. The informers belong to the caller: start them (or their factory) before or after.

    Runs once: `run`, or `start` and `stop`, or a ``with`` block.
    """

    def __init__(
        self,
        reconcile: Reconcile,
        queue: RateLimitingQueue[ObjectKey] | None = None,
        workers: int = 2,
        *,
        name: str = "",
        on_outcome: Callable[[ObjectKey, Outcome, float], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError(f"a controller needs at least one worker, got {workers}")
        self.name = name or (queue.name if queue is not None else "") or getattr(reconcile, "__name__", "controller")
        self._clock: Clock = clock or RealClock()
        self.queue: RateLimitingQueue[ObjectKey] = (
            queue if queue is not None else RateLimitingQueue(self.name, clock=self._clock)
        )
        self._reconcile = reconcile
        self._on_outcome = on_outcome
        self._informers: list[SharedInformer[Any]] = []
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._started = False
        self._workers = [
            threading.Thread(target=self._work, name=f"kubewright-controller {self.name} {n}", daemon=True)
            for n in range(workers)
        ]

    def watches(
        self,
        informer: SharedInformer[T] | ResourceInformer[T, Any],
        *,
        map: Callable[[T], Iterable[ObjectKey]] | None = None,  # noqa: A002  # the word that everybody uses for it
    ) -> Self:
        """Reconcile when something happens to the objects of `informer`; returns the controller.

        Without `map` it is the object's own key, and no object is decoded for it. `map` says which keys an object concerns
        (`controlled_by` for owners); of an update both states count, because an object may have moved from one to the other. What `map`
        raises is logged by the informer.
        """
        source = informer.informer if isinstance(informer, ResourceInformer) else informer
        add = self.queue.add
        if map is None:
            source.add_event_handler(on_key=add, name=self.name)
        else:
            keys = map

            def on_object(obj: T) -> None:
                for key in keys(obj):
                    add(key)

            def on_update(old: T, new: T) -> None:
                on_object(old)
                on_object(new)

            def on_delete(deleted: Deleted[T]) -> None:
                on_object(deleted.object)

            source.add_event_handler(on_add=on_object, on_update=on_update, on_delete=on_delete, name=self.name)
        self._informers.append(source)
        return self

    # --- life

    def run(
        self, stop: threading.Event, sync_timeout: float = SYNC_TIMEOUT, grace_period: float = GRACE_PERIOD
    ) -> None:
        """`start`, wait until `stop` is set, `stop`: the whole life on the calling thread. Raises CacheSyncError as `start` does."""
        try:
            self._start(sync_timeout, stop)
            stop.wait()
        finally:
            self.stop(grace_period)

    def start(self, sync_timeout: float = SYNC_TIMEOUT) -> None:
        """Waits until the caches of all watched kinds are filled, then starts the workers.

        Raises CacheSyncError, which names the kinds and the reasons, after `sync_timeout` seconds; ShutDown when it ran before.
        """
        self._start(sync_timeout, self._stopping)

    def _start(self, sync_timeout: float, stop: threading.Event) -> None:
        with self._lock:
            if self._started or self._stopping.is_set():
                raise ShutDown(f"the controller {self.name!r} ran already: make a new one")
            self._started = True
        real = RealClock()
        deadline = real.now() + sync_timeout
        for informer in self._informers:
            # In slices, because a Ctrl-C now is a stop, too.
            while not informer.wait_synced(min(_SLICE, max(0.0, deadline - real.now())), real):
                if stop.is_set() or self._stopping.is_set():
                    return
                if real.now() >= deadline or informer.is_stopped:
                    break
        raise_if_late(self._informers, sync_timeout)
        with self._lock:
            if stop.is_set() or self._stopping.is_set():
                return
            for worker in self._workers:
                worker.start()
        log.info("%s: started %d workers", self.name, len(self._workers))

    def stop(self, grace_period: float = GRACE_PERIOD) -> bool:
        """Takes no more keys, lets reconciles that are in work finish, drops the keys that wait. Idempotent, from any thread.

        Returns whether all workers have ended within `grace_period` seconds; which keys they are still busy with is in the log. (They
        are daemons, so the process can end.) From inside a reconcile it only signals. What is dropped comes back at the next start, from
        the list.
        """
        with self._lock:
            self._stopping.set()
        self.queue.shut_down()
        workers = [worker for worker in self._workers if worker.ident is not None]
        if threading.current_thread() in workers:
            return False
        deadline = self._clock.now() + grace_period
        for worker in workers:
            worker.join(max(0.0, deadline - self._clock.now()))
        busy = [worker.name for worker in workers if worker.is_alive()]
        if busy:
            log.warning("%s: stopped, but %d reconciles did not end within %g s", self.name, len(busy), grace_period)
        return not busy

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # --- the worker step

    def _work(self) -> None:
        while True:
            try:
                with self.queue.take() as key:
                    if not self._stopping.is_set():
                        self._step(key)
            except ShutDown:
                return

    def _step(self, key: ObjectKey) -> None:
        begin = self._clock.now()
        outcome = self._tried(key)
        if self._on_outcome is not None:
            try:
                self._on_outcome(key, outcome, self._clock.now() - begin)
            except Exception:
                log.exception("%s: the hook on_outcome raised for %s", self.name, key)

    def _tried(self, key: ObjectKey) -> Outcome:
        queue = self.queue
        try:
            result = self._reconcile(key)
            if result is not None and not isinstance(result, Requeue):  # pyright: ignore[reportUnnecessaryIsInstance]
                # Only the user's checker knows what the function returns; here it must not end the worker.
                raise TypeError(f"reconcile returned {result!r}: it must return None or a Requeue")
        except TerminalError as error:
            log.error("%s: giving up %s until it changes: %s", self.name, key, error)
            queue.forget(key)
            return Outcome.TERMINAL
        except BaseException as error:  # also SystemExit of some library: a worker ends when the controller does
            tries = queue.num_requeues(key) + 1
            log.warning(
                "%s: reconciling %s failed (%d in a row): %s: %s",
                self.name,
                key,
                tries,
                type(error).__name__,
                error,
                exc_info=_worth_a_traceback(error),
            )
            queue.add_rate_limited(key)
            return Outcome.ERROR
        if result is None:
            queue.forget(key)
            return Outcome.SUCCESS
        if result.after is None:
            queue.add_rate_limited(key)
            return Outcome.REQUEUE
        queue.forget(key)
        queue.add_after(key, result.after)
        return Outcome.REQUEUE_AFTER


def controlled_by(kind: str, group: str = "") -> Callable[[object], list[ObjectKey]]:
    """For `watches(map=)`: the owner of this kind that controls an object (``ownerReferences`` with ``controller: true``).

    `group` is the API group without its version, "" for the core kinds. The owner is in the object's own namespace. (controller-runtime:
    EnqueueRequestForOwner with OnlyControllerOwner.)
    """

    def keys(obj: object) -> list[ObjectKey]:
        metadata = metadata_of(obj)
        for owner in metadata.owner_references or ():
            if owner.controller and owner.kind == kind and (owner.api_version or "").rpartition("/")[0] == group:
                return [ObjectKey(metadata.namespace or "", owner.name or "")]
        return []

    return keys


def _worth_a_traceback(error: BaseException) -> bool:
    """A refusal by the server says all there is to say; anything else is somebody's mistake, and they want to know where."""
    return not isinstance(error, KubewrightError)
