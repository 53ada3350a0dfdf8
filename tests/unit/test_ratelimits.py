"""Rate limiters: how long a failing item waits. Delays are exact, because nothing here reads a real clock."""

from __future__ import annotations

from collections.abc import Hashable

import pytest

from kubewright.core.ratelimits import (
    BucketRateLimiter,
    ItemExponentialFailureRateLimiter,
    ItemFastSlowRateLimiter,
    MaxOfRateLimiter,
    RateLimiter,
    WithJitterRateLimiter,
    WithMaxWaitRateLimiter,
    default_controller_rate_limiter,
    default_item_based_rate_limiter,
)
from kubewright.testing.clock import FakeClock


class StepRateLimiter:
    """Short delays up to a number of calls, then a long one."""

    def __init__(self, base_delay: float, max_delay: float, threshold: int) -> None:
        self.calls = 0
        self.base_delay, self.max_delay, self.threshold = base_delay, max_delay, threshold

    def when(self, item: Hashable, /) -> float:
        self.calls += 1
        return self.base_delay if self.calls <= self.threshold else self.max_delay

    def forget(self, item: Hashable, /) -> None:
        pass

    def num_requeues(self, item: Hashable, /) -> int:
        return 0


def delays(limiter: RateLimiter[Hashable], item: Hashable, count: int) -> list[float]:
    return [limiter.when(item) for _ in range(count)]


def test_exponential_delay_doubles_per_item_until_forgotten() -> None:
    # client-go: TestItemExponentialFailureRateLimiter
    limiter = ItemExponentialFailureRateLimiter(0.001, 1.0)
    assert delays(limiter, "one", 5) == [0.001, 0.002, 0.004, 0.008, 0.016]
    assert limiter.num_requeues("one") == 5
    assert delays(limiter, "two", 2) == [0.001, 0.002]
    assert limiter.num_requeues("two") == 2
    limiter.forget("one")
    assert limiter.num_requeues("one") == 0
    assert limiter.when("one") == 0.001


@pytest.mark.parametrize(("base", "cap", "before", "then"), [(0.001, 1000.0, 5, 0.032), (60.0, 3_600_000.0, 2, 240.0)])
def test_exponential_delay_stays_at_its_cap_after_any_number_of_failures(
    base: float, cap: float, before: int, then: float
) -> None:
    # client-go: TestItemExponentialFailureRateLimiterOverFlow
    limiter = ItemExponentialFailureRateLimiter(base, cap)
    delays(limiter, "one", before)
    assert limiter.when("one") == pytest.approx(then)
    delays(limiter, "overflow", 2000)
    assert limiter.when("overflow") == cap


def test_fast_slow_turns_slow_after_the_fast_attempts() -> None:
    # client-go: TestItemFastSlowRateLimiter
    limiter = ItemFastSlowRateLimiter(0.005, 10.0, 3)
    assert delays(limiter, "one", 5) == [0.005, 0.005, 0.005, 10.0, 10.0]
    assert limiter.num_requeues("one") == 5
    assert delays(limiter, "two", 2) == [0.005, 0.005]
    assert limiter.num_requeues("two") == 2
    limiter.forget("one")
    assert limiter.num_requeues("one") == 0
    assert limiter.when("one") == 0.005


def test_max_of_takes_the_longest_delay_and_count() -> None:
    # client-go: TestMaxOfRateLimiter
    limiter = MaxOfRateLimiter(ItemFastSlowRateLimiter(0.005, 3.0, 3), ItemExponentialFailureRateLimiter(0.001, 1.0))
    assert delays(limiter, "one", 5) == [0.005, 0.005, 0.005, 3.0, 3.0]
    assert limiter.num_requeues("one") == 5
    assert delays(limiter, "two", 2) == [0.005, 0.005]
    assert limiter.num_requeues("two") == 2
    limiter.forget("one")
    assert limiter.num_requeues("one") == 0
    assert limiter.when("one") == 0.005


def test_max_wait_caps_another_limiter() -> None:
    # client-go: TestWithMaxWaitRateLimiter
    limiter = WithMaxWaitRateLimiter(StepRateLimiter(0.005, 1000.0, 100), 500.0)
    assert [limiter.when(i) for i in range(100)] == [0.005] * 100
    assert [limiter.when(i) for i in range(100, 200)] == [500.0] * 100


def test_max_wait_passes_forget_and_counts_through() -> None:
    limiter = WithMaxWaitRateLimiter(ItemExponentialFailureRateLimiter(1.0, 8.0), 2.0)
    delays(limiter, "a", 3)
    assert limiter.num_requeues("a") == 3
    limiter.forget("a")
    assert limiter.num_requeues("a") == 0


def test_bucket_lets_the_burst_through_then_paces() -> None:
    # W8: reservations queue up behind each other, as rate.Limiter.Reserve().Delay()
    limiter = BucketRateLimiter(10.0, 3, FakeClock())
    assert delays(limiter, "a", 5) == pytest.approx([0.0, 0.0, 0.0, 0.1, 0.2])


def test_bucket_refills_with_time_and_never_over_its_burst() -> None:
    clock = FakeClock()
    limiter = BucketRateLimiter(10.0, 2, clock)
    delays(limiter, "a", 4)
    clock.step(3600)
    assert delays(limiter, "a", 3) == pytest.approx([0.0, 0.0, 0.1])
    clock.step(0.1)
    assert limiter.when("a") == pytest.approx(0.1)


def test_jitter_stretches_between_nothing_and_the_factor() -> None:
    rolls = iter([0.0, 0.5, 1.0])
    limiter = WithJitterRateLimiter(StepRateLimiter(2.0, 2.0, 0), 0.5, lambda: next(rolls))
    assert delays(limiter, "a", 3) == [2.0, 2.5, 3.0]


def test_jitter_passes_forget_and_counts_through() -> None:
    limiter = WithJitterRateLimiter(ItemExponentialFailureRateLimiter(1.0, 8.0))
    limiter.when("a")
    assert limiter.num_requeues("a") == 1
    limiter.forget("a")
    assert limiter.num_requeues("a") == 0


def test_default_controller_limits_are_client_gos() -> None:
    # W8: MaxOf(5 ms doubling to 1000 s per item, 10 a second with a burst of 100 over all)
    limiter = default_controller_rate_limiter(FakeClock())
    assert delays(limiter, "a", 3) == [0.005, 0.01, 0.02]
    for i in range(97):
        limiter.when(i)
    assert limiter.when("the 101st") == pytest.approx(0.1)
    for _ in range(40):
        limiter.when("stuck")
    assert limiter.when("stuck") == 1000.0


def test_default_item_based_limits_are_client_gos() -> None:
    limiter = default_item_based_rate_limiter()
    assert delays(limiter, "a", 2) == [0.001, 0.002]
    delays(limiter, "a", 30)
    assert limiter.when("a") == 1000.0


def test_impossible_limits_are_refused_with_what_was_given() -> None:
    with pytest.raises(ValueError, match="rate=0"):
        BucketRateLimiter(0, 1)
    with pytest.raises(ValueError, match="base_delay=-1"):
        ItemExponentialFailureRateLimiter(-1, 1)
    with pytest.raises(ValueError, match=r"got -0\.5"):
        WithJitterRateLimiter(default_item_based_rate_limiter(), -0.5)
