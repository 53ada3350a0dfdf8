"""How long a failing item waits before its next try.

A controller that retries at once, for ever, takes its API server down with it; one that always waits long heals late. These
limiters are the policies client-go settled on. They only compute delays: nothing here waits, so a queue under a fake clock and an
asyncio queue can share them. Delays are seconds (``float``); all limiters may be called from any thread.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

from kubewright.clock import Clock, RealClock

T = TypeVar("T", bound=Hashable)
T_contra = TypeVar("T_contra", bound=Hashable, contravariant=True)


class RateLimiter(Protocol[T_contra]):
    """What a ``RateLimitingQueue`` asks of its policy (client-go: ``TypedRateLimiter``)."""

    def when(self, item: T_contra, /) -> float:
        """Count one more failure of `item` and return how many seconds it has to wait."""
        ...

    def forget(self, item: T_contra, /) -> None:
        """Stop tracking `item`, whether it succeeded or was given up."""
        ...

    def num_requeues(self, item: T_contra, /) -> int:
        """Return how often `item` failed since it was last forgotten; 0 when the policy does not count per item."""
        ...


class _FailureCounts:
    """Failures per item, for the policies that look at nothing else."""

    def __init__(self) -> None:
        self._failures: dict[Hashable, int] = {}
        self._lock = threading.Lock()

    def _count(self, item: Hashable) -> int:
        """Add one failure; return how many there were before."""
        with self._lock:
            before = self._failures.get(item, 0)
            self._failures[item] = before + 1
        return before

    def forget(self, item: Hashable, /) -> None:
        """Stop tracking `item`."""
        with self._lock:
            self._failures.pop(item, None)

    def num_requeues(self, item: Hashable, /) -> int:
        """Return the failures of `item` since it was last forgotten."""
        return self._failures.get(item, 0)


class ItemExponentialFailureRateLimiter(_FailureCounts):
    """``base_delay * 2**failures`` seconds per item, never more than `max_delay`."""

    # 2.0 ** 1024 raises OverflowError; any delay is at its cap long before.
    _LARGEST_EXPONENT = 1000

    def __init__(self, base_delay: float, max_delay: float) -> None:
        super().__init__()
        if base_delay < 0 or max_delay < 0:
            raise ValueError(f"delays are seconds and not negative, got base_delay={base_delay}, max_delay={max_delay}")
        self._base = base_delay
        self._max = max_delay

    def when(self, item: Hashable, /) -> float:
        """Return the delay after one more failure of `item`, in seconds."""
        exponent = min(self._count(item), self._LARGEST_EXPONENT)
        delay: float = self._base * 2.0**exponent
        return min(delay, self._max)


class ItemFastSlowRateLimiter(_FailureCounts):
    """`fast_delay` seconds for the first `max_fast_attempts` failures of an item, `slow_delay` from then on."""

    def __init__(self, fast_delay: float, slow_delay: float, max_fast_attempts: int) -> None:
        super().__init__()
        self._fast = fast_delay
        self._slow = slow_delay
        self._max_fast_attempts = max_fast_attempts

    def when(self, item: Hashable, /) -> float:
        """Return the delay after one more failure of `item`, in seconds."""
        return self._fast if self._count(item) < self._max_fast_attempts else self._slow


class BucketRateLimiter:
    """A token bucket over all items together: `burst` tries at once, refilled at `rate` tries per second.

    It reserves: a try that finds the bucket empty is told to wait for its own token, and the next one for the token after that.
    (Go: ``golang.org/x/time/rate``, ``Limiter.Reserve().Delay()``.)
    """

    def __init__(self, rate: float, burst: int, clock: Clock | None = None) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError(f"a token bucket needs rate > 0 per second and burst >= 1, got rate={rate}, burst={burst}")
        self._rate = rate
        self._burst = float(burst)
        self._now: Callable[[], float] = (clock or RealClock()).now
        self._tokens = self._burst
        self._last = self._now()
        self._lock = threading.Lock()

    def when(self, item: Hashable, /) -> float:
        """Reserve one token and return the seconds until it is there; `item` does not matter."""
        with self._lock:
            now = self._now()
            # A clock that steps back must not drain the bucket.
            elapsed = max(0.0, now - self._last)
            self._last = now
            self._tokens = min(self._burst, self._tokens + elapsed * self._rate) - 1.0
            return max(0.0, -self._tokens / self._rate)

    def forget(self, item: Hashable, /) -> None:
        """Do nothing: the bucket knows no items."""

    def num_requeues(self, item: Hashable, /) -> int:
        """Return 0: the bucket knows no items."""
        return 0


class MaxOfRateLimiter(Generic[T]):
    """Ask every limiter and take the longest delay.

    With a bucket among them the burst can look exceeded, because an item that another limiter delays longer has its token already.
    """

    def __init__(self, *limiters: RateLimiter[T]) -> None:
        self._limiters = limiters

    def when(self, item: T, /) -> float:
        """Return the longest of all delays, in seconds; every limiter counts the failure."""
        return max((limiter.when(item) for limiter in self._limiters), default=0.0)

    def forget(self, item: T, /) -> None:
        """Stop tracking `item` in every limiter."""
        for limiter in self._limiters:
            limiter.forget(item)

    def num_requeues(self, item: T, /) -> int:
        """Return the highest count of all limiters."""
        return max((limiter.num_requeues(item) for limiter in self._limiters), default=0)


class WithMaxWaitRateLimiter(Generic[T]):
    """Another limiter, but never more than `max_delay` seconds."""

    def __init__(self, limiter: RateLimiter[T], max_delay: float) -> None:
        self._limiter = limiter
        self._max = max_delay

    def when(self, item: T, /) -> float:
        """Return the other limiter's delay or `max_delay`, whichever is shorter."""
        return min(self._limiter.when(item), self._max)

    def forget(self, item: T, /) -> None:
        """Stop tracking `item`."""
        self._limiter.forget(item)

    def num_requeues(self, item: T, /) -> int:
        """Return the other limiter's count."""
        return self._limiter.num_requeues(item)


