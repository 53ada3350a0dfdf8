"""What several test folders share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["eventually", "no_leaked_threads"]


def eventually(predicate: Callable[[], object], timeout: float = 30.0, what: str = "") -> None:
    """Waits until `predicate()` is true; fails the test after `timeout` seconds. The limit is for failures only."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while not predicate():
        if time.monotonic() > deadline:
            raise AssertionError(
                f"never became true within {timeout} s: {what or getattr(predicate, '__name__', predicate)}"
            )
        pause.wait(0.005)


@contextmanager
def no_leaked_threads(timeout: float = 5.0) -> Iterator[None]:
    """Fails when the block leaves a thread behind that was not there before (client-go: goleak in main_test.go)."""
    before = set(threading.enumerate())
    yield
    eventually(
        lambda: not (set(threading.enumerate()) - before),
        timeout,
        f"threads left behind: {[t.name for t in threading.enumerate() if t not in before]}",
    )
