"""The work queue beside `queue.Queue`, which has none of its promises: items per second through add, get, done.

One producer adds distinct keys, N workers take them; variants in turn, medians. Also the delaying queue and the limiters, per call.
"""

from __future__ import annotations

import queue
import statistics
import threading
import time
from collections.abc import Callable

from kubewright import (
    BucketRateLimiter,
    DelayingQueue,
    ItemExponentialFailureRateLimiter,
    ObjectKey,
    ShutDown,
    WorkQueue,
)
from kubewright.testing.clock import FakeClock

ITEMS = 100_000


def _timed(start: Callable[[], list[threading.Thread]], feed: Callable[[], None]) -> float:
    begin = time.perf_counter()
    threads = start()
    feed()
    for thread in threads:
        thread.join()
    return ITEMS / (time.perf_counter() - begin)


def _run_threads(target: Callable[[], None], count: int) -> list[threading.Thread]:
    threads = [threading.Thread(target=target) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def work_queue(keys: list[ObjectKey], workers: int) -> float:
    """Return items per second through a `WorkQueue`."""
    items: WorkQueue[ObjectKey] = WorkQueue()

    def work() -> None:
        try:
            while True:
                items.done(items.get())
        except ShutDown:
            return

    def feed() -> None:
        for key in keys:
            items.add(key)
        items.shut_down()

    return _timed(lambda: _run_threads(work, workers), feed)


def plain_queue(keys: list[ObjectKey], workers: int) -> float:
    """Return items per second through a `queue.Queue`, with `task_done` where ours has `done`."""
    items: queue.Queue[ObjectKey | None] = queue.Queue()

    def work() -> None:
        while items.get() is not None:
            items.task_done()

    def feed() -> None:
        for key in keys:
            items.put(key)
        for _ in range(workers):
            items.put(None)

    return _timed(lambda: _run_threads(work, workers), feed)


def one_thread(keys: list[ObjectKey]) -> tuple[float, float]:
    """Return cycles per second of add, get, done in one thread: ours and queue.Queue's."""
    ours: WorkQueue[ObjectKey] = WorkQueue()
    begin = time.perf_counter()
    for key in keys:
        ours.add(key)
        ours.done(ours.get())
    middle = time.perf_counter()
    theirs: queue.Queue[ObjectKey] = queue.Queue()
    for key in keys:
        theirs.put(key)
        theirs.get()
        theirs.task_done()
    return len(keys) / (middle - begin), len(keys) / (time.perf_counter() - middle)


def _microseconds(call: Callable[[int], object], count: int = 50_000) -> float:
    begin = time.perf_counter()
    for i in range(count):
        call(i)
    return (time.perf_counter() - begin) / count * 1e6


def measure(rounds: int = 5) -> dict[str, tuple[float, float]]:
    """Return {what: (ours, queue.Queue)} in items per second, medians of `rounds` interleaved rounds."""
    keys = [ObjectKey("team", f"object-{i}") for i in range(ITEMS)]
    found: dict[str, tuple[list[float], list[float]]] = {}
    for _ in range(rounds):
        for workers in (1, 2, 4, 8):
            ours, theirs = found.setdefault(f"{workers} worker{'s'[: workers > 1]}", ([], []))
            ours.append(work_queue(keys, workers))
            theirs.append(plain_queue(keys, workers))
        ours, theirs = found.setdefault("one thread", ([], []))
        both = one_thread(keys)
        ours.append(both[0])
        theirs.append(both[1])
    return {what: (statistics.median(ours), statistics.median(theirs)) for what, (ours, theirs) in found.items()}


def calls() -> dict[str, float]:
    """Return microseconds per call of the delaying queue and the limiters."""
    clock = FakeClock()
    delaying: DelayingQueue[int] = DelayingQueue(clock=clock)
    costs = {"DelayingQueue.add_after": _microseconds(lambda i: delaying.add_after(i, 1 + i % 1000))}
    begin = time.perf_counter()
    clock.step(2000)
    while delaying.waiting:
        time.sleep(0.001)
    costs["DelayingQueue: from due to ready"] = (time.perf_counter() - begin) / 50_000 * 1e6
    delaying.shut_down()
    exponential = ItemExponentialFailureRateLimiter(0.005, 1000)
    bucket = BucketRateLimiter(10, 100)
    costs["ItemExponentialFailureRateLimiter.when"] = _microseconds(lambda i: exponential.when(i % 100))
    costs["BucketRateLimiter.when"] = _microseconds(bucket.when)
    return costs


def main() -> None:
    """Print both tables."""
    for what, (ours, theirs) in measure().items():
        print(f"{what:12} {ours / 1e3:6.0f} k/s, queue.Queue {theirs / 1e3:6.0f} k/s, ratio {ours / theirs:.2f}")
    for what, cost in calls().items():
        print(f"{what:42} {cost:5.2f} us")


if __name__ == "__main__":
    main()
