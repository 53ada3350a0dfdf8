"""Each fault does what its name says, once, and only where it was aimed."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from kubewright.testing import APIServer

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
def server() -> Iterator[APIServer]:
    with APIServer() as running:
        yield running


def connect(server: APIServer) -> http.client.HTTPConnection:
    parts = urlsplit(server.url)
    assert parts.hostname is not None
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)


def get(server: APIServer, path: str = MAPS) -> tuple[int, dict[str, str], bytes]:
    connection = connect(server)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def create(server: APIServer, name: str) -> None:
    server.api.create_object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})


Watch = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def watch(server: APIServer) -> Iterator[Watch]:
    """Opens watches and closes them at the end."""
    with ExitStack() as opened:

        def start(query: str = "") -> http.client.HTTPResponse:
            connection = connect(server)
            opened.callback(connection.close)
            connection.request("GET", f"{MAPS}?watch=true{query}")
            response = connection.getresponse()
            opened.callback(response.close)
            return response

        yield start


def event(line: bytes) -> tuple[str, str]:
    found: dict[str, Any] = json.loads(line)
    return found["type"], found["object"].get("metadata", {}).get("name", "")


def test_error_strikes_as_often_as_asked(server: APIServer) -> None:
    server.faults.error(503, "ServiceUnavailable", "later", times=2)
    assert [get(server)[0] for _ in range(3)] == [503, 503, 200]


def test_error_strikes_only_the_path_it_is_aimed_at(server: APIServer) -> None:
    server.faults.error(path="/secrets", times=None)
    assert get(server)[0] == 200
    assert get(server, "/api/v1/secrets")[0] == 500


def test_too_many_requests_says_when_to_come_back(server: APIServer) -> None:
    server.faults.too_many_requests(retry_after=7)
    status, headers, body = get(server)
    assert (status, headers["retry-after"]) == (429, "7")
    assert json.loads(body)["details"]["retryAfterSeconds"] == 7


def test_gone_is_a_410_status(server: APIServer) -> None:
    server.faults.gone()
    status, _, body = get(server)
    assert (status, json.loads(body)["reason"]) == (410, "Expired")


def test_drop_answers_nothing_and_executes_nothing(server: APIServer) -> None:
    server.faults.drop(method="POST")
    connection = connect(server)
    body = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})
    connection.request("POST", MAPS, body, {"Content-Type": "application/json"})
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        connection.getresponse()
    connection.close()
    assert json.loads(get(server)[2])["items"] == []


def test_garbage_is_no_json(server: APIServer) -> None:
    server.faults.garbage()
    status, _, body = get(server)
    assert status == 200
    with pytest.raises(ValueError):
        json.loads(body)


def test_cut_after_bytes_breaks_the_body_off(server: APIServer) -> None:
    server.faults.cut_after_bytes(10)
    with pytest.raises(http.client.IncompleteRead) as broken:
        get(server)
    assert len(broken.value.partial) == 10


def test_delay_comes_before_another_fault(server: APIServer) -> None:
    server.faults.delay(0.05)
    server.faults.error(500)
    started = time.monotonic()
    assert get(server)[0] == 500
    assert time.monotonic() - started >= 0.05


def test_cut_after_events_breaks_a_watch_that_is_already_open(server: APIServer, watch: Watch) -> None:
    stream = watch()
    server.faults.cut_after_events(1)
    create(server, "a")
    create(server, "b")
    assert event(stream.readline()) == ("ADDED", "a")
    with pytest.raises(http.client.IncompleteRead):
        stream.read()


def test_half_event_ends_in_the_middle(server: APIServer, watch: Watch) -> None:
    stream = watch()
    server.faults.half_event()
    create(server, "a")
    with pytest.raises(http.client.IncompleteRead) as broken:
        stream.read()
    with pytest.raises(ValueError):
        json.loads(broken.value.partial)


def test_garbage_event_comes_before_the_real_one(server: APIServer, watch: Watch) -> None:
    stream = watch()
    server.faults.garbage_event()
    create(server, "a")
    assert b"not JSON" in stream.readline()
    assert event(stream.readline()) == ("ADDED", "a")


def test_duplicate_event_is_sent_twice(server: APIServer, watch: Watch) -> None:
    stream = watch()
    server.faults.duplicate_event()
    create(server, "a")
    create(server, "b")
    assert [event(stream.readline())[1] for _ in range(3)] == ["a", "a", "b"]


def test_gone_event_is_a_status_in_the_stream(server: APIServer, watch: Watch) -> None:
    stream = watch()
    server.faults.gone_event()
    create(server, "a")
    found = json.loads(stream.readline())
    assert (found["type"], found["object"]["code"]) == ("ERROR", 410)


def test_stop_bookmarks_swallows_the_end_of_the_initial_events(server: APIServer, watch: Watch) -> None:
    create(server, "a")
    server.faults.stop_bookmarks()
    query = "&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    stream = watch(query)
    create(server, "b")
    assert [event(stream.readline())[1] for _ in range(2)] == ["a", "b"]


def test_cut_streams_breaks_every_open_watch_and_counts_them(server: APIServer, watch: Watch) -> None:
    streams = [watch(), watch()]
    assert server.faults.cut_streams() == 2
    for stream in streams:
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            stream.read()


def test_expire_history_makes_old_versions_too_old(server: APIServer, watch: Watch) -> None:
    version = json.loads(get(server)[2])["metadata"]["resourceVersion"]
    create(server, "a")
    create(server, "b")
    server.faults.expire_history()
    found = json.loads(watch(f"&resourceVersion={version}").readline())
    assert (found["type"], found["object"]["reason"]) == ("ERROR", "Expired")


def test_refuse_closes_the_port_until_accept(server: APIServer) -> None:
    server.faults.refuse()
    with pytest.raises(ConnectionRefusedError):
        get(server)
    server.faults.accept()
    assert get(server)[0] == 200


def test_restart_comes_back_with_a_lower_revision_and_the_same_objects(server: APIServer, watch: Watch) -> None:
    for name in ("a", "b", "c"):
        create(server, name)
    before = int(json.loads(get(server)[2])["metadata"]["resourceVersion"])
    stream = watch()
    server.faults.restart(revision=2)
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        stream.read()
    after = json.loads(get(server)[2])
    assert int(after["metadata"]["resourceVersion"]) < before
    assert len(after["items"]) == 3


def post(server: APIServer, path: str) -> tuple[int, dict[str, Any]]:
    connection = connect(server)
    try:
        connection.request("POST", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_faults_can_be_armed_over_http_when_asked_for() -> None:
    with APIServer(fault_path=True) as server:
        assert post(server, "/kubewright/faults/error?code=503&path=/configmaps&times=1")[0] == 200
        assert [get(server)[0] for _ in range(2)] == [503, 200]
        assert post(server, "/kubewright/faults/cut_streams")[0] == 202
        status, answer = post(server, "/kubewright/faults/nonsense")
        assert (status, "half_event" in answer["message"]) == (404, True)
        assert post(server, "/kubewright/faults/error?nonsense=1")[0] == 400


def test_fault_path_is_not_there_unless_asked_for(server: APIServer) -> None:
    assert get(server, "/kubewright/faults/clear")[0] == 404


def test_clear_disarms(server: APIServer) -> None:
    server.faults.error(times=None)
    server.faults.cut_after_events(times=None)
    server.faults.clear()
    assert get(server)[0] == 200
