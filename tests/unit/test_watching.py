"""The watch machine: what a reflector does next, decided without a server, a thread or a clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from kubewright.core.backoff import Backoff
from kubewright.core.streaminglists import StreamingLists
from kubewright.core.watching import WatchMachine, is_too_large_resource_version
from kubewright.core.watchsteps import Events, ListStep, Replaced, WaitStep, WatchStep
from kubewright.errors import (
    ApiError,
    ConnectionRefused,
    Forbidden,
    Gone,
    InternalError,
    Invalid,
    NotFound,
    ServerTimeout,
    ServiceUnavailable,
    StreamCut,
    TooManyRequests,
    TransportError,
    TransportTimeout,
)
from kubewright.testing.source import too_large_resource_version

EXPIRED = Gone("too old resource version", code=410, reason="Expired")
BUSY = TooManyRequests("busy", code=429)
BROKEN = InternalError("etcd leader changed", code=500)
DENIED = Forbidden("no", code=403, reason="Forbidden")


def item(name: str, version: str = "1", uid: str = "u") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "ns", "uid": uid, "resourceVersion": version}}


def page(*items: dict[str, Any], version: str = "10", continue_: str = "", kind: str = "PodList") -> bytes:
    metadata = {"resourceVersion": version, "continue": continue_}
    return json.dumps({"kind": kind, "metadata": metadata, "items": list(items)}).encode()


def line(kind: str, obj: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": obj}, separators=(",", ":")).encode() + b"\n"


def bookmark(version: str, end: str | None = None) -> bytes:
    annotations = {} if end is None else {"k8s.io/initial-events-end": end}
    return line("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": version, "annotations": annotations}})


def status(code: int, reason: str, message: str = "") -> bytes:
    return line("ERROR", {"kind": "Status", "code": code, "reason": reason, "message": message})


def lister(**options: Any) -> WatchMachine:
    """A machine that lists and watches, with waits of exactly 1, 2, 4 … seconds."""
    options.setdefault("backoff", Backoff(1.0, jitter=0.0))
    return WatchMachine(api_version="v1", kind="Pod", where="pods", draw=lambda: 0.0, **options)


def streamer() -> WatchMachine:
    return lister(streaming=StreamingLists())


def watching(machine: WatchMachine | None = None, version: str = "10") -> WatchMachine:
    """A machine whose watch has just been opened, at time 0."""
    machine = machine or lister()
    machine.next(0.0)
    machine.page(page(version=version), 0.0)
    machine.next(0.0)
    machine.opened(0.0)
    return machine


def names(effect: object) -> list[str]:
    assert isinstance(effect, (Replaced, Events))
    return sorted(e.key[1] for e in effect.entries)


# --- lists


def test_it_begins_with_a_page_of_the_most_recent_state() -> None:
    # R4; R1 asks for version "0", which may be stale
    assert lister().next(0.0) == ListStep(500, None)


def test_pages_are_gathered_and_told_as_one() -> None:
    # O7; client-go: TestReflectorWatchListPageSize, TestReflectorListExtract
    machine = lister(page_size=2)
    assert machine.next(0.0) == ListStep(2, None)
    assert machine.page(page(item("a"), item("b"), continue_="more"), 0.0) is None
    assert machine.next(0.0) == ListStep(2, "more")
    content = machine.page(page(item("c"), version="12"), 0.0)
    assert names(content) == ["a", "b", "c"]


def test_after_the_list_it_watches_from_the_lists_version() -> None:
    # client-go: TestReflectorListAndWatch
    machine = lister()
    machine.next(0.0)
    machine.page(page(item("a"), version="17"), 0.0)
    assert machine.next(0.0) == WatchStep("17", 300, False)


def test_the_watch_timeout_is_between_five_and_ten_minutes() -> None:
    # client-go: TestWatchTimeout (R10)
    machine = WatchMachine(draw=lambda: 0.999)
    machine.next(0.0)
    machine.page(page(), 0.0)
    step = machine.next(0.0)
    assert isinstance(step, WatchStep)
    assert step.timeout_seconds == 599


def test_an_expired_continue_token_leads_to_one_list_without_pages() -> None:
    # client-go: TestReflectorFullListIfExpired (R5)
    machine = lister()
    machine.next(0.0)
    machine.page(page(item("a"), continue_="more"), 0.0)
    machine.next(0.0)
    machine.failed(EXPIRED, 0.0)
    assert machine.next(0.0) == ListStep(None, None)
    assert names(machine.page(page(item("a"), item("b")), 0.0)) == ["a", "b"]


def test_an_expired_token_in_a_list_without_pages_waits_as_any_failure() -> None:
    machine = lister()
    machine.next(0.0)
    machine.page(page(item("a"), continue_="more"), 0.0)
    machine.failed(EXPIRED, 0.0)
    machine.next(0.0)
    machine.page(page(item("a"), continue_="again"), 0.0)
    machine.failed(EXPIRED, 0.0)
    assert machine.next(0.0) == WaitStep(1.0)
    assert machine.next(0.0) == ListStep(500, None)


def test_a_continue_token_that_repeats_itself_is_a_failure_not_an_endless_list() -> None:
    machine = lister()
    machine.next(0.0)
    machine.page(page(item("a"), continue_="same"), 0.0)
    machine.next(0.0)
    machine.page(page(item("a"), continue_="same"), 0.0)
    assert machine.next(0.0) == WaitStep(1.0)


def test_a_failed_list_waits_longer_each_time() -> None:
    # client-go: TestReflectorListAndWatchWithErrors (R9, R20)
    machine, waits = lister(), []
    for _ in range(7):
        machine.next(0.0)
        machine.failed(DENIED, 0.0)
        step = machine.next(0.0)
        assert isinstance(step, WaitStep)
        waits.append(step.seconds)
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_a_list_that_failed_half_way_starts_over() -> None:
    machine = lister()
    machine.next(0.0)
    machine.page(page(item("a"), continue_="more"), 0.0)
    machine.failed(BROKEN, 0.0)
    machine.next(0.0)
    machine.next(0.0)
    assert names(machine.page(page(item("b")), 0.0)) == ["b"]


def test_retry_after_is_waited_for_when_it_is_longer() -> None:
    machine = lister()
    machine.next(0.0)
    machine.failed(TooManyRequests("slow down", code=429, retry_after=45.0), 0.0)
    assert machine.next(0.0) == WaitStep(45.0)


def test_an_absurd_retry_after_is_bounded() -> None:
    machine = lister()
    machine.next(0.0)
    machine.failed(ServiceUnavailable("away", code=503, retry_after=1e9), 0.0)
    assert machine.next(0.0) == WaitStep(600.0)


def test_a_table_is_no_list() -> None:
    # client-go: TestIsUnsupportedTableObject (R6)
    machine = lister()
    machine.next(0.0)
    assert machine.page(page(kind="Table"), 0.0) is None
    assert "Table" in str(machine.last_error)


@pytest.mark.parametrize(
    "body", [b"", b"<html>504</html>", b'{"items":', b"[]", b'{"items":{}}', b"{}", b'{"kind":"Status"}']
)
def test_garbage_instead_of_a_list_is_a_failure(body: bytes) -> None:
    machine = lister()
    machine.next(0.0)
    assert machine.page(body, 0.0) is None
    assert machine.next(0.0) == WaitStep(1.0)


def test_a_list_without_items_is_empty() -> None:
    machine = lister()
    machine.next(0.0)
    content = machine.page(b'{"kind":"PodList","metadata":{"resourceVersion":"3"},"items":null}', 0.0)
    assert content == Replaced([], "3")


def test_items_without_a_header_are_counted_and_the_others_kept() -> None:
    # R8 fails the whole list; O3b
    machine = lister()
    machine.next(0.0)
    content = machine.page(page(item("a"), {"metadata": {}}, item("b")), 0.0)
    assert (names(content), machine.unusable) == (["a", "b"], 1)


# --- watches


def test_events_come_in_order_and_move_the_version() -> None:
    # client-go: TestReflectorWatchHandler, TestReflectorResourceVersionUpdate
    machine = watching()
    (effect,) = machine.feed(line("ADDED", item("a", "11")) + line("DELETED", item("b", "12")), 1.0)
    assert isinstance(effect, Events)
    assert ([e.key[1] for e in effect.entries], effect.deleted, machine.resource_version) == (
        ["a", "b"],
        [False, True],
        "12",
    )


def test_an_event_may_come_in_any_number_of_pieces() -> None:
    machine = watching()
    data = line("MODIFIED", item("a", "11")) + line("MODIFIED", item("b", "12"))
    effects = [effect for at in range(len(data)) for effect in machine.feed(data[at : at + 1], 1.0)]
    assert [names(effect) for effect in effects] == [["a"], ["b"]]


def test_a_bookmark_moves_only_the_version() -> None:
    # R11
    machine = watching()
    assert machine.feed(bookmark("20"), 1.0) == [Events([], [], "20")]
    assert machine.resource_version == "20"


def test_a_bookmark_with_an_unusable_spec_is_a_bookmark() -> None:
    # performance.md 3.5: real Pod bookmarks carry "containers": null
    machine = watching()
    obj = {"metadata": {"resourceVersion": "20"}, "spec": {"containers": None}}
    machine.feed(line("BOOKMARK", obj), 1.0)
    assert machine.resource_version == "20"


def test_a_watch_that_ends_is_opened_again_at_once_from_the_last_version() -> None:
    # client-go: TestReflectorHandleWatchResultChanClosedBefore, TestReflectorHandleWatchResultChanClosedAfter (R12)
    machine = watching()
    machine.feed(line("ADDED", item("a", "11")), 1.0)
    machine.ended(300.0)
    assert machine.next(300.0) == WatchStep("11", 300, False)


def test_a_quiet_watch_that_ends_is_opened_again_at_once() -> None:
    # R12
    machine = watching()
    machine.ended(200.0)
    assert machine.next(200.0) == WatchStep("10", 300, False)


def test_a_cut_watch_goes_on_from_the_last_version() -> None:
    machine = watching()
    machine.feed(line("ADDED", item("a", "11")), 1.0)
    machine.failed(StreamCut("cut"), 5.0)
    assert machine.next(5.0) == WatchStep("11", 300, False)


def test_half_an_event_at_the_end_is_dropped_and_asked_for_again() -> None:
    machine = watching()
    whole = line("ADDED", item("a", "11"))
    machine.feed(whole + line("ADDED", item("b", "12"))[:30], 1.0)
    machine.failed(StreamCut("cut"), 5.0)
    assert machine.next(5.0) == WatchStep("11", 300, False)
    machine.opened(5.0)
    assert [names(e) for e in machine.feed(line("ADDED", item("b", "12")), 6.0)] == [["b"]]


def test_very_short_watches_wait_and_after_three_the_list_is_asked() -> None:
    # R15, O2b: client-go relists after each
    machine = watching()
    steps = []
    for _ in range(3):
        machine.ended(0.1)
        steps.append(machine.next(0.1))
        machine.next(0.1)
        machine.opened(0.0)
    assert steps == [WaitStep(1.0), WaitStep(2.0), WaitStep(4.0)]
    assert machine.phase == "listing"


def test_a_short_watch_that_repeats_one_known_event_is_no_progress() -> None:
    # O3: the same event replayed for ever
    machine = watching(version="11")
    machine.feed(line("ADDED", item("a", "11")), 0.1)
    machine.ended(0.2)
    assert machine.next(0.2) == WaitStep(1.0)


def test_a_short_watch_that_brought_news_is_opened_again_at_once() -> None:
    machine = watching()
    machine.feed(line("ADDED", item("a", "11")), 0.1)
    machine.ended(0.2)
    assert machine.next(0.2) == WatchStep("11", 300, False)


@pytest.mark.parametrize("error", [ConnectionRefused("refused"), BUSY, BROKEN, TransportTimeout("slow")])
def test_a_watch_that_the_server_cannot_open_is_tried_again_without_a_list(error: Exception) -> None:
    # client-go: TestReflectorListAndWatchInitConnBackoff, TestBackoffOnTooManyRequests, TestNoRelistOnTooManyRequests (R13)
    machine = lister()
    machine.next(0.0)
    machine.page(page(), 0.0)
    machine.next(0.0)
    machine.failed(error, 0.0)
    assert machine.next(0.0) == WaitStep(1.0)
    if isinstance(error, TransportError):
        assert machine.next(0.0) == ListStep(1, None)  # is it still the same?
        assert machine.page(page(item("a"), version="12"), 0.0) is None
    assert machine.next(0.0) == WatchStep("10", 300, False)


@pytest.mark.parametrize("error", [EXPIRED, DENIED, too_large_resource_version(10, 5)])
def test_a_watch_that_is_refused_for_what_it_asks_leads_to_a_list(error: Exception) -> None:
    # R13, R14; client-go: TestReflectorExpiredExactResourceVersion, TestReflectorFullListIfTooLarge
    machine = lister()
    machine.next(0.0)
    machine.page(page(), 0.0)
    machine.next(0.0)
    machine.failed(error, 0.0)
    assert machine.next(0.0) == WaitStep(1.0)
    assert machine.next(0.0) == ListStep(500, None)


def test_410_in_the_stream_leads_to_a_list() -> None:
    # R14
    machine = watching()
    machine.feed(status(410, "Expired"), 1.0)
    assert machine.over
    assert machine.next(1.0) == WaitStep(1.0)
    assert machine.next(1.0) == ListStep(500, None)


def test_events_before_an_error_are_not_lost() -> None:
    machine = watching()
    (effect,) = machine.feed(line("ADDED", item("a", "11")) + status(410, "Expired"), 1.0)
    assert names(effect) == ["a"]


@pytest.mark.parametrize("chunk", [status(429, "TooManyRequests"), status(500, "InternalError")])
def test_a_busy_or_failing_server_in_the_stream_is_watched_again_without_a_list(chunk: bytes) -> None:
    # client-go: TestRetryInternalError, TestBackoffOnTooManyRequests (R14)
    machine = watching()
    machine.feed(chunk, 1.0)
    assert machine.next(1.0) == WaitStep(1.0)
    assert machine.next(1.0) == WatchStep("10", 300, False)


def test_garbage_is_asked_for_again_and_then_listed_over() -> None:
    # R17: client-go relists, and fails again on the same object (R8)
    machine = watching()
    machine.feed(b"<html>\n", 1.0)
    assert machine.over
    assert machine.next(1.0) == WaitStep(1.0)
    assert machine.next(1.0) == WatchStep("10", 300, False)
    machine.opened(2.0)
    machine.feed(b"<html>\n", 3.0)
    assert machine.next(3.0) == WaitStep(2.0)
    assert machine.next(3.0) == ListStep(500, None)


def test_an_event_without_a_header_is_counted_and_skipped() -> None:
    # R16
    machine = watching()
    (effect,) = machine.feed(line("ADDED", {"metadata": {}}) + line("ADDED", item("a", "11")), 1.0)
    assert (names(effect), machine.unusable) == (["a"], 1)


def test_an_event_of_an_unknown_type_is_counted_and_skipped() -> None:
    machine = watching()
    assert machine.feed(line("SURPRISE", item("a", "11")), 1.0) == []
    assert (machine.unusable, machine.resource_version) == (1, "10")


def test_blank_lines_and_odd_spacing_are_accepted() -> None:
    machine = watching()
    spaced = json.dumps({"object": item("a", "11"), "type": "ADDED"}).encode()
    (effect,) = machine.feed(b"\n" + spaced + b"\n\r\n", 1.0)
    assert names(effect) == ["a"]


def test_waits_begin_anew_after_a_watch_that_lived() -> None:
    # R20: reset by health, not by the calendar
    machine = watching()
    for _ in range(3):
        machine.failed(BROKEN, 0.0)
        machine.next(0.0)
        machine.next(0.0)
    machine.opened(0.0)
    machine.failed(BROKEN, 121.0)
    assert machine.next(121.0) == WaitStep(1.0)


def test_waits_do_not_begin_anew_in_a_long_failure() -> None:
    # client-go 0.36 resets every two minutes (PR #136824)
    machine = lister()
    for now in range(0, 600, 60):
        machine.next(float(now))
        machine.failed(DENIED, float(now))
        step = machine.next(float(now))
    assert step == WaitStep(30.0)


def test_a_lower_version_after_a_restart_is_taken_from_the_list() -> None:
    machine = watching(version="1000")
    machine.failed(StreamCut("restart"), 2.0)
    machine.next(2.0)
    machine.failed(too_large_resource_version(1000, 7), 3.0)
    machine.next(3.0)
    machine.next(4.0)
    machine.page(page(item("a", "6"), version="7"), 4.0)
    assert machine.next(4.0) == WatchStep("7", 300, False)


def test_a_server_that_was_away_and_came_back_with_lower_versions_is_listed() -> None:
    # kube-apiserver accepts a watch from its future and says nothing (seen on 1.37.2)
    machine = watching(version="1000")
    machine.ended(2.0)
    machine.next(2.0)
    machine.failed(ConnectionRefused("refused"), 2.0)
    machine.next(2.0)
    assert machine.next(3.0) == ListStep(1, None)
    machine.page(page(item("a"), version="7"), 3.0)
    assert machine.next(3.0) == ListStep(500, None)


def test_a_server_that_is_still_away_is_asked_once_a_wait() -> None:
    machine = watching()
    machine.ended(2.0)
    machine.next(2.0)
    steps = []
    for now in (2.0, 5.0, 9.0):
        machine.failed(ConnectionRefused("refused"), now)
        steps += [machine.next(now), machine.next(now + 1)]
    assert steps == [
        WaitStep(1.0),
        ListStep(1, None),
        WaitStep(2.0),
        ListStep(1, None),
        WaitStep(4.0),
        ListStep(1, None),
    ]


def test_watches_that_say_nothing_for_minutes_have_the_version_checked() -> None:
    machine, steps = watching(), []
    for now in (100.0, 200.0, 300.0):
        machine.ended(now)
        steps.append(machine.next(now))
        machine.opened(now)
    assert steps == [WatchStep("10", 300, False), WatchStep("10", 300, False), ListStep(1, None)]


def test_a_bookmark_keeps_a_watch_from_being_doubted() -> None:
    machine = watching()
    machine.feed(bookmark("10"), 60.0)
    machine.ended(300.0)
    assert machine.next(300.0) == WatchStep("10", 300, False)


def test_a_bookmark_before_the_version_that_was_asked_for_leads_to_a_list() -> None:
    machine = watching(version="1000")
    assert machine.feed(bookmark("7"), 1.0) == []
    assert machine.over
    assert machine.next(1.0) == WaitStep(1.0)
    assert machine.next(2.0) == ListStep(500, None)


def test_a_watch_from_nowhere_keeps_no_version_of_existing_objects() -> None:
    # R18
    machine = watching(version="")
    machine.feed(line("ADDED", item("a", "50")), 1.0)
    assert machine.resource_version == ""


def test_a_watch_from_nowhere_is_followed_by_a_list() -> None:
    # it would begin with what exists, and never tell what was deleted meanwhile
    machine = watching(version="0")
    machine.ended(300.0)
    assert machine.next(300.0) == ListStep(500, None)


# --- streaming lists


def streaming() -> WatchMachine:
    machine = streamer()
    machine.next(0.0)
    machine.opened(0.0)
    return machine


def test_a_streaming_list_asks_for_the_most_recent_state() -> None:
    # client-go: TestWatchListResourceVersion (R23)
    assert streamer().next(0.0) == WatchStep("", 300, True)


def test_a_streaming_list_is_told_as_one_when_its_end_is_announced() -> None:
    # client-go: TestWatchList "the reflector is synced after receiving the bookmark" (R24)
    machine = streaming()
    assert machine.feed(line("ADDED", item("a", "5")) + line("ADDED", item("b", "3")), 1.0) == []
    (effect,) = machine.feed(bookmark("10", "true"), 2.0)
    assert (names(effect), machine.resource_version, machine.over) == (["a", "b"], "10", False)


def test_updates_and_deletes_during_a_streaming_list_are_in_its_result() -> None:
    # client-go: TestWatchList "updates and deletes during streaming"
    machine = streaming()
    events = [
        line("ADDED", item("a", "5")),
        line("ADDED", item("b", "6")),
        line("MODIFIED", item("a", "11")),
        line("DELETED", item("b", "12")),
        bookmark("12", "true"),
    ]
    (effect,) = machine.feed(b"".join(events), 1.0)
    assert isinstance(effect, Replaced)
    assert [(e.key[1], e.resource_version) for e in effect.entries] == [("a", "11")]


@pytest.mark.parametrize("value", ["false", "", "True"])
def test_only_the_value_true_ends_a_streaming_list(value: str) -> None:
    # client-go: TestWatchList "checks the value of the annotation" (R24)
    machine = streaming()
    assert machine.feed(bookmark("10", value), 1.0) == []


def test_events_after_the_end_are_events_of_the_same_stream() -> None:
    machine = streaming()
    first, second = machine.feed(bookmark("10", "true") + line("ADDED", item("a", "11")), 1.0)
    assert (isinstance(first, Replaced), isinstance(second, Events)) == (True, True)


def test_after_a_streaming_list_a_closed_stream_is_watched_on_from_its_version() -> None:
    # client-go: TestWatchList "stopping a watcher after sync -> new watch"
    machine = streaming()
    machine.feed(bookmark("10", "true"), 1.0)
    machine.ended(5.0)
    assert machine.next(5.0) == WatchStep("10", 300, False)


@pytest.mark.parametrize("error", [Invalid("forbidden for watch", code=422), BROKEN, DENIED])
def test_a_server_that_refuses_to_stream_is_listed_in_the_same_round(error: ApiError) -> None:
    # client-go: TestWatchList "any other error than Invalid forces fallback" (R25)
    machine = streamer()
    machine.next(0.0)
    machine.failed(error, 0.0)
    assert machine.next(0.0) == ListStep(500, None)


def test_a_server_that_cannot_stream_is_not_asked_again_for_a_while() -> None:
    known = StreamingLists(refused_for=100.0)
    machine = lister(streaming=known)
    machine.next(0.0)
    machine.failed(Invalid("forbidden for watch", code=422), 0.0)
    another = lister(streaming=known)
    assert another.next(99.0) == ListStep(500, None)
    assert lister(streaming=known).next(100.0) == WatchStep("", 300, True)


@pytest.mark.parametrize("error", [ConnectionRefused("refused"), BUSY])
def test_a_streaming_list_that_cannot_be_asked_is_asked_again_later(error: Exception) -> None:
    # client-go: TestWatchList "retries 429", "connection refused" (R25)
    machine = streamer()
    machine.next(0.0)
    machine.failed(error, 0.0)
    assert machine.next(0.0) == WaitStep(1.0)
    assert machine.next(1.0) == WatchStep("", 300, True)


def test_a_kind_that_is_not_served_costs_one_request_a_round() -> None:
    machine = streamer()
    machine.next(0.0)
    machine.failed(NotFound("the server could not find the requested resource", code=404), 0.0)
    assert machine.next(0.0) == WaitStep(1.0)


@pytest.mark.parametrize("cut", [True, False])
def test_a_streaming_list_that_ends_before_its_end_is_listed_at_once(cut: bool) -> None:
    # R26: client-go asks again for ever (k/k#140890)
    machine = streaming()
    machine.feed(line("ADDED", item("a", "5")), 1.0)
    if cut:
        machine.failed(StreamCut("cut"), 2.0)
    else:
        machine.ended(2.0)
    assert machine.next(2.0) == ListStep(500, None)


def test_two_streaming_lists_without_end_are_remembered() -> None:
    known = StreamingLists(doubted_for=100.0)
    for _ in range(2):
        machine = lister(streaming=known)
        machine.next(0.0)
        machine.opened(0.0)
        machine.ended(1.0)
    assert lister(streaming=known).next(50.0) == ListStep(500, None)


def test_one_broken_streaming_list_between_good_ones_is_forgiven() -> None:
    known = StreamingLists()
    for good in (False, True, False):
        machine = lister(streaming=known)
        machine.next(0.0)
        machine.opened(0.0)
        if good:
            machine.feed(bookmark("10", "true"), 0.5)
        else:
            machine.ended(1.0)
    assert known.allowed(1.0)


def test_a_silent_streaming_list_is_given_up_sooner_than_a_silent_watch() -> None:
    machine = streaming()
    during = machine.silence_limit
    machine.feed(bookmark("10", "true"), 1.0)
    assert during < 60 < machine.silence_limit


def test_events_of_an_unfinished_streaming_list_are_not_mixed_into_the_list() -> None:
    machine = streaming()
    machine.feed(line("ADDED", item("ghost", "5")), 1.0)
    machine.ended(2.0)
    machine.next(2.0)
    assert names(machine.page(page(item("a")), 2.0)) == ["a"]


def test_410_in_a_streaming_list_leads_to_a_list() -> None:
    # client-go: TestWatchList "expiring an established watcher"
    machine = streaming()
    machine.feed(status(410, "Expired"), 1.0)
    assert machine.next(1.0) == ListStep(500, None)


# --- rates


def fault_rate(answer: Callable[[WatchMachine, object, float], None], seconds: float = 3600.0) -> int:
    """Requests in an hour of one fault, with client-go's figures and the shortest waits."""
    machine = lister(backoff=Backoff(draw=lambda: 0.0), streaming=StreamingLists())
    now, requests = 0.0, 0
    while now < seconds:
        step = machine.next(now)
        if isinstance(step, WaitStep):
            now += step.seconds
            continue
        requests += 1
        answer(machine, step, now)
        now += 0.001
    return requests


