"""Talking to the embedded server without a socket: one call, one decoded answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from kubewright.core.resource import Resource
from kubewright.testing import FakeClock
from kubewright.testing.server.api import API
from kubewright.testing.server.messages import ServerRequest, ServerResponse, WatchStream
from kubewright.testing.server.registry import Registry, ServedResource
from kubewright.testing.server.selectable import path

Json = dict[str, Any]
JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"

WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
ALL_WIDGETS = "/apis/example.com/v1/widgets"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"

SCHEMA: Json = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "image": {"type": "string"},
                "replicas": {"type": "integer"},
                "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
                "ports": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "port": {"type": "integer"}},
                    },
                },
                "args": {"type": "array", "items": {"type": "string"}},
                "limits": {"type": "object", "additionalProperties": {"type": "string"}},
                "mode": {"type": "string", "default": "auto"},
            },
        },
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


class Answer(NamedTuple):
    """A complete answer: status, decoded body, headers."""

    status: int
    body: Json
    headers: tuple[tuple[str, str], ...]

    @property
    def warnings(self) -> list[str]:
        return [value for name, value in self.headers if name == "warning"]


def widget_kind(version: str = "v1", storage: str = "v1", schema: Json = SCHEMA) -> ServedResource:
    """A custom kind with a status."""
    resource = Resource(
        group="example.com",
        version=version,
        kind="Widget",
        plural="widgets",
        list_kind="WidgetList",
        subresources=("status",),
    )
    return ServedResource(resource, storage, False, lambda: schema, selectable={"spec.image": path("spec.image")})


class Server:
    """An API with the Widget kind installed, on a clock that stands still."""

    def __init__(self, *kinds: ServedResource, collect_garbage: bool = False) -> None:
        self.clock = FakeClock()
        self.registry = Registry()
        self.registry.install("example.com", "widgets", kinds or (widget_kind(),))
        self.api = API(self.registry, clock=self.clock, collect_garbage=collect_garbage)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
        *,
        content_type: str = "application/json",
        accept: str = "",
    ) -> Answer:
        """One request that is answered at once."""
        answer = self._handle(method, path, body, query, content_type, accept)
        assert isinstance(answer, ServerResponse)
        decoded = msgspec.json.decode(answer.body) if answer.body[:1] == b"{" else {"text": answer.body.decode()}
        return Answer(answer.status, decoded, answer.headers)

    def watch(self, path: str, query: Mapping[str, str] | None = None) -> WatchStream:
        """One watch."""
        answer = self._handle("GET", path, None, {"watch": "1", **(query or {})}, "", "")
        assert isinstance(answer, WatchStream), answer
        return answer

    def _handle(
        self,
        method: str,
        path: str,
        body: object,
        query: Mapping[str, str] | None,
        content_type: str,
        accept: str,
    ) -> ServerResponse | WatchStream:
        raw = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        headers = {"user-agent": "tests/1.0"}
        if content_type:
            headers["content-type"] = content_type
        if accept:
            headers["accept"] = accept
        return self.api.handle(ServerRequest(method, path, tuple((query or {}).items()), headers, raw))

    def create(self, name: str, spec: Json | None = None, **meta: Any) -> Json:
        """A stored Widget."""
        answer = self.call("POST", WIDGETS, widget(name, spec, **meta))
        assert answer.status == 201, answer.body
        return answer.body

    def get(self, name: str) -> Json:
        """A stored Widget."""
        return self.call("GET", f"{WIDGETS}/{name}").body

    def apply(self, name: str, spec: Json, manager: str, *, force: bool = False, **meta: Any) -> Answer:
        """Server-side apply of a Widget."""
        query = {"fieldManager": manager, "force": "true" if force else "false"}
        return self.call("PATCH", f"{WIDGETS}/{name}", widget(name, spec, **meta), query, content_type=APPLY)


def widget(name: str, spec: Json | None = None, **meta: Any) -> Json:
    """A Widget document."""
    return {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": name, **meta},
        "spec": spec if spec is not None else {"image": "nginx"},
    }


def config_map(name: str, data: Json | None = None, **meta: Any) -> Json:
    """A ConfigMap document."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **meta}, "data": data or {"a": "1"}}


def events(stream: WatchStream) -> list[Json]:
    """The decoded events that a watch holds now."""
    lines, _ = stream.drain()
    return [msgspec.json.decode(line) for line in lines]


def seen(stream: WatchStream) -> list[tuple[str, str]]:
    """(type, name) of the events that a watch holds now."""
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events(stream)]


def owners(obj: Json) -> dict[tuple[str, str], Json]:
    """managedFields by (manager, operation)."""
    return {(e["manager"], e["operation"]): e["fieldsV1"] for e in obj["metadata"].get("managedFields", ())}