class WithJitterRateLimiter(Generic[T]):
    """Another limiter, its delays stretched by up to `factor` of themselves.

    Items that failed together (a webhook was down) would otherwise come back together for ever. ``wait.Jitter`` upstream; client-go's
    queues have no such limiter.
    """

    def __init__(self, limiter: RateLimiter[T], factor: float = 0.1, rand: Callable[[], float] = random.random) -> None:
        if factor < 0:
            raise ValueError(f"the jitter factor stretches a delay and cannot be negative, got {factor}")
        self._limiter = limiter
        self._factor = factor
        self._rand = rand

    def when(self, item: T, /) -> float:
        """Return a delay between the other limiter's and ``1 + factor`` times that."""
        return self._limiter.when(item) * (1.0 + self._factor * self._rand())

    def forget(self, item: T, /) -> None:
        """Stop tracking `item`."""
        self._limiter.forget(item)

    def num_requeues(self, item: T, /) -> int:
        """Return the other limiter's count."""
        return self._limiter.num_requeues(item)


def default_controller_rate_limiter(clock: Clock | None = None) -> MaxOfRateLimiter[Hashable]:
    """Return client-go's default for controllers: 5 ms doubling to 1000 s per item, and 10 a second (burst 100) over all items.

    client-go: ``DefaultTypedControllerRateLimiter``. Limiters hold state: make one per queue.
    """
    return MaxOfRateLimiter(ItemExponentialFailureRateLimiter(0.005, 1000.0), BucketRateLimiter(10.0, 100, clock))


def default_item_based_rate_limiter() -> ItemExponentialFailureRateLimiter:
    """Return client-go's per-item default without an overall limit: 1 ms doubling to 1000 s (``DefaultTypedItemBasedRateLimiter``)."""
    return ItemExponentialFailureRateLimiter(0.001, 1000.0)
