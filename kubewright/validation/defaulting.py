"""Filling in defaults, and dropping nulls that are not allowed, as a real server does when it decodes an object.

Both happen after pruning and before validation, on requests and again when a stored object is read
(apiextensions-apiserver ``schema/defaulting``).
"""

from __future__ import annotations

import copy

from kubewright.validation.jsontypes import JsonObject, JsonValue
from kubewright.validation.structural import MISSING, Structural


def default(schema: Structural, obj: JsonObject, *, drop_nulls: bool = True) -> None:
    """Remove non-nullable nulls that have no default, then apply defaults; both in place.

    ``drop_nulls=False``: what server-side apply does after merging; nulls stay and are judged by validation.
    """
    if drop_nulls:
        _drop_nulls(schema, obj)
    if schema.has_defaults:
        _default(schema, obj)


def _drop_nulls(schema: Structural | None, value: JsonValue) -> None:
    if isinstance(value, dict):
        dropped: list[str] = []
        for key, sub in value.items():
            if sub is None:
                below = None if schema is None else schema.child(key)
                if below is not None and not below.nullable and below.default in (MISSING, None):
                    dropped.append(key)
            elif isinstance(sub, (dict, list)):
                _drop_nulls(None if schema is None else schema.child(key), sub)
        for key in dropped:
            del value[key]
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, (dict, list)):
                _drop_nulls(None if schema is None else schema.items, item)


def _value(schema: Structural) -> JsonValue:
    return None if schema.default is MISSING else copy.deepcopy(schema.default)


def _default(schema: Structural, value: JsonValue) -> None:
    if isinstance(value, dict):
        for key, below in schema.properties.items():
            # a default of null is no default (Go: Default.Object == nil)
            if below.default is MISSING or below.default is None:
                continue
            if key not in value or (value[key] is None and not below.nullable):
                value[key] = copy.deepcopy(below.default)
        for key, sub in list(value.items()):
            node = schema.properties.get(key)
            if node is None:
                node = schema.additional
                if node is not None and sub is None and not node.nullable:
                    value[key] = _value(node)
            if node is not None and node.has_defaults:
                _default(node, value[key])
    elif isinstance(value, list) and schema.items is not None:
        for index, item in enumerate(value):
            if item is None and not schema.items.nullable:
                value[index] = _value(schema.items)
            if schema.items.has_defaults:
                _default(schema.items, value[index])
