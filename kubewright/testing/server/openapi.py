"""OpenAPI documents of what is served: v3 one document a group-version, v2 one for all.

kubectl reads them for ``explain``, to find out whether the server understands ``fieldValidation`` and ``dryRun``, and
for merge keys. Schemas of built-in kinds are those that a real server published; those of CRDs are completed as the real
server does it (metadata added, value validations that OpenAPI v2 cannot say left out there).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import msgspec

from kubewright.core.resource import Resource
from kubewright.testing.server import builtins
from kubewright.testing.server.messages import JSON, ServerRequest, ServerResponse, StatusError
from kubewright.testing.server.registry import Registry, ServedResource
from kubewright.validation.jsontypes import JsonValue

Json: TypeAlias = dict[str, Any]

_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1."
_DEFINITIONS: Final = "#/definitions/"
_PATCH_TYPES: Final = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")
_STRATEGIC: Final = "application/strategic-merge-patch+json"


class OpenAPI:
    """Answers ``/openapi/...``; None for every other path."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._v3: dict[str, bytes] = {}
        self._v2 = b""
        registry.on_change(self._forget)

    def _forget(self) -> None:
        self._v3 = {}
        self._v2 = b""

    def answer(self, request: ServerRequest) -> ServerResponse | None:
        """A document, the index of documents, or None."""
        path = request.path.rstrip("/")
        if path == "/openapi/v2":
            if "json" not in request.headers.get("accept", "json") and "*/*" not in request.headers.get("accept", ""):
                return StatusError(406, "NotAcceptable", "only application/json is served here").response()
            self._v2 = self._v2 or msgspec.json.encode(self._swagger())
            return ServerResponse(200, self._v2, (("content-type", JSON),))
        if path == "/openapi/v3":
            return ServerResponse(200, msgspec.json.encode(self._index()))
        if path.startswith("/openapi/v3/"):
            document = self._document(path.removeprefix("/openapi/v3/"))
            return None if document is None else ServerResponse(200, document, (("content-type", JSON),))
        return None

    def _roots(self) -> dict[str, list[ServedResource]]:
        roots: dict[str, list[ServedResource]] = {}
        for served in self._registry.all():
            roots.setdefault(served.resource.root.strip("/"), []).append(served)
        return dict(sorted(roots.items()))

    def _index(self) -> Json:
        paths: Json = {}
        for root in self._roots():
            document = self._document(root) or b""
            digest = hashlib.sha256(document).hexdigest().upper()
            paths[root] = {"serverRelativeURL": f"/openapi/v3/{root}?hash={digest}"}
        return {"paths": paths}

    def _document(self, root: str) -> bytes | None:
        known = self._v3.get(root)
        if known is None:
            served = self._roots().get(root)
            if served is None:
                return None
            known = self._v3[root] = msgspec.json.encode(_version_3(served))
        return known

    def _swagger(self) -> Json:
        served = self._registry.all()
        definitions = _schemas(served)
        text = msgspec.json.encode(definitions).replace(builtins.REF.encode(), _DEFINITIONS.encode())
        return {
            "swagger": "2.0",
            "info": {"title": "Kubernetes", "version": builtins.KUBERNETES_VERSION},
            "paths": {},
            "definitions": msgspec.Raw(text),
        }


def _version_3(served: Iterable[ServedResource]) -> Json:
    served = list(served)
    paths: Json = {}
    for each in served:
        paths |= _paths(each.resource, (*_PATCH_TYPES, _STRATEGIC) if each.builtin else _PATCH_TYPES)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": builtins.KUBERNETES_VERSION},
        "paths": paths,
        "components": {"schemas": _schemas(served)},
    }


def _schemas(served: Iterable[ServedResource]) -> Json:
    """The schemas of these kinds and of everything they refer to."""
    found: Json = {}
    todo = [_META + "ObjectMeta", _META + "ListMeta"]
    for each in served:
        if each.builtin:
            todo.append(each.schema_name)
            continue
        name = _definition_name(each.resource)
        found[name] = _complete(each)
        found[name + "List"] = _list_schema(each.resource, name)
    while todo:
        name = todo.pop()
        if name not in found and name in builtins.document().schemas:
            schema = builtins.schema(name)
            found[name] = schema
            todo += _references(schema)
    return dict(sorted(found.items()))


def _references(node: JsonValue) -> list[str]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        own = [reference.removeprefix(builtins.REF)] if isinstance(reference, str) else []
        return own + [name for value in node.values() for name in _references(value)]
    if isinstance(node, list):
        return [name for value in node for name in _references(value)]
    return []


