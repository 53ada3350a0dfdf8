"""Watches of the client: they end when the server ends them, stop at once, and never hide a gap."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from kubewright.client import WatchEvent
from kubewright.core.wire import Transport
from kubewright.errors import ApiError, DecodeError, Forbidden, Gone, StreamCut, TransportTimeout
from kubewright.testing import APIServer
from tests.runtime.clients import CRD, Gear, Gears, gear, in_process, over_http
from tests.support import eventually, no_leaked_threads


@pytest.fixture(params=[over_http, in_process], ids=["http", "in process"])
def transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    with request.param() as made:
        yield made


@pytest.fixture
def server() -> Iterator[APIServer]:
    with APIServer(crds=[CRD]) as made:
        yield made


@pytest.fixture
def gears(server: APIServer) -> Iterator[Gears]:
    transport = server.transport()
    yield Gears(transport)
    transport.close()


def _told(event: WatchEvent[Gear]) -> tuple[str, str | None]:
    return event.type, event.object.metadata.name


def test_events_come_in_order_and_typed(transport: Transport) -> None:
    gears = Gears(transport)
    with gears.watch(resource_version=gears.list().resource_version) as watch:
        scope = gears("default")
        made = scope.create(gear("a"))
        assert made.spec is not None
        made.spec.teeth = 2
        scope.update(made)
        scope.delete("a")
        assert [_told(next(watch)) for _ in range(3)] == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_without_a_version_it_begins_with_what_is_there(transport: Transport) -> None:
    Gears(transport)("default").create(gear("a"))
    with Gears(transport).watch() as watch:
        event_type, obj = next(watch)
        assert (event_type, obj.metadata.name) == ("ADDED", "a")


def test_a_selector_makes_objects_enter_and_leave(transport: Transport) -> None:
    gears = Gears(transport)
    scope = gears("default")
    with gears.watch(resource_version=gears.list().resource_version, label_selector="on=yes") as watch:
        scope.create(gear("a"))
        scope.patch("a", {"metadata": {"labels": {"on": "yes"}}})
        scope.patch("a", {"metadata": {"labels": None}})
        assert [_told(next(watch)) for _ in range(2)] == [("ADDED", "a"), ("DELETED", "a")]


def test_it_ends_at_the_server_s_timeout(transport: Transport) -> None:
    assert list(Gears(transport).watch(timeout_seconds=1)) == []


def test_it_goes_on_without_a_gap_from_where_it_ended(transport: Transport) -> None:
    gears = Gears(transport)
    scope = gears("default")
    with gears.watch(resource_version=gears.list().resource_version) as watch:
        scope.create(gear("a"))
        next(watch)
    scope.create(gear("b"))
    with gears.watch(resource_version=watch.resource_version) as again:
        assert _told(next(again)) == ("ADDED", "b")


def test_bookmarks_come_when_asked_for_and_move_the_version(transport: Transport) -> None:
    gears = Gears(transport)
    gears("default").create(gear("a"))
    with gears.watch(send_initial_events=True, allow_watch_bookmarks=True) as watch:
        assert _told(next(watch)) == ("ADDED", "a")
        event = next(watch)
        assert event.type == "BOOKMARK"
        assert (event.object.metadata.annotations or {})["k8s.io/initial-events-end"] == "true"
        assert watch.resource_version == event.object.metadata.resource_version


def test_stop_ends_it_from_another_thread_and_leaves_nothing(transport: Transport) -> None:
    # C13, O6b
    with no_leaked_threads():
        watch = Gears(transport).watch()
        reader = threading.Thread(target=list, args=(watch,))
        reader.start()
        eventually(reader.is_alive)
        watch.stop()
        watch.stop()
        reader.join(5)
        assert not reader.is_alive()


def test_a_stopped_watch_gives_no_more_events(transport: Transport) -> None:
    Gears(transport)("default").create(gear("a"))
    watch = Gears(transport).watch()
    watch.stop()
    assert list(watch) == []


def test_an_expired_version_is_said_and_not_papered_over(server: APIServer, gears: Gears) -> None:
    # C15: the peer began again without a version, and deletes in between were lost
    scope = gears("default")
    old = scope.create(gear("a")).metadata.resource_version
    scope.delete("a")
    server.faults.expire_history()
    with pytest.raises(Gone) as caught:
        list(gears.watch(resource_version=old))
    assert caught.value.code == 410


def test_an_error_in_the_stream_is_raised(server: APIServer, gears: Gears) -> None:
    gears("default").create(gear("a"))
    server.faults.gone_event(path="/gears")
    with pytest.raises(Gone):
        list(gears.watch())


def test_an_error_of_the_request_is_raised_by_the_call(server: APIServer, gears: Gears) -> None:
    server.faults.error(403, "Forbidden", "not you", path="/gears")
    with pytest.raises(Forbidden, match="watch gears.gears.example.com: 403 Forbidden: not you"):
        gears.watch()


def test_a_cut_connection_is_not_an_end(server: APIServer, gears: Gears) -> None:
    watch = gears.watch(resource_version=gears.list().resource_version)
    server.faults.cut_streams()
    with pytest.raises(StreamCut):
        list(watch)


def test_half_an_event_is_a_cut(server: APIServer, gears: Gears) -> None:
    gears("default").create(gear("a"))
    server.faults.half_event(path="/gears")
    with pytest.raises(StreamCut):
        list(gears.watch())


def test_garbage_is_reported_and_the_next_event_is_still_read(server: APIServer, gears: Gears) -> None:
    scope = gears("default")
    scope.create(gear("a"))
    server.faults.garbage_event(path="/gears")
    with gears.watch() as watch:
        with pytest.raises(DecodeError):
            next(watch)
        assert _told(next(watch)) == ("ADDED", "a")


def test_a_silent_server_is_noticed(server: APIServer) -> None:
    transport = server.transport()
    gears = Gears(transport)
    stream = transport.stream(
        gears._request("watch", "GET", query=(("watch", "true"),)),  # pyright: ignore[reportPrivateUsage]
        read_timeout=0.05,
    )
    with pytest.raises(TransportTimeout, match="nothing came for"):
        list(stream)
    transport.close()


def test_a_refused_watch_gives_its_connection_back(server: APIServer, gears: Gears) -> None:
    # lightkube leaks one connection per refused watch and stands still after a hundred
    server.faults.error(500, "InternalError", "no", path="/gears", times=150)
    for _ in range(150):
        with pytest.raises(ApiError):
            gears.watch()
    assert len(gears.list()) == 0
