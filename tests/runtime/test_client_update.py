"""Updates lose nothing: what the server has and the model has not survives every way an object takes to `update`."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from kubewright.client import Document, DynamicClient, DynamicScope
from kubewright.core.wire import Request, Response, StopSignal, Transport
from kubewright.objects import ObjectMeta, origin_of, set_origin
from tests.runtime.clients import Gear, Gears, GearScope, GearStatus, Part, gear, in_process

FULL: Document = {
    "metadata": {"name": "a", "annotations": {"note": "x"}},
    "spec": {
        "teeth": 8,
        "sauce": {"hot": None, "list": [1, {"deep": True}]},
        "parts": [{"name": "p", "count": 1, "grade": "A"}, {"name": "q", "grade": "B"}],
    },
}


@pytest.fixture
def transport() -> Iterator[Transport]:
    with in_process() as made:
        yield made


@pytest.fixture
def raw(transport: Transport) -> DynamicScope:
    """The documents as they are on the server."""
    scope = DynamicClient(transport).namespaced(Gears.resource)("default")
    scope.create(FULL)
    return scope


@pytest.fixture
def gears(transport: Transport, raw: DynamicScope) -> GearScope:
    return Gears(transport)("default")


def spec_of(obj: Gear) -> Any:
    assert obj.spec is not None
    return obj.spec


def test_unknown_fields_survive_a_change(gears: GearScope, raw: DynamicScope) -> None:
    # C14; client-go loses them (kubernetes#111703)
    obj = gears.get("a")
    spec_of(obj).teeth = 9
    gears.update(obj)
    assert raw.get("a")["spec"] == {**FULL["spec"], "teeth": 9}


def test_unknown_fields_of_list_items_survive_edits_around_them(gears: GearScope, raw: DynamicScope) -> None:
    obj = gears.get("a")
    spec_of(obj).parts = [Part(name="new"), spec_of(obj).parts[1], Part(name="p", count=7)]
    gears.update(obj)
    assert raw.get("a")["spec"]["parts"] == [
        {"name": "new"},
        {"name": "q", "grade": "B"},
        {"name": "p", "count": 7, "grade": "A"},
    ]


def test_a_removed_field_is_removed(gears: GearScope, raw: DynamicScope) -> None:
    obj = gears.get("a")
    spec_of(obj).teeth = None
    obj.metadata.annotations = None
    gears.update(obj)
    assert "teeth" not in raw.get("a")["spec"]
    assert "annotations" not in raw.get("a")["metadata"]


COPIES: dict[str, Callable[[Gear], Gear]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "replace": lambda obj: msgspec.structs.replace(obj),
    "pickle": lambda obj: pickle.loads(pickle.dumps(obj)),  # noqa: S301  # our own bytes
}


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_knows_where_it_came_from(gears: GearScope, raw: DynamicScope, way: str) -> None:
    obj = COPIES[way](gears.get("a"))
    spec_of(obj).teeth = 9
    gears.update(obj)
    assert raw.get("a")["spec"]["sauce"] == FULL["spec"]["sauce"]


def test_items_of_a_list_know_it_too(gears: GearScope, raw: DynamicScope) -> None:
    obj = gears.list()[0]
    spec_of(obj).teeth = 9
    gears.update(obj)
    assert raw.get("a")["spec"]["sauce"] == FULL["spec"]["sauce"]


def test_objects_of_watch_events_know_it_too(gears: GearScope, raw: DynamicScope) -> None:
    with gears.watch() as watch:
        obj = next(watch).object
    spec_of(obj).teeth = 9
    gears.update(obj)
    assert raw.get("a")["spec"]["sauce"] == FULL["spec"]["sauce"]


def test_the_answer_of_an_update_can_be_updated_again(gears: GearScope, raw: DynamicScope) -> None:
    obj = gears.get("a")
    for teeth in (9, 10):
        spec_of(obj).teeth = teeth
        obj = gears.update(obj)
    assert raw.get("a")["spec"] == {**FULL["spec"], "teeth": 10}


def test_a_status_update_keeps_unknown_status_fields(gears: GearScope, raw: DynamicScope) -> None:
    document = raw.get("a")
    document["status"] = {"phase": "Old", "hidden": "yes"}
    raw.update_status(document)
    obj = gears.get("a")
    obj.status = GearStatus(phase="New")
    gears.update_status(obj)
    assert raw.get("a")["status"] == {"phase": "New", "hidden": "yes"}


def test_create_sends_only_what_the_object_says(gears: GearScope, raw: DynamicScope) -> None:
    obj = gears.get("a")
    obj.metadata = ObjectMeta(name="b")
    gears.create(obj)
    assert "sauce" not in raw.get("b")["spec"]


def test_metadata_moved_to_another_object_does_not_bring_its_document(gears: GearScope, raw: DynamicScope) -> None:
    raw.create({"metadata": {"name": "b"}, "spec": {"teeth": 1}})
    other = gears.get("b")
    borrowed = gears.get("a").metadata
    borrowed.name, borrowed.uid, borrowed.resource_version = "b", other.metadata.uid, other.metadata.resource_version
    gears.update(Gear(metadata=borrowed, spec=other.spec))
    assert raw.get("b")["spec"] == {"teeth": 1}


def test_an_object_without_managed_fields_does_not_ask_to_remove_them(transport: Transport, raw: DynamicScope) -> None:
    recorder = Recording(transport)
    gears = Gears(recorder)("default")
    raw.apply({"metadata": {"name": "a"}, "spec": {"teeth": 8}}, field_manager="me", force=True)
    obj = gears.get("a")
    assert obj.metadata.managed_fields
    obj.metadata.managed_fields = None  # as a cache hands it out
    gears.update(obj)
    assert b"managedFields" in recorder.bodies[-1]


def test_an_object_made_by_hand_is_sent_as_it_is(gears: GearScope, raw: DynamicScope) -> None:
    version = raw.get("a")["metadata"]["resourceVersion"]
    gears.update(gear("a", teeth=3, resource_version=version))
    assert raw.get("a")["spec"] == {"teeth": 3}


def test_items_of_built_in_lists_are_sent_with_apiversion_and_kind(transport: Transport) -> None:
    # the server leaves both out of the items of a typed list
    obj = gear("a", resource_version="1")
    set_origin(obj, b'{"metadata":{"name":"a","resourceVersion":"1"},"spec":{"teeth":8,"sauce":{}}}')
    recorder = Recording(transport)
    with pytest.raises(Exception):  # noqa: B017  # there is no such object; only what is sent matters
        Gears(recorder)("default").update(obj)
    sent = msgspec.json.decode(recorder.bodies[-1])
    assert (sent["apiVersion"], sent["kind"], sent["spec"]) == (
        "gears.example.com/v1",
        "Gear",
        {"teeth": 8, "sauce": {}},
    )


def test_an_untouched_object_is_sent_back_as_it_came(transport: Transport, raw: DynamicScope) -> None:
    recorder = Recording(transport)
    obj = Gears(recorder)("default").get("a")
    Gears(recorder)("default").update(obj)
    assert msgspec.json.decode(recorder.bodies[-1]) == msgspec.json.decode(origin_of(obj) or b"")


class Recording:
    """Passes everything on and keeps the bodies that were sent."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.bodies: list[bytes] = []

    def request(self, request: Request, *, timeout: float | None = None, stop: StopSignal | None = None) -> Response:
        if request.body is not None:
            self.bodies.append(request.body)
        return self.inner.request(request, timeout=timeout, stop=stop)

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        return self.inner.stream(*args, **kwargs)

    def close(self) -> None:
        self.inner.close()


def test_the_test_kind_keeps_what_its_model_does_not_know(raw: DynamicScope) -> None:
    # the tests above prove something only while the server keeps these fields
    assert raw.get("a")["spec"] == FULL["spec"]
