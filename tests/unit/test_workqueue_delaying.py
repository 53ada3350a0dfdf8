"""Delayed and rate-limited adds, and what a queue tells its metrics; all in fake time."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from kubewright.core.ratelimits import ItemExponentialFailureRateLimiter
from kubewright.testing.clock import FakeClock
from kubewright.workqueue import UNFINISHED_WORK_PERIOD, DelayingQueue, RateLimitingQueue, WorkQueue
from tests.support import eventually, no_leaked_threads


@pytest.fixture(autouse=True)
def _no_leaks() -> Iterator[None]:
    with no_leaked_threads():
        yield


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue(clock: FakeClock) -> Iterator[DelayingQueue[str]]:
    queue: DelayingQueue[str] = DelayingQueue(clock=clock)
    yield queue
    queue.shut_down()


def settle(clock: FakeClock, due_in: float) -> None:
    """Wait until the timer thread sleeps for what is due next."""
    clock.wait_for_deadline(due_in)


def test_item_is_added_once_when_its_delay_has_passed(clock: FakeClock, queue: DelayingQueue[str]) -> None:
    # client-go: TestSimpleQueue
    queue.add_after("foo", 0.05)
    settle(clock, 0.05)
    assert len(queue) == 0
    clock.step(0.06)
    eventually(lambda: len(queue) == 1)
    queue.done(queue.get())
    clock.step(10)
    clock.wait_for_waiters()
    assert len(queue) == 0


def test_of_two_delays_for_one_item_the_earlier_counts(clock: FakeClock, queue: DelayingQueue[str]) -> None:
    # client-go: TestDeduping, W6
    queue.add_after("foo", 0.05)
    queue.add_after("foo", 0.07)
    settle(clock, 0.05)
    assert len(queue) == 0
    clock.step(0.06)
    eventually(lambda: len(queue) == 1)
    queue.done(queue.get())
    clock.step(0.02)
    assert queue.waiting == 0

    queue.add_after("foo", 0.05)
    queue.add_after("foo", 0.03)
    settle(clock, 0.03)
    assert len(queue) == 0
    clock.step(0.04)
    eventually(lambda: len(queue) == 1)
    queue.done(queue.get())
    clock.step(0.02)
    assert queue.waiting == 0
    assert len(queue) == 0


def test_items_fire_by_time_not_by_order_of_calls(clock: FakeClock, queue: DelayingQueue[str]) -> None:
    # client-go: TestAddTwoFireEarly
    queue.add_after("foo", 1)
    queue.add_after("bar", 0.05)
    settle(clock, 0.05)
    clock.step(0.06)
    eventually(lambda: len(queue) == 1)
    assert queue.get() == "bar"
    queue.add_after("baz", 2)
    settle(clock, 0.94)
    clock.step(1)
    eventually(lambda: len(queue) == 1)
    assert queue.get() == "foo"
    settle(clock, 1)
    clock.step(2)
    eventually(lambda: len(queue) == 1)
    assert queue.get() == "baz"


def test_items_that_are_due_together_come_out_by_time(clock: FakeClock, queue: DelayingQueue[str]) -> None:
    # client-go: TestCopyShifting
    queue.add_after("foo", 1)
    queue.add_after("bar", 0.5)
    queue.add_after("baz", 0.25)
    settle(clock, 0.25)
    clock.step(2)
    eventually(lambda: len(queue) == 3)
    assert [queue.get(), queue.get(), queue.get()] == ["baz", "bar", "foo"]


@pytest.mark.parametrize("delay", [0, -1])
def test_no_delay_is_a_plain_add_without_a_thread(queue: DelayingQueue[str], delay: float) -> None:
    # W6
    before = threading.active_count()
    queue.add_after("a", delay)
    assert len(queue) == 1
    assert threading.active_count() == before


def test_a_plain_add_does_not_cancel_the_delayed_one(clock: FakeClock, queue: DelayingQueue[str]) -> None:
    # W6
    queue.add_after("a", 5)
    queue.add("a")
    queue.done(queue.get())
    settle(clock, 5)
    clock.step(5)
    eventually(lambda: len(queue) == 1)


def test_delayed_item_that_is_in_work_comes_back_when_done(clock: FakeClock, queue: DelayingQueue[str]) -> None:
    queue.add("a")
    queue.get()
    queue.add_after("a", 1)
    settle(clock, 1)
    clock.step(1)
    eventually(lambda: queue.waiting == 0)
    assert len(queue) == 0
    queue.done("a")
    assert queue.get() == "a"


def test_all_delays_share_one_thread_that_is_gone_after_shut_down(clock: FakeClock, queue: DelayingQueue[str]) -> None:
    before = threading.active_count()
    for i in range(100):
        queue.add_after(f"item-{i}", 1 + i)
    assert threading.active_count() == before + 1
    queue.shut_down()
    assert threading.active_count() == before


def test_shut_down_drops_what_is_not_due(clock: FakeClock, queue: DelayingQueue[str]) -> None:
    # W6
    queue.add_after("a", 1)
    queue.shut_down()
    clock.step(2)
    queue.add_after("b", 1)
    queue.add_after("c", 0)
    assert queue.waiting == 0
    assert len(queue) == 0


def test_earlier_times_do_not_pile_up_void_entries(clock: FakeClock, queue: DelayingQueue[str]) -> None:
    for i in range(10_000):
        queue.add_after("a", 20_000 - i)
    assert queue.waiting == 1
    assert len(queue._delayed) < 100
    settle(clock, 10_001)
    clock.step(10_001)
    eventually(lambda: len(queue) == 1)


def test_rate_limited_adds_wait_as_the_limiter_says(clock: FakeClock) -> None:
    # client-go: TestRateLimitingQueue
    limiter = ItemExponentialFailureRateLimiter(0.001, 1)
    queue: RateLimitingQueue[str] = RateLimitingQueue(rate_limiter=limiter, clock=clock)

    def delay_of(item: str) -> float:
        queue._due_at.pop(item, None)
        queue.add_rate_limited(item)
        return queue._due_at[item] - clock.now()

    assert delay_of("one") == pytest.approx(0.001)
    assert delay_of("one") == pytest.approx(0.002)
    assert queue.num_requeues("one") == 2
    assert delay_of("two") == pytest.approx(0.001)
    assert delay_of("two") == pytest.approx(0.002)
    queue.forget("one")
    assert queue.num_requeues("one") == 0
    assert delay_of("one") == pytest.approx(0.001)
    queue.shut_down()


def test_default_limits_let_a_failing_item_retry_after_5_ms(clock: FakeClock) -> None:
    queue = RateLimitingQueue[str](name="tstest", clock=clock)
    queue.add_rate_limited("a")
    settle(clock, 0.005)
    clock.step(0.005)
    eventually(lambda: len(queue) == 1)
    queue.shut_down()


@dataclass
class Metric:
    """Every kind of metric at once; enough to see what it was told."""

    value: float = 0
    sets: list[float] = field(default_factory=list)
    observed: list[float] = field(default_factory=list)

    def inc(self) -> None:
        self.value += 1

    def dec(self) -> None:
        self.value -= 1

    def set(self, value: float, /) -> None:
        self.sets.append(value)

    def observe(self, value: float, /) -> None:
        self.observed.append(value)


class Provider:
    """Keeps the metrics it made by upstream's names, with the queue's name behind."""

    def __init__(self) -> None:
        self.metrics: dict[str, Metric] = {}

    def _new(self, metric: str, name: str) -> Metric:
        return self.metrics.setdefault(f"{metric} {name}", Metric())

    def new_depth_metric(self, name: str, /) -> Metric:
        return self._new("depth", name)

    def new_adds_metric(self, name: str, /) -> Metric:
        return self._new("adds", name)

    def new_latency_metric(self, name: str, /) -> Metric:
        return self._new("latency", name)

    def new_work_duration_metric(self, name: str, /) -> Metric:
        return self._new("work", name)

    def new_unfinished_work_seconds_metric(self, name: str, /) -> Metric:
        return self._new("unfinished", name)

    def new_longest_running_processor_seconds_metric(self, name: str, /) -> Metric:
        return self._new("longest", name)

    def new_retries_metric(self, name: str, /) -> Metric:
        return self._new("retries", name)


def test_metrics_follow_an_item_through_the_queue(clock: FakeClock) -> None:
    # client-go: TestMetrics, W9
    provider = Provider()
    queue: WorkQueue[str] = WorkQueue("test", clock=clock, metrics=provider)
    adds, depth, latency, work, unfinished, longest = (
        provider.metrics[f"{name} test"] for name in ("adds", "depth", "latency", "work", "unfinished", "longest")
    )
    settle(clock, UNFINISHED_WORK_PERIOD)
    queue.add("foo")
    assert (adds.value, depth.value) == (1, 1)
    clock.step(5e-5)
    item = queue.get()
    assert latency.observed == pytest.approx([5e-5])
    for _ in range(5):
        queue.add(item)  # collapse
    assert (adds.value, depth.value) == (2, 1)
    clock.step(2.5e-5)
    queue.done(item)
    assert work.observed == pytest.approx([2.5e-5])
    assert depth.value == 1
    queue.get()
    assert latency.observed == pytest.approx([5e-5, 2.5e-5])
    assert depth.value == 0
    settle(clock, UNFINISHED_WORK_PERIOD - 7.5e-5)
    clock.step(UNFINISHED_WORK_PERIOD)
    eventually(lambda: longest.sets)
    assert unfinished.sets == pytest.approx([UNFINISHED_WORK_PERIOD])
    assert longest.sets == pytest.approx([UNFINISHED_WORK_PERIOD])
    queue.done("foo")
    assert work.observed == pytest.approx([2.5e-5, UNFINISHED_WORK_PERIOD])
    queue.shut_down()


def test_no_metric_is_updated_after_shut_down(clock: FakeClock) -> None:
    # client-go: TestMetricShutdown
    provider = Provider()
    queue: WorkQueue[str] = WorkQueue("test", clock=clock, metrics=provider)
    settle(clock, UNFINISHED_WORK_PERIOD)
    clock.step(UNFINISHED_WORK_PERIOD)
    unfinished = provider.metrics["unfinished test"]
    eventually(lambda: len(unfinished.sets) == 1)
    queue.shut_down()
    clock.step(3600)
    assert len(unfinished.sets) == 1


def test_retries_count_delayed_and_rate_limited_adds(clock: FakeClock) -> None:
    provider = Provider()
    queue: RateLimitingQueue[str] = RateLimitingQueue("test", clock=clock, metrics=provider)
    queue.add_after("a", 0)
    queue.add_after("b", 60)
    queue.add_rate_limited("c")
    assert provider.metrics["retries test"].value == 3
    queue.shut_down()


def test_delays_and_metrics_share_one_thread(clock: FakeClock) -> None:
    before = threading.active_count()
    queue: DelayingQueue[str] = DelayingQueue("test", clock=clock, metrics=Provider())
    queue.add_after("a", 1)
    assert threading.active_count() == before + 1
    queue.shut_down()


def test_metrics_without_a_name_are_refused() -> None:
    with pytest.raises(ValueError, match="needs a name"):
        WorkQueue[str](metrics=Provider())


def test_an_item_that_is_never_due_delays_no_other() -> None:
    # On the machine's clock: its waits have a longest length, and passing it ended the timer thread.
    queue: DelayingQueue[str] = DelayingQueue()
    queue.add_after("never", math.inf)
    queue.add_after("soon", 0.001)
    try:
        eventually(lambda: len(queue) == 1)
        assert queue.waiting == 1
    finally:
        queue.shut_down()
