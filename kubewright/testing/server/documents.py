"""Reading decoded JSON in a way that type checkers follow.

``isinstance(value, dict)`` leaves a checker with ``dict[Unknown, Unknown]``, although decoded JSON always has string
keys; and the shape of a document is known from the API, but not to the checker.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeGuard

import msgspec

Json: TypeAlias = dict[str, Any]
Items: TypeAlias = list[Any]


def is_object(value: object) -> TypeGuard[Json]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[Items]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)


def same(left: object, right: object) -> bool:
    """Whether two documents are equal as JSON. Python has it that true is 1; JSON has not."""
    return left == right and _same_kinds(left, right)


def _same_kinds(left: object, right: object) -> bool:
    if is_object(left) and is_object(right):
        return all(_same_kinds(value, right[key]) for key, value in left.items())
    if is_list(left) and is_list(right):
        return all(map(_same_kinds, left, right))
    return isinstance(left, bool) == isinstance(right, bool)


def json_type(value: object) -> str:
    """The name that JSON (and Go's decoder) gives the type of a value."""
    names: tuple[tuple[type, str], ...] = (
        (bool, "bool"),
        (int, "number"),
        (float, "number"),
        (str, "string"),
        (list, "array"),
        (dict, "object"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def section(obj: Mapping[str, Any], *path: str) -> Json:
    """The object at ``path``; empty where there is none."""
    value: Any = obj
    for key in path:
        value = value.get(key) if is_object(value) else None
    return value if is_object(value) else {}


def entries(obj: Mapping[str, Any], *path: str) -> list[Json]:
    """The list of objects at ``path``; empty where there is none."""
    value: Any = section(obj, *path[:-1]).get(path[-1])
    return value if is_list(value) else []


def go_text(value: object) -> str:
    """A value as Go's ``%v`` prints it."""
    if is_object(value):
        return "map[" + " ".join(f"{key}:{go_text(value[key])}" for key in sorted(value)) + "]"
    if is_list(value):
        return "[" + " ".join(go_text(item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "<nil>", True: "true", False: "false"}[value]
    return str(value)


def go_kind(api_version: str, kind: str) -> str:
    """Group, version and kind as Go prints them."""
    group, _, version = api_version.rpartition("/")
    return f"{group}/{version}, Kind={kind}"


def go_syntax(value: object) -> str:
    """A decoded JSON value as Go's ``%#v`` prints it."""
    if is_object(value):
        return (
            "map[string]interface {}{"
            + ", ".join(f"{go_syntax(key)}:{go_syntax(value[key])}" for key in sorted(value))
            + "}"
        )
    if is_list(value):
        return "[]interface {}{" + ", ".join(go_syntax(item) for item in value) + "}"
    return "interface {}(nil)" if value is None else msgspec.json.encode(value).decode()
