"""Work queues for controllers: what stands between "something changed" and "reconcile it".

Their promises are client-go's (``util/workqueue``): fair (first in, first out); stingy (an item added many times before a worker
takes it is worked on once); never two workers on one item, and never lost: an item added while it is in work comes back when that
work is done; many producers and many consumers; an orderly end. ``queue.Queue`` makes none of the middle promises.

Inside there is one lock, one deque, one dict and one list of sleeping workers. One dict of states instead of upstream's two sets
halves the hashing (keys are tuples, and those hash anew on every look-up), and a producer touches the sleepers only if there are any.
"""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Hashable
from types import TracebackType
from typing import Generic, TypeVar

from kubewright.clock import Clock, RealClock
from kubewright.core.queuemetrics import MetricsProvider, QueueMetrics
from kubewright.core.ratelimits import RateLimiter, default_controller_rate_limiter
from kubewright.errors import ShutDown

T = TypeVar("T", bound=Hashable)

# States of an item that the queue knows. In work and dirty: it goes back to the end of the queue when its work is done.
_WAITING = 1
_IN_WORK = 2
_IN_WORK_AND_DIRTY = 3

UNFINISHED_WORK_PERIOD = 0.5
"""Seconds between two updates of the unfinished-work metrics (client-go: ``defaultUnfinishedWorkUpdatePeriod``)."""


