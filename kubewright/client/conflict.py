"""Why this exists: read, change, write is a race; the loser reads again (client-go: `util/retry`)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from ..clock import Clock, RealClock
from ..core.backoff import Backoff
from ..errors import Conflict

__all__ = ["DEFAULT_BACKOFF", "DEFAULT_RETRY", "retry_on_conflict"]

T = TypeVar("T")

DEFAULT_RETRY = Backoff(0.010, factor=1.0, cap=0.010, jitter=0.1)
"""For a few writers that rarely meet (client-go: retry.DefaultRetry)."""

DEFAULT_BACKOFF = Backoff(0.010, factor=5.0, cap=1.25, jitter=0.1)
"""For writers that meet often (client-go: retry.DefaultBackoff, there with 4 steps)."""


def retry_on_conflict(
    attempt: Callable[[], T], *, steps: int = 5, backoff: Backoff = DEFAULT_RETRY, clock: Clock | None = None
) -> T:
    """Calls `attempt`, which must read the object anew, change it and write it, until it meets no Conflict.

    Returns what it returned. Raises the last Conflict after `steps` calls, and any other error at once.
    """
    clock = clock or RealClock()
    backoff = backoff.copy()
    never = threading.Event()
    for _ in range(steps - 1):
        try:
            return attempt()
        except Conflict:
            clock.sleep(never, backoff.next())
    return attempt()
