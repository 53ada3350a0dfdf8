"""Pages and events are split without decoding what is inside."""

from __future__ import annotations

import pytest

from kubewright.core import codec
from kubewright.core.resource import Resource
from kubewright.core.wire import Request, StopSignal
from kubewright.errors import AlreadyExists, ApiError, Conflict, DecodeError, Gone, ServerTimeout, api_error
from kubewright.objects import Status, StatusCause, StatusDetails


def test_a_page_is_split_into_raw_items_whatever_they_are() -> None:
    page = codec.split_list(
        b'{"kind":"XList","metadata":{"resourceVersion":"7","continue":"c"},"items":[{"a":1}, 5, null]}'
    )
    assert [bytes(item) for item in page.raw_items] == [b'{"a":1}', b"5", b"null"]
    assert (page.metadata.resource_version, page.metadata.continue_) == ("7", "c")


@pytest.mark.parametrize("body", [b"{}", b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}'])
def test_an_object_without_items_is_no_empty_list(body: bytes) -> None:
    with pytest.raises(DecodeError, match="without items, not a list"):
        codec.split_list(body)


def test_null_items_are_an_empty_list() -> None:
    # Servers answer null for an empty list of some aggregated APIs.
    assert codec.split_list(b'{"metadata":{},"items":null}').raw_items == []


def test_an_event_of_any_object_is_read_in_two_steps() -> None:
    event = codec.split_event(b'{"type":"ERROR","object":{"code":410}}')
    assert (event.type, bytes(event.object)) == ("ERROR", b'{"code":410}')


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b'{"type":"ADDED"}', b"\xff"])
def test_garbage_is_a_decode_error(garbage: bytes) -> None:
    with pytest.raises(DecodeError):
        codec.split_event(garbage)


def test_a_header_is_read_from_an_object_whose_spec_would_not_decode() -> None:
    meta = codec.header(
        b'{"spec":{"replicas":"many"},"metadata":{"name":"a","namespace":"n","labels":{"k":"v"}}}'
    ).metadata
    assert (meta.namespace, meta.name, meta.labels) == ("n", "a", {"k": "v"})


def test_paths_are_encoded_so_that_no_name_can_leave_its_segment() -> None:
    resource = Resource(group="example.com", version="v1", kind="Thing", plural="things")
    assert resource.path("n", "a", "status") == "/apis/example.com/v1/namespaces/n/things/a/status"
    assert resource.path(None, "a/../b") == "/apis/example.com/v1/things/a%2F..%2Fb"
    assert Resource(group="", version="v1", kind="Pod", plural="pods").path("n") == "/api/v1/namespaces/n/pods"


def test_bodies_and_headers_never_reach_a_request_s_repr() -> None:
    request = Request(method="POST", path="/x", headers=(("authorization", "Bearer secret"),), body=b"secret")
    assert "secret" not in repr(request)


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (409, "AlreadyExists", AlreadyExists),
        (409, "Conflict", Conflict),
        (410, "Expired", Gone),
        (410, "", Gone),
        (504, "Timeout", ServerTimeout),
    ],
)
def test_an_error_s_class_follows_the_reason_then_the_code(code: int, reason: str, kind: type[ApiError]) -> None:
    assert type(api_error(code, Status(reason=reason, message="m"))) is kind


def test_an_error_says_verb_resource_name_and_the_server_s_words() -> None:
    status = Status(
        reason="Invalid",
        message="spec.x: bad",
        details=StatusDetails(causes=[StatusCause(reason="FieldValueInvalid", field="spec.x")]),
    )
    error = api_error(422, status, verb="create", resource="things.example.com", namespace="n", name="a")
    assert str(error) == "create things.example.com n/a: 422 Invalid: spec.x: bad"
    assert error.has_cause("FieldValueInvalid")


def test_a_stop_signal_wakes_whoever_is_bound_also_when_it_was_set_before() -> None:
    signal = StopSignal()
    woken: list[str] = []
    signal.on_stop(lambda: woken.append("first"))
    take_back = signal.on_stop(lambda: woken.append("never"))
    take_back()
    signal.set()
    signal.set()
    signal.on_stop(lambda: woken.append("late"))
    assert woken == ["first", "late"]
