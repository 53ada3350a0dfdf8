"""Time as something that is handed in: what waits, expires or backs off takes a Clock, so that tests step it.

`kubewright.testing.FakeClock` is the other implementation (client-go: k8s.io/utils/clock).
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

__all__ = ["Clock", "RealClock"]


class Clock(Protocol):
    """Reads time and waits for it. All durations are seconds."""

    def now(self) -> float:
        """Monotonic seconds; only differences mean anything. Never jumps with the wall clock."""
        ...

    def time(self) -> float:
        """Wall clock: seconds since the epoch."""
        ...

    def wait(self, condition: threading.Condition, timeout: float | None) -> bool:
        """Waits on `condition`, whose lock the caller holds, at most `timeout` seconds (None: for ever).

        Returns False when the time passed without a notification. As any condition it may wake for nothing: test again.
        """
        ...

    def sleep(self, event: threading.Event, seconds: float) -> bool:
        """Sleeps for `seconds` or until `event` is set; returns whether it is set."""
        ...


class RealClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()

    def wait(self, condition: threading.Condition, timeout: float | None) -> bool:
        # `threading` raises OverflowError for longer waits (math.inf: never), which would end the thread that waits.
        return condition.wait(None if timeout is None else min(timeout, threading.TIMEOUT_MAX))

    def sleep(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(min(seconds, threading.TIMEOUT_MAX))
