"""Read by type checkers only (test_typing.py)."""

from __future__ import annotations

from typing import TypedDict, reveal_type

from kubewright.client import (
    CanCreate,
    ClientsetBase,
    Cluster,
    DynamicClient,
    Namespaced,
    NamespaceScope,
    Resource,
    WithScale,
    WithStatus,
    retry_on_conflict,
)
from kubewright.core.wire import Transport
from kubewright.model import Model, Req, field
from kubewright.objects import ObjectMeta


class Thing(Model, kw_only=True):
    metadata: Req[ObjectMeta]
    size: int | None = None
    api_version: str = field(name="apiVersion", default="example.com/v1")
    kind: str = "Thing"


class ThingApply(TypedDict, total=False):
    metadata: dict[str, str]
    size: int | None


class PlainScope(NamespaceScope[Thing]): ...


class Plains(Namespaced[Thing, PlainScope]):
    resource = Resource(group="example.com", version="v1", kind="Thing", plural="things")
    model = Thing
    scope = PlainScope


class ThingScope(WithStatus[Thing], WithScale[Thing]): ...


class Things(Namespaced[Thing, ThingScope]):
    resource = Resource(group="example.com", version="v1", kind="Thing", plural="things")
    model = Thing
    scope = ThingScope


class ClusterThings(Cluster[Thing]):
    resource = Resource(group="example.com", version="v1", kind="Thing", plural="things", namespaced=False)
    model = Thing


class Bindings(CanCreate[Thing]): ...


class Clientset(ClientsetBase): ...


def reading(transport: Transport) -> None:
    things = Things(transport)
    reveal_type(things("ns"))  # reveals: ThingScope
    reveal_type(things("ns").get("a"))  # reveals: Thing
    reveal_type(things.list())  # reveals: ObjectList[Thing]
    reveal_type(things.list()[0])  # reveals: Thing
    reveal_type([item.size for item in things.list()])  # reveals: list[int | None]
    for page in things.pages(limit=10):
        reveal_type(page)  # reveals: ObjectList[Thing]
    for event in things("ns").watch(label_selector={"a": "b"}):
        reveal_type(event)  # reveals: WatchEvent[Thing]
        _, obj = event
        reveal_type(obj)  # reveals: Thing
    reveal_type(ClusterThings(transport).get("a").metadata)  # reveals: ObjectMeta


def writing(transport: Transport) -> None:
    scope = Things(transport)("ns")
    reveal_type(scope.update(scope.get("a")))  # reveals: Thing
    reveal_type(scope.update_status(scope.get("a"), dry_run=True))  # reveals: Thing
    reveal_type(scope.get_scale("a"))  # reveals: Scale
    wanted: ThingApply = {"metadata": {"name": "a"}, "size": None}
    reveal_type(scope.apply(wanted, field_manager="me"))  # reveals: Thing
    reveal_type(scope.patch("a", [{"op": "remove", "path": "/size"}]))  # reveals: Thing
    reveal_type(retry_on_conflict(lambda: scope.get("a")))  # reveals: Thing
    scope.delete("a", propagation_policy="Foreground")


def run_time_kinds(transport: Transport) -> None:
    found = DynamicClient(transport).namespaced(Things.resource)("ns").get("a")
    reveal_type(found)  # reveals: dict[str, Any]


def connecting() -> None:
    with Clientset.from_config() as clientset:
        reveal_type(clientset)  # reveals: Clientset
    reveal_type(Clientset.for_url("http://h", token="t"))  # reveals: Clientset


def mistakes(transport: Transport) -> None:
    Things(transport).get("a")  # error
    Things(transport).create(Thing(metadata=ObjectMeta(name="a")))  # error
    Things(transport).delete_collection()  # error
    Plains(transport)("ns").update_status(Plains(transport)("ns").get("a"))  # error
    Plains(transport)("ns").get_scale("a")  # error
    ClusterThings(transport)("ns")  # error
    Bindings(transport).get("a")  # error
    Things(transport)("ns").get("a", "b")  # error
    Things(transport)("ns").delete("a", propagation_policy="foreground")  # error
    Things(transport)("ns").apply({"metadata": {"name": "a"}})  # error
    Things(transport)("ns").create(ObjectMeta(name="a"))  # error
    Things(transport)("ns").list(labelSelector="a=b")  # error
    Thing(size=1)  # error
