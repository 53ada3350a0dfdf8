"""The controller: what makes a key come, what makes it come back, and how it ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kubewright.controller import Controller, Outcome, Requeue, TerminalError, controlled_by
from kubewright.core.ratelimits import ItemExponentialFailureRateLimiter
from kubewright.errors import CacheSyncError, Conflict, ShutDown
from kubewright.informer import SharedInformer
from kubewright.objects import ObjectKey, ObjectMeta, OwnerReference
from kubewright.testing.clock import FakeClock
from kubewright.testing.source import ScriptedServer
from kubewright.workqueue import RateLimitingQueue
from tests.runtime.informers import FAST, Widget, name_of
from tests.support import eventually, no_leaked_threads

A = ObjectKey("default", "a")
B = ObjectKey("default", "b")


@pytest.fixture(autouse=True)
def _no_leaks() -> Iterator[None]:
    with no_leaked_threads():
        yield


class Reconciler:
    """Remembers its keys, and does what the test says for each."""

    def __init__(self, act: Callable[[ObjectKey], Requeue | None] = lambda key: None) -> None:
        self.keys: list[ObjectKey] = []
        self.act = act

    def __call__(self, key: ObjectKey) -> Requeue | None:
        self.keys.append(key)
        return self.act(key)


@contextmanager
def running(controller: Controller) -> Iterator[Controller]:
    controller.start(10)
    try:
        yield controller
    finally:
        controller.stop(10)


@contextmanager
def watching(server: ScriptedServer, name: str = "informer") -> Iterator[SharedInformer[Widget]]:
    informer = SharedInformer(server.source(), Widget, backoff=FAST)
    informer.start()
    try:
        yield informer
    finally:
        informer.stop()


def controller_of(reconcile: Callable[[ObjectKey], Requeue | None], clock: FakeClock, workers: int = 2) -> Controller:
    limiter = ItemExponentialFailureRateLimiter(1, 60)
    return Controller(reconcile, RateLimitingQueue("test", rate_limiter=limiter, clock=clock), workers, clock=clock)


def test_what_there_is_and_what_happens_is_reconciled() -> None:
    server, reconcile = ScriptedServer(), Reconciler()
    server.add("a")
    with watching(server) as informer, running(Controller(reconcile).watches(informer)):
        eventually(lambda: reconcile.keys == [A])
        server.add("b")
        eventually(lambda: reconcile.keys == [A, B])
        server.modify("a", spec={"size": 2})
        eventually(lambda: reconcile.keys == [A, B, A])
        server.delete("b")
        eventually(lambda: reconcile.keys == [A, B, A, B])


def test_map_says_which_keys_an_object_concerns_and_an_update_concerns_both() -> None:
    server, reconcile = ScriptedServer(), Reconciler()
    server.add("child", spec={"color": "a"})

    def parent(widget: Widget) -> list[ObjectKey]:
        assert widget.spec is not None
        return [ObjectKey("default", widget.spec.color or "")]

    with watching(server) as informer, running(Controller(reconcile, workers=1).watches(informer, map=parent)):
        eventually(lambda: reconcile.keys == [A])
        server.modify("child", spec={"color": "b"})
        eventually(lambda: reconcile.keys[1:] == [A, B])
        server.delete("child")
        eventually(lambda: reconcile.keys[3:] == [B])


def test_several_kinds_feed_one_queue() -> None:
    widgets, gadgets, reconcile = ScriptedServer(), ScriptedServer(), Reconciler()
    widgets.add("a")
    gadgets.add("b")
    with watching(widgets) as one, watching(gadgets) as two:
        controller = Controller(reconcile).watches(one).watches(two, map=lambda w: [ObjectKey("default", name_of(w))])
        with running(controller):
            eventually(lambda: sorted(reconcile.keys) == [A, B])


def test_a_failing_key_comes_back_later_and_later_until_it_succeeds() -> None:
    clock = FakeClock()
    failures = iter([RuntimeError("one"), Conflict("two", code=409)])

    def act(key: ObjectKey) -> None:
        error = next(failures, None)
        if error is not None:
            raise error

    reconcile = Reconciler(act)
    controller = controller_of(reconcile, clock)
    with running(controller):
        controller.queue.add(A)
        clock.wait_for_deadline(1)
        assert len(reconcile.keys) == 1
        clock.step(1)
        clock.wait_for_deadline(2)
        assert len(reconcile.keys) == 2
        assert controller.queue.num_requeues(A) == 2
        clock.step(2)
        eventually(lambda: len(reconcile.keys) == 3 and controller.queue.num_requeues(A) == 0)


def test_requeue_after_comes_back_at_that_time_and_is_no_failure() -> None:
    clock = FakeClock()
    answers = iter([Requeue(after=30)])
    reconcile = Reconciler(lambda key: next(answers, None))
    controller = controller_of(reconcile, clock)
    with running(controller):
        controller.queue.add(A)
        clock.wait_for_deadline(30)
        assert controller.queue.num_requeues(A) == 0
        clock.step(30)
        eventually(lambda: reconcile.keys == [A, A])


def test_requeue_without_a_time_is_rate_limited() -> None:
    clock = FakeClock()
    answers = iter([Requeue(), Requeue()])
    reconcile = Reconciler(lambda key: next(answers, None))
    controller = controller_of(reconcile, clock)
    with running(controller):
        controller.queue.add(A)
        clock.wait_for_deadline(1)
        clock.step(1)
        clock.wait_for_deadline(2)
        clock.step(2)
        eventually(lambda: len(reconcile.keys) == 3)


def test_a_terminal_error_is_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()

    def act(key: ObjectKey) -> None:
        raise TerminalError("the image name can never be right")

    reconcile, outcomes = Reconciler(act), list[Outcome]()
    controller = Controller(
        reconcile,
        RateLimitingQueue("test", clock=clock),
        on_outcome=lambda key, outcome, seconds: outcomes.append(outcome),
        clock=clock,
    )
    with running(controller):
        controller.queue.add(A)
        eventually(lambda: outcomes == [Outcome.TERMINAL])
        assert controller.queue.waiting == 0
        assert len(controller.queue) == 0
    assert "giving up default/a until it changes: the image name can never be right" in caplog.text


@pytest.mark.parametrize("returned", [5.0, True, {"requeue": True}], ids=repr)
def test_a_reconcile_that_returns_something_else_fails_and_stops_no_worker(
    returned: Any, caplog: pytest.LogCaptureFixture
) -> None:
    reconcile = Reconciler(lambda key: returned if key == A else None)
    controller = controller_of(reconcile, FakeClock(), workers=1)
    with running(controller):
        controller.queue.add(A)
        controller.queue.add(B)
        eventually(lambda: B in reconcile.keys)
        assert controller.queue.num_requeues(A) == 1
    assert "it must return None or a Requeue" in caplog.text


@pytest.mark.parametrize(
    "error", [RuntimeError("panic"), SystemExit(3), KeyboardInterrupt()], ids=lambda e: type(e).__name__
)
def test_nothing_that_one_item_raises_stops_a_worker(error: BaseException) -> None:
    clock = FakeClock()

    def act(key: ObjectKey) -> None:
        if key == A:
            raise error

    reconcile = Reconciler(act)
    controller = controller_of(reconcile, clock, workers=1)
    with running(controller):
        controller.queue.add(A)
        controller.queue.add(B)
        eventually(lambda: reconcile.keys == [A, B])


def test_one_key_is_never_in_two_hands() -> None:
    inside, most, release = [0], [0], threading.Event()

    def act(key: ObjectKey) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        release.wait(10)
        inside[0] -= 1

    reconcile = Reconciler(act)
    controller = Controller(reconcile, workers=4)
    with running(controller):
        controller.queue.add(A)
        eventually(lambda: len(reconcile.keys) == 1)
        for _ in range(20):
            controller.queue.add(A)
        release.set()
        eventually(lambda: len(reconcile.keys) == 2)
    assert most == [1]


def test_stop_lets_work_finish_and_drops_what_waits() -> None:
    entered, release = threading.Event(), threading.Event()

    def act(key: ObjectKey) -> None:
        entered.set()
        release.wait(10)

    reconcile, ended = Reconciler(act), list[bool]()
    controller = Controller(reconcile, workers=1)
    controller.start()
    controller.queue.add(A)
    controller.queue.add(B)
    assert entered.wait(10)
    stopper = threading.Thread(target=lambda: ended.append(controller.stop(10)))
    stopper.start()
    eventually(lambda: controller.queue.shutting_down)
    release.set()
    stopper.join(10)
    assert ended == [True]
    assert reconcile.keys == [A]


def test_stop_gives_up_on_a_reconcile_that_does_not_end(caplog: pytest.LogCaptureFixture) -> None:
    entered, release = threading.Event(), threading.Event()

    def act(key: ObjectKey) -> None:
        entered.set()
        release.wait(10)

    controller = Controller(Reconciler(act), workers=1, name="slow")
    controller.start()
    controller.queue.add(A)
    assert entered.wait(10)
    assert controller.stop(0.01) is False
    assert "slow: stopped, but 1 reconciles did not end" in caplog.text
    release.set()


def test_stop_from_inside_a_reconcile_only_signals() -> None:
    answers: list[bool] = []
    controller: Controller

    def act(key: ObjectKey) -> None:
        answers.append(controller.stop())

    controller = Controller(Reconciler(act), workers=2)
    controller.start()
    controller.queue.add(A)
    eventually(lambda: answers == [False])
    assert controller.stop(10) is True


def test_no_worker_starts_before_the_caches_are_filled() -> None:
    server, reconcile = ScriptedServer(), Reconciler()
    server.add("a")
    informer = SharedInformer(server.source(), Widget, backoff=FAST)
    controller = Controller(reconcile).watches(informer)
    starter = threading.Thread(target=controller.start)
    starter.start()
    assert reconcile.keys == []
    informer.start()
    starter.join(10)
    eventually(lambda: reconcile.keys == [A])
    controller.stop()
    informer.stop()


def test_caches_that_do_not_fill_are_named() -> None:
    informer = SharedInformer(ScriptedServer().source(), Widget)
    controller = Controller(Reconciler()).watches(informer)
    with pytest.raises(CacheSyncError, match=r"within 0\.01 s:\n.*widgets\.example\.com"):
        controller.start(sync_timeout=0.01)
    controller.stop()


def test_run_ends_when_told_also_while_caches_fill(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stop = threading.Event()
    informer = SharedInformer(ScriptedServer().source(), Widget)
    controller = Controller(Reconciler()).watches(informer)
    runner = threading.Thread(target=controller.run, args=(stop,))
    runner.start()
    stop.set()
    runner.join(10)
    assert not runner.is_alive()
    assert "started" not in caplog.text


def test_a_controller_runs_once() -> None:
    controller = Controller(Reconciler(), name="once")
    with controller:
        pass
    with pytest.raises(ShutDown, match="'once' ran already"):
        controller.start()


def test_outcomes_reach_the_hook_and_its_errors_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[tuple[ObjectKey, Outcome]] = []

    def hook(key: ObjectKey, outcome: Outcome, seconds: float) -> None:
        heard.append((key, outcome))
        raise RuntimeError("the metrics library is broken")

    controller = Controller(Reconciler(), on_outcome=hook, workers=1)
    with running(controller):
        controller.queue.add(A)
        controller.queue.add(B)
        eventually(lambda: heard == [(A, Outcome.SUCCESS), (B, Outcome.SUCCESS)])
    assert "on_outcome raised for default/a" in caplog.text


def test_no_workers_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        Controller(Reconciler(), workers=0)


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (OwnerReference(api_version="example.com/v1", kind="Gadget", name="a", uid="u", controller=True), [A]),
        (OwnerReference(api_version="example.com/v2", kind="Gadget", name="a", uid="u", controller=True), [A]),
        (OwnerReference(api_version="example.com/v1", kind="Gadget", name="a", uid="u"), []),
        (OwnerReference(api_version="other.com/v1", kind="Gadget", name="a", uid="u", controller=True), []),
        (OwnerReference(api_version="example.com/v1", kind="Other", name="a", uid="u", controller=True), []),
        (OwnerReference(api_version="v1", kind="Gadget", name="a", uid="u", controller=True), []),
    ],
)
def test_controlled_by_finds_the_controlling_owner_of_any_version(
    owner: OwnerReference, expected: list[ObjectKey]
) -> None:
    widget = Widget(metadata=ObjectMeta(name="child", namespace="default", owner_references=[owner]))
    assert controlled_by("Gadget", "example.com")(widget) == expected


def test_controlled_by_knows_core_kinds_by_the_empty_group() -> None:
    owner = OwnerReference(api_version="v1", kind="Node", name="a", uid="u", controller=True)
    widget = Widget(metadata=ObjectMeta(name="child", namespace="default", owner_references=[owner]))
    assert controlled_by("Node")(widget) == [A]
