"""Event handlers of a shared informer: what they are told, when, on whose thread, and what they cannot break."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from kubewright.core.deltas import Deleted
from kubewright.errors import Forbidden, KubewrightError, ShutDown
from kubewright.informer import SharedInformer
from kubewright.objects import ObjectKey
from kubewright.testing.clock import FakeClock
from kubewright.testing.source import ScriptedServer
from tests.runtime.informers import Recorder, Widget, informer, name_of, settle, synced


def widgets(server: ScriptedServer, *names: str) -> None:
    for name in names:
        server.add(name, spec={"size": 1})


# --- what a handler is told


def test_a_handler_is_told_adds_updates_and_deletes_in_order() -> None:
    # I1, I4; client-go: TestRealFIFO_basic, TestRealFIFO_addUpdate, TestTypedResourceEventHandlerFuncs
    server, seen = ScriptedServer(), Recorder()
    widgets(server, "a")
    with informer(server.source(), start=False) as made:
        seen.attach(made)
        made.start()
        settle(lambda: seen.told == ["add a"])
        server.modify("a", spec={"size": 2})
        server.delete("a")
        settle(lambda: seen.told == ["add a", "update a 1->2", "delete a"])


def test_a_handler_that_is_added_late_is_told_every_object() -> None:
    # I2, O5, C11
    server, seen = ScriptedServer(), Recorder()
    widgets(server, "a", "b")
    with synced(server.source()) as made:
        seen.attach(made)
        settle(lambda: sorted(seen.told) == ["add a", "add b"])


@pytest.mark.parametrize("late", [False, True], ids=["before start", "added late"])
def test_a_handler_can_tell_what_was_there_from_what_came_later(late: bool) -> None:
    # I1, I2: isInInitialList; client-go: TestTypedResourceEventHandlerDetailedFuncs
    server = ScriptedServer()
    widgets(server, "a", "b")
    initial: dict[str, bool] = {}
    with informer(server.source(), start=False) as made:
        if late:
            made.start()
            settle(lambda: made.has_synced)
        told = made.add_event_handler(on_add=lambda obj: initial.__setitem__(name_of(obj), not told.has_synced))
        if not late:
            made.start()
        settle(lambda: told.has_synced)
        server.add("c")
        settle(lambda: "c" in initial)
    assert initial == {"a": True, "b": True, "c": False}


def test_handlers_that_come_while_events_flow_miss_and_repeat_nothing() -> None:
    # client-go: TestAddWhileActive, TestSharedInformerInitializationRace (I2)
    server = ScriptedServer()
    widgets(server, *(f"w{n}" for n in range(50)))
    recorders = [Recorder() for _ in range(10)]
    with synced(server.source()) as made:
        writer = threading.Thread(target=lambda: [server.add(f"x{n}") for n in range(200)])
        writer.start()
        for seen in recorders:
            seen.attach(made)
        writer.join()
        for seen in recorders:
            settle(lambda seen=seen: len(seen.told) >= 250)  # type: ignore[misc]
        assert [len(set(seen.told)) for seen in recorders] == [250] * 10
        assert [len(seen.told) for seen in recorders] == [250] * 10


def test_a_delete_that_was_seen_has_the_final_state() -> None:
    # tombstones (client-go.md 4, 14); client-go: TestDeletedObjectGetKey, TestDeletedObjectGetObjectName
    server = ScriptedServer()
    widgets(server, "a")
    got: list[Deleted[Widget]] = []
    with synced(server.source()) as made:
        made.add_event_handler(on_delete=got.append)
        server.modify("a", spec={"size": 7})
        server.delete("a")
        settle(lambda: got)
        assert (got[0].key, got[0].final_state_unknown) == (ObjectKey("default", "a"), False)
        assert got[0].object.spec is not None
        assert got[0].object.spec.size == 7


def test_a_delete_that_was_missed_has_the_last_state_and_says_so() -> None:
    # Q6, O8; client-go: TestReflectorReplacesStoreOnUnsafeDelete, kopf (python-peers 4.3)
    server = ScriptedServer(streaming="refused")
    server.add("a", spec={"size": 5})
    got: list[Deleted[Widget]] = []
    with synced(server.source()) as made:
        made.add_event_handler(on_delete=got.append)
        server.delete("a", silent=True)
        server.expire()
        server.cut_streams()
        settle(lambda: got)
        assert got[0].final_state_unknown
        assert got[0].object.spec is not None
        assert got[0].object.spec.size == 5


def test_delete_and_recreate_in_a_gap_is_a_delete_and_an_add() -> None:
    # O8; I5 is an update in client-go
    server, seen = ScriptedServer(streaming="refused"), Recorder()
    widgets(server, "a")
    with synced(server.source()) as made:
        seen.attach(made)
        settle(lambda: seen.told == ["add a"])
        server.delete("a", silent=True)
        server.add("a", silent=True)
        server.expire()
        server.cut_streams()
        settle(lambda: seen.told == ["add a", "delete a", "add a"])
        assert seen.unknown == [ObjectKey("default", "a")]


def test_a_relist_of_unchanged_objects_tells_nothing() -> None:
    # O2c: one MODIFIED a relist
    server, seen = ScriptedServer(streaming="refused"), Recorder()
    widgets(server, "a", "b")
    with synced(server.source()) as made:
        seen.attach(made)
        settle(lambda: len(seen.told) == 2)
        lists = made.status().sources[0].lists
        server.restart(0)  # numbered anew: both change once
        settle(lambda: len(seen.told) == 4)
        for _ in range(2):
            server.tick()
            server.expire()
            server.cut_streams()
            settle(lambda lists=lists: made.status().sources[0].lists > lists)  # type: ignore[misc]
            lists = made.status().sources[0].lists
            settle(lambda: server.streams)
        assert len(seen.told) == 4


def test_the_cache_already_holds_what_a_handler_is_told() -> None:
    # O8: the DELETED handler ran while the cache still held the object
    server = ScriptedServer()
    widgets(server, "a")
    held: list[bool] = []
    with synced(server.source()) as made:
        made.add_event_handler(on_delete=lambda deleted: held.append(deleted.key in made.cache))
        server.delete("a")
        settle(lambda: held == [False])


def test_every_handler_gets_its_own_objects() -> None:
    # O9, C12
    server = ScriptedServer()
    widgets(server, "a")
    got: list[Widget] = []

    def spoil(obj: Widget) -> None:
        assert obj.metadata is not None
        obj.metadata.name = "spoilt"

    with synced(server.source()) as made:
        first = made.add_event_handler(on_add=spoil)
        first.wait_synced(10)
        made.add_event_handler(on_add=got.append)
        settle(lambda: got)
        assert name_of(got[0]) == "a"
        assert [name_of(obj) for obj in made.lister.list()] == ["a"]


# --- key handlers


def test_a_key_handler_gets_the_key_of_whatever_happens() -> None:
    server = ScriptedServer()
    widgets(server, "a")
    keys: list[ObjectKey] = []
    with synced(server.source()) as made:
        made.add_event_handler(on_key=keys.append)
        server.modify("a", spec={"size": 2})
        server.delete("a")
        settle(lambda: len(keys) == 3)
        assert keys == [ObjectKey("default", "a")] * 3


def test_a_late_key_handler_has_every_key_when_adding_it_returns() -> None:
    server = ScriptedServer()
    widgets(server, "a", "b")
    keys: list[ObjectKey] = []
    with synced(server.source()) as made:
        handler = made.add_event_handler(on_key=keys.append)
        assert (len(keys), handler.has_synced) == (2, True)


def test_a_key_handler_may_read_the_cache() -> None:
    server = ScriptedServer()
    sizes: list[int | None] = []
    with synced(server.source()) as made:

        def look(key: ObjectKey) -> None:
            obj = made.lister(key.namespace).get(key.name)
            sizes.append(obj.spec.size if obj.spec else None)

        made.add_event_handler(on_key=look)
        server.add("a", spec={"size": 4})
        settle(lambda: sizes == [4])


def test_a_key_handler_that_raises_stops_neither_the_cache_nor_the_others() -> None:
    # client-go: TestEventPanics (I8: the process crashes)
    server = ScriptedServer()
    keys: list[ObjectKey] = []
    with synced(server.source()) as made:
        bad = made.add_event_handler(on_key=lambda key: 1 / 0, name="bad")
        made.add_event_handler(on_key=keys.append)
        widgets(server, "a", "b")
        settle(lambda: len(keys) == 2)
        assert bad.errors == 2


# --- threads and isolation


def test_a_slow_handler_delays_neither_the_cache_nor_another_handler() -> None:
    # O4, C10 (I3)
    server, slow, fast = ScriptedServer(), Recorder(), Recorder()
    slow.gate.clear()
    with synced(server.source()) as made:
        registration = slow.attach(made)
        fast.attach(made)
        widgets(server, *"abcde")
        settle(lambda: len(fast.told) == 5)
        assert (len(made.cache), slow.told, registration.pending) == (5, [], 5)
        slow.gate.set()
        settle(lambda: len(slow.told) == 5)


def test_a_handler_that_raises_goes_on_with_the_next_event() -> None:
    # client-go: TestEventPanics, TestSharedInformerHandlerAbuse (I8)
    server = ScriptedServer()
    told: list[str] = []

    def moody(obj: Widget) -> None:
        told.append(name_of(obj))
        raise RuntimeError("moody")

    with synced(server.source()) as made:
        handler = made.add_event_handler(on_add=moody)
        widgets(server, "a", "b", "c")
        settle(lambda: told == ["a", "b", "c"])
        settle(lambda: handler.errors == 3)


def test_a_handler_that_raises_on_the_first_list_still_becomes_synced() -> None:
    # I8: k/k#129024: registration.HasSynced never turns true
    server = ScriptedServer()
    widgets(server, "a")
    with synced(server.source()) as made:
        handler = made.add_event_handler(on_add=lambda obj: 1 / 0)
        assert handler.wait_synced(10)


def test_a_handler_is_synced_only_when_it_has_been_told_the_first_list() -> None:
    # I7, Q8; client-go: TestBasicLogic, TestSingleFile, TestAsyncLocking (synctrack), TestRealFIFO_HasSynced
    server, seen = ScriptedServer(), Recorder()
    widgets(server, "a", "b")
    seen.gate.clear()
    with synced(server.source()) as made:
        handler = seen.attach(made)
        assert (made.has_synced, handler.has_synced) == (True, False)
        seen.gate.set()
        assert handler.wait_synced(10)
        assert len(seen.told) == 2


def test_a_handler_may_stop_the_informer() -> None:
    # O6: cannot join current thread
    server = ScriptedServer()
    done = threading.Event()
    with informer(server.source(), start=False) as made:

        def stop(obj: Widget) -> None:
            made.stop()
            done.set()

        made.add_event_handler(on_add=stop)
        made.start()
        widgets(server, "a")
        assert done.wait(10)
        settle(lambda: made.join(0.0))


def test_a_key_handler_may_stop_the_informer() -> None:
    server = ScriptedServer()
    with informer(server.source(), start=False) as made:
        made.add_event_handler(on_key=lambda key: made.stop())
        made.start()
        widgets(server, "a")
        settle(lambda: made.is_stopped)
        settle(lambda: made.join(0.0))


def test_stop_does_not_wait_for_a_handler_that_hangs() -> None:
    server, seen = ScriptedServer(), Recorder()
    seen.gate.clear()
    with synced(server.source()) as made:
        seen.attach(made)
        widgets(server, "a")
        settle(lambda: made.status().pending_events)
        made.stop(timeout=0.05)
        assert not made.join(0.0)
        seen.gate.set()


def test_nothing_is_told_after_stop() -> None:
    # client-go: TestShutdown
    server, seen = ScriptedServer(), Recorder()
    with synced(server.source()) as made:
        seen.attach(made)
        made.stop()
        widgets(server, "a")
        assert seen.told == []


# --- adding and removing


def test_a_removed_handler_is_told_nothing_more() -> None:
    # client-go: TestSharedInformerRemoveHandler (I9)
    server, kept, removed = ScriptedServer(), Recorder(), Recorder()
    with synced(server.source()) as made:
        kept.attach(made)
        handler = removed.attach(made)
        assert handler.remove(timeout=10)
        widgets(server, "a")
        settle(lambda: kept.told == ["add a"])
        assert removed.told == []


def test_removing_twice_is_allowed() -> None:
    # client-go: TestRemovingRemovedSharedInformer
    with synced(ScriptedServer().source()) as made:
        handler = made.add_event_handler(on_key=lambda key: None)
        handler.remove()
        handler.remove()


def test_removing_drops_what_is_buffered_and_waits_for_the_call_under_way() -> None:
    # client-go: TestRemoveEventHandler_SynchronousShutdown, TestShutDownEventHandler_Lifecycles
    server, seen = ScriptedServer(), Recorder()
    seen.gate.clear()
    with synced(server.source()) as made:
        handler = seen.attach(made)
        widgets(server, "a", "b", "c")
        settle(lambda: handler.pending == 3)
        assert not handler.remove()
        seen.gate.set()
        assert handler.remove(timeout=10)
        assert len(seen.told) <= 1


def test_a_handler_may_remove_itself() -> None:
    # client-go: TestSharedInformerHandlerAbuse
    server = ScriptedServer()
    told: list[str] = []
    with synced(server.source()) as made:

        def once(obj: Widget) -> None:
            told.append(name_of(obj))
            handler.remove(timeout=10)

        handler = made.add_event_handler(on_add=once)
        server.add("a")
        settle(lambda: told == ["a"])
        server.add("b")
        settle(lambda: len(made.cache) == 2)
        settle(lambda: handler.remove(timeout=1))
        assert told == ["a"]


def test_removing_handlers_while_events_flow_leaves_the_others_whole() -> None:
    # client-go: TestRemoveWhileActive
    server, kept = ScriptedServer(), Recorder()
    with synced(server.source()) as made:
        kept.attach(made)
        writer = threading.Thread(target=lambda: [server.add(f"w{n}") for n in range(200)])
        writer.start()
        for _ in range(20):
            made.add_event_handler(on_add=lambda obj: None).remove()
        writer.join()
        settle(lambda: len(kept.told) == 200)


def test_one_callback_may_be_registered_many_times() -> None:
    # client-go: TestSharedInformerMultipleRegistration
    server, seen = ScriptedServer(), Recorder()
    with synced(server.source()) as made:
        first = seen.attach(made)
        seen.attach(made)
        widgets(server, "a")
        settle(lambda: seen.told == ["add a", "add a"])
        first.remove(timeout=10)
        widgets(server, "b")
        settle(lambda: seen.told == ["add a", "add a", "add b"])


def test_a_handler_cannot_be_added_after_stop() -> None:
    # client-go: TestAddOnStoppedSharedInformer (I11)
    with synced(ScriptedServer().source()) as made:
        made.stop()
        with pytest.raises(ShutDown, match="no handler can be added"):
            made.add_event_handler(on_key=lambda key: None)


def test_a_handler_can_be_removed_after_stop() -> None:
    # client-go: TestRemoveOnStoppedSharedInformer
    with synced(ScriptedServer().source()) as made:
        handler = made.add_event_handler(on_add=lambda obj: None)
        made.stop()
        assert handler.remove(timeout=10)


@pytest.mark.parametrize("callbacks", [{}, {"on_add": print, "on_key": print}, {"on_key": print, "where": bool}])
def test_a_handler_is_either_typed_or_for_keys(callbacks: dict[str, Any]) -> None:
    with (
        informer(ScriptedServer().source(), start=False) as made,
        pytest.raises(KubewrightError, match="or else on_key alone"),
    ):
        made.add_event_handler(**callbacks)


def test_a_handler_that_raises_after_its_removal_harms_nobody() -> None:
    # client-go: TestRemoveEventHandler_AsynchronousPanic
    server, kept = ScriptedServer(), Recorder()
    entered, leave = threading.Event(), threading.Event()

    def late(obj: Widget) -> None:
        entered.set()
        leave.wait(10)
        raise RuntimeError("late")

    with synced(server.source()) as made:
        kept.attach(made)
        handler = made.add_event_handler(on_add=late)
        server.add("a")
        assert entered.wait(10)
        handler.remove()
        leave.set()
        assert handler.remove(timeout=10)
        server.add("b")
        settle(lambda: kept.told == ["add a", "add b"])


def test_a_handler_is_synced_even_when_the_first_objects_are_gone_before_it_comes_to_them() -> None:
    # client-go: TestRealFIFO_HasSyncedCorrectOnDeletion
    server, seen = ScriptedServer(), Recorder()
    widgets(server, "a", "b")
    seen.gate.clear()
    with synced(server.source()) as made:
        handler = seen.attach(made)
        server.delete("a")
        server.delete("b")
        settle(lambda: len(made.cache) == 0)
        seen.gate.set()
        assert handler.wait_synced(10)
        settle(lambda: sorted(seen.told) == ["add a", "add b", "delete a", "delete b"])


# --- filters and hooks


def attach_to_big_ones(made: SharedInformer[Widget], seen: Recorder) -> None:
    made.add_event_handler(
        on_add=seen.add,
        on_update=seen.update,
        on_delete=seen.delete,
        where=lambda obj: obj.spec is not None and (obj.spec.size or 0) > 10,
    )


def test_a_filtered_handler_sees_objects_come_and_go_as_they_begin_and_cease_to_match() -> None:
    # client-go: TestTypedFilteringResourceEventHandler (I15)
    server, seen = ScriptedServer(), Recorder()
    with synced(server.source()) as made:
        attach_to_big_ones(made, seen)
        server.add("a", spec={"size": 1})
        for size in (2, 20, 30, 3, 40):
            server.modify("a", spec={"size": size})
        server.delete("a")
        server.add("b", spec={"size": 1})
        server.delete("b")
        server.add("end", spec={"size": 99})
        settle(lambda: "add end" in seen.told)
        assert seen.told == ["add a", "update a 20->30", "delete a", "add a", "delete a", "add end"]


def test_a_filtered_handler_hears_of_the_delete_of_what_it_was_shown_whatever_the_last_change_was() -> None:
    # The last finalizer and what the filter looks at go in one update: a DELETED, and no MODIFIED before it.
    server, seen = ScriptedServer(), Recorder()
    server.add("shown", spec={"size": 20})
    server.add("hidden", spec={"size": 1})
    with synced(server.source()) as made:
        attach_to_big_ones(made, seen)
        for name, size in (("shown", 1), ("hidden", 20)):
            server.modify(name, silent=True, spec={"size": size})
            server.send_event("DELETED", server.delete(name, silent=True))
        server.add("end", spec={"size": 99})
        settle(lambda: "add end" in seen.told)
        assert seen.told == ["add shown", "delete shown", "add end"]


def test_the_error_hook_hears_of_every_failed_request_and_may_raise() -> None:
    # client-go: TestSharedInformerErrorHandling (R21)
    server = ScriptedServer(streaming="refused")
    denied = Forbidden("no", code=403, reason="Forbidden")
    server.fail("list", denied, denied)
    heard: list[Exception] = []

    def hook(error: Exception) -> None:
        heard.append(error)
        raise RuntimeError("a hook with a bug")

    with synced(server.source(), on_error=hook, streaming=False):
        assert heard == [denied, denied]


# --- resync


def test_a_resync_tells_each_object_out_of_memory_and_asks_the_server_nothing() -> None:
    # R22, C7; client-go: TestReflectorResync, TestReflectorResyncChan, TestRealFIFO_ResyncAtomic; official informer: a full LIST and MODIFIED for all
    clock, server, seen = FakeClock(), ScriptedServer(), Recorder()
    widgets(server, "a")
    with synced(server.source(), clock=clock, resync_period=10) as made:
        seen.attach(made)
        settle(lambda: seen.told == ["add a"])
        requests = len(server.requests)
        settle(lambda: clock.next_deadline() is not None)
        clock.step(10)
        settle(lambda: seen.told == ["add a", "update a 1->1"])
        assert len(server.requests) == requests


def test_each_handler_has_its_own_resync_period() -> None:
    # client-go: TestListenerResyncPeriods, TestListenerResyncPeriodsDelayed, TestResyncCheckPeriod (I6)
    clock, server, often, never = FakeClock(), ScriptedServer(), Recorder(), Recorder()
    widgets(server, "a")
    with synced(server.source(), clock=clock) as made:
        often.attach(made, resync_period=2)
        never.attach(made, resync_period=0)
        for n in range(1, 4):
            settle(lambda: clock.next_deadline() == 2)
            clock.step(2)
            settle(lambda n=n: len(often.told) == 1 + n)  # type: ignore[misc]
        settle(lambda: never.told == ["add a"])


def test_a_resync_never_shows_an_older_object_after_a_newer_one() -> None:
    # client-go: TestRealFIFO_UpdateResyncRace
    clock, server = FakeClock(), ScriptedServer()
    server.add("a", spec={"size": 0})
    sizes: list[int] = []

    def update(old: Widget, new: Widget) -> None:
        assert new.spec is not None
        sizes.append(new.spec.size or 0)

    with synced(server.source(), clock=clock) as made:
        made.add_event_handler(on_update=update, resync_period=1)
        for size in range(1, 200):
            server.modify("a", spec={"size": size})
            clock.step(1)
        settle(lambda: sizes and sizes[-1] == 199)
        assert sizes == sorted(sizes)


def test_a_resync_period_below_a_second_is_raised() -> None:
    # I6
    with informer(ScriptedServer().source(), start=False) as made:
        assert made.add_event_handler(on_key=lambda key: None, resync_period=0.001).resync_period == 1.0


def test_a_resync_during_a_long_handler_call_does_not_interrupt_it() -> None:
    # C6: the handler was cancelled
    clock, server, seen = FakeClock(), ScriptedServer(), Recorder()
    widgets(server, "a")
    seen.gate.clear()
    with synced(server.source(), clock=clock) as made:
        seen.attach(made, resync_period=5)
        settle(lambda: clock.next_deadline() == 5)
        clock.step(5)
        settle(lambda: clock.next_deadline() == 5)
        seen.gate.set()
        settle(lambda: seen.told == ["add a", "update a 1->1"])


def test_resyncs_do_not_pile_up_before_a_handler_that_hangs() -> None:
    clock, server, seen = FakeClock(), ScriptedServer(), Recorder()
    widgets(server, "a", "b")
    seen.gate.clear()
    with synced(server.source(), clock=clock) as made:
        handler = seen.attach(made, resync_period=5)
        for _ in range(20):
            settle(lambda: clock.next_deadline() == 5)
            clock.step(5)
        settle(lambda: clock.next_deadline() == 5)
        assert handler.pending == 4
        seen.gate.set()


def test_key_handlers_get_resyncs_too() -> None:
    clock, server = FakeClock(), ScriptedServer()
    keys: list[ObjectKey] = []
    widgets(server, "a")
    with synced(server.source(), clock=clock) as made:
        made.add_event_handler(on_key=keys.append, resync_period=3)
        settle(lambda: clock.next_deadline() == 3)
        clock.step(3)
        settle(lambda: len(keys) == 2)
