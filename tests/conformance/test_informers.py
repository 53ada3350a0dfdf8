"""Informers on a real kube-apiserver and on the embedded one: the same program, the same outcome."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from generated.clientset import Clientset
from generated.informers import SharedInformerFactory
from generated.models.stable_v1 import TsTest, TsTestSpec
from kubewright.api.models.core_v1 import Namespace
from kubewright.client import ListWatch
from kubewright.core.resource import Resource
from kubewright.errors import CacheSyncError
from kubewright.factory import wait_for_cache_sync
from kubewright.informer import SharedInformer
from kubewright.objects import ObjectKey, ObjectMeta
from kubewright.testing.apiserver import APIServer
from kubewright.testing.envtest import EnvTest
from tests.support import eventually, no_leaked_threads

NAMESPACES = ("informers-one", "informers-two", "informers-three")
ONE, TWO, THREE = NAMESPACES


@pytest.fixture
def clientset(server: APIServer | EnvTest) -> Iterator[Clientset]:
    """A clientset and three namespaces without TsTests."""
    with Clientset(server.transport()) as made:
        have = {namespace.metadata.name for namespace in made.core_v1.namespaces.list()}
        for name in NAMESPACES:
            if name not in have:
                made.core_v1.namespaces.create(Namespace(metadata=ObjectMeta(name=name)))
            made.stable_v1.tstests(name).delete_collection()
        eventually(lambda: not any(len(made.stable_v1.tstests(name).list()) for name in NAMESPACES))
        yield made
        for name in NAMESPACES:
            made.stable_v1.tstests(name).delete_collection()


def tstest(name: str, replicas: int = 1, **metadata: Any) -> TsTest:
    spec = TsTestSpec(cron_spec="* * * * *", image="nginx", replicas=replicas)
    return TsTest(metadata=ObjectMeta(name=name, **metadata), spec=spec)


class Story:
    """What a handler was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def attach(self, informer: SharedInformer[TsTest]) -> None:
        informer.add_event_handler(
            on_add=lambda obj: self.told.append(f"add {obj.metadata.name} {obj.spec.replicas}"),
            on_update=lambda old, new: self.told.append(
                f"update {new.metadata.name} {old.spec.replicas}->{new.spec.replicas}"
            ),
            on_delete=lambda deleted: self.told.append(f"delete {deleted.key.name} {deleted.object.spec.replicas}"),
        )


@pytest.mark.parametrize("streaming", [True, False])
def test_an_informer_tells_what_a_client_does(clientset: Clientset, streaming: bool) -> None:
    # client-go: TestReflectorListAndWatch, TestWatchList, TestNewReflectorWithDisablementWatchList
    scope, story = clientset.stable_v1.tstests(ONE), Story()
    scope.create(tstest("a"))
    with no_leaked_threads(), SharedInformerFactory(clientset, namespaces=ONE, streaming=streaming) as factory:
        tstests = factory.stable_v1.tstests
        story.attach(tstests.informer)
        wait_for_cache_sync(factory, timeout=30)
        obj = scope.get("a")
        obj.spec.replicas = 5
        scope.update(obj)
        scope.delete("a")
        scope.create(tstest("b", 2))
        eventually(lambda: len(story.told) == 4)
        assert story.told == ["add a 1", "update a 1->5", "delete a 5", "add b 2"]
        assert tstests.lister(ONE).get("b").spec.replicas == 2
        assert tstests.informer.status().sources[0].lists == (0 if streaming else 1)


def test_a_list_of_several_pages_is_complete(clientset: Clientset) -> None:
    # R4
    scope = clientset.stable_v1.tstests(ONE)
    for n in range(23):
        scope.create(tstest(f"o{n}"))
    informer = SharedInformer(scope.list_watch(), TsTest, streaming=False)
    informer._reflectors[0].machine._page_size = 5
    with no_leaked_threads():
        informer.start()
        wait_for_cache_sync(informer, timeout=30)
        assert len(informer.cache) == 23
        assert informer.status().sources[0].lists == 5
        informer.stop()