def always(error: Exception) -> Callable[[WatchMachine, object, float], None]:
    return lambda machine, step, now: machine.failed(error, now)


def ends_at_once(machine: WatchMachine, step: object, now: float) -> None:
    if isinstance(step, ListStep):
        machine.page(page(), now)
    else:
        machine.opened(now)
        machine.ended(now)


def expires_always(machine: WatchMachine, step: object, now: float) -> None:
    if isinstance(step, ListStep):
        machine.page(page(), now)
    else:
        machine.opened(now)
        machine.feed(status(410, "Expired"), now)


@pytest.mark.parametrize(
    "fault",
    [
        always(DENIED),
        always(BROKEN),
        always(ConnectionRefused("refused")),
        always(EXPIRED),
        ends_at_once,
        expires_always,
    ],
    ids=["403", "500", "refused", "410", "ends at once", "410 in the stream"],
)
def test_no_fault_makes_it_ask_more_often_than_client_go(fault: Callable[[WatchMachine, object, float], None]) -> None:
    # O2, O2b, O2c, O11, C5. client-go in such an hour: about 126 rounds of at least two requests (R20, without its reset)
    assert fault_rate(fault) <= 2 * (3600 / 30 + 6) + 6


def test_an_error_that_says_too_large_only_in_words_is_recognised() -> None:
    # R3
    assert is_too_large_resource_version(ServerTimeout("Too large resource version: 9, current: 5", code=504))