def _definition_name(resource: Resource) -> str:
    group = ".".join(reversed(resource.group.split(".")))
    return f"{group}.{resource.version}.{resource.kind}"


def _complete(served: ServedResource) -> Json:
    resource = served.resource
    schema: Json = dict(served.load_schema() or {"type": "object", "x-kubernetes-preserve-unknown-fields": True})
    pod: Json = builtins.schema("io.k8s.api.core.v1.Pod")["properties"]
    properties: Json = {**(schema.get("properties") or {}), "apiVersion": pod["apiVersion"], "kind": pod["kind"]}
    metadata: Json = {"allOf": [{"$ref": f"{builtins.REF}{_META}ObjectMeta"}]}
    properties["metadata"] = {"description": pod["metadata"]["description"], **metadata}
    schema["properties"] = properties
    schema["x-kubernetes-group-version-kind"] = [
        {"group": resource.group, "version": resource.version, "kind": resource.kind}
    ]
    return schema


def _list_schema(resource: Resource, name: str) -> Json:
    pod: Json = builtins.schema("io.k8s.api.core.v1.Pod")["properties"]
    return {
        "description": f"{resource.list_kind} is a list of {resource.kind}",
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": pod["apiVersion"],
            "kind": pod["kind"],
            "metadata": {"allOf": [{"$ref": f"{builtins.REF}{_META}ListMeta"}]},
            "items": {"type": "array", "items": {"allOf": [{"$ref": builtins.REF + name}]}},
        },
        "x-kubernetes-group-version-kind": [
            {"group": resource.group, "version": resource.version, "kind": resource.list_kind}
        ],
    }


def _query(name: str, kind: str = "string") -> Json:
    return {"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": True}}


_Actions: TypeAlias = dict[str, tuple[str, str, list[Json]]]
_WRITE: Final = [_query("dryRun"), _query("fieldManager"), _query("fieldValidation")]
_ACTIONS: Final[_Actions] = {
    # verb: (HTTP method, Kubernetes action, parameters)
    "get": ("get", "get", []),
    "update": ("put", "put", _WRITE),
    "patch": ("patch", "patch", [*_WRITE, _query("force", "boolean")]),
    "delete": ("delete", "delete", [_query("dryRun"), _query("propagationPolicy")]),
}
_COLLECTION_ACTIONS: Final[_Actions] = {
    "list": ("get", "list", [_query("labelSelector"), _query("fieldSelector"), _query("limit", "integer")]),
    "create": ("post", "post", _WRITE),
    "deletecollection": ("delete", "deletecollection", [_query("dryRun"), _query("labelSelector")]),
}


def _paths(resource: Resource, patches: tuple[str, ...]) -> Json:
    """The paths of one kind. kubectl looks here whether it may send a strategic merge patch: not to custom resources."""

    def operations(gvk: Json, actions: _Actions, verbs: Iterable[str]) -> Json:
        return _operations(resource, gvk, actions, verbs, patches)

    gvk: Json = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    base = f"{resource.root}/namespaces/{{namespace}}" if resource.namespaced else resource.root
    collection = f"{base}/{resource.plural}"
    paths: Json = {collection: operations(gvk, _COLLECTION_ACTIONS, resource.verbs)}
    paths[f"{collection}/{{name}}"] = operations(gvk, _ACTIONS, resource.verbs)
    for name in (each for each in resource.subresources if each in ("status", "scale")):
        about = {"group": "autoscaling", "version": "v1", "kind": "Scale"} if name == "scale" else gvk
        verbs = ("get", "patch", "update")
        paths[f"{collection}/{{name}}/{name}"] = operations(about, _ACTIONS, verbs)
    return paths


def _operations(
    resource: Resource, gvk: Json, actions: _Actions, verbs: Iterable[str], patches: tuple[str, ...]
) -> Json:
    operations: Json = {}
    for verb, (method, action, parameters) in actions.items():
        if verb not in verbs:
            continue
        operation: Json = {
            "description": f"{action} {resource.kind}",
            "operationId": f"{action}{resource.version}{resource.kind}",
            "parameters": parameters,
            "responses": {"200": {"description": "OK"}, "401": {"description": "Unauthorized"}},
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": gvk,
        }
        if action == "patch":
            operation["requestBody"] = {"content": {media: {"schema": {"type": "object"}} for media in patches}}
        operations[method] = operation
    return operations
