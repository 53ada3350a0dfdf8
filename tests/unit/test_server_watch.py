"""Watches of the embedded server: every change once and in order, as the selection sees it."""

from __future__ import annotations

import threading

import pytest

from kubewright.testing.server.messages import WatchStream
from tests.server_calls import ALL_WIDGETS, MERGE, WIDGETS, Server, events, seen


@pytest.fixture
def server() -> Server:
    return Server()


def label(server: Server, name: str, value: str | None) -> None:
    server.call("PATCH", f"{WIDGETS}/{name}", {"metadata": {"labels": {"app": value}}}, content_type=MERGE)


def test_a_watch_from_a_revision_replays_what_came_after_it_and_goes_on(server: Server) -> None:
    created = server.create("a")
    label(server, "a", "x")
    watch = server.watch(ALL_WIDGETS, {"resourceVersion": created["metadata"]["resourceVersion"]})
    assert seen(watch) == [("MODIFIED", "a")]
    server.create("b")
    server.call("DELETE", f"{WIDGETS}/a")
    assert seen(watch) == [("ADDED", "b"), ("DELETED", "a")]


def test_a_watch_from_nowhere_begins_with_what_is_there(server: Server) -> None:
    server.create("a")
    assert seen(server.watch(ALL_WIDGETS)) == [("ADDED", "a")]
    assert seen(server.watch(ALL_WIDGETS, {"resourceVersion": "0"})) == [("ADDED", "a")]


def test_a_delete_shows_the_last_state_under_the_revision_of_the_delete(server: Server) -> None:
    server.create("a", {"image": "last"})
    watch = server.watch(ALL_WIDGETS, {"resourceVersion": str(server.api.storage.revision)})
    server.call("DELETE", f"{WIDGETS}/a")
    (event,) = events(watch)
    assert event["object"]["spec"]["image"] == "last"
    assert event["object"]["metadata"]["resourceVersion"] == str(server.api.storage.revision)


def test_objects_enter_and_leave_a_selection(server: Server) -> None:
    server.create("a")
    watch = server.watch(WIDGETS, {"labelSelector": "app=x"})
    label(server, "a", "x")
    server.call("PATCH", f"{WIDGETS}/a", {"spec": {"image": "new"}}, content_type=MERGE)
    label(server, "a", "y")
    server.call("DELETE", f"{WIDGETS}/a")
    got = events(watch)
    assert [event["type"] for event in got] == ["ADDED", "MODIFIED", "DELETED"]
    assert got[2]["object"]["metadata"]["labels"] == {"app": "x"}
    assert int(got[2]["object"]["metadata"]["resourceVersion"]) > int(got[1]["object"]["metadata"]["resourceVersion"])


def test_a_watch_of_one_namespace_or_name_hears_of_no_other(server: Server) -> None:
    one = server.watch(WIDGETS, {"fieldSelector": "metadata.name=a"})
    elsewhere = server.watch("/apis/example.com/v1/namespaces/kube-system/widgets")
    server.create("a")
    server.create("b")
    assert seen(one) == [("ADDED", "a")]
    assert seen(elsewhere) == []


def test_a_streamed_list_ends_with_a_marked_bookmark_and_goes_on(server: Server) -> None:
    server.create("a")
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    watch = server.watch(ALL_WIDGETS, query)
    added, mark = events(watch)
    assert added["type"] == "ADDED"
    assert mark == {
        "type": "BOOKMARK",
        "object": {
            "kind": "Widget",
            "apiVersion": "example.com/v1",
            "metadata": {
                "resourceVersion": str(server.api.storage.revision),
                "annotations": {"k8s.io/initial-events-end": "true"},
            },
        },
    }
    server.create("b")
    assert seen(watch) == [("ADDED", "b")]


def test_a_revision_that_history_no_longer_reaches_is_an_error_in_the_stream(server: Server) -> None:
    server.create("a")
    server.create("b")
    server.api.storage.expire_history()
    watch = server.watch(ALL_WIDGETS, {"resourceVersion": "5"})
    lines, ended = watch.drain()
    assert ended
    assert b'"type":"ERROR"' in lines[0]
    assert b'"reason":"Expired"' in lines[0]
    assert b"too old resource version: 5 (" in lines[0]


def test_options_of_a_watch_are_checked_before_it_begins(server: Server) -> None:
    for query, status in (
        ({"sendInitialEvents": "true"}, 422),
        ({"resourceVersionMatch": "NotOlderThan"}, 422),
        ({"resourceVersion": "x"}, 500),
        ({"timeoutSeconds": "x"}, 400),
    ):
        assert server.call("GET", ALL_WIDGETS, None, {"watch": "1", **query}).status == status


def test_bookmarks_come_about_once_a_minute_and_shortly_before_the_end(server: Server) -> None:
    watch = server.watch(ALL_WIDGETS, {"allowWatchBookmarks": "true", "timeoutSeconds": "90"})
    assert len(events(watch)) == 1  # the end of the initial events
    quiet = server.watch(ALL_WIDGETS)
    bookmarks: list[int] = []
    for second in range(1, 91):
        server.clock.step(1)
        server.api.tick()
        bookmarks += [second] * len(events(watch))
    assert bookmarks == [60, 88]
    assert watch.drain() == ([], True)
    assert quiet.drain() == ([], False)


def test_a_closed_watch_costs_nothing_more(server: Server) -> None:
    watch = server.watch(ALL_WIDGETS)
    assert len(server.api.watchers) == 1
    watch.close()
    watch.close()
    server.create("a")
    assert len(server.api.watchers) == 0
    assert watch.drain() == ([], True)


def test_a_stop_of_the_server_ends_every_watch(server: Server) -> None:
    watches = [server.watch(ALL_WIDGETS) for _ in range(3)]
    server.api.close()
    assert all(ended for _, ended in (watch.drain() for watch in watches))


def test_a_kind_that_is_gone_takes_its_watches_with_it(server: Server) -> None:
    watch = server.watch(ALL_WIDGETS)
    server.registry.remove("example.com", "widgets")
    server.api.forget("example.com", "widgets")
    assert watch.drain() == ([], True)


def test_a_stream_wakes_its_listener_once_when_it_turns_non_empty() -> None:
    stream, calls = WatchStream(), []
    stream.listener = lambda: calls.append(1)
    stream.feed([b"a"])
    stream.feed([b"b"])
    assert len(calls) == 1
    assert stream.drain() == ([b"a", b"b"], False)
    stream.end()
    assert len(calls) == 2


def test_a_stream_wakes_a_waiting_thread() -> None:
    stream = WatchStream()
    got: list[list[bytes]] = []
    reader = threading.Thread(target=lambda: got.append(stream.take(10)[0]))
    reader.start()
    stream.feed([b"a"])
    reader.join(10)
    assert got == [[b"a"]]


def test_one_write_reaches_a_hundred_watchers_encoded_once(server: Server) -> None:
    watches = [server.watch(ALL_WIDGETS, {"resourceVersion": str(server.api.storage.revision)}) for _ in range(100)]
    server.create("a")
    lines = [watch.drain()[0] for watch in watches]
    assert all(len(line) == 1 for line in lines)
    assert len({id(line[0]) for line in lines}) == 1
