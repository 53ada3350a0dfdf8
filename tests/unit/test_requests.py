"""What verbs send, and what answers mean: decided as values."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from kubewright.core.answers import error_of, lines, retry_after, retry_delay, warnings_of
from kubewright.core.requests import build, check_segment, delete_body, list_query, watch_query, write_query
from kubewright.core.resource import Resource
from kubewright.core.wire import Request
from kubewright.errors import (
    ApiError,
    Conflict,
    ConnectionRefused,
    Gone,
    InternalError,
    NotFound,
    StreamCut,
    TooManyRequests,
    TransportTimeout,
)

TSTESTS = Resource(group="stable.example.com", version="v1", kind="TsTest", plural="tstests")
PODS = Resource(group="", version="v1", kind="Pod", plural="pods")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a%2fb", "a\nb"])
def test_a_name_that_would_leave_its_path_segment_is_refused(name: str) -> None:
    # client-go: TestInvalidSegments, "resource name may not be empty"
    with pytest.raises(ValueError, match="resource name"):
        build("get", "GET", PODS, namespace="default", name=name)


def test_names_of_the_api_pass() -> None:
    for name in ("a", "system:node-proxier", "a.b-c", "..a"):
        assert check_segment(name, "resource name") == name


def test_paths_are_those_of_the_api() -> None:
    # client-go: TestRequestOrdersNamespaceInPath, TestRequestOrdersSubResource
    assert (
        build("get", "GET", PODS, namespace="n", name="p", subresource="log").path == "/api/v1/namespaces/n/pods/p/log"
    )
    assert build("list", "GET", TSTESTS).path == "/apis/stable.example.com/v1/tstests"
    assert build("get", "GET", TSTESTS, namespace="n", name="é?#").path.endswith("/tstests/%C3%A9%3F%23")


def test_options_become_the_parameters_of_the_api() -> None:
    assert list_query(
        label_selector={"a": "b"}, field_selector="x!=y", limit=5, continue_="tok", timeout_seconds=3
    ) == (
        ("labelSelector", "a=b"),
        ("fieldSelector", "x!=y"),
        ("limit", "5"),
        ("continue", "tok"),
        ("timeoutSeconds", "3"),
    )
    assert write_query(dry_run=True, field_manager="me", force=False) == (
        ("dryRun", "All"),
        ("fieldManager", "me"),
        ("force", "false"),
    )


def test_a_watch_always_says_watch_and_a_streaming_list_says_not_older_than() -> None:
    # client-go T2, R23
    assert watch_query() == (("watch", "true"),)
    assert dict(watch_query(send_initial_events=True))["resourceVersionMatch"] == "NotOlderThan"


def test_resource_version_zero_is_sent() -> None:
    assert list_query(resource_version="0") == (("resourceVersion", "0"),)


def test_delete_options_are_sent_only_when_there_are_any() -> None:
    assert delete_body() is None
    assert msgspec.json.decode(
        delete_body(uid="u", propagation_policy="Foreground", grace_period_seconds=0) or b""
    ) == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "preconditions": {"uid": "u"},
        "propagationPolicy": "Foreground",
    }


def test_a_request_shows_neither_body_nor_headers() -> None:
    request = build("create", "POST", PODS, namespace="n", body=b"secret")
    assert "secret" not in repr(request)


GET = build("get", "GET", TSTESTS, namespace="n", name="a")
POST = build("create", "POST", TSTESTS, namespace="n", body=b"{}")


def _status(code: int, reason: str, **more: object) -> bytes:
    return msgspec.json.encode(
        {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, **more}
    )


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [(404, "NotFound", NotFound), (409, "Conflict", Conflict), (410, "Expired", Gone), (418, "Teapot", ApiError)],
)
def test_an_error_has_the_class_of_its_reason(code: int, reason: str, kind: type[ApiError]) -> None:
    error = error_of(code, {}, _status(code, reason, message="words"), GET)
    assert type(error) is kind
    assert (error.code, error.reason, error.message) == (code, reason, "words")
    assert str(error).startswith("get tstests.stable.example.com n/a: ")


def test_an_answer_that_is_no_status_is_quoted_briefly() -> None:
    error = error_of(502, {"content-type": "text/html"}, b"<html>" + b"x" * 5000, GET)
    assert "proxy" in str(error)
    assert len(str(error)) < 500


def test_plain_text_of_the_server_is_its_message() -> None:
    error = error_of(404, {"content-type": "text/plain; charset=utf-8"}, b"404 page not found\n", GET)
    assert isinstance(error, NotFound)
    assert error.message == "404 page not found"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "3"}, 3.0), ({"retry-after": " 0 "}, 0.0), ({}, None), ({"retry-after": "Wed, 21 Oct"}, None)],
)
def test_retry_after_counts_in_its_number_form(headers: Mapping[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def _failure(code: int, after: str | None) -> ApiError:
    return error_of(code, {} if after is None else {"retry-after": after}, b"", GET)


@pytest.mark.parametrize(
    ("request_", "failure", "delay"),
    [
        # client-go: TestCheckRetryHandles429And5xx
        pytest.param(GET, _failure(429, "2"), 2.0, id="429 with Retry-After"),
        pytest.param(POST, _failure(503, "1"), 1.0, id="5xx with Retry-After, any verb"),
        pytest.param(GET, _failure(429, None), None, id="429 without"),
        pytest.param(GET, _failure(500, None), None, id="500 without"),
        pytest.param(GET, _failure(404, "1"), None, id="404 with"),
        # client-go: TestConnectionResetByPeerIsRetried
        pytest.param(GET, StreamCut("reset"), 0.0, id="cut GET"),
        pytest.param(POST, StreamCut("reset"), None, id="cut POST"),
        pytest.param(GET, ConnectionRefused("no"), None, id="refused"),
        pytest.param(GET, TransportTimeout("slow"), None, id="timeout"),
    ],
)
def test_retries(request_: Request, failure: ApiError, delay: float | None) -> None:
    assert retry_delay(request_, failure, 1) == delay


def test_retries_end_after_ten() -> None:
    # client-go: TestRequestMaxRetries
    assert retry_delay(GET, _failure(429, "1"), 10) == 1.0
    assert retry_delay(GET, _failure(429, "1"), 11) is None
    assert retry_delay(GET, StreamCut("reset"), 2) == 1.0


def test_an_error_knows_what_the_server_asked_to_wait() -> None:
    assert _failure(429, "7").retry_after == 7.0
    assert isinstance(_failure(429, "7"), TooManyRequests)
    assert isinstance(_failure(500, None), InternalError)


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        ('299 - "one"', ["one"]),
        ('299 - "one", 299 - "two"', ["one", "two"]),
        (r'299 k8s "a \"quoted\" word"', ['a "quoted" word']),
        ('299 - "dated" "Tue, 15 Nov 1994 08:12:31 GMT"', ["dated"]),
        ('110 - "stale"', []),
        ("nonsense", []),
    ],
)
def test_warnings(header: str, texts: list[str]) -> None:
    # apimachinery: TestParseWarningHeader
    assert warnings_of({"warning": header}) == texts


@pytest.mark.parametrize(
    ("chunks", "found"),
    [
        ([b'{"a":1}\n', b'{"b":2}\n'], [b'{"a":1}', b'{"b":2}']),
        ([b'{"a":1}\n{"b":2}\n{"c"', b":3}\n"], [b'{"a":1}', b'{"b":2}', b'{"c":3}']),
        ([b"{", b'"a"', b":1}", b"\n"], [b'{"a":1}']),
        ([b"\n\n", b'{"a":1}\r\n'], [b'{"a":1}\r']),
        ([b'{"a":1}'], [b'{"a":1}']),
        ([], []),
    ],
)
def test_streams_are_cut_into_events_wherever_chunks_end(chunks: list[bytes], found: list[bytes]) -> None:
    assert [line for line in lines(chunks) if line.strip()] == found


def test_half_an_event_at_the_end_is_a_cut_stream() -> None:
    received = lines([b'{"a":1}\n{"b"'])
    assert next(received) == b'{"a":1}'
    with pytest.raises(StreamCut, match="middle of an event"):
        next(received)
