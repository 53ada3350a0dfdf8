"""What the client tests share: a kind whose server knows more fields than its model, and clients of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kubewright.client import Cluster, Namespaced, Resource, WithScale, WithStatus
from kubewright.clock import RealClock
from kubewright.core.wire import Transport
from kubewright.model import Model, Req, field
from kubewright.objects import ObjectMeta
from kubewright.testing import APIServer, fake_transport

GROUP = "gears.example.com"


class Part(Model, kw_only=True):
    name: Req[str]
    count: int | None = None


class GearSpec(Model, kw_only=True):
    teeth: int | None = None
    replicas: int | None = None
    parts: list[Part] | None = None


class GearStatus(Model, kw_only=True):
    phase: str | None = None


class Gear(Model, kw_only=True):
    metadata: Req[ObjectMeta]
    spec: GearSpec | None = None
    status: GearStatus | None = None
    api_version: str = field(name="apiVersion", default=f"{GROUP}/v1")
    kind: str = "Gear"


class GearScope(WithStatus[Gear], WithScale[Gear]):
    pass


class Gears(Namespaced[Gear, GearScope]):
    resource = Resource(
        group=GROUP, version="v1", kind="Gear", plural="gears", singular="gear", subresources=("status", "scale")
    )
    model = Gear
    scope = GearScope


class Namespace(Model, kw_only=True):
    metadata: Req[ObjectMeta]
    api_version: str = field(name="apiVersion", default="v1")
    kind: str = "Namespace"


class Namespaces(Cluster[Namespace]):
    resource = Resource(group="", version="v1", kind="Namespace", plural="namespaces", namespaced=False)
    model = Namespace


# The server's schema has what the model has not: sauce, parts[].grade, status.hidden.
CRD: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"gears.{GROUP}"},
    "spec": {
        "group": GROUP,
        "names": {"kind": "Gear", "plural": "gears", "singular": "gear", "listKind": "GearList"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
                },
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {
                                    "teeth": {"type": "integer", "minimum": 0},
                                    "replicas": {"type": "integer"},
                                    "sauce": {
                                        "type": "object",
                                        "nullable": True,
                                        "x-kubernetes-preserve-unknown-fields": True,
                                    },
                                    "parts": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "properties": {
                                                "name": {"type": "string"},
                                                "count": {"type": "integer"},
                                                "grade": {"type": "string"},
                                            },
                                        },
                                    },
                                },
                            },
                            "status": {
                                "type": "object",
                                "properties": {
                                    "phase": {"type": "string"},
                                    "hidden": {"type": "string"},
                                    "replicas": {"type": "integer"},
                                },
                            },
                        },
                    }
                },
            }
        ],
    },
}


@contextmanager
def over_http() -> Iterator[Transport]:
    """The embedded server behind a socket."""
    with APIServer(crds=[CRD]) as server:
        transport = server.transport()
        yield transport
        transport.close()


@contextmanager
def in_process() -> Iterator[Transport]:
    """The embedded server without a socket."""
    yield fake_transport(crds=[CRD])


def gear(name: str, teeth: int = 8, **metadata: Any) -> Gear:
    return Gear(metadata=ObjectMeta(name=name, **metadata), spec=GearSpec(teeth=teeth))


class HastyClock(RealClock):
    """Time that passes at once when somebody sleeps; remembers how long they wanted to."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, event: Any, seconds: float) -> bool:
        self.slept.append(seconds)
        return bool(event.is_set())
