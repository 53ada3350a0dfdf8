"""Events: handed over and forgotten; written once, counted after that; never in the controller's way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kubewright.api.clientset import Clientset
from kubewright.api.models.core_v1 import ConfigMap, Node
from kubewright.api.models.events_v1 import Event
from kubewright.core.wire import Request, Response, StopSignal, Transport
from kubewright.errors import TransportTimeout
from kubewright.events import QUEUE_SIZE, EventRecorder, reference_to
from kubewright.objects import ObjectMeta
from kubewright.testing import FakeClock, fake_transport
from tests.support import eventually, no_leaked_threads

SUBJECT = ConfigMap(metadata=ObjectMeta(name="a", namespace="default", uid="u-1", resource_version="7"))


class Cuttable:
    """A transport that counts requests and can be cut off from the server."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.cut = False
        self.gate = threading.Event()
        self.gate.set()
        self.methods: list[str] = []

    def request(self, request: Request, *, timeout: float | None = None, stop: StopSignal | None = None) -> Response:
        self.methods.append(request.method)
        self.gate.wait(20)
        if self.cut:
            raise TransportTimeout("cut off")
        return self.inner.request(request, timeout=timeout, stop=stop)

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        return self.inner.stream(*args, **kwargs)

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def transport() -> Cuttable:
    return Cuttable(fake_transport())


@pytest.fixture
def recorder(transport: Cuttable, clock: FakeClock) -> Iterator[EventRecorder]:
    with no_leaked_threads():
        made = EventRecorder(Clientset(transport), "example.com/gears", instance="gears-1", clock=clock)
        yield made
        transport.cut = False
        transport.gate.set()
        made.stop()


def written(transport: Cuttable) -> list[Event]:
    return list(Clientset(transport.inner).events_v1.events.list())


def settled(recorder: EventRecorder) -> None:
    eventually(lambda: recorder.flush(0), what="everything is written")


def test_an_event_is_written_with_all_that_the_api_wants(transport: Cuttable, recorder: EventRecorder) -> None:
    # client-go: TestEventSeriesf
    recorder.event(SUBJECT, "Warning", "FailedMount", "the volume is not there", action="Mounting", related=SUBJECT)
    settled(recorder)
    (event,) = written(transport)
    assert (event.type, event.reason, event.action, event.note) == (
        "Warning",
        "FailedMount",
        "Mounting",
        "the volume is not there",
    )
    assert event.regarding is not None
    assert (event.regarding.kind, event.regarding.name, event.regarding.uid) == ("ConfigMap", "a", "u-1")
    assert event.regarding == event.related
    assert (event.reporting_controller, event.reporting_instance) == ("example.com/gears", "gears-1")
    assert event.event_time == "2027-01-15T08:00:00.000000Z"
    assert (event.metadata.name or "").startswith("a.")
    assert event.series is None


def test_the_first_repeat_makes_a_series_and_further_ones_are_only_counted(
    transport: Cuttable, recorder: EventRecorder
) -> None:
    # V4
    for note in ("one", "two", "three", "four"):
        recorder.event(SUBJECT, "Normal", "Synced", note)
        settled(recorder)
    (event,) = written(transport)
    assert event.note == "one"
    assert event.series is not None
    assert event.series.count == 2
    assert transport.methods == ["POST", "PATCH"]


def test_a_series_that_is_over_is_written_with_its_last_count(
    transport: Cuttable, recorder: EventRecorder, clock: FakeClock
) -> None:
    # client-go: TestFinishSeries
    for _ in range(5):
        recorder.event(SUBJECT, "Normal", "Synced", "again")
    settled(recorder)
    clock.wait_for_waiters()
    clock.step(361)
    eventually(lambda: [e.series.count for e in written(transport) if e.series] == [5])
    recorder.event(SUBJECT, "Normal", "Synced", "a new story")
    settled(recorder)
    assert len(written(transport)) == 2


def test_a_series_that_goes_on_is_written_now_and_then(
    transport: Cuttable, recorder: EventRecorder, clock: FakeClock
) -> None:
    # client-go: TestRefreshExistingEventSeries
    for _ in range(8):
        recorder.event(SUBJECT, "Normal", "Synced", "again")
        settled(recorder)
        clock.step(300)
    eventually(lambda: [e.series.count for e in written(transport) if e.series] >= [7])
    assert transport.methods.count("PATCH") == 2


def test_different_reasons_are_different_events(transport: Cuttable, recorder: EventRecorder) -> None:
    recorder.event(SUBJECT, "Normal", "Synced", "x")
    recorder.event(SUBJECT, "Warning", "Failed", "x")
    settled(recorder)
    assert sorted(e.reason or "" for e in written(transport)) == ["Failed", "Synced"]


def test_an_event_that_the_server_forgot_is_made_anew(transport: Cuttable, recorder: EventRecorder) -> None:
    # client-go: TestUpdateExpiredEvent
    recorder.event(SUBJECT, "Normal", "Synced", "x")
    settled(recorder)
    Clientset(transport.inner).events_v1.events("default").delete_collection()
    recorder.event(SUBJECT, "Normal", "Synced", "x")
    settled(recorder)
    assert [e.series.count for e in written(transport) if e.series] == [2]


