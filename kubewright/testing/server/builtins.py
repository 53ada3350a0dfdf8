"""The built-in kinds (Pod, ConfigMap, Deployment …) as the real kube-apiserver describes them.

The embedded server has no Go types. It serves built-in kinds generically, out of the discovery and the schemas that a
real 1.37 server published, kept in ``data/builtin_kinds.json`` by ``envtest/builtin_kinds.py``. Read once, on
first use, and each schema only when its kind is: a test that only touches CRDs should not pay for Pods.
"""

from __future__ import annotations

import threading
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeAlias

import msgspec

from kubewright.core.resource import Resource

KUBERNETES_VERSION: Final = "v1.37.2"
"""The release whose discovery and schemas are served; ``/version`` says so, too."""

REF: Final = "#/components/schemas/"

Schema: TypeAlias = dict[str, Any]


class BuiltinResource(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of a real APIResourceList, with the name of its schema.

    ``group`` and ``version`` are set for subresources that carry a kind of another group (Scale, Eviction).
    """

    name: str
    kind: str
    namespaced: bool
    verbs: tuple[str, ...]
    singular_name: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    group: str = ""
    version: str = ""
    schema: str = ""


class _Document(msgspec.Struct, frozen=True):
    groups: dict[str, tuple[BuiltinResource, ...]]
    schemas: dict[str, msgspec.Raw]


@cache
def document() -> _Document:
    """Everything that the wheel carries about built-in kinds."""
    text = files("kubewright.testing.server").joinpath("data").joinpath("builtin_kinds.json").read_bytes()
    return msgspec.json.decode(text, type=_Document)


def subresource(group_version: str, name: str) -> BuiltinResource | None:
    """The entry of a subresource (``pods/eviction``), or None when there is none."""
    return next((entry for entry in document().groups.get(group_version, ()) if entry.name == name), None)


def resources() -> list[tuple[Resource, str]]:
    """All built-in kinds that are stored, with the names of their schemas."""
    found: list[tuple[Resource, str]] = []
    for group_version, entries in document().groups.items():
        group, _, version = group_version.rpartition("/")
        for entry in entries:
            if "/" in entry.name:
                continue
            prefix = entry.name + "/"
            resource = Resource(
                group=group,
                version=version,
                kind=entry.kind,
                plural=entry.name,
                namespaced=entry.namespaced,
                singular=entry.singular_name,
                list_kind=entry.kind + "List",
                short_names=entry.short_names,
                categories=entry.categories,
                verbs=entry.verbs,
                subresources=tuple(e.name.removeprefix(prefix) for e in entries if e.name.startswith(prefix)),
            )
            found.append((resource, entry.schema))
    return found


def schema(name: str) -> Schema:
    """One schema as it was published, references and all."""
    return msgspec.json.decode(document().schemas[name], type=dict[str, Any])


def linked(name: str) -> Schema:
    """A schema whose references are followed: sub-schemas are the very same dict objects, so it may be cyclic.

    The OpenAPI idiom ``{"allOf": [{"$ref": X}], "description": …, "default": …}`` becomes X with the outer keys laid over
    it; so whoever walks the schema sees plain structural nodes, as in a CRD.
    """
    with _LINKING:
        return _resolve(name)


_LINKING: Final = threading.RLock()
_linked: dict[str, Schema] = {}


def _resolve(name: str) -> Schema:
    known = _linked.get(name)
    if known is None:
        # registered before it is filled, so that a schema that contains itself finds itself
        known = _linked[name] = {}
        known.update(_link(schema(name)))
    return known


def _link(node: Schema) -> Schema:
    reference = node.get("$ref")
    if isinstance(reference, str):
        return _resolve(reference.removeprefix(REF))
    parts: list[Schema] = node.get("allOf") or []
    if len(parts) == 1 and "$ref" in parts[0]:
        base = _resolve(parts[0]["$ref"].removeprefix(REF))
        return {**base, **{key: value for key, value in node.items() if key != "allOf"}}
    result = dict(node)
    if "properties" in node:
        result["properties"] = {key: _link(value) for key, value in node["properties"].items()}
    for key in ("items", "additionalProperties", "not"):
        if isinstance(node.get(key), dict):
            result[key] = _link(node[key])
    for key in ("oneOf", "anyOf"):
        if key in node:
            result[key] = [_link(value) for value in node[key]]
    return result


def object_meta() -> Schema:
    """The schema of ``metadata``, which CRDs leave out."""
    return linked("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
