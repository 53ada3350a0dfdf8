"""Why this exists: read, change, write is a race; the loser reads again (client-go: `util/retry`)."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ..clock import Clock, RealClock
from ..errors import Conflict

__all__ = ["DEFAULT_BACKOFF", "DEFAULT_RETRY", "Backoff", "retry_on_conflict"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """`steps` tries; the wait before the next starts at `duration` seconds, grows by `factor`, and up to `jitter` of it is
    added at random."""

    steps: int
    duration: float
    factor: float
    jitter: float


DEFAULT_RETRY = Backoff(steps=5, duration=0.010, factor=1.0, jitter=0.1)
"""For a few writers that rarely meet (client-go: retry.DefaultRetry)."""

DEFAULT_BACKOFF = Backoff(steps=4, duration=0.010, factor=5.0, jitter=0.1)
"""For writers that meet often (client-go: retry.DefaultBackoff)."""


def retry_on_conflict(attempt: Callable[[], T], *, backoff: Backoff = DEFAULT_RETRY, clock: Clock | None = None) -> T:
    """Calls `attempt`, which must read the object anew, change it and write it, until it meets no Conflict.

    Returns what it returned. Raises the last Conflict when the steps are used up, and any other error at once.
    """
    clock = clock or RealClock()
    never = threading.Event()
    wait = backoff.duration
    for _ in range(backoff.steps - 1):
        try:
            return attempt()
        except Conflict:
            clock.sleep(never, wait * (1 + random.random() * backoff.jitter))
            wait *= backoff.factor
    return attempt()
