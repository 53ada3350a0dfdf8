"""The one thread of an informer that watches the clock: it resyncs handlers and cuts connections that say nothing.

A resync shows a handler what is in memory; the server is not asked (R22). A silent connection is one whose request has had
no byte for longer than the watch machine allows (R19).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from .cache import Cache
from .clock import Clock
from .core.deltas import current_as_resync
from .handlers import KeyRegistration, Registration
from .reflector import Reflector

__all__ = ["InformerClock"]


class InformerClock:
    """Acts when something is due; sleeps until then. `handlers` returns those of the moment."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        cache: Cache[Any],
        reflectors: Sequence[Reflector],
        handlers: Callable[[], Sequence[Registration]],
    ) -> None:
        self._clock = clock
        self._cache = cache
        self._reflectors = reflectors
        self._handlers = handlers
        self._wake = threading.Condition()
        self._running = True
        self.thread = threading.Thread(target=self._run, name=f"kubewright-clock {name}", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """The thread ends as soon as it is not in a handler; join it where you may."""
        with self._wake:
            self._running = False
            self._wake.notify_all()

    def wake(self) -> None:
        """Something new may be due: look again."""
        with self._wake:
            self._wake.notify_all()

    def _run(self) -> None:
        clock = self._clock
        while True:
            for reflector in self._reflectors:
                reflector.cut_if_silent()
            self._resync(clock.now())
            with self._wake:
                if not self._running:
                    return
                due = [d for r in self._reflectors if (d := r.deadline()) is not None]
                due += [h.next_resync for h in self._handlers() if h.next_resync is not None]
                remaining = min(due) - clock.now() if due else None
                if remaining is None or remaining > 0:
                    clock.wait(self._wake, remaining)

    def _resync(self, now: float) -> None:
        due = [h for h in self._handlers() if h.next_resync is not None and h.next_resync <= now]
        if not due:
            return
        with self._cache.lock:
            changes = current_as_resync(self._cache.store)
            for handler in due:
                handler.schedule(now)
                # A handler that has a whole round and more in its buffer is not helped by another one.
                if not isinstance(handler, KeyRegistration) and handler.pending <= len(changes):
                    handler.push(changes)
        for handler in due:
            if isinstance(handler, KeyRegistration):
                handler.push(changes)
