"""The plain work queue: fair, stingy, one worker per item, an orderly end."""

from __future__ import annotations

import gc
import signal
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from kubewright.errors import ShutDown
from kubewright.objects import ObjectKey
from kubewright.testing.clock import FakeClock
from kubewright.workqueue import WorkQueue
from tests.support import eventually, no_leaked_threads

JOIN_LIMIT = 30.0


@pytest.fixture(autouse=True)
def _no_leaks() -> Iterator[None]:
    with no_leaked_threads():
        yield


def start(target: Callable[[], object], count: int = 1) -> list[threading.Thread]:
    threads = [threading.Thread(target=target) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(JOIN_LIMIT)
        assert not thread.is_alive(), "a worker is still blocked"


def shuts_down(queue: WorkQueue[str]) -> bool:
    """Whether get() says that the queue is shut down and empty (upstream's second result of Get)."""
    try:
        queue.get()
    except ShutDown:
        return True
    return False


@pytest.mark.parametrize("drain", [False, True])
def test_every_item_is_worked_on_and_none_after_shut_down(drain: bool) -> None:
    # client-go: TestBasic
    queue: WorkQueue[int | str] = WorkQueue()
    worked: Counter[int | str] = Counter()
    lock = threading.Lock()

    def consume() -> None:
        while True:
            try:
                item = queue.get()
            except ShutDown:
                return
            with lock:
                worked[item] += 1
            queue.done(item)

    def produce(i: int) -> None:
        for _ in range(50):
            queue.add(i)

    consumers = start(consume, 10)
    producers = [threading.Thread(target=produce, args=(i,)) for i in range(50)]
    for producer in producers:
        producer.start()
    join(producers)
    queue.shut_down(drain=drain)
    queue.add("added after shutdown!")  # W3
    join(consumers)
    assert set(worked) == set(range(50))
    assert len(queue) == 0


@pytest.mark.parametrize("drain", [False, True])
def test_items_added_by_their_own_worker_come_back(drain: bool) -> None:
    # client-go: TestAddWhileProcessing
    queue: WorkQueue[int] = WorkQueue()
    total: Counter[int] = Counter()
    lock = threading.Lock()

    def consume() -> None:
        seen: Counter[int] = Counter()
        while True:
            try:
                item = queue.get()
            except ShutDown:
                return
            seen[item] += 1
            if seen[item] < 2:
                queue.add(item)
            queue.done(item)
            with lock:
                total[item] += 1

    consumers = start(consume, 10)
    producers = [threading.Thread(target=queue.add, args=(i,)) for i in range(50)]
    for producer in producers:
        producer.start()
    join(producers)
    queue.shut_down(drain=drain)
    join(consumers)
    assert len(queue) == 0
    assert set(total) == set(range(50))


def test_len_counts_distinct_waiting_items() -> None:
    # client-go: TestLen
    queue = WorkQueue[str]()
    queue.add("foo")
    assert len(queue) == 1
    queue.add("bar")
    assert len(queue) == 2
    queue.add("foo")
    assert len(queue) == 2


def test_item_added_while_in_work_is_queued_when_done() -> None:
    # client-go: TestReinsert, W1
    queue = WorkQueue[str]()
    queue.add("foo")
    item = queue.get()
    queue.add(item)
    assert len(queue) == 0
    queue.done(item)
    assert queue.get() == "foo"
    queue.done("foo")
    assert len(queue) == 0


def test_adds_of_a_waiting_item_collapse() -> None:
    # client-go: TestCollapse (its Touch hook of a replaceable inner queue has no counterpart)
    queue = WorkQueue[str]()
    queue.add("bar")
    queue.add("bar")
    assert queue.get() == "bar"
    queue.done("bar")
    assert len(queue) == 0


def test_adds_while_in_work_collapse_and_wait_for_done() -> None:
    # client-go: TestCollapseWhileProcessing
    queue = WorkQueue[str]()
    queue.add("foo")
    queue.get()
    queue.add("foo")
    queue.add("foo")
    got: list[str] = []

    def consume() -> None:
        got.append(queue.get())
        queue.done("foo")

    worker = start(consume)
    eventually(lambda: queue._sleepers)  # the other worker sleeps: it was not handed the item in work
    assert got == []
    queue.done("foo")
    join(worker)
    assert got == ["foo"]
    assert len(queue) == 0


def test_shut_down_with_drain_waits_for_items_in_work() -> None:
    # client-go: TestQueueDrainageUsingShutDownWithDrain
    queue = WorkQueue[str]()
    queue.add("foo")
    queue.add("bar")
    first, second = queue.get(), queue.get()
    result: list[bool] = []
    drainer = start(lambda: result.append(queue.shut_down(drain=True)))
    eventually(lambda: queue.shutting_down)
    assert shuts_down(queue)
    queue.done(first)
    assert drainer[0].is_alive()
    queue.done(second)
    join(drainer)
    assert result == [True]


def test_shut_down_without_drain_does_not_wait_for_items_in_work() -> None:
    # client-go: TestNoQueueDrainageUsingShutDown
    queue = WorkQueue[str]()
    queue.add("foo")
    queue.add("bar")
    queue.get()
    queue.get()
    result: list[bool] = []
    join(start(lambda: result.append(queue.shut_down())))
    assert result == [False]


def test_plain_shut_down_ends_a_drain() -> None:
    # client-go: TestForceQueueShutdownUsingShutDown, W5
    queue = WorkQueue[str]()
    queue.add("foo")
    queue.get()
    result: list[bool] = []
    drainer = start(lambda: result.append(queue.shut_down(drain=True)))
    eventually(lambda: queue.shutting_down)
    queue.shut_down()
    join(drainer)
    assert result == [False]


def test_drain_hands_out_an_item_that_was_dirty_while_in_work() -> None:
    # client-go: TestQueueDrainageUsingShutDownWithDrainWithDirtyItem
    queue = WorkQueue[str]()
    queue.add("foo")
    first = queue.get()
    queue.add("foo")
    drainer = start(lambda: queue.shut_down(drain=True))
    eventually(lambda: queue.shutting_down)
    assert shuts_down(queue)
    queue.done(first)
    again = queue.get()
    assert again == "foo"
    queue.done(again)
    assert shuts_down(queue)
    join(drainer)


def test_drain_gives_up_after_its_timeout() -> None:
    clock = FakeClock()
    queue: WorkQueue[str] = WorkQueue(clock=clock)
    queue.add("stuck")
    queue.get()
    result: list[bool] = []
    drainer = start(lambda: result.append(queue.shut_down(drain=True, timeout=30)))
    clock.wait_for_deadline(30)
    clock.step(30)
    join(drainer)
    assert result == [False]


def test_finished_items_are_not_kept_alive() -> None:
    # client-go: TestGarbageCollection
    class Big:
        pass

    queue = WorkQueue[Big]()
    item = Big()
    alive = weakref.ref(item)
    queue.add(item)
    queue.done(queue.get())
    del item
    gc.collect()
    assert alive() is None
    queue.shut_down()


def test_done_without_get_is_harmless() -> None:
    # W2
    queue = WorkQueue[str]()
    queue.done("never added")
    queue.add("waiting")
    queue.done("waiting")
    assert len(queue) == 1
    assert queue.get() == "waiting"


def test_shut_down_still_hands_out_waiting_items() -> None:
    # W4
    queue = WorkQueue[str]()
    queue.add("a")
    queue.add("b")
    queue.shut_down()
    assert [queue.get(), queue.get()] == ["a", "b"]
    assert shuts_down(queue)


def test_shut_down_wakes_every_sleeping_worker() -> None:
    queue = WorkQueue[str]()
    ended: list[bool] = []
    workers = start(lambda: ended.append(shuts_down(queue)), 8)
    eventually(lambda: len(queue._sleepers) == 8)
    queue.shut_down()
    join(workers)
    assert ended == [True] * 8


def test_items_come_out_in_the_order_they_went_in() -> None:
    queue = WorkQueue[int]()
    for i in range(100):
        queue.add(i)
    assert [queue.get() for _ in range(100)] == list(range(100))


def test_readded_item_goes_to_the_end() -> None:
    queue = WorkQueue[str]()
    queue.add("busy")
    queue.add("other")
    queue.get()
    queue.add("busy")
    queue.done("busy")
    assert [queue.get(), queue.get()] == ["other", "busy"]


def test_take_is_done_with_the_item_even_when_the_work_fails() -> None:
    queue = WorkQueue[str]()
    queue.add("a")
    with pytest.raises(RuntimeError), queue.take() as item:
        queue.add(item)
        raise RuntimeError
    assert queue.get() == "a"


def test_take_raises_shut_down_on_entering() -> None:
    queue = WorkQueue[str](name="widgets")
    queue.shut_down()
    with pytest.raises(ShutDown, match="'widgets'"), queue.take():
        pass


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="signals are handled in the main thread"
)
def test_get_interrupted_by_a_signal_handler_takes_no_wakeup_with_it() -> None:
    # A handler that raises out of a blocked get(), as Ctrl-C does.
    class Interrupted(Exception):
        pass

    def handler(signum: int, frame: object) -> None:
        raise Interrupted

    def interrupt() -> None:
        eventually(lambda: queue._sleepers)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    queue = WorkQueue[str]()
    before = signal.signal(signal.SIGUSR1, handler)
    try:
        interrupter = start(interrupt)
        with pytest.raises(Interrupted):
            queue.get()
    finally:
        signal.signal(signal.SIGUSR1, before)
    join(interrupter)
    assert not queue._sleepers
    got: list[str] = []
    worker = start(lambda: got.append(queue.get()))
    queue.add("a")
    join(worker)
    assert got == ["a"]


def test_keys_are_told_apart_by_value() -> None:
    queue = WorkQueue[ObjectKey](name="keys")
    queue.add(ObjectKey("ns", "a"))
    queue.add(ObjectKey("ns", "a"))
    queue.add(ObjectKey("", "a"))
    assert len(queue) == 2


def test_unhashable_item_is_refused_at_add() -> None:
    queue: WorkQueue[object] = WorkQueue()
    with pytest.raises(TypeError, match="unhashable"):
        queue.add([])
    queue.add("fine")
    assert queue.get() == "fine"


def test_an_empty_queue_is_still_true() -> None:
    assert bool(WorkQueue[str]())


def test_a_queue_without_delays_or_metrics_has_no_thread() -> None:
    before = threading.active_count()
    queue = WorkQueue[str]()
    queue.add("a")
    assert threading.active_count() == before
