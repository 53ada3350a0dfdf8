"""Read, change, write: the loser of the race reads again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kubewright.client import DEFAULT_BACKOFF, retry_on_conflict
from kubewright.errors import Conflict, NotFound
from tests.runtime.clients import Gear, Gears, HastyClock, gear, in_process


def losing(times: int) -> Callable[[], str]:
    left = [times]

    def attempt() -> str:
        if left[0]:
            left[0] -= 1
            raise Conflict(f"{left[0]} left", code=409)
        return "won"

    return attempt


def test_it_returns_what_the_attempt_returned() -> None:
    # client-go: TestRetryOnConflict
    clock = HastyClock()
    assert retry_on_conflict(losing(2), clock=clock) == "won"
    assert len(clock.slept) == 2
    assert all(0.010 <= wait <= 0.0111 for wait in clock.slept)


def test_the_waits_grow_by_the_factor() -> None:
    clock = HastyClock()
    retry_on_conflict(losing(3), backoff=DEFAULT_BACKOFF, clock=clock)
    assert [round(wait / 0.010) in (1, 5, 6, 25, 26, 27) for wait in clock.slept] == [True, True, True]
    assert clock.slept == sorted(clock.slept)


def test_the_last_conflict_is_raised_when_the_steps_are_used_up() -> None:
    with pytest.raises(Conflict, match="0 left"):
        retry_on_conflict(losing(5), clock=HastyClock())
    assert retry_on_conflict(losing(5), steps=6, clock=HastyClock()) == "won"


def test_any_other_error_is_raised_at_once() -> None:
    calls: list[int] = []

    def attempt() -> None:
        calls.append(1)
        raise NotFound("gone", code=404)

    with pytest.raises(NotFound):
        retry_on_conflict(attempt, clock=HastyClock())
    assert calls == [1]


def test_two_writers_of_one_object_both_win_in_the_end() -> None:
    with in_process() as transport:
        gears = Gears(transport)("default")
        gears.create(gear("a", teeth=0))
        meddled = [False]

        def increment() -> Gear:
            obj = gears.get("a")
            if not meddled[0]:
                meddled[0] = True
                gears.patch("a", {"metadata": {"labels": {"meddled": "yes"}}})
            assert obj.spec is not None
            obj.spec.teeth = (obj.spec.teeth or 0) + 1
            return gears.update(obj)

        updated = retry_on_conflict(increment)
        assert (updated.metadata.labels, updated.spec and updated.spec.teeth) == ({"meddled": "yes"}, 1)
