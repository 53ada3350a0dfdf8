"""Time under a test's control, so that no test sleeps and none asserts how long something took.

Code under test takes a ``Clock``; a test hands it a `FakeClock`, waits until the code sleeps (`wait_for_waiters`) and moves time
(`step`). Sleepers whose time has come wake up at once. (Upstream: ``k8s.io/utils/clock/testing``.)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class _Waiter:
    """One thread that sleeps on a condition until a fake time."""

    __slots__ = ("condition", "deadline", "expired")

    def __init__(self, condition: threading.Condition, deadline: float | None) -> None:
        self.condition = condition
        self.deadline = deadline
        self.expired = False


class FakeClock:
    """A ``Clock`` that stands still until `step` is called. Any number of threads may use it.

    `start` is the first value of `time` (seconds since the epoch); `now` starts at 0.
    """

    # How often a sleeper on an event looks at the fake time: an Event has no public way to be woken without being set.
    _EVENT_POLL_SECONDS = 0.002

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._now = 0.0
        self._wall = start
        self._lock = threading.Lock()
        self._waiters: list[_Waiter] = []
        self._changed = threading.Condition(self._lock)

    def now(self) -> float:
        """Return the monotonic fake time in seconds."""
        with self._lock:
            return self._now

    def time(self) -> float:
        """Return the fake time of day in seconds since the epoch."""
        with self._lock:
            return self._wall

    def step(self, seconds: float) -> None:
        """Let `seconds` pass and wake everyone whose wait is over. Must not be called with a lock held that sleepers need."""
        if seconds < 0:
            raise ValueError(
                f"monotonic time does not go back (step({seconds})); to move the time of day use set_time()"
            )
        with self._lock:
            self._now += seconds
            self._wall += seconds
            self._changed.notify_all()
            due = [w for w in self._waiters if w.deadline is not None and w.deadline <= self._now]
        for waiter in due:
            # The sleeper registered under its condition's lock and gives it up only inside wait(): it cannot miss this.
            with waiter.condition:
                waiter.expired = True
                waiter.condition.notify_all()

    def set_time(self, epoch_seconds: float) -> None:
        """Set the time of day, as an operator or NTP does: monotonic time does not move and nobody wakes up."""
        with self._lock:
            self._wall = epoch_seconds

    def wait(self, condition: threading.Condition, timeout: float | None = None) -> bool:
        """Wait on `condition` (its lock is held) until it is notified or `timeout` fake seconds have passed; False if they have."""
        with self._lock:
            deadline = None if timeout is None else self._now + timeout
            if deadline is not None and deadline <= self._now:
                return False
            waiter = _Waiter(condition, deadline)
            self._waiters.append(waiter)
            self._changed.notify_all()
        try:
            condition.wait()
        finally:
            with self._lock:
                self._waiters.remove(waiter)
                self._changed.notify_all()
        return not waiter.expired

    def sleep(self, event: threading.Event, seconds: float) -> bool:
        """Wait until `event` is set or `seconds` of fake time have passed; return whether it is set."""
        with self._lock:
            waiter = _Waiter(threading.Condition(), self._now + seconds)
            self._waiters.append(waiter)
            self._changed.notify_all()
        try:
            while not event.wait(self._EVENT_POLL_SECONDS):
                if waiter.deadline is None or waiter.deadline <= self.now():
                    return event.is_set()
            return True
        finally:
            with self._lock:
                self._waiters.remove(waiter)
                self._changed.notify_all()

    def has_waiters(self) -> bool:
        """Whether any thread sleeps on this clock."""
        with self._lock:
            return bool(self._waiters)

    @property
    def waiters(self) -> int:
        """How many threads sleep on this clock, with or without a time limit."""
        with self._lock:
            return len(self._waiters)

    def next_deadline(self) -> float | None:
        """Return the seconds until the first sleeper is due, None when nobody sleeps with a time limit."""
        with self._lock:
            return self._next_deadline_locked()

    def _next_deadline_locked(self) -> float | None:
        deadlines = [w.deadline for w in self._waiters if w.deadline is not None]
        return max(0.0, min(deadlines) - self._now) if deadlines else None

    def wait_for_waiters(self, count: int = 1, timeout: float = 10.0) -> None:
        """Block until `count` threads sleep on this clock; AssertionError after `timeout` real seconds."""
        self._wait_until(lambda: len(self._waiters) >= count, f"{count} sleepers", timeout)

    def wait_for_deadline(self, seconds: float, timeout: float = 10.0) -> None:
        """Block until the first sleeper is due in `seconds` of fake time; AssertionError after `timeout` real seconds.

        Stricter than `wait_for_waiters`: use it where a thread that sleeps already is told to sleep for another time.
        """
        self._wait_until(
            lambda: (due := self._next_deadline_locked()) is not None and abs(due - seconds) < 1e-6,
            f"a sleeper due in {seconds:g} s",
            timeout,
        )

    def _wait_until(self, reached: Callable[[], bool], what: str, timeout: float) -> None:
        limit = time.monotonic() + timeout
        with self._lock:
            while not reached():
                remaining = limit - time.monotonic()
                if remaining <= 0:
                    raise AssertionError(
                        f"after {timeout:g} s the fake clock still waits for {what}; "
                        f"{len(self._waiters)} sleep, the first is due in {self._next_deadline_locked()} s"
                    )
                self._changed.wait(remaining)
