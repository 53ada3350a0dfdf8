"""What a real API server accepts in a CRD's schema but warns of."""

from __future__ import annotations

from collections.abc import Iterator

from kubewright.testing.server.crd_structural import properties_of, schemas_of
from kubewright.testing.server.documents import Json, entries, is_object, section
from kubewright.validation.structural import supported_format


def schema_warnings(crd: Json) -> list[str]:
    """Formats that the server ignores, and sets of objects or lists (apiextensions ``WarningsOnCreate``)."""
    formats: list[str] = []
    sets: set[str] = set()
    for version in entries(crd, "spec", "versions"):
        for node in _walk(section(version, "schema", "openAPIV3Schema")):
            name, kind = node.get("format"), node.get("type") or ""
            if isinstance(name, str) and name and not supported_format(name, (kind,) if kind else ()):
                formats.append(f'unrecognized format "{name}"')
            item = section(node, "items").get("type")
            if node.get("x-kubernetes-list-type") == "set" and item in ("object", "array"):
                text = f'x-kubernetes-list-type: set for items of type "{item}"'
                sets.add(f"{text} is not supported by server-side apply or CEL validation rules")
    return [*dict.fromkeys(formats), *sorted(sets)]


def _walk(node: Json) -> Iterator[Json]:
    yield node
    for _, sub in properties_of(node):
        yield from _walk(sub)
    for key in ("allOf", "anyOf", "oneOf"):
        for sub in schemas_of(node, key):
            yield from _walk(sub)
    for key in ("items", "additionalProperties", "not"):
        below = node.get(key)
        if is_object(below):
            yield from _walk(below)
