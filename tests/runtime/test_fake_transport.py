"""The transport of fake clientsets: the objects it was given, the server's semantics, nothing left behind."""

from __future__ import annotations

import threading

import pytest

from kubewright.client import DynamicClient, ListWatch, Resource
from kubewright.core.answers import lines
from kubewright.core.codec import split_event, split_list
from kubewright.core.wire import StopSignal
from kubewright.errors import Conflict, KubewrightError, NotFound, StreamCut, TransportTimeout
from kubewright.objects import ObjectMeta
from kubewright.testing import fake_transport
from tests.runtime.clients import CRD, Gear, Gears, GearSpec, GearStatus, gear
from tests.support import eventually, no_leaked_threads


def test_objects_are_there_with_their_status_and_their_namespace() -> None:
    given = Gear(
        metadata=ObjectMeta(name="a", namespace="factory"), spec=GearSpec(teeth=3), status=GearStatus(phase="Up")
    )
    gears = Gears(fake_transport(given, crds=[CRD]))
    found = gears("factory").get("a")
    assert (found.spec, found.status) == (given.spec, given.status)
    assert found.metadata.uid
    assert found.metadata.resource_version
    assert given.metadata.uid is None  # the given object is the caller's


def test_kinds_without_a_schema_are_served_as_they_are() -> None:
    transport = fake_transport({**as_document("a"), "spec": {"anything": [1]}}, resources=[Gears.resource])
    raw = DynamicClient(transport).namespaced(Gears.resource)("default").get("a")
    assert raw["spec"] == {"anything": [1]}


def as_document(name: str) -> dict[str, object]:
    return {"apiVersion": "gears.example.com/v1", "kind": "Gear", "metadata": {"name": name}}


def test_a_kind_that_nobody_serves_is_an_error_that_names_the_object() -> None:
    with pytest.raises(KubewrightError, match="Gear 'a'"):
        fake_transport(gear("a"))


def test_two_objects_of_one_name_are_an_error() -> None:
    with pytest.raises(KubewrightError, match="already exists"):
        fake_transport(gear("a"), gear("a"), crds=[CRD])


def test_it_is_as_strict_as_a_server() -> None:
    # kubernetes#103816: client-go's fake takes any resourceVersion
    gears = Gears(fake_transport(gear("a"), crds=[CRD]))("default")
    first, second = gears.get("a"), gears.get("a")
    gears.update(first.__class__(metadata=first.metadata, spec=GearSpec(teeth=1)))
    second.spec = GearSpec(teeth=2)
    with pytest.raises(Conflict):
        gears.update(second)
    with pytest.raises(NotFound):
        Gears(fake_transport(crds=[CRD]))("no-such-namespace").create(gear("a"))


def test_built_in_kinds_are_served_without_being_asked_for() -> None:
    maps = DynamicClient(fake_transport()).namespaced(
        Resource(group="", version="v1", kind="ConfigMap", plural="configmaps")
    )
    maps("default").create({"metadata": {"name": "m"}, "data": {"a": "b"}})
    assert maps.list()[0]["data"] == {"a": "b"}


def test_a_stop_signal_ends_its_stream_and_sends_nothing_more() -> None:
    transport = fake_transport(crds=[CRD])
    source = ListWatch(transport, Gears.resource)
    stop = StopSignal()
    with no_leaked_threads():
        stream = source.watch(resource_version=None, stop=stop)
        reader = threading.Thread(target=list, args=(stream,))
        reader.start()
        eventually(reader.is_alive)
        stop.set()
        reader.join(5)
        assert not reader.is_alive()
    with pytest.raises(StreamCut):
        source.list(stop=stop)
    with pytest.raises(StreamCut):
        source.watch(resource_version=None, stop=stop)


def test_a_silent_stream_times_out() -> None:
    source = ListWatch(fake_transport(crds=[CRD]), Gears.resource)
    with pytest.raises(TransportTimeout):
        list(source.watch(resource_version=None, read_timeout=0.01))


def test_the_raw_source_reads_pages_and_events_as_bytes() -> None:
    transport = fake_transport(gear("a"), gear("b"), crds=[CRD])
    source = ListWatch(transport, Gears.resource, "default", field_selector="metadata.name=a")
    page = split_list(source.list(limit=10))
    assert len(page.raw_items) == 1
    stream = source.watch(resource_version=page.metadata.resource_version)
    Gears(transport)("default").delete("a")
    assert split_event(next(lines(stream))).type == "DELETED"
    stream.stop()


def test_metadata_only_sources_get_no_spec() -> None:
    # client-go C15
    source = ListWatch(fake_transport(gear("a"), crds=[CRD]), Gears.resource, metadata_only=True)
    page = source.list()
    assert split_list(page).kind == "PartialObjectMetadataList"
    assert b'"teeth"' not in page
    stream = source.watch(resource_version="0")
    assert b'"teeth"' not in next(lines(stream))
    stream.stop()


def test_a_null_list_is_read_as_none() -> None:
    # C18: EndpointSlices come with `endpoints: null`
    null = {**as_document("a"), "spec": {"parts": None, "teeth": None}}
    found = Gears(fake_transport(null, resources=[Gears.resource]))("default").get("a")
    assert found.spec is not None
    assert (found.spec.parts, found.spec.teeth) == (None, None)