class WorkQueue(Generic[T]):
    """A queue of distinct hashable items for many producers and many workers (client-go: ``TypedInterface``).

    A worker calls `get`, works, and calls `done` with the same item; or uses ``with queue.take() as item:``, which calls `done`.
    `metrics` needs a `name`. The queue starts no thread, except one for the unfinished-work metrics if there is a provider.
    """

    def __init__(self, name: str = "", *, clock: Clock | None = None, metrics: MetricsProvider | None = None) -> None:
        if metrics is not None and not name:
            raise ValueError("a queue with metrics needs a name: it is the label that tells the queues apart")
        self.name = name
        self._clock: Clock = clock or RealClock()
        self._lock = threading.Lock()
        self._ready: deque[T] = deque()
        self._states: dict[T, int] = {}
        # One held lock per sleeping worker; whoever makes an item ready takes one out and releases it.
        self._sleepers: deque[threading.Lock] = deque()
        self._drained = threading.Condition(self._lock)
        self._draining = False
        self._shutting_down = False
        self._timer_changed = threading.Condition(self._lock)
        self._timer: threading.Thread | None = None
        self._metrics: QueueMetrics | None = None
        if metrics is not None:
            self._metrics = QueueMetrics(metrics, name, self._clock)
            with self._lock:
                self._start_timer()

    def add(self, item: T) -> None:
        """Mark `item` as needing work. Nothing happens if it waits already, or after `shut_down`."""
        with self._lock:
            if not self._shutting_down:
                self._add_locked(item)

    def _add_locked(self, item: T) -> None:
        states = self._states
        state = states.get(item)
        if state is None:
            states[item] = _WAITING
            self._ready.append(item)
            if self._sleepers:
                self._sleepers.popleft().release()
        elif state == _IN_WORK:
            states[item] = _IN_WORK_AND_DIRTY
        else:
            return
        if self._metrics is not None:
            self._metrics.add(item)

    def get(self) -> T:
        """Wait for an item and take it; the caller must call `done` with it.

        After `shut_down` the items that still wait are handed out, then `ShutDown` is raised in every worker.
        """
        with self._lock:
            while not self._ready:
                if self._shutting_down:
                    raise ShutDown(f"the work queue{f' {self.name!r}' if self.name else ''} is shut down and empty")
                self._sleep_locked()
            item = self._ready.popleft()
            self._states[item] = _IN_WORK
            if self._metrics is not None:
                self._metrics.get(item)
            return item

    def _sleep_locked(self) -> None:
        sleeper = threading.Lock()
        sleeper.acquire()
        self._sleepers.append(sleeper)
        self._lock.release()
        woken = False
        try:
            woken = sleeper.acquire()
        finally:
            self._lock.acquire()
            # An exception here is a signal handler's, such as KeyboardInterrupt. A wake-up that came at the same moment belongs to
            # an item that another sleeper can take.
            if not woken:
                if sleeper in self._sleepers:
                    self._sleepers.remove(sleeper)
                elif self._ready and self._sleepers:
                    self._sleepers.popleft().release()

    def done(self, item: T) -> None:
        """Say that the work on `item` is over. Harmless for an item that is not in work."""
        with self._lock:
            states = self._states
            state = states.get(item)
            if state == _IN_WORK:
                del states[item]
            elif state == _IN_WORK_AND_DIRTY:
                states[item] = _WAITING
                self._ready.append(item)
                if self._sleepers:
                    self._sleepers.popleft().release()
            else:
                return
            if self._metrics is not None:
                self._metrics.done(item)
            if self._draining and len(states) == len(self._ready):
                self._drained.notify_all()

    def take(self) -> Taken[T]:
        """Return a context manager that gets an item on entering (or raises `ShutDown`) and is done with it on leaving."""
        return Taken(self)

    def __len__(self) -> int:
        """Return how many items wait for a worker; those in work do not count."""
        return len(self._ready)

    def __bool__(self) -> bool:
        """Return True: an empty queue is still a queue, so ``queue or default`` means what it says."""
        return True

    @property
    def shutting_down(self) -> bool:
        """Whether `shut_down` was called."""
        return self._shutting_down

    def shut_down(self, *, drain: bool = False, timeout: float | None = None) -> bool:
        """Take no more items, let workers finish those that wait, then make `get` raise `ShutDown`. May be called more than once.

        With `drain` it waits until no item is in work, at most `timeout` seconds, and returns whether that came true; workers must
        keep calling `done`, and must not call this themselves. A later call without `drain` ends that wait (a second Ctrl-C).
        client-go: ``ShutDown``, ``ShutDownWithDrain``.
        """
        with self._lock:
            self._shutting_down = True
            self._draining = drain
            while self._sleepers:
                self._sleepers.popleft().release()
            self._timer_changed.notify_all()
            self._drop_delayed_locked()
            if not drain:
                self._drained.notify_all()
            else:
                deadline = None if timeout is None else self._clock.now() + timeout
                while self._draining and len(self._states) != len(self._ready):
                    remaining = None if deadline is None else deadline - self._clock.now()
                    if remaining is not None and remaining <= 0:
                        break
                    self._clock.wait(self._drained, remaining)
            drained = len(self._states) == len(self._ready)
            timer = self._timer
        if timer is not None and timer is not threading.current_thread():
            timer.join()
        return drained

    # The timer thread: only where something is timed, at most one per queue, gone when `shut_down` returns.

    def _start_timer(self) -> None:
        if self._timer is None and not self._shutting_down:
            name = f"kubewright-workqueue-{self.name}" if self.name else "kubewright-workqueue"
            self._timer = threading.Thread(target=self._run_timer, name=name, daemon=True)
            self._timer.start()

    def _run_timer(self) -> None:
        update_at = self._clock.now() + UNFINISHED_WORK_PERIOD
        with self._lock:
            while not self._shutting_down:
                now = self._clock.now()
                wake_at = self._add_due_locked(now)
                if self._metrics is not None:
                    if now >= update_at:
                        self._metrics.update_unfinished_work()
                        update_at = now + UNFINISHED_WORK_PERIOD
                    wake_at = update_at if wake_at is None else min(wake_at, update_at)
                self._clock.wait(self._timer_changed, None if wake_at is None else wake_at - now)

    def _add_due_locked(self, now: float) -> float | None:
        """Add what is due and return when the next item will be; a plain queue has nothing to wait for."""
        return None

    def _drop_delayed_locked(self) -> None:
        """Forget the items that were to be added later."""


