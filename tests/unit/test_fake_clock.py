"""The fake clock: time moves only when it is stepped, and a step wakes exactly those who are due."""

from __future__ import annotations

import threading

import pytest

from kubewright.clock import Clock
from kubewright.testing.clock import FakeClock
from tests.support import eventually


def waiting_thread(
    clock: FakeClock, seconds: float | None, results: list[bool]
) -> tuple[threading.Thread, threading.Condition]:
    condition = threading.Condition()

    def run() -> None:
        with condition:
            results.append(clock.wait(condition, seconds))

    thread = threading.Thread(target=run)
    thread.start()
    return thread, condition


def test_it_is_a_clock_that_stands_still() -> None:
    clock: Clock = FakeClock(start=1000.0)
    assert (clock.now(), clock.time()) == (0.0, 1000.0)


def test_step_wakes_those_who_are_due_and_nobody_else() -> None:
    clock = FakeClock()
    short: list[bool] = []
    long: list[bool] = []
    first, _ = waiting_thread(clock, 5, short)
    second, _ = waiting_thread(clock, 6, long)
    clock.wait_for_waiters(2)
    assert clock.next_deadline() == 5
    clock.step(5)
    first.join(10)
    assert short == [False]
    assert long == []
    clock.step(1)
    second.join(10)
    assert long == [False]
    assert not clock.has_waiters()


def test_a_notified_wait_returns_true_without_time_passing() -> None:
    clock = FakeClock()
    results: list[bool] = []
    thread, condition = waiting_thread(clock, None, results)
    clock.wait_for_waiters()
    with condition:
        condition.notify()
    thread.join(10)
    assert results == [True]
    assert clock.now() == 0


def test_a_wait_for_no_time_returns_at_once() -> None:
    clock = FakeClock()
    condition = threading.Condition()
    with condition:
        assert clock.wait(condition, 0) is False


def test_sleep_ends_by_step_or_by_event() -> None:
    clock = FakeClock()
    event = threading.Event()
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(clock.sleep(event, 3)))
    thread.start()
    clock.wait_for_deadline(3)
    clock.step(3)
    thread.join(10)
    assert results == [False]
    event.set()
    assert clock.sleep(event, 1000) is True


def test_setting_the_time_of_day_moves_no_monotonic_time() -> None:
    clock = FakeClock(start=1000.0)
    clock.set_time(5.0)
    assert (clock.now(), clock.time()) == (0.0, 5.0)
    clock.step(2)
    assert (clock.now(), clock.time()) == (2.0, 7.0)


def test_monotonic_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="does not go back"):
        FakeClock().step(-1)


def test_waiting_for_a_sleeper_that_never_comes_says_what_was_expected() -> None:
    clock = FakeClock()
    with pytest.raises(AssertionError, match="2 sleepers"):
        clock.wait_for_waiters(2, timeout=0.01)
    with pytest.raises(AssertionError, match="due in 5 s"):
        clock.wait_for_deadline(5, timeout=0.01)
    eventually(lambda: not clock.has_waiters())