def test_what_happened_in_an_expired_gap_is_found_out(clientset: Clientset, server: APIServer | EnvTest) -> None:
    # R3, R14, O8
    scope, story = clientset.stable_v1.tstests(ONE), Story()
    scope.create(tstest("gone"))
    scope.create(tstest("again"))
    informer = SharedInformer(_Interrupted(clientset, ONE), TsTest)
    with no_leaked_threads():
        story.attach(informer)
        informer.start()
        wait_for_cache_sync(informer, timeout=30)
        source = informer._reflectors[0].source
        assert isinstance(source, _Interrupted)
        with source.away():
            scope.delete("gone")
            scope.delete("again")
            scope.create(tstest("again", 7))
            scope.create(tstest("new"))
            server.compact()
        eventually(lambda: len(story.told) == 6, timeout=30)
        assert sorted(story.told) == [
            "add again 1",
            "add again 7",
            "add gone 1",
            "add new 1",
            "delete again 1",
            "delete gone 1",
        ]
        informer.stop()


def test_two_of_three_namespaces_are_one_cache(clientset: Clientset) -> None:
    for name in NAMESPACES:
        clientset.stable_v1.tstests(name).create(tstest("a"))
    with no_leaked_threads(), SharedInformerFactory(clientset, namespaces=[ONE, TWO]) as factory:
        lister = factory.stable_v1.tstests.lister
        wait_for_cache_sync(factory, timeout=30)
        assert sorted(lister.keys()) == [(ONE, "a"), (TWO, "a")]


def test_an_object_that_leaves_the_selector_is_deleted_and_one_that_enters_is_added(clientset: Clientset) -> None:
    scope, story = clientset.stable_v1.tstests(ONE), Story()
    scope.create(tstest("a", labels={"app": "x"}))
    scope.create(tstest("other"))
    with no_leaked_threads(), SharedInformerFactory(clientset, namespaces=ONE, label_selector="app=x") as factory:
        story.attach(factory.stable_v1.tstests.informer)
        wait_for_cache_sync(factory, timeout=30)
        for labels in ({"app": "y"}, {"app": "x"}):
            obj = scope.get("a")
            obj.metadata.labels = labels
            scope.update(obj)
        eventually(lambda: story.told == ["add a 1", "delete a 1", "add a 1"])


def test_a_field_selector_is_the_servers(clientset: Clientset) -> None:
    scope = clientset.stable_v1.tstests(ONE)
    scope.create(tstest("a"))
    scope.create(tstest("b"))
    with no_leaked_threads(), SharedInformerFactory(clientset, field_selector="metadata.name=b") as factory:
        lister = factory.stable_v1.tstests.lister
        wait_for_cache_sync(factory, timeout=30)
        assert [obj.metadata.name for obj in lister(ONE).list()] == ["b"]  # other tests use other namespaces


def test_what_was_written_can_be_waited_for(clientset: Clientset) -> None:
    # client-go.md 4.3
    with no_leaked_threads(), SharedInformerFactory(clientset, namespaces=ONE) as factory:
        tstests = factory.stable_v1.tstests
        wait_for_cache_sync(factory, timeout=30)
        for n in range(10):
            made = clientset.stable_v1.tstests(ONE).create(tstest(f"o{n}"))
            tstests.informer.wait_for(made.metadata.resource_version or "", timeout=30)
            assert ObjectKey(ONE, f"o{n}") in tstests.informer.cache


def test_an_object_from_the_cache_can_be_updated_and_loses_nothing(clientset: Clientset) -> None:
    # DESIGN.md section 4; the cache hands out no managedFields
    scope = clientset.stable_v1.tstests(ONE)
    scope.create(tstest("a", annotations={"note": "kept"}))
    with no_leaked_threads(), SharedInformerFactory(clientset, namespaces=ONE) as factory:
        lister = factory.stable_v1.tstests.lister
        wait_for_cache_sync(factory, timeout=30)
        obj = lister(ONE).get("a")
        assert obj.metadata.managed_fields is None
        obj.spec.replicas = 9
        updated = scope.update(obj)
        assert (updated.spec.replicas, updated.metadata.annotations) == (9, {"note": "kept"})
        assert updated.metadata.managed_fields


