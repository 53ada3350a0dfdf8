"""Many producers and workers on one queue: nothing lost, nothing doubled, never two workers on one item."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterator

import pytest

from kubewright.errors import ShutDown
from kubewright.workqueue import RateLimitingQueue, WorkQueue
from tests.support import no_leaked_threads


@pytest.fixture(autouse=True)
def _hurried_threads() -> Iterator[None]:
    """Switch threads often, so that every window between two steps is hit."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    with no_leaked_threads():
        yield
    sys.setswitchinterval(interval)


@pytest.mark.parametrize("drain", [False, True])
def test_last_change_of_every_item_is_seen_and_no_item_is_in_two_hands(drain: bool) -> None:
    items, changes, producers, workers = 40, 1500, 6, 6
    queue: WorkQueue[int] = WorkQueue()
    version = [0] * items
    version_locks = [threading.Lock() for _ in range(items)]
    seen = [0] * items
    in_work = [threading.Lock() for _ in range(items)]
    doubled: list[int] = []

    def produce(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(changes):
            item = rng.randrange(items)
            with version_locks[item]:
                version[item] += 1
            queue.add(item)

    def work() -> None:
        while True:
            try:
                with queue.take() as item:
                    if not in_work[item].acquire(blocking=False):
                        doubled.append(item)
                        continue
                    seen[item] = version[item]
                    in_work[item].release()
            except ShutDown:
                return

    threads = [threading.Thread(target=work) for _ in range(workers)]
    feeders = [threading.Thread(target=produce, args=(i,)) for i in range(producers)]
    for thread in threads + feeders:
        thread.start()
    for feeder in feeders:
        feeder.join()
    queue.shut_down(drain=drain)
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert doubled == []
    assert seen == version
    assert sum(version) == producers * changes
    assert len(queue) == 0


def test_items_without_repeats_are_worked_on_exactly_once() -> None:
    queue: WorkQueue[tuple[int, int]] = WorkQueue()
    worked: list[tuple[int, int]] = []

    def produce(producer: int) -> None:
        for i in range(2000):
            queue.add((producer, i))

    def work() -> None:
        while True:
            try:
                item = queue.get()
            except ShutDown:
                return
            worked.append(item)
            queue.done(item)

    threads = [threading.Thread(target=work) for _ in range(8)]
    feeders = [threading.Thread(target=produce, args=(i,)) for i in range(4)]
    for thread in threads + feeders:
        thread.start()
    for feeder in feeders:
        feeder.join()
    queue.shut_down()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert sorted(worked) == [(producer, i) for producer in range(4) for i in range(2000)]


def test_failing_items_are_retried_until_they_succeed() -> None:
    queue: RateLimitingQueue[int] = RateLimitingQueue()
    tries = [0] * 50
    succeeded = threading.Semaphore(0)

    def work() -> None:
        while True:
            try:
                with queue.take() as item:
                    tries[item] += 1
                    if tries[item] < 2:
                        queue.add_rate_limited(item)
                    else:
                        queue.forget(item)
                        succeeded.release()
            except ShutDown:
                return

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for item in range(50):
        queue.add(item)
    for _ in range(50):
        assert succeeded.acquire(timeout=30)
    queue.shut_down(drain=True)
    for thread in threads:
        thread.join(30)
    assert tries == [2] * 50
    assert all(queue.num_requeues(item) == 0 for item in range(50))
