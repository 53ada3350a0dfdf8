"""What a workqueue can tell a monitoring system, without depending on one.

The names are client-go's, so that the dashboards and alerts which people have for Go controllers work unchanged. An application
implements `MetricsProvider` over its metrics library (a few lines for prometheus_client: every metric takes the label ``name``) and
hands it to its queues. A queue without a provider pays one attribute test per call.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

from kubewright.clock import Clock


class GaugeMetric(Protocol):
    """A number that goes up and down."""

    def inc(self) -> None: ...
    def dec(self) -> None: ...


class SettableGaugeMetric(Protocol):
    """A number that is set."""

    def set(self, value: float, /) -> None: ...


class CounterMetric(Protocol):
    """A number that only goes up."""

    def inc(self) -> None: ...


class HistogramMetric(Protocol):
    """A distribution; upstream's buckets are ten from 1e-8 s, each ten times the one before."""

    def observe(self, value: float, /) -> None: ...


class MetricsProvider(Protocol):
    """Makes the metrics of one queue, called once per queue (client-go: ``MetricsProvider``).

    The metrics' methods are called under the queue's lock and from its timer thread: they must be quick, thread-safe, and must not
    call the queue.
    """

    def new_depth_metric(self, name: str, /) -> GaugeMetric:
        """``workqueue_depth``: items waiting for a worker."""
        ...

    def new_adds_metric(self, name: str, /) -> CounterMetric:
        """``workqueue_adds_total``: adds that were not collapsed into a waiting one."""
        ...

    def new_latency_metric(self, name: str, /) -> HistogramMetric:
        """``workqueue_queue_duration_seconds``: from add to get."""
        ...

    def new_work_duration_metric(self, name: str, /) -> HistogramMetric:
        """``workqueue_work_duration_seconds``: from get to done."""
        ...

    def new_unfinished_work_seconds_metric(self, name: str, /) -> SettableGaugeMetric:
        """``workqueue_unfinished_work_seconds``: age of everything in work, summed; grows when workers are stuck."""
        ...

    def new_longest_running_processor_seconds_metric(self, name: str, /) -> SettableGaugeMetric:
        """``workqueue_longest_running_processor_seconds``: age of the oldest item in work."""
        ...

    def new_retries_metric(self, name: str, /) -> CounterMetric:
        """``workqueue_retries_total``: calls of ``add_after`` and ``add_rate_limited``."""
        ...


class QueueMetrics:
    """The bookkeeping of one queue between its calls and the provider's metrics.

    Not thread-safe: the queue calls it under its own lock.
    """

    def __init__(self, provider: MetricsProvider, name: str, clock: Clock) -> None:
        self._now = clock.now
        self._depth = provider.new_depth_metric(name)
        self._adds = provider.new_adds_metric(name)
        self._latency = provider.new_latency_metric(name)
        self._work_duration = provider.new_work_duration_metric(name)
        self._unfinished = provider.new_unfinished_work_seconds_metric(name)
        self._longest = provider.new_longest_running_processor_seconds_metric(name)
        self._retries = provider.new_retries_metric(name)
        self._added_at: dict[Hashable, float] = {}
        self._started_at: dict[Hashable, float] = {}

    def add(self, item: Hashable) -> None:
        """Note that `item` became due (waiting, or dirty while in work)."""
        self._adds.inc()
        self._depth.inc()
        self._added_at.setdefault(item, self._now())

    def get(self, item: Hashable) -> None:
        """Note that a worker took `item`."""
        now = self._now()
        self._depth.dec()
        self._started_at[item] = now
        added = self._added_at.pop(item, None)
        if added is not None:
            self._latency.observe(now - added)

    def done(self, item: Hashable) -> None:
        """Note that a worker finished `item`; nothing happens for an item that nobody took."""
        started = self._started_at.pop(item, None)
        if started is not None:
            self._work_duration.observe(self._now() - started)

    def retry(self) -> None:
        """Note one delayed or rate-limited add."""
        self._retries.inc()

    def update_unfinished_work(self) -> None:
        """Publish how long the items in work have been there."""
        now = self._now()
        ages = [now - started for started in self._started_at.values()]
        self._unfinished.set(sum(ages))
        self._longest.set(max(ages, default=0.0))
