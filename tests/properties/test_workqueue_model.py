"""The work queue against a model that is too simple to be wrong, under any sequence of calls.

The model is upstream's own: a list and two sets, and a list of (due, order, item) for the delays.
"""

from __future__ import annotations

import os

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kubewright.errors import ShutDown
from kubewright.testing.clock import FakeClock
from kubewright.workqueue import DelayingQueue

LONG = os.environ.get("KUBEWRIGHT_LONG") == "1"
ITEMS = st.sampled_from(["a", "b", "c", "d"])


class QueueAgainstModel(RuleBasedStateMachine):
    """Delays are driven by hand (`_add_due_locked`, what the timer thread calls), so that a run needs no thread and is exact."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.queue: DelayingQueue[str] = DelayingQueue(clock=self.clock)
        self.queue._start_timer = lambda: None  # type: ignore[method-assign]  # the test fires what is due
        self.ready: list[str] = []
        self.dirty: set[str] = set()
        self.in_work: set[str] = set()
        self.delayed: dict[str, tuple[float, int]] = {}
        self.order = 0
        self.shut = False

    def model_add(self, item: str) -> None:
        if self.shut or item in self.dirty:
            return
        self.dirty.add(item)
        if item not in self.in_work:
            self.ready.append(item)

    @rule(item=ITEMS)
    def add(self, item: str) -> None:
        self.queue.add(item)
        self.model_add(item)

    @rule(item=ITEMS, delay=st.integers(-1, 5))
    def add_after(self, item: str, delay: int) -> None:
        self.queue.add_after(item, delay)
        if self.shut:
            return
        if delay <= 0:
            self.model_add(item)
            return
        due = self.clock.now() + delay
        if item not in self.delayed or due < self.delayed[item][0]:
            self.order += 1
            self.delayed[item] = (due, self.order)

    @rule(seconds=st.integers(0, 4))
    def pass_time(self, seconds: int) -> None:
        self.clock.step(seconds)
        with self.queue._lock:
            next_due = self.queue._add_due_locked(self.clock.now())
        for item, (due, _) in sorted(self.delayed.items(), key=lambda entry: entry[1]):
            if due <= self.clock.now():
                del self.delayed[item]
                self.model_add(item)
        # A void entry may wake the timer early, never late.
        if self.delayed:
            assert next_due is not None
            assert next_due <= min(due for due, _ in self.delayed.values())

    @precondition(lambda self: self.ready or self.shut)
    @rule()
    def get(self) -> None:
        try:
            item = self.queue.get()
        except ShutDown:
            assert self.shut
            assert not self.ready
            return
        assert item == self.ready.pop(0)
        assert item not in self.in_work
        self.in_work.add(item)
        self.dirty.discard(item)

    @rule(item=ITEMS)
    def done(self, item: str) -> None:
        self.queue.done(item)
        if item in self.in_work:
            self.in_work.discard(item)
            if item in self.dirty:
                self.ready.append(item)

    @precondition(lambda self: not self.shut)
    @rule(rarely=st.integers(0, 9))
    def shut_down(self, rarely: int) -> None:
        if rarely:
            return
        assert self.queue.shut_down() == (not self.in_work)
        self.shut = True
        self.delayed.clear()

    @rule()
    def drain_without_work(self) -> None:
        if self.shut and not self.in_work:
            assert self.queue.shut_down(drain=True)

    @invariant()
    def same_size(self) -> None:
        assert len(self.queue) == len(self.ready)
        assert self.queue.waiting == len(self.delayed)
        assert self.queue.shutting_down == self.shut

    def teardown(self) -> None:
        self.queue.shut_down()


QueueAgainstModel.TestCase.settings = settings(
    max_examples=2000 if LONG else 200, stateful_step_count=60 if LONG else 30, deadline=None
)
TestQueueAgainstModel = QueueAgainstModel.TestCase
