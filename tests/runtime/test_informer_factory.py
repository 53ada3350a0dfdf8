"""The factory: one informer a kind, started and stopped together or alone; and waiting for caches with reasons."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from kubewright.core.resource import Resource
from kubewright.core.wire import Transport
from kubewright.errors import CacheSyncError, ConfigError, ConnectionRefused, Forbidden, NotFound, ShutDown
from kubewright.factory import PartialObject, SharedInformerFactoryBase, wait_for_cache_sync
from kubewright.lister import NamespacedLister
from kubewright.reflector import Source
from kubewright.testing.source import ScriptedServer, ScriptedSource
from tests.runtime.informers import FAST, Widget, informer, settle
from tests.support import no_leaked_threads

WIDGETS = Resource(group="example.com", version="v1", kind="Widget", plural="widgets")
GADGETS = Resource(group="example.com", version="v1", kind="Gadget", plural="gadgets")


class WidgetLister(NamespacedLister[Widget]):
    """As generated."""


class _Clientset:
    transport: Transport = None  # type: ignore[assignment]


class Factory(SharedInformerFactoryBase):
    """A factory over scripted servers, one a kind."""

    def __init__(self, *servers: ScriptedServer, **options: Any) -> None:
        super().__init__(_Clientset(), backoff=FAST, **options)
        self.servers = {server.resource: server for server in servers}

    def _sources(self, resource: Resource, *, metadata_only: bool) -> list[Source]:
        wanted = super()._sources(resource, metadata_only=metadata_only)
        return [ScriptedSource(self.servers[resource], source.namespace) for source in wanted]


def test_the_same_kind_asked_twice_is_one_informer() -> None:
    # F1, O10: three informers were three lists, three watches, three caches
    factory = Factory(ScriptedServer(WIDGETS))
    first = factory.informer_for(WIDGETS, Widget, WidgetLister)
    assert factory.informer_for(WIDGETS, Widget, WidgetLister) is first


def test_an_informer_that_is_asked_for_after_start_starts_by_itself() -> None:
    # F2, client-go.md 4.26: it never syncs
    with no_leaked_threads(), Factory(ScriptedServer(WIDGETS)) as factory:
        made = factory.informer_for(WIDGETS, Widget, WidgetLister)
        wait_for_cache_sync(factory, timeout=10)
        assert made.informer.has_synced


def test_start_again_starts_what_is_new_only() -> None:
    # F2
    server = ScriptedServer(WIDGETS)
    with no_leaked_threads(), Factory(server) as factory:
        factory.informer_for(WIDGETS, Widget, WidgetLister)
        factory.start()
        wait_for_cache_sync(factory, timeout=10)
        assert len(server.requests) == 1


def test_shutdown_leaves_no_thread_and_may_be_repeated() -> None:
    # F3, G2, G4
    with no_leaked_threads():
        factory = Factory(ScriptedServer(WIDGETS), ScriptedServer(GADGETS))
        for resource in (WIDGETS, GADGETS):
            factory.resource(resource).informer.add_event_handler(on_add=lambda obj: None)
        factory.start()
        wait_for_cache_sync(factory, timeout=10)
        factory.shutdown()
        factory.shutdown()


def test_after_shutdown_nothing_can_be_had_or_started() -> None:
    # F3
    factory = Factory(ScriptedServer(WIDGETS))
    factory.shutdown()
    with pytest.raises(ShutDown, match="no informer of widgets.example.com"):
        factory.resource(WIDGETS)
    with pytest.raises(ShutDown, match="make a new one"):
        factory.start()


def test_one_informer_can_be_stopped_and_had_anew() -> None:
    # F5, client-go.md 4.5
    with no_leaked_threads(), Factory(ScriptedServer(WIDGETS), ScriptedServer(GADGETS)) as factory:
        widgets, gadgets = factory.resource(WIDGETS), factory.resource(GADGETS)
        wait_for_cache_sync(factory, timeout=10)
        widgets.stop()
        assert (widgets.informer.is_stopped, gadgets.informer.is_started) == (True, True)
        again = factory.resource(WIDGETS)
        wait_for_cache_sync(factory, timeout=10)
        assert again is not widgets
        assert again.informer.has_synced


def test_a_factory_of_some_namespaces_reads_only_those() -> None:
    # client-go.md 4.16
    server = ScriptedServer(WIDGETS)
    for namespace in ("one", "two", "three"):
        server.add("a", namespace)
    with no_leaked_threads(), Factory(server, namespaces=["one", "two", "one"]) as factory:
        made = factory.informer_for(WIDGETS, Widget, WidgetLister)
        wait_for_cache_sync(factory, timeout=10)
        assert sorted(obj.metadata.namespace or "" for obj in made.lister.list() if obj.metadata) == ["one", "two"]


def test_an_empty_namespace_is_refused() -> None:
    with pytest.raises(ConfigError, match="None means all"):
        Factory(namespaces=["one", ""])


def test_no_namespaces_are_not_taken_for_all_of_them() -> None:
    with pytest.raises(ConfigError, match="None means all"):
        Factory(namespaces=[])


def test_a_cluster_scoped_kind_ignores_the_factorys_namespaces() -> None:
    zones = Resource(group="example.com", version="v1", kind="Zone", plural="zones", namespaced=False)
    server = ScriptedServer(zones)
    server.add("a", namespace="")
    with no_leaked_threads(), Factory(server, namespaces="one") as factory:
        made = factory.resource(zones)
        wait_for_cache_sync(factory, timeout=10)
        assert len(made.lister) == 1


def test_a_transform_applies_to_every_kind() -> None:
    # code-generator: TestTransforms
    server = ScriptedServer(WIDGETS)
    server.add("a")

    def mark(obj: Any) -> Any:
        obj["seen"] = True
        return obj

    with no_leaked_threads(), Factory(server, transform=mark) as factory:
        made = factory.resource(WIDGETS)
        wait_for_cache_sync(factory, timeout=10)
        assert made.lister("default").get("a")["seen"] is True


def test_a_metadata_informer_reads_only_metadata() -> None:
    server = ScriptedServer(WIDGETS)
    server.add("a", labels={"x": "y"}, spec={"size": 3})
    with no_leaked_threads(), Factory(server) as factory:
        made = factory.metadata(WIDGETS)
        wait_for_cache_sync(factory, timeout=10)
        (obj,) = made.lister.list("x=y")
        assert isinstance(obj, PartialObject)
        assert obj.metadata is not None
        assert obj.metadata.name == "a"


def test_many_threads_asking_get_the_same_informer() -> None:
    factory = Factory(ScriptedServer(WIDGETS))
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(factory.resource(WIDGETS))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, got))) == 1


# --- waiting for caches


def test_waiting_names_each_cache_that_did_not_fill_and_why() -> None:
    # client-go.md 4.4; client-go: TestWaitFor, TestSyncResult (I7, R9)
    denied, absent = ScriptedServer(WIDGETS, streaming="refused"), ScriptedServer(GADGETS, streaming="refused")
    denied.always_fail("list", Forbidden('widgets is forbidden: User "x" cannot list', code=403, reason="Forbidden"))
    absent.always_fail("list", NotFound("the server could not find the requested resource", code=404))
    with no_leaked_threads(), Factory(denied, absent) as factory:
        factory.resource(WIDGETS)
        factory.resource(GADGETS)
        settle(lambda: all(i.status().sources[0].failures >= 3 for i in factory.informers))
        with pytest.raises(CacheSyncError) as caught:
            wait_for_cache_sync(factory, timeout=0.05)
    text = str(caught.value)
    assert "2 of 2 caches did not sync within 0.05 s" in text
    assert "widgets.example.com, all namespaces" in text
    assert 'User "x" cannot list (RBAC: the verbs list and watch are needed)' in text
    assert "is the CRD installed" in text
    assert "in a row" in text


def test_waiting_names_only_the_namespaces_that_are_late() -> None:
    server = ScriptedServer(WIDGETS, streaming="refused")

    def refuse(log: Any) -> None:
        if log.namespace == "two":
            raise ConnectionRefused("nobody listens")

    server.on_request = refuse
    with informer([server.source("one"), server.source("two")]) as made:
        settle(lambda: made.status().sources[0].synced)
        with pytest.raises(CacheSyncError) as caught:
            wait_for_cache_sync(made, timeout=0.05)
    assert "namespace two" in str(caught.value)
    assert "namespace one" not in str(caught.value)


def test_waiting_for_an_informer_that_was_never_started_says_so() -> None:
    with informer(ScriptedServer().source(), start=False) as made, pytest.raises(CacheSyncError, match="not started"):
        wait_for_cache_sync(made, timeout=0.01)


def test_waiting_ends_when_the_informer_is_stopped() -> None:
    server = ScriptedServer(streaming="refused")
    server.hang("list")
    with informer(server.source()) as made:
        stopper = threading.Timer(0.05, made.stop)
        stopper.start()
        with pytest.raises(CacheSyncError, match="stopped"):
            wait_for_cache_sync(made, timeout=60)
        stopper.join()


def test_waiting_for_nothing_returns() -> None:
    wait_for_cache_sync(Factory(), timeout=0)
