"""A shared informer as a whole: life, cache, indexes, quarantine, several namespaces, run-time kinds."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from kubewright.cache import Undecodable, index_by_label, index_by_owner
from kubewright.core.deltas import Deleted
from kubewright.core.resource import Resource
from kubewright.errors import DecodeError, Forbidden, KubewrightError, NotFound, ShutDown
from kubewright.factory import wait_for_cache_sync
from kubewright.informer import SharedInformer
from kubewright.model import Model
from kubewright.objects import ObjectKey, origin_of
from kubewright.testing.clock import FakeClock
from kubewright.testing.source import ScriptedServer
from tests.runtime.informers import Recorder, Widget, WidgetSpec, informer, name_of, settle, synced

KEY = ObjectKey("default", "a")


def color(obj: Widget) -> list[str]:
    return [obj.spec.color] if obj.spec is not None and obj.spec.color else []


# --- life


def test_starting_twice_starts_once() -> None:
    # I12; client-go: TestSharedInformerStartRace
    server = ScriptedServer()
    with synced(server.source()) as made:
        made.start()
        settle(lambda: len(server.requests) == 1)


def test_many_threads_may_start_it_at_once() -> None:
    # client-go: TestSharedInformerStartRace
    server = ScriptedServer()
    with informer(server.source(), start=False) as made:
        threads = [threading.Thread(target=made.start) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_for_cache_sync(made, timeout=10)
        assert len(server.requests) == 1


def test_an_informer_runs_once() -> None:
    # I13; client-go: TestStateSharedInformer
    with synced(ScriptedServer().source()) as made:
        made.stop()
        with pytest.raises(ShutDown, match="cannot start again: make a new one"):
            made.start()


def test_its_state_can_be_asked() -> None:
    # client-go: TestStateSharedInformer
    with informer(ScriptedServer().source(), start=False) as made:
        states = [made.status().state]
        made.start()
        states.append(made.status().state)
        made.stop()
        states.append(made.status().state)
    assert states == ["not started", "started", "stopped"]


def test_the_cache_can_be_read_after_stop() -> None:
    server = ScriptedServer()
    server.add("a")
    with synced(server.source()) as made:
        made.stop()
        assert name_of(made.cache.get(KEY)) == "a"


# --- several namespaces


def test_several_namespaces_are_one_cache() -> None:
    # k/k#74415
    server = ScriptedServer()
    server.add("a", "one")
    server.add("b", "two")
    server.add("c", "three")
    seen = Recorder()
    with synced([server.source("one"), server.source("two")]) as made:
        seen.attach(made)
        server.add("d", "two")
        settle(lambda: sorted(seen.told) == ["add a", "add b", "add d"])
        assert sorted(made.cache.keys()) == [("one", "a"), ("two", "b"), ("two", "d")]


def test_a_relist_of_one_namespace_leaves_the_others_alone() -> None:
    server = ScriptedServer(streaming="refused")
    server.add("a", "one")
    server.add("b", "two")
    seen = Recorder()
    with synced([server.source("one"), server.source("two")]) as made:
        seen.attach(made)
        settle(lambda: len(seen.told) == 2)
        server.delete("b", "two", silent=True)
        server.expire()
        server.cut_streams()
        settle(lambda: seen.told[2:] == ["delete b"])
        assert made.cache.keys() == [("one", "a")]


def test_it_is_synced_when_every_namespace_is() -> None:
    server = ScriptedServer(streaming="refused")
    denied = Forbidden("no", code=403, reason="Forbidden")
    gate = threading.Event()

    def hold(log: Any) -> None:
        if log.namespace == "two" and not gate.is_set():
            raise denied

    server.on_request = hold
    with informer([server.source("one"), server.source("two")]) as made:
        settle(lambda: made.status().sources[0].synced)
        assert not made.has_synced
        gate.set()
        wait_for_cache_sync(made, timeout=10)


@pytest.mark.parametrize("namespaces", [(None, "one"), ("one", "one")])
def test_sources_must_not_overlap(namespaces: tuple[str | None, ...]) -> None:
    server = ScriptedServer()
    with pytest.raises(KubewrightError, match="must not overlap"):
        SharedInformer([server.source(n) for n in namespaces], Widget)


def test_sources_must_be_of_one_kind() -> None:
    other = Resource(group="example.com", version="v1", kind="Gadget", plural="gadgets")
    with pytest.raises(KubewrightError, match="caches one kind"):
        SharedInformer([ScriptedServer().source("a"), ScriptedServer(other).source("b")], Widget)


# --- indexes


def test_an_index_before_start_and_one_after_it_find_the_same() -> None:
    # client-go: TestIndexer, TestTypedIndexer, TestTypedSharedIndexInformerAddTypedIndexers (S5)
    server = ScriptedServer()
    server.add("a", spec={"color": "red"})
    server.add("b", spec={"color": "blue"})
    with synced(server.source(), indexers={"before": color}) as made:
        made.add_indexers({"after": color})
        server.add("c", spec={"color": "red"})
        settle(lambda: len(made.cache) == 3)
        found = [sorted(map(name_of, made.cache.by_index(name, "red"))) for name in ("before", "after")]
        assert found == [["a", "c"], ["a", "c"]]


def test_indexes_cannot_be_added_after_stop() -> None:
    # S5
    with synced(ScriptedServer().source()) as made:
        made.stop()
        with pytest.raises(ShutDown):
            made.add_indexers({"color": color})


def test_an_index_function_that_raises_loses_no_object_and_no_event() -> None:
    # client-go: TestCacheTransactionShouldIndexErrors; C8: AttributeError after the object was stored; the add handler was never called
    server, seen = ScriptedServer(), Recorder()

    def fragile(obj: Widget) -> list[str]:
        assert obj.metadata is not None
        return [obj.metadata.labels["app"]]  # type: ignore[index]

    with synced(server.source(), indexers={"app": fragile}) as made:
        seen.attach(made)
        server.add("plain")
        server.add("labelled", labels={"app": "x"})
        settle(lambda: seen.told == ["add plain", "add labelled"])
        assert made.status().index_errors == 1
        assert [name_of(obj) for obj in made.cache.by_index("app", "x")] == ["labelled"]


def test_an_index_value_that_cannot_be_one_loses_no_object_and_no_event() -> None:
    server, seen = ScriptedServer(), Recorder()

    def odd(obj: Widget) -> list[str]:
        return [obj.metadata.labels]  # type: ignore[union-attr, list-item]

    server.add("first", labels={"app": "x"})
    with synced(server.source(), indexers={"odd": odd}) as made:
        seen.attach(made)
        server.add("second", labels={"app": "y"})
        settle(lambda: seen.told == ["add first", "add second"])
        assert made.status().index_errors == 2
        assert made.cache.indexed_values("odd") == []


def test_changing_an_object_that_was_read_does_not_corrupt_the_index() -> None:
    # C12
    server = ScriptedServer()
    server.add("a", spec={"color": "red"})
    with synced(server.source(), indexers={"color": color}) as made:
        (obj,) = made.cache.by_index("color", "red")
        assert obj.spec is not None
        obj.spec.color = "green"
        (again,) = made.cache.by_index("color", "red")
        assert again.spec is not None
        assert again.spec.color == "red"


def test_indexes_by_label_and_owner_decode_nothing() -> None:
    server = ScriptedServer()
    owners = [{"apiVersion": "v1", "kind": "X", "name": "x", "uid": "owner-1"}]
    server.add("a", labels={"app": "x"}, ownerReferences=owners, spec={"size": "no number"})
    indexers = {"app": index_by_label("app"), "owner": index_by_owner()}
    with synced(server.source(), indexers=indexers) as made:
        assert made.cache.indexed_keys("app", "x") == made.cache.indexed_keys("owner", "owner-1") == [KEY]
        assert made.status().undecodable_total == 0


# --- quarantine


def test_an_undecodable_object_stops_nothing() -> None:
    # O3, O3b, C9, R8, client-go.md 4.1
    server, seen = ScriptedServer(streaming="refused"), Recorder()
    server.add("bad", spec={"size": "no number"})
    server.add("good", spec={"size": 1})
    with synced(server.source()) as made:
        handler = seen.attach(made)
        server.add("later")
        settle(lambda: sorted(seen.told) == ["add good", "add later"])
        assert handler.has_synced
        assert len(made.cache) == 3


def test_an_undecodable_object_is_left_out_of_lists_and_raised_by_get() -> None:
    server = ScriptedServer()
    server.add("a", spec={"size": "no number"})
    server.add("b")
    with synced(server.source()) as made:
        assert [name_of(obj) for obj in made.lister.list()] == ["b"]
        with pytest.raises(DecodeError) as caught:
            made.lister("default").get("a")
        assert caught.value.path == "$.spec.size"
        assert made.cache.undecodable == [KEY]


def test_the_hook_hears_of_each_bad_version_once() -> None:
    server = ScriptedServer()
    heard: list[Undecodable] = []
    server.add("a", spec={"size": "no number"})
    with synced(server.source(), on_undecodable=heard.append) as made:
        for _ in range(3):
            made.lister.list()
        assert [(u.key, u.error.path, "no number" in repr(u)) for u in heard] == [(KEY, "$.spec.size", False)]
        server.modify("a", spec={"size": "still none"})
        settle(lambda: made.lister.list() or len(heard) == 2)


def test_a_hook_that_raises_is_survived() -> None:
    server = ScriptedServer()
    server.add("a", spec={"size": "no number"})
    with synced(server.source(), on_undecodable=lambda u: 1 / 0) as made:
        assert made.lister.list() == []


def test_nothing_is_judged_before_somebody_needs_it_typed() -> None:
    server = ScriptedServer()
    keys: list[ObjectKey] = []
    with synced(server.source()) as made:
        made.add_event_handler(on_key=keys.append)
        server.add("a", spec={"size": "no number"})
        settle(lambda: keys == [KEY])
        assert made.status().undecodable_total == 0


def test_a_bad_version_is_no_event_and_the_next_good_one_is_an_update_from_the_last_good() -> None:
    server, seen = ScriptedServer(), Recorder()
    keys: list[ObjectKey] = []
    server.add("a", spec={"size": 1})
    with synced(server.source()) as made:
        seen.attach(made)
        made.add_event_handler(on_key=keys.append)
        server.modify("a", spec={"size": "bad"})
        server.modify("a", spec={"size": "worse"})
        server.modify("a", spec={"size": 3})
        settle(lambda: seen.told == ["add a", "update a 1->3"])
        assert len(keys) == 4
        settle(lambda: made.cache.undecodable == [])


def test_an_object_that_was_never_good_is_an_add_when_it_heals() -> None:
    server, seen = ScriptedServer(), Recorder()
    server.add("a", spec={"size": "bad"})
    with synced(server.source()) as made:
        seen.attach(made)
        server.modify("a", spec={"size": 3})
        settle(lambda: seen.told == ["add a"])


def test_an_object_that_was_never_good_is_deleted_in_silence() -> None:
    server, seen = ScriptedServer(), Recorder()
    server.add("a", spec={"size": "bad"})
    with synced(server.source()) as made:
        seen.attach(made)
        server.delete("a")
        server.add("b")
        settle(lambda: seen.told == ["add b"])


def test_an_object_that_went_bad_is_deleted_with_its_last_good_state() -> None:
    server = ScriptedServer()
    got: list[Deleted[Widget]] = []
    server.add("a", spec={"size": 1})
    with synced(server.source()) as made:
        made.add_event_handler(on_add=lambda obj: None, on_update=lambda old, new: None, on_delete=got.append)
        server.modify("a", spec={"size": "bad"})
        server.delete("a")
        settle(lambda: got)
        assert got[0].object.spec == WidgetSpec(size=1)


def test_quarantine_ends_when_the_object_is_gone() -> None:
    server = ScriptedServer()
    server.add("a", spec={"size": "bad"})
    with synced(server.source()) as made:
        made.lister.list()
        assert made.status().undecodable == 1
        server.delete("a")
        settle(lambda: made.status().undecodable == 0)


# --- what is handed out


def test_a_transform_changes_what_is_read_and_leaves_the_origin_alone() -> None:
    # client-go: TestTransformingInformer, TestCacheWithTransformer, TestSharedInformerTransformer, TestReflectorRespectStoreTransformer (I14)
    server = ScriptedServer()
    server.add("a", spec={"size": 1, "color": "red"})

    def shrink(obj: Widget) -> Widget:
        assert obj.spec is not None
        obj.spec.color = None
        return obj

    with synced(server.source(), transform=shrink) as made:
        obj = made.cache.get(KEY)
        assert obj.spec == WidgetSpec(size=1)
        assert b'"red"' in (origin_of(obj) or b"")


def test_a_transform_that_drops_the_version_does_not_break_updates() -> None:
    # client-go#1312, TestStoreResourceVersionWithNonMetaTransform
    server, seen = ScriptedServer(), Recorder()

    def forgetful(obj: Widget) -> Widget:
        assert obj.metadata is not None
        obj.metadata.resource_version = None
        return obj

    server.add("a", spec={"size": 1})
    with synced(server.source(), transform=forgetful) as made:
        seen.attach(made)
        server.modify("a", spec={"size": 2})
        settle(lambda: seen.told == ["add a", "update a 1->2"])


def test_readers_and_writers_may_transform_at_once() -> None:
    # client-go: TestTransformingInformerRace
    server = ScriptedServer()
    for n in range(20):
        server.add(f"w{n}", spec={"size": n})

    def double(obj: Widget) -> Widget:
        assert obj.spec is not None
        obj.spec.size = (obj.spec.size or 0) * 2
        return obj

    with synced(server.source(), transform=double) as made:
        odd: list[int | None] = []

        def read() -> None:
            for _ in range(50):
                odd.extend(o.spec.size for o in made.lister.list() if o.spec and (o.spec.size or 0) % 2)

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for n in range(100):
            server.modify(f"w{n % 20}", spec={"size": n})
        for reader in readers:
            reader.join()
        settle(lambda: {o.spec.size for o in made.lister.list() if o.spec} == {2 * n for n in range(80, 100)})
        assert odd == []


def test_a_transform_that_forgets_to_return_is_said_and_hands_nothing_out() -> None:
    server = ScriptedServer()
    server.add("a")

    def forgetful(obj: Widget) -> Widget:
        return None  # type: ignore[return-value]

    with synced(server.source(), transform=forgetful) as made:
        assert made.lister.list() == []
        with pytest.raises(DecodeError, match="the transform raised TypeError: it returned None"):
            made.cache.get(("default", "a"))


def test_a_transform_that_raises_quarantines_that_object_only() -> None:
    # Q9: fails the entire list
    server = ScriptedServer()
    server.add("a", spec={"size": 1})
    server.add("b")

    def picky(obj: Widget) -> Widget:
        if obj.spec is not None:
            raise ValueError("no specs, please")
        return obj

    with synced(server.source(), transform=picky) as made:
        assert [name_of(obj) for obj in made.lister.list()] == ["b"]
        with pytest.raises(DecodeError, match="the transform raised ValueError: no specs"):
            made.cache.get(KEY)


@pytest.mark.parametrize("wanted", [True, False])
def test_managed_fields_are_handed_out_only_when_asked_for(wanted: bool) -> None:
    server = ScriptedServer()
    server.add("a", managedFields=[{"manager": "kubectl"}])
    with synced(server.source(), managed_fields=wanted) as made:
        obj = made.cache.get(KEY)
        assert obj.metadata is not None
        assert bool(obj.metadata.managed_fields) is wanted
        assert b"kubectl" in (origin_of(obj) or b"")


def test_a_model_without_typed_metadata_gets_nothing_unexpected() -> None:
    class Loose(Model):
        metadata: dict[str, Any] | None = None

    server = ScriptedServer()
    for name in "ab":
        server.add(name, managedFields=[{"manager": "kubectl"}])
    made = SharedInformer(server.source(), Loose)
    try:
        made.start()
        wait_for_cache_sync(made, timeout=10)
        for obj in made.lister.list():
            assert obj.metadata is not None
            assert sorted(obj.metadata) == ["name", "namespace", "resourceVersion", "uid"]
    finally:
        made.stop()


def test_a_read_object_carries_the_whole_document_it_came_in() -> None:
    # DESIGN.md section 4: update is lossless
    server = ScriptedServer()
    server.add("a", spec={"size": 1, "notInTheModel": [1, 2]})
    with synced(server.source()) as made:
        assert b'"notInTheModel":[1,2]' in (origin_of(made.cache.get(KEY)) or b"")


def test_a_kind_known_only_at_run_time_is_read_as_dicts() -> None:
    # O1, O13
    server = ScriptedServer()
    server.add("a", spec={"anything": [1]}, managedFields=[{"manager": "x"}])
    made: SharedInformer[dict[str, Any]] = SharedInformer(server.source(), dict[str, Any])
    try:
        made.start()
        wait_for_cache_sync(made, timeout=10)
        server.modify("a", spec={"anything": [2]})
        settle(lambda: made.lister("default").get("a")["spec"] == {"anything": [2]})
        assert "managedFields" not in made.lister("default").get("a")["metadata"]
    finally:
        made.stop()


def test_objects_of_a_cluster_scoped_kind_have_keys_without_namespace() -> None:
    kind = Resource(group="example.com", version="v1", kind="Zone", plural="zones", namespaced=False)
    server = ScriptedServer(kind)
    server.add("a", namespace="")
    with synced(server.source()) as made:
        assert list(map(str, made.cache.keys())) == ["a"]


def test_a_miss_is_a_not_found_like_the_clients() -> None:
    # L1
    with synced(ScriptedServer().source()) as made:
        with pytest.raises(NotFound) as caught:
            made.lister("default").get("nobody")
        assert (caught.value.code, caught.value.reason, caught.value.name) == (404, "NotFound", "nobody")


# --- read your writes


def test_wait_for_returns_when_the_cache_has_the_version() -> None:
    # client-go.md 4.3; client-go: TestStoreResourceVersion, TestThreadSafeStoreRV (S9)
    server = ScriptedServer()
    with synced(server.source()) as made:
        version = server.add("a")["metadata"]["resourceVersion"]
        made.wait_for(version, timeout=10)
        assert KEY in made.cache


def test_wait_for_is_content_with_a_bookmark() -> None:
    server = ScriptedServer()
    with synced(server.source()) as made:
        server.tick()
        server.bookmark()
        made.wait_for(server.resource_version, timeout=10)
        assert made.last_sync_resource_version == server.resource_version


def test_wait_for_gives_up_after_its_timeout() -> None:
    clock = FakeClock()
    with synced(ScriptedServer().source(), clock=clock) as made:
        failures: list[BaseException] = []

        def wait() -> None:
            try:
                made.wait_for("99", timeout=5)
            except TimeoutError as error:
                failures.append(error)

        waiter = threading.Thread(target=wait)
        waiter.start()
        settle(lambda: clock.next_deadline() == 5)
        clock.step(5)
        waiter.join(10)
        assert "did not reach 99 within 5 s" in str(failures[0])


def test_wait_for_ends_when_the_informer_stops() -> None:
    with synced(ScriptedServer().source()) as made:
        stopper = threading.Timer(0.05, made.stop)
        stopper.start()
        with pytest.raises(ShutDown):
            made.wait_for("99", timeout=10)
        stopper.join()


def test_wait_for_of_several_namespaces_may_name_one() -> None:
    server = ScriptedServer()
    with synced([server.source("one"), server.source("two")]) as made:
        version = server.add("a", "two")["metadata"]["resourceVersion"]
        made.wait_for(version, timeout=10, namespace="two")
        assert ("two", "a") in made.cache
        assert made.last_sync_resource_version == "1"


def test_a_written_object_is_waited_for_in_its_own_namespace() -> None:
    server = ScriptedServer()
    with synced([server.source("one"), server.source("two")]) as made:
        made.wait_for(server.add("a", "two"), timeout=10)
        assert ("two", "a") in made.cache


def test_a_version_that_is_no_number_cannot_be_waited_for() -> None:
    with synced(ScriptedServer().source()) as made, pytest.raises(ValueError, match="cannot be compared"):
        made.wait_for("abc", timeout=1)
