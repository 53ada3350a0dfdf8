"""Informers over HTTP while the embedded server misbehaves: after each fault the cache is what the server has.

The matrix of docs/informers.md, row by row, with real sockets; the same rows without sockets are in test_reflector.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from generated.clientset import Clientset
from generated.informers import SharedInformerFactory
from generated.models.stable_v1 import TsTest, TsTestSpec
from kubewright.core.backoff import Backoff
from kubewright.factory import wait_for_cache_sync
from kubewright.objects import ObjectMeta
from kubewright.testing import APIServer, Faults
from tests.support import eventually, no_leaked_threads

CRD = Path(__file__).parents[2] / "schemas" / "tstest.yaml"
PATH = "/v1/tstests"  # the informer reads all namespaces; the clients of the test, one: faults spare them
FAST = Backoff(0.01, jitter=0.0, cap=0.05)

Fault = Callable[[Faults], object]


def then_cut(fault: Callable[[Faults], None]) -> Fault:
    def both(faults: Faults) -> None:
        fault(faults)
        faults.cut_streams()

    return both


def refused_for_a_moment(faults: Faults) -> None:
    faults.refuse()
    faults.accept()


DURING_THE_FIRST_LIST: dict[str, Fault] = {
    "500": lambda f: f.error(500, path=PATH, times=3),
    "503": lambda f: f.error(503, path=PATH, times=3),
    "429 with Retry-After": lambda f: f.too_many_requests(path=PATH),
    "410": lambda f: f.gone(path=PATH, times=3),
    "garbage": lambda f: f.garbage(path=PATH, times=3),
    "dropped": lambda f: f.drop(path=PATH, times=3),
    "cut in the middle": lambda f: f.cut_after_bytes(300, path=PATH, times=3),
    "cut between events": lambda f: f.cut_after_events(1, path=PATH, times=3),
    "half an event": lambda f: f.half_event(after=1, path=PATH, times=2),
    "garbage in the stream": lambda f: f.garbage_event(after=1, path=PATH, times=2),
    "410 in the stream": lambda f: f.gone_event(after=1, path=PATH, times=2),
    "delayed": lambda f: f.delay(0.2, path=PATH),
}

WHILE_WATCHING: dict[str, Fault] = {
    "streams cut": lambda f: f.cut_streams(),
    "streams cut and history gone": then_cut(lambda f: f.expire_history()),
    "half an event": lambda f: f.half_event(path=PATH),
    "garbage": lambda f: f.garbage_event(path=PATH, times=3),
    "an event twice": lambda f: f.duplicate_event(path=PATH),
    "410 in the stream": lambda f: f.gone_event(path=PATH),
    "cut after each event": lambda f: f.cut_after_events(1, path=PATH, times=4),
    "500 on the next watch": then_cut(lambda f: f.error(500, path=PATH, times=3)),
    "410 on the next watch": then_cut(lambda f: f.gone(path=PATH, watch=True, times=2)),
    "429 on the next watch": then_cut(lambda f: f.too_many_requests(path=PATH)),
    "garbage instead of the next watch": then_cut(lambda f: f.garbage(path=PATH, times=2)),
    "refused for a while": refused_for_a_moment,
    "no bookmarks": lambda f: f.stop_bookmarks(path=PATH),
}


@pytest.fixture
def server() -> Iterator[APIServer]:
    with APIServer(crds=[CRD]) as made:
        yield made


@pytest.fixture
def clientset(server: APIServer) -> Iterator[Clientset]:
    with Clientset(server.transport()) as made:
        yield made


def tstest(name: str, replicas: int = 1) -> TsTest:
    return TsTest(metadata=ObjectMeta(name=name), spec=TsTestSpec(cron_spec="*", image="nginx", replicas=replicas))


def content(clientset: Clientset) -> dict[str | None, tuple[str | None, int | None]]:
    return {o.metadata.name: (o.metadata.uid, o.spec.replicas) for o in clientset.stable_v1.tstests("default").list()}


def agrees(factory: SharedInformerFactory, wanted: dict[str | None, tuple[str | None, int | None]]) -> bool:
    cached = factory.stable_v1.tstests.lister.list()
    return {o.metadata.name: (o.metadata.uid, o.spec.replicas) for o in cached} == wanted


def change(clientset: Clientset) -> None:
    scope = clientset.stable_v1.tstests("default")
    obj = scope.get("b")
    obj.spec.replicas = 7
    scope.update(obj)
    scope.delete("a")
    scope.create(tstest("a", 8))
    scope.create(tstest("c"))


@pytest.mark.parametrize("streaming", [True, False], ids=["stream", "list"])
@pytest.mark.parametrize("fault", DURING_THE_FIRST_LIST.values(), ids=DURING_THE_FIRST_LIST.keys())
def test_the_first_list_succeeds_in_the_end(
    server: APIServer, clientset: Clientset, fault: Fault, streaming: bool
) -> None:
    scope = clientset.stable_v1.tstests("default")
    for name in "abcd":
        scope.create(tstest(name))
    wanted = content(clientset)
    fault(server.faults)
    with no_leaked_threads(), SharedInformerFactory(clientset, backoff=FAST, streaming=streaming) as factory:
        assert factory.stable_v1.tstests.informer.is_started  # asking for it is what makes it run
        wait_for_cache_sync(factory, timeout=20)
        assert agrees(factory, wanted)


@pytest.mark.parametrize("fault", WHILE_WATCHING.values(), ids=WHILE_WATCHING.keys())
def test_a_running_cache_catches_up(server: APIServer, clientset: Clientset, fault: Fault) -> None:
    scope = clientset.stable_v1.tstests("default")
    for name in "ab":
        scope.create(tstest(name))
    folded: dict[str | None, tuple[str | None, int | None]] = {}

    def put(obj: TsTest) -> None:
        folded[obj.metadata.name] = (obj.metadata.uid, obj.spec.replicas)

    with no_leaked_threads(), SharedInformerFactory(clientset, backoff=FAST) as factory:
        informer = factory.stable_v1.tstests.informer
        informer.add_event_handler(
            on_add=put, on_update=lambda old, new: put(new), on_delete=lambda d: folded.pop(d.key.name)
        )
        wait_for_cache_sync(factory, timeout=20)
        eventually(lambda: informer.status().sources[0].phase == "watching")
        fault(server.faults)
        change(clientset)
        wanted = content(clientset)
        eventually(lambda: agrees(factory, wanted), 20)
        eventually(lambda: folded == wanted, 20)


def test_a_server_that_comes_back_empty_and_numbered_anew_is_followed() -> None:
    # a restart of the embedded server, or of an etcd without its disk: lower versions, other uids
    folded: set[str | None] = set()
    with APIServer(crds=[CRD]) as first:
        port = int(first.url.rsplit(":", 1)[1])
        with Clientset(first.transport()) as clientset:
            for n in range(30):
                clientset.stable_v1.tstests("default").create(tstest(f"old{n}"))
        transport = first.transport()
        clientset = Clientset(transport)
        factory = SharedInformerFactory(clientset, backoff=FAST)
        factory.stable_v1.tstests.informer.add_event_handler(
            on_add=lambda obj: folded.add(obj.metadata.name), on_delete=lambda d: folded.discard(d.key.name)
        )
        factory.start()
        wait_for_cache_sync(factory, timeout=20)
    try:
        with APIServer(crds=[CRD], port=port) as second, Clientset(second.transport()) as other:
            other.stable_v1.tstests("default").create(tstest("new"))
            eventually(lambda: agrees(factory, content(other)), 20)
            eventually(lambda: folded == {"new"}, 20)
    finally:
        factory.shutdown()
        clientset.close()


def test_stop_leaves_no_socket_behind(server: APIServer, clientset: Clientset) -> None:
    # client-go.md G4; kr8s and lightkube leak responses (python-peers 4.3)
    def sockets() -> int:
        return sum(
            os.readlink(f"/proc/self/fd/{fd}").startswith("socket:")
            for fd in os.listdir("/proc/self/fd")
            if os.path.exists(f"/proc/self/fd/{fd}")
        )

    clientset.stable_v1.tstests("default").create(tstest("a"))
    before = sockets()
    for _ in range(5):
        with Clientset(server.transport()) as other, SharedInformerFactory(other, backoff=FAST) as factory:
            assert factory.stable_v1.tstests.informer.is_started
            wait_for_cache_sync(factory, timeout=20)
            server.faults.cut_streams()
    eventually(lambda: sockets() <= before)