class Taken(Generic[T]):
    """An item in work for the length of a ``with`` block; made by `WorkQueue.take`."""

    __slots__ = ("_item", "_queue")

    def __init__(self, queue: WorkQueue[T]) -> None:
        self._queue = queue

    def __enter__(self) -> T:
        self._item = self._queue.get()
        return self._item

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._queue.done(self._item)


class DelayingQueue(WorkQueue[T]):
    """A `WorkQueue` that can also add an item later (client-go: ``TypedDelayingInterface``).

    One timer thread serves all delays; it is started by the first one.
    """

    # Entries that an earlier time made void stay in the heap until there are more of them than of valid ones.
    _MIN_VOID_ENTRIES = 64

    def __init__(self, name: str = "", *, clock: Clock | None = None, metrics: MetricsProvider | None = None) -> None:
        self._delayed: list[tuple[float, int, T]] = []
        self._due_at: dict[T, float] = {}
        self._sequence = 0
        super().__init__(name, clock=clock, metrics=metrics)

    def add_after(self, item: T, delay: float) -> None:
        """Add `item` when `delay` seconds have passed; at once if that is not positive.

        Of several times for one item the earliest counts. An `add` in between does not cancel it. Items that are not due yet are
        dropped by `shut_down`.
        """
        with self._lock:
            if self._shutting_down:
                return
            if self._metrics is not None:
                self._metrics.retry()
            if delay <= 0:
                self._add_locked(item)
                return
            due_at = self._clock.now() + delay
            known = self._due_at.get(item)
            if known is not None and known <= due_at:
                return
            self._due_at[item] = due_at
            self._sequence += 1
            entry = (due_at, self._sequence, item)
            heapq.heappush(self._delayed, entry)
            if len(self._delayed) > 2 * len(self._due_at) + self._MIN_VOID_ENTRIES:
                self._delayed = [e for e in self._delayed if self._due_at.get(e[2]) == e[0]]
                heapq.heapify(self._delayed)
            if self._timer is None:
                self._start_timer()
            elif self._delayed[0] is entry:
                self._timer_changed.notify()

    @property
    def waiting(self) -> int:
        """How many items are to be added later."""
        return len(self._due_at)

    def _add_due_locked(self, now: float) -> float | None:
        delayed = self._delayed
        while delayed:
            due_at, _, item = delayed[0]
            if due_at > now:
                return due_at
            heapq.heappop(delayed)
            if self._due_at.get(item) == due_at:
                del self._due_at[item]
                self._add_locked(item)
        return None

    def _drop_delayed_locked(self) -> None:
        self._delayed.clear()
        self._due_at.clear()


class RateLimitingQueue(DelayingQueue[T]):
    """A `DelayingQueue` that asks a rate limiter how long a failed item waits (client-go: ``TypedRateLimitingInterface``).

    Without `rate_limiter` it uses `default_controller_rate_limiter`. Call `forget` when an item succeeded or is given up: `done`
    does not.
    """

    def __init__(
        self,
        name: str = "",
        *,
        rate_limiter: RateLimiter[T] | None = None,
        clock: Clock | None = None,
        metrics: MetricsProvider | None = None,
    ) -> None:
        super().__init__(name, clock=clock, metrics=metrics)
        # A limiter of all hashables limits T too; named for the checkers.
        self._rate_limiter: RateLimiter[T] = rate_limiter or default_controller_rate_limiter(clock)

    def add_rate_limited(self, item: T) -> None:
        """Count one more failure of `item` and add it when the rate limiter says so."""
        self.add_after(item, self._rate_limiter.when(item))

    def forget(self, item: T) -> None:
        """Forget the failures of `item`, so that its next one waits the shortest time again."""
        self._rate_limiter.forget(item)

    def num_requeues(self, item: T) -> int:
        """Return how often `item` was added rate-limited since it was last forgotten."""
        return self._rate_limiter.num_requeues(item)
