"""Dropping what the schema does not know, before an object is stored.

A real API server never stores a field that the kind's schema does not name: for CRDs it prunes by the structural schema,
for built-in kinds the Go decoder drops it. Clients that misspell a field find out here or never, so the embedded server
must forget the same fields (apiextensions-apiserver ``schema/pruning``).
"""

from __future__ import annotations

from kubewright.validation.jsontypes import JsonObject, JsonValue
from kubewright.validation.objectmeta import prune_metadata
from kubewright.validation.structural import Structural

_TYPE_META = frozenset({"apiVersion", "kind", "metadata"})


def prune(schema: Structural, obj: JsonObject, *, typed: bool = False) -> list[str]:
    """Remove unknown fields from a whole object in place; return their dotted paths, sorted.

    ``typed`` prunes as Go's decoder of built-in kinds does: metadata has a schema like every other field, and an object
    whose schema names no fields at all (RawExtension, FieldsV1) is kept as it is.
    """
    pruned: list[str] = []
    if typed:
        _prune_typed(schema, obj, "", pruned)
    else:
        metadata = obj.get("metadata")
        if isinstance(metadata, dict):
            prune_metadata(metadata, "metadata", pruned)
        _prune(schema, obj, "", pruned, root=True)
    pruned.sort()
    return pruned


def _prune(schema: Structural | None, value: JsonValue, path: str, pruned: list[str], *, root: bool = False) -> None:
    if isinstance(value, list):
        items = None if schema is None else schema.items
        if schema is not None and schema.preserve and items is None:
            return
        for index, item in enumerate(value):
            if isinstance(item, (dict, list)):
                _prune(items, item, f"{path}[{index}]", pruned)
        return
    if not isinstance(value, dict):
        return
    if schema is None:
        pruned += (f"{path}.{key}" if path else key for key in value)
        value.clear()
        return
    embedded = schema.embedded or root
    unknown: list[str] = []
    for key, sub in value.items():
        if embedded and key in _TYPE_META:
            if key == "metadata" and not root and isinstance(sub, dict):
                prune_metadata(sub, f"{path}.metadata", pruned)
            continue
        below = schema.child(key)
        if below is not None:
            if isinstance(sub, (dict, list)):
                _prune(below, sub, f"{path}.{key}" if path else key, pruned)
        elif not schema.preserve:
            unknown.append(key)
    for key in unknown:
        del value[key]
        pruned.append(f"{path}.{key}" if path else key)


def _prune_typed(schema: Structural, value: JsonValue, path: str, pruned: list[str]) -> None:
    if schema.open or schema.preserve:
        return
    if isinstance(value, list):
        if schema.items is not None:
            for index, item in enumerate(value):
                if isinstance(item, (dict, list)):
                    _prune_typed(schema.items, item, f"{path}[{index}]", pruned)
        return
    if not isinstance(value, dict):
        return
    unknown: list[str] = []
    for key, sub in value.items():
        below = schema.child(key)
        if below is None:
            unknown.append(key)
        elif isinstance(sub, (dict, list)):
            _prune_typed(below, sub, f"{path}.{key}" if path else key, pruned)
    for key in unknown:
        del value[key]
        pruned.append(f"{path}.{key}" if path else key)
