"""Uniqueness in lists that the schema calls sets or maps (apiextensions-apiserver ``schema/listtype``).

Server-side apply merges such lists by key, so a duplicate would make the merge ambiguous; the server refuses it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import msgspec

from kubewright.validation.causes import Cause, duplicate, invalid
from kubewright.validation.jsontypes import JsonObject, JsonValue
from kubewright.validation.structural import Structural

_UNSPECIFIED = object()


def validate_list_types(schema: Structural, value: JsonValue, path: str = "") -> list[Cause]:
    """Every item of a set, and every key of a list map, that occurs a second time."""
    if not schema.has_list_types:
        return []
    causes: list[Cause] = []
    if isinstance(value, dict):
        for key, sub in value.items():
            if schema.additional is not None:
                causes += validate_list_types(schema.additional, sub, f"{path}[{key}]")
            below = schema.properties.get(key)
            if below is not None:
                causes += validate_list_types(below, sub, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        if schema.list_type == "set":
            causes += [duplicate(f"{path}[{index}]", value[index]) for index in _repeated(value)]
        elif schema.list_type == "map":
            causes += _validate_map(schema, value, path)
        if schema.items is not None:
            for index, item in enumerate(value):
                causes += validate_list_types(schema.items, item, f"{path}[{index}]")
    return causes


def _validate_map(schema: Structural, items: list[JsonValue], path: str) -> list[Cause]:
    objects: list[JsonObject] = []
    for index, item in enumerate(items):
        if item is not None and not isinstance(item, dict):
            return [invalid(f"{path}[{index}]", item, "must be an object for an array of list-type map")]
        objects.append(item or {})
    keys = schema.list_map_keys
    if len(keys) == 1:
        values: list[object] = [item.get(keys[0], _UNSPECIFIED) for item in objects]
        return [
            duplicate(f"{path}[{index}]", {key: objects[index][key] for key in keys if key in objects[index]})
            for index in _repeated(values)
        ]
    compound = [{key: item[key] for key in keys if key in item} for item in objects]
    return [duplicate(f"{path}[{index}]", compound[index]) for index in _repeated(compound)]


def _repeated(values: Sequence[object]) -> list[int]:
    """Indexes of second occurrences (a third one is not reported again, as in Go)."""
    seen: dict[Hashable, int] = {}
    found: list[int] = []
    for index, value in enumerate(values):
        key: Hashable
        if isinstance(value, (dict, list)):
            key = msgspec.json.encode(value, order="deterministic")
        else:
            # 1, 1.0 and true are different values in Go
            key = (type(value), value)
        times = seen.get(key, 0)
        if times == 1:
            found.append(index)
        seen[key] = times + 1
    return found