def test_a_cut_connection_is_waited_for(transport: Cuttable, recorder: EventRecorder, clock: FakeClock) -> None:
    # client-go: TestWriteEventError
    transport.cut = True
    recorder.event(SUBJECT, "Normal", "Synced", "x")
    for tries in (1, 2, 3):
        eventually(lambda tries=tries: len(transport.methods) == tries)  # type: ignore[misc]
        clock.wait_for_waiters()
        if tries == 3:
            transport.cut = False
        clock.step(13)
    eventually(lambda: len(written(transport)) == 1)
    assert recorder.failed == 0


def test_an_event_is_given_up_after_twelve_tries(
    transport: Cuttable, recorder: EventRecorder, clock: FakeClock
) -> None:
    transport.cut = True
    recorder.event(SUBJECT, "Normal", "Synced", "x")
    for tries in range(1, 13):
        eventually(lambda tries=tries: len(transport.methods) == tries)  # type: ignore[misc]
        if tries < 12:
            clock.wait_for_waiters()
            clock.step(13)
    eventually(lambda: recorder.failed == 1)
    assert len(transport.methods) == 12


def test_a_refusal_is_not_repeated(transport: Cuttable, recorder: EventRecorder) -> None:
    # V1: a StatusError is never retried
    lost = ConfigMap(metadata=ObjectMeta(name="a", namespace="no-such-namespace"))
    recorder.event(lost, "Normal", "Synced", "x")
    settled(recorder)
    assert (recorder.failed, transport.methods) == (1, ["POST"])


def test_nobody_waits_for_a_server_that_does_not_answer(transport: Cuttable, recorder: EventRecorder) -> None:
    # client-go: TestLotsOfEvents; V1: dropped if full
    transport.gate.clear()
    recorder.event(SUBJECT, "Normal", "First", "x")
    eventually(lambda: transport.methods)
    for n in range(QUEUE_SIZE + 5):
        recorder.event(SUBJECT, "Normal", f"Reason{n}", "x")
    assert recorder.dropped == 5
    transport.cut = True
    transport.gate.set()


def test_stopping_writes_what_is_queued(transport: Cuttable, clock: FakeClock) -> None:
    # G3: client-go loses it
    with no_leaked_threads(), EventRecorder(Clientset(transport), "gears", clock=clock) as recorder:
        transport.gate.clear()
        for n in range(5):
            recorder.event(SUBJECT, "Normal", f"Reason{n}", "x")
        transport.gate.set()
    assert len(written(transport)) == 5
    recorder.event(SUBJECT, "Normal", "Late", "x")
    assert recorder.dropped == 1


def test_stopping_writes_the_count_of_a_series_that_goes_on(transport: Cuttable, clock: FakeClock) -> None:
    with no_leaked_threads():
        with EventRecorder(Clientset(transport), "example.com/gears", clock=clock) as recorder:
            for _ in range(5):
                recorder.event(SUBJECT, "Normal", "Cut", "a gear")
        (event,) = written(transport)
        assert event.series is not None
        assert event.series.count == 5


def test_a_series_that_gives_way_to_new_events_is_written_with_its_count(
    transport: Cuttable, recorder: EventRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubewright.events.KNOWN_EVENTS", 1)
    for _ in range(5):
        recorder.event(SUBJECT, "Normal", "Cut", "a gear")
    recorder.event(SUBJECT, "Normal", "Other", "the only one that is known from now on")
    settled(recorder)
    assert [event.series.count for event in written(transport) if event.series is not None] == [5]


def test_stopping_without_an_event_starts_nothing(transport: Cuttable) -> None:
    with no_leaked_threads():
        EventRecorder(Clientset(transport), "gears").stop()
    assert transport.methods == []


def test_stopping_does_not_wait_for_retries(transport: Cuttable, clock: FakeClock) -> None:
    transport.cut = True
    with no_leaked_threads():
        recorder = EventRecorder(Clientset(transport), "gears", clock=clock)
        recorder.event(SUBJECT, "Normal", "Synced", "x")
        clock.wait_for_waiters()
        recorder.stop()
    assert recorder.failed == 1


def test_events_of_cluster_scoped_objects_are_in_the_default_namespace(
    transport: Cuttable, recorder: EventRecorder
) -> None:
    # client-go: TestEventfNoNamespace
    recorder.event(Node(metadata=ObjectMeta(name="n1")), "Normal", "Rebooted", "x")
    settled(recorder)
    assert [e.metadata.namespace for e in written(transport)] == ["default"]


def test_long_words_are_cut_to_what_the_server_takes(transport: Cuttable, recorder: EventRecorder) -> None:
    recorder.event(SUBJECT, "Normal", "R" * 200, "ä" * 2000)
    settled(recorder)
    (event,) = written(transport)
    assert len((event.note or "").encode()) <= 1024
    assert (event.note or "").endswith("ä…")
    assert len(event.reason or "") == 128


def test_documents_can_be_regarded_too() -> None:
    about = reference_to({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "uid": "1"}})
    assert (about.api_version, about.kind, about.name, about.uid) == ("v1", "Pod", "p", "1")


def test_what_can_be_no_event_is_refused(recorder: EventRecorder) -> None:
    with pytest.raises(ValueError, match="Normal or Warning"):
        recorder.event(SUBJECT, "Error", "X", "x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="reason"):
        recorder.event(SUBJECT, "Normal", "", "x")
    with pytest.raises(ValueError, match="apiVersion"):
        recorder.event({"metadata": {"name": "x"}}, "Normal", "X", "x")
    with pytest.raises(TypeError):
        recorder.event(object(), "Normal", "X", "x")
