"""The reflector under faults, on a scripted server: it follows, recovers, and stops from anywhere."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from kubewright.core.backoff import Backoff
from kubewright.errors import ApiError, ConnectionRefused, Forbidden, Gone, InternalError, TooManyRequests
from kubewright.reflector import LIST_TIMEOUT
from kubewright.testing.clock import FakeClock
from kubewright.testing.source import ScriptedServer, ScriptedSource, Streaming
from tests.runtime.informers import informer, settle, synced
from tests.support import eventually


def sizes(made: object) -> dict[str, int | None]:
    lister = made.lister  # type: ignore[attr-defined]
    return {obj.metadata.name: obj.spec.size if obj.spec else None for obj in lister.list()}


@pytest.fixture(params=["supported", "refused"])
def server(request: pytest.FixtureRequest) -> ScriptedServer:
    """A server that streams lists, and one that does not."""
    streaming: Streaming = request.param
    return ScriptedServer(streaming=streaming)


def test_it_lists_and_then_follows(server: ScriptedServer) -> None:
    # client-go: TestReflectorListAndWatch
    server.add("a", spec={"size": 1})
    with synced(server.source()) as made:
        server.add("b", spec={"size": 2})
        server.modify("a", spec={"size": 3})
        server.delete("b")
        server.add("c")
        settle(lambda: sizes(made) == {"a": 3, "c": None})


def test_more_objects_than_a_page_are_all_there() -> None:
    # performance.md 3.3: a cache of only the first page (TestReflectorPaginatingNonConsistentReadsIfWatchCacheDisabled)
    server = ScriptedServer(streaming="refused")
    for n in range(1201):
        server.add(f"w{n}")
    with synced(server.source()) as made:
        assert len(made.cache) == 1201
        assert [r.options["limit"] for r in server.requests if r.verb == "list"] == [500, 500, 500]


def test_no_list_ever_names_a_version() -> None:
    # R1, R2; client-go: TestReflectorResyncWithResourceVersion, TestReflectorNotPaginatingNotConsistentReads (the opposite)
    server = ScriptedServer(streaming="refused")
    asked: list[Any] = []

    class Watched(ScriptedSource):
        def list(self, **options: Any) -> bytes:
            asked.append((options.get("resource_version"), options.get("resource_version_match")))
            return super().list(**options)

    with synced(Watched(server)) as made:
        server.tick()
        server.expire()
        server.cut_streams()
        settle(lambda: made.status().sources[0].lists == 2)
        assert asked == [(None, None), (None, None)]


def test_a_page_whose_token_has_expired_is_fetched_whole() -> None:
    # client-go: TestReflectorFullListIfExpired
    server = ScriptedServer(streaming="refused")
    for n in range(501):
        server.add(f"w{n}")
    server.on_request = lambda log: server.expire() if log.options.get("continue_") else None
    with synced(server.source()) as made:
        assert len(made.cache) == 501


def test_a_cut_stream_is_resumed_without_a_list(server: ScriptedServer) -> None:
    # client-go: TestResetWatch
    with synced(server.source()) as made:
        lists = made.status().sources[0].lists
        server.cut_streams()
        server.add("a")
        settle(lambda: sizes(made) == {"a": None})
        assert made.status().sources[0].lists == lists


@pytest.mark.parametrize("in_stream", [True, False])
def test_an_expired_version_leads_to_a_relist_that_finds_what_was_missed(in_stream: bool) -> None:
    # R3, R14, kopf/httpx2-k8s (python-peers 4.3): deletes and adds of the gap must not be lost
    server = ScriptedServer(streaming="refused", expire_in_stream=in_stream)
    server.add("gone")
    with synced(server.source()) as made:
        server.on_request = lambda log: server.expire() if log.verb == "watch" and len(server.requests) < 6 else None
        server.delete("gone", silent=True)
        server.add("new", silent=True)
        server.cut_streams()
        settle(lambda: sizes(made) == {"new": None})


def test_a_restarted_server_with_lower_versions_is_followed(server: ScriptedServer) -> None:
    server.add("a", spec={"size": 1})
    for _ in range(50):
        server.modify("a", spec={"size": 2})
    with synced(server.source()) as made:
        server.restart(first_version=3)
        server.modify("a", spec={"size": 9})
        settle(lambda: sizes(made) == {"a": 9})


@pytest.mark.parametrize(
    "error",
    [
        Forbidden("no", code=403, reason="Forbidden"),
        InternalError("etcd", code=500),
        TooManyRequests("busy", code=429),
        ConnectionRefused("refused"),
        Gone("expired", code=410, reason="Expired"),
        ValueError("a bug in the source"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_any_error_of_the_first_list_is_tried_again(error: Exception) -> None:
    # C3: one 503 and the informer is dead; R9; client-go: TestReflectorListAndWatchWithErrors
    server = ScriptedServer()
    server.add("a")
    server.fail("watch", error, error)
    server.fail("list", error, error)
    with synced(server.source()) as made:
        assert sizes(made) == {"a": None}


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_watch_that_is_refused_for_a_while_goes_on_afterwards(code: int) -> None:
    # C4: the watch stopped for ever, the cache served stale data
    server = ScriptedServer(streaming="refused")
    server.add("stale")
    with synced(server.source()) as made:
        refusal = ApiError("no", code=code)
        server.fail("watch", refusal, refusal)
        server.delete("stale", silent=True)
        server.cut_streams()
        server.add("fresh", silent=True)
        settle(lambda: sizes(made) == {"fresh": None})


@pytest.mark.parametrize(
    "garbage", [b"<html>bad gateway</html>\n", b'{"type":"ADDED"\n', b"\xff\xfe\n", b'{"type":1}\n']
)
def test_garbage_in_the_stream_is_survived(server: ScriptedServer, garbage: bytes) -> None:
    # O3, C9
    with synced(server.source()) as made:
        server.send(garbage)
        server.add("a")
        settle(lambda: sizes(made) == {"a": None})


def test_half_an_event_is_completed_by_the_next_watch(server: ScriptedServer) -> None:
    with synced(server.source()) as made:
        server.send(b'{"type":"ADDED","object":{"metadata":{"name":"a","na')
        server.cut_streams()
        server.add("b")
        settle(lambda: sizes(made) == {"b": None})


def test_an_error_event_that_is_no_status_is_survived(server: ScriptedServer) -> None:
    with synced(server.source()) as made:
        server.send(b'{"type":"ERROR","object":null}\n')
        server.add("a")
        settle(lambda: sizes(made) == {"a": None})


def test_a_stream_that_never_announces_its_end_falls_back_to_a_list() -> None:
    # R26
    server = ScriptedServer(streaming="unfinished")
    server.add("a")
    with synced(server.source()) as made:
        assert sizes(made) == {"a": None}


def test_what_one_informer_learnt_about_streaming_the_next_one_knows() -> None:
    server = ScriptedServer(streaming="refused")
    with synced(server.source()), synced(server.source()):
        attempts = [r for r in server.requests if r.options.get("send_initial_events")]
        assert len(attempts) == 1


def test_a_transport_that_cannot_be_remembered_is_no_trouble() -> None:
    class Slotted(ScriptedSource):
        def __init__(self, server: ScriptedServer) -> None:
            super().__init__(server)
            self.transport = {}  # type: ignore[assignment]

    with synced(Slotted(ScriptedServer(streaming="refused"))) as made:
        assert made.has_synced


def test_a_server_that_ignores_streaming_is_found_out_by_its_silence() -> None:
    clock = FakeClock()
    server = ScriptedServer(streaming="ignored")
    server.add("a")
    with informer(server.source(), clock=clock) as made:
        settle(lambda: server.streams)
        settle(lambda: made.status().sources[0].events == 1)
        clock.wait_for_waiters(1)
        clock.step(31)
        settle(lambda: sizes(made) == {"a": None})


def test_a_silent_watch_is_cut_and_opened_again() -> None:
    # R19: client-go#374, k/k#87615: no events, no error, for ever
    clock = FakeClock()
    server = ScriptedServer(streaming="refused")
    with synced(server.source(), clock=clock) as made:
        settle(lambda: server.streams)
        (stream,) = server.streams
        clock.wait_for_waiters(1)
        clock.step(700)
        settle(lambda: not stream.is_open)
        settle(lambda: clock.next_deadline() is not None)
        while not server.streams:
            clock.step(1)
        server.add("a")
        settle(lambda: sizes(made) == {"a": None})


def test_a_request_that_cannot_be_interrupted_is_cut_once(caplog: pytest.LogCaptureFixture) -> None:
    # A plugin, a name lookup, a key handler that blocks: cut in a loop, it took a whole core and filled the log.
    clock, began, may_end = FakeClock(), threading.Event(), threading.Event()

    class Deaf(ScriptedSource):
        def list(self, **options: Any) -> bytes:
            began.set()
            may_end.wait(10)
            return super().list(**options)

    try:
        with informer(Deaf(ScriptedServer(streaming="refused")), clock=clock) as made:
            assert began.wait(10)
            clock.wait_for_deadline(LIST_TIMEOUT)
            clock.step(LIST_TIMEOUT)
            settle(lambda: "the server has been silent" in caplog.text)
            clock.wait_for_waiters(1)  # the clock thread sleeps, although the request is still under way
            assert caplog.text.count("the server has been silent") == 1
            may_end.set()
            settle(lambda: made.has_synced)
    finally:
        may_end.set()


def test_a_watch_with_bookmarks_is_not_silent() -> None:
    clock = FakeClock()
    server = ScriptedServer(streaming="refused")
    with synced(server.source(), clock=clock) as made:
        settle(lambda: server.streams)
        (stream,) = server.streams
        for n in range(20):
            before = made.last_sync_resource_version
            server.bookmark(str(100 + n))
            settle(lambda before=before: made.last_sync_resource_version != before)  # type: ignore[misc]
            clock.wait_for_waiters(1)
            clock.step(60)
        assert stream.is_open


def test_a_list_that_is_never_answered_is_given_up() -> None:
    clock = FakeClock()
    server = ScriptedServer(streaming="refused")
    server.hang("list")
    with informer(server.source(), clock=clock) as made:
        settle(lambda: any(r.verb == "list" for r in server.requests))
        clock.wait_for_waiters(1)
        server.hang("list", False)
        clock.step(121)
        settle(lambda: made.status().sources[0].errors >= 2)

        def goes_on() -> bool:
            clock.step(1)
            return made.has_synced

        eventually(goes_on)


def test_the_wall_clock_may_jump() -> None:
    clock = FakeClock()
    server = ScriptedServer(streaming="refused")
    with synced(server.source(), clock=clock) as made:
        settle(lambda: server.streams)
        clock.set_time(0.0)
        clock.set_time(4e9)
        server.add("a")
        settle(lambda: sizes(made) == {"a": None})
        assert made.status().sources[0].watches == 2  # the refused stream and this one


def test_waits_are_those_of_the_backoff() -> None:
    # client-go: TestNewReflectorWithCustomBackoff
    clock = FakeClock()
    server = ScriptedServer(streaming="refused")
    server.always_fail("list", Forbidden("no", code=403))
    with informer(server.source(), clock=clock, streaming=False, backoff=Backoff(5.0, jitter=0.0, cap=20.0)):
        for seconds in (5, 10, 20, 20):
            settle(lambda seconds=seconds: clock.next_deadline() == seconds)  # type: ignore[misc]
            clock.step(seconds)
        settle(lambda: len(server.requests) == 5)


# --- stopping


def stop_takes(made: object) -> float:
    began = time.monotonic()
    made.stop()  # type: ignore[attr-defined]
    return time.monotonic() - began


def test_stop_ends_a_silent_watch(server: ScriptedServer) -> None:
    # C13, O6b; client-go: TestRunUntil, TestReflectorStopWatch, TestRealFIFO_PopShouldUnblockWhenClosed, TestCloseWatchChannelOnError
    with synced(server.source()) as made:
        settle(lambda: server.streams)
        made.stop()
        assert not server.streams
        assert not any(t.name.startswith("kubewright-reflector") for t in threading.enumerate())


@pytest.mark.parametrize("verb", ["list", "watch"])
def test_stop_ends_a_request_that_is_not_answered(verb: str) -> None:
    # O6b, R7, R25
    server = ScriptedServer(streaming="refused")
    server.hang(verb)  # type: ignore[arg-type]
    with informer(server.source()) as made:
        settle(lambda: any(r.verb == verb for r in server.requests))
        made.stop()
        assert made.join(0.0)


def test_stop_ends_a_wait() -> None:
    # R25: client-go's sleep cannot be cancelled
    server = ScriptedServer()
    server.always_fail("watch", ConnectionRefused("refused"))
    with informer(server.source(), backoff=Backoff(3600.0, cap=3600.0)) as made:
        settle(lambda: made.status().sources[0].phase == "waiting")
        made.stop()
        assert made.join(0.0)


def test_stop_before_start_makes_no_request(server: ScriptedServer) -> None:
    # client-go: TestReflectorWatchStoppedBefore, TestReflectorHandleWatchStoppedBefore
    with informer(server.source(), start=False) as made:
        made.stop()
    assert server.requests == []


def test_stop_may_come_from_many_threads_at_once(server: ScriptedServer) -> None:
    with synced(server.source()) as made:
        threads = [threading.Thread(target=made.stop) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert made.join(0.0)


def test_nothing_that_a_list_brought_after_stop_is_told() -> None:
    # client-go: TestReflectorWatchStoppedAfter, TestReflectorHandleWatchStoppedAfter
    server = ScriptedServer(streaming="refused")
    server.add("a")
    with informer(server.source(), start=False) as made:
        server.on_request = lambda log: made.stop() if log.verb == "list" else None
        made.start()
        settle(lambda: made.status().sources[0].phase == "stopped")
        assert not made.has_synced
