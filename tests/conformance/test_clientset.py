"""The generated TsTest clientset and its informer on both servers: what a user does, as a user does it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from generated.clientset import Clientset
from generated.clientset.stable_v1 import TsTestScope
from generated.informers import SharedInformerFactory
from generated.models.stable_v1 import TsTest, TsTestSpec, TsTestStatus
from kubewright import (
    AlreadyExists,
    Conflict,
    Deleted,
    Gone,
    Invalid,
    ListWatch,
    NotFound,
    ObjectKey,
    ObjectMeta,
    SharedInformer,
    UnsupportedMediaType,
    wait_for_cache_sync,
)
from kubewright.api.clientset import Clientset as BuiltIns
from kubewright.client import DynamicClient
from kubewright.core.resource import Resource
from kubewright.testing.apiserver import APIServer
from kubewright.testing.envtest import EnvTest
from tests.support import eventually, no_leaked_threads

pytestmark = pytest.mark.conformance
NAMESPACES = Resource(group="", version="v1", kind="Namespace", plural="namespaces", namespaced=False)
_numbers = itertools.count(1)


@pytest.fixture
def clientset(server: APIServer | EnvTest) -> Iterator[Clientset]:
    with Clientset(server.transport()) as clientset:
        yield clientset


@pytest.fixture
def namespace(clientset: Clientset) -> Iterator[str]:
    name = f"clientset-{next(_numbers)}"
    DynamicClient(clientset.transport).cluster(NAMESPACES).create(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    )
    yield name
    clientset.stable_v1.tstests(name).delete_collection()  # other tests look into all namespaces


@pytest.fixture
def tstests(clientset: Clientset, namespace: str) -> TsTestScope:
    return clientset.stable_v1.tstests(namespace)


def tstest(name: str, *, labels: dict[str, str] | None = None, **spec: object) -> TsTest:
    replicas = spec.get("replicas", 1)
    assert isinstance(replicas, int)
    return TsTest(metadata=ObjectMeta(name=name, labels=labels), spec=TsTestSpec(image="nginx", replicas=replicas))


def names(items: Iterator[TsTest] | list[TsTest]) -> list[str]:
    return [item.metadata.name or "" for item in items]


def test_what_is_created_is_what_is_read(tstests: TsTestScope) -> None:
    created = tstests.create(tstest("a", replicas=3))
    assert created.metadata.uid
    read = tstests.get("a")
    assert read == created
    assert (read.spec.image, read.spec.replicas) == ("nginx", 3)


def test_refusals_are_errors_with_names(tstests: TsTestScope) -> None:
    tstests.create(tstest("a"))
    with pytest.raises(AlreadyExists):
        tstests.create(tstest("a"))
    with pytest.raises(NotFound, match=r"get tstests\.stable\.example\.com .*nobody"):
        tstests.get("nobody")
    with pytest.raises(NotFound):
        tstests.delete("nobody")
    with pytest.raises(Invalid) as caught:
        tstests.create(tstest("b", replicas=-1))
    assert [cause.field for cause in caught.value.causes] == ["spec.replicas"]
    with pytest.raises(UnsupportedMediaType):
        tstests.patch("a", {"spec": {"replicas": 2}}, patch_type="strategic")


def test_an_update_of_an_old_version_conflicts(tstests: TsTestScope) -> None:
    mine = tstests.create(tstest("a"))
    other = tstests.get("a")
    other.spec.replicas = 5
    tstests.update(other)
    mine.spec.replicas = 7
    with pytest.raises(Conflict):
        tstests.update(mine)
    assert tstests.get("a").spec.replicas == 5


def test_status_and_spec_are_written_apart(tstests: TsTestScope) -> None:
    created = tstests.create(tstest("a"))
    created.status = TsTestStatus(phase="Ready", ready_replicas=1)
    created.spec.replicas = 9
    after = tstests.update_status(created)
    assert after.spec.replicas == 1
    assert after.status is not None
    assert (after.status.phase, after.metadata.generation) == ("Ready", 1)
    after.status = TsTestStatus(phase="Forged")
    after.spec.replicas = 2
    assert tstests.update(after).metadata.generation == 2
    kept = tstests.get("a").status
    assert kept is not None
    assert kept.phase == "Ready"


def test_lists_select_and_page(clientset: Clientset, tstests: TsTestScope, namespace: str) -> None:
    for name in "abcde":
        tstests.create(tstest(name, labels={"odd": str(name in "ace").lower(), "in": namespace}))
    assert names(list(tstests.list(label_selector={"odd": "true"}))) == ["a", "c", "e"]
    assert names(list(tstests.list(field_selector="metadata.name=b"))) == ["b"]
    page = tstests.list(limit=2)
    assert (names(list(page)), page.remaining_item_count) == (["a", "b"], 3)
    rest = tstests.list(limit=5, continue_=page.continue_)
    assert (names(list(rest)), rest.continue_) == (["c", "d", "e"], "")
    assert names([item for part in tstests.pages(limit=2) for item in part]) == list("abcde")
    everywhere = clientset.stable_v1.tstests.list(label_selector=f"in={namespace}")
    assert len(everywhere) == 5


def test_a_watch_shows_what_happens_after_a_version(tstests: TsTestScope) -> None:
    tstests.create(tstest("before"))
    start = tstests.list().resource_version
    with tstests.watch(resource_version=start) as watch:
        made = tstests.create(tstest("a"))
        made.spec.replicas = 2
        tstests.update(made)
        tstests.delete("a")
        seen = [(event.type, event.object.spec.replicas) for event in itertools.islice(watch, 3)]
    assert seen == [("ADDED", 1), ("MODIFIED", 2), ("DELETED", 2)]


def test_a_watch_from_a_forgotten_version_is_gone(server: APIServer | EnvTest, tstests: TsTestScope) -> None:
    tstests.create(tstest("a"))
    server.compact()
    with pytest.raises(Gone), tstests.watch(resource_version="1") as watch:
        list(watch)


def test_patches_of_each_kind_change_parts(tstests: TsTestScope) -> None:
    tstests.create(tstest("a"))
    assert tstests.patch("a", {"spec": {"replicas": 2}}).spec.replicas == 2
    assert tstests.patch("a", [{"op": "replace", "path": "/spec/replicas", "value": 3}]).spec.replicas == 3
    assert tstests.patch("a", {"metadata": {"labels": {"x": "y"}}}).metadata.labels == {"x": "y"}
    with pytest.raises(Invalid):
        tstests.patch("a", {"spec": {"replicas": -1}})


def test_apply_owns_fields_and_conflicts_over_them(tstests: TsTestScope) -> None:
    def applied(**spec: object) -> dict[str, object]:
        return {"apiVersion": "stable.example.com/v1", "kind": "TsTest", "metadata": {"name": "a"}, "spec": spec}

    tstests.apply(applied(image="nginx", replicas=1), field_manager="one")
    with pytest.raises(Conflict) as caught:
        tstests.apply(applied(replicas=2), field_manager="two")
    assert [cause.field for cause in caught.value.causes] == [".spec.replicas"]
    assert tstests.apply(applied(replicas=2), field_manager="two", force=True).spec.replicas == 2
    assert tstests.apply(applied(), field_manager="two").spec.replicas is None


def test_deletes_wait_for_finalizers_and_honour_preconditions(tstests: TsTestScope) -> None:
    held = tstest("a")
    held.metadata.finalizers = ["example.com/hold"]
    created = tstests.create(held)
    with pytest.raises(Conflict):
        tstests.delete("a", uid="00000000-0000-0000-0000-000000000000")
    tstests.delete("a", uid=created.metadata.uid)
    going = tstests.get("a")
    assert going.metadata.deletion_timestamp
    going.metadata.finalizers = None
    tstests.update(going)
    with pytest.raises(NotFound):
        tstests.get("a")
    tstests.create(tstest("b"))
    tstests.delete_collection()
    assert names(list(tstests.list())) == []


def test_dry_runs_leave_no_trace(tstests: TsTestScope) -> None:
    assert tstests.create(tstest("a"), dry_run=True).metadata.uid
    assert names(list(tstests.list())) == []


def test_fields_that_the_model_does_not_know_survive_an_update(clientset: Clientset, namespace: str) -> None:
    configmaps = Resource(group="", version="v1", kind="ConfigMap", plural="configmaps")
    dynamic = DynamicClient(clientset.transport).namespaced(configmaps)(namespace)
    dynamic.create({"metadata": {"name": "a"}, "data": {"x": "1"}, "immutable": False})
    assert dynamic.get("a")["immutable"] is False


def test_an_informer_follows_the_server(clientset: Clientset, tstests: TsTestScope, namespace: str) -> None:
    tstests.create(tstest("before"))
    seen: list[tuple[str, str]] = []
    with no_leaked_threads():
        factory = SharedInformerFactory(clientset, namespaces=namespace)
        informer = factory.stable_v1.tstests
        informer.informer.add_event_handler(
            on_add=lambda obj: seen.append(("add", obj.metadata.name or "")),
            on_update=lambda old, new: seen.append(("update", f"{old.spec.replicas}->{new.spec.replicas}")),
            on_delete=lambda deleted: seen.append(("delete", deleted.key.name)),
        )
        with factory:
            wait_for_cache_sync(factory, timeout=30)
            assert informer.lister(namespace).get("before").spec.replicas == 1
            made = tstests.create(tstest("a"))
            made.spec.replicas = 4
            last = tstests.update(made)
            informer.informer.wait_for(last.metadata.resource_version or "", timeout=20)
            assert informer.lister(namespace).get("a").spec.replicas == 4
            tstests.delete("a")
            wanted = [("add", "before"), ("add", "a"), ("update", "1->4"), ("delete", "a")]
            eventually(lambda: seen == wanted, timeout=20, what="the events of the informer")
            with pytest.raises(NotFound):
                informer.lister(namespace).get("a")


def test_an_informer_that_cannot_stream_its_list_works_the_same(clientset: Clientset, namespace: str) -> None:
    scope = clientset.stable_v1.tstests(namespace)
    for name in "abc":
        scope.create(tstest(name))
    keys: list[ObjectKey] = []
    informer = SharedInformer(
        ListWatch(clientset.transport, scope.resource, namespace=namespace), TsTest, streaming=False
    )
    informer.add_event_handler(on_key=keys.append)
    informer.start()
    try:
        wait_for_cache_sync(informer, timeout=30)
        assert sorted(names(list(informer.lister.list()))) == ["a", "b", "c"]
        scope.delete("b")
        eventually(lambda: len(informer.lister.list()) == 2, timeout=20)
        assert ObjectKey(namespace, "b") in keys
    finally:
        informer.stop()


def test_an_informer_sees_delete_and_recreate_as_two_objects(clientset: Clientset, namespace: str) -> None:
    scope = clientset.stable_v1.tstests(namespace)
    first = scope.create(tstest("a"))
    gone: list[Deleted[TsTest]] = []
    informer = SharedInformer(ListWatch(clientset.transport, scope.resource, namespace=namespace), TsTest)
    informer.add_event_handler(on_delete=gone.append)
    informer.start()
    try:
        wait_for_cache_sync(informer, timeout=30)
        scope.delete("a")
        second = scope.create(tstest("a"))
        informer.wait_for(second.metadata.resource_version or "", timeout=20)
        eventually(lambda: len(gone) == 1, timeout=20)
        assert gone[0].object.metadata.uid == first.metadata.uid
        assert informer.lister(namespace).get("a").metadata.uid == second.metadata.uid
    finally:
        informer.stop()


def test_built_in_kinds_come_from_the_same_clientset(clientset: Clientset) -> None:
    assert isinstance(clientset, BuiltIns)
    assert clientset.core_v1.namespaces.get("default").metadata.name == "default"