def test_what_a_transform_left_out_is_not_removed_by_an_update(clientset: Clientset) -> None:
    # client-go#1312, falco k8s-metacollector#186: a transform that slims the cache breaks updates
    scope = clientset.stable_v1.tstests(ONE)
    scope.create(tstest("a", annotations={"note": "kept"}))

    def slim(obj: Any) -> Any:
        obj.metadata.annotations = None
        obj.spec.image = None
        return obj

    with no_leaked_threads(), SharedInformerFactory(clientset, namespaces=ONE, transform=slim) as factory:
        lister = factory.stable_v1.tstests.lister
        wait_for_cache_sync(factory, timeout=30)
        obj = copy.deepcopy(lister(ONE).get("a"))
        obj.spec.replicas = 9
        updated = scope.update(obj)
        assert (updated.spec.replicas, updated.spec.image, updated.metadata.annotations) == (
            9,
            "nginx",
            {"note": "kept"},
        )


def test_built_in_kinds_are_the_same_from_a_list_and_from_a_watch(clientset: Clientset) -> None:
    # T6: items of built-in lists lack kind and apiVersion; a relist must not look like an update
    namespaces = clientset.core_v1.namespaces
    informers = [SharedInformer(namespaces.list_watch(), Namespace, streaming=streaming) for streaming in (True, False)]
    with no_leaked_threads():
        for informer in informers:
            informer.start()
        wait_for_cache_sync(*informers, timeout=30)
        documents = [{entry.key: json.loads(entry.raw) for entry in informer.cache.store} for informer in informers]
        for informer in informers:
            informer.stop()
    assert documents[0] == documents[1]
    assert {(d["kind"], d["apiVersion"]) for d in documents[0].values()} == {("Namespace", "v1")}


def test_kinds_known_only_at_run_time_and_metadata_only(clientset: Clientset) -> None:
    resource = Resource(group="stable.example.com", version="v1", kind="TsTest", plural="tstests")
    clientset.stable_v1.tstests(ONE).create(tstest("a", labels={"x": "y"}))
    with no_leaked_threads(), SharedInformerFactory(clientset, namespaces=ONE) as factory:
        plain, partial = factory.resource(resource), factory.metadata(resource)
        wait_for_cache_sync(factory, timeout=30)
        assert plain.lister(ONE).get("a")["spec"]["image"] == "nginx"
        (entry,) = partial.informer.cache.store
        assert b"nginx" not in entry.raw
        assert [obj.metadata.name for obj in partial.lister.list("x=y") if obj.metadata] == ["a"]


def test_a_kind_that_does_not_exist_is_named_when_waiting(clientset: Clientset) -> None:
    # R9, client-go.md 4.4
    absent = Resource(group="stable.example.com", version="v1", kind="Nothing", plural="nothings")
    with no_leaked_threads(), SharedInformerFactory(clientset) as factory:
        factory.resource(absent)
        with pytest.raises(CacheSyncError, match=r"nothings.stable.example.com.*404.*is the CRD installed"):
            wait_for_cache_sync(factory, timeout=2)


class _Interrupted(ListWatch):
    """A source whose connection the test can take away."""

    def __init__(self, clientset: Clientset, namespace: str) -> None:
        found = clientset.stable_v1.tstests(namespace).list_watch()
        super().__init__(clientset.transport, found.resource, namespace)
        self._there = threading.Event()
        self._there.set()
        self._stream: Any = None

    def watch(self, **options: Any) -> Any:
        stop = options["stop"]
        while not self._there.wait(0.01):
            if stop.is_set():
                break
        self._stream = super().watch(**options)
        return self._stream

    def away(self) -> _Interrupted:
        return self

    def __enter__(self) -> None:
        self._there.clear()
        self._stream.stop()

    def __exit__(self, *_: object) -> None:
        self._there.set()
