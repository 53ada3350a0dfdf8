"""Telling JSON values apart in a way that type checkers follow.

``isinstance(value, dict)`` leaves a checker with ``dict[Unknown, Unknown]``; decoded JSON always has string keys.
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypeGuard

Json: TypeAlias = dict[str, Any]
Items: TypeAlias = list[Any]


def is_object(value: object) -> TypeGuard[Json]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[Items]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)
