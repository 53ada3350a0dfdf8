"""Decoded JSON as a type, so that the walk over a document is checked instead of assumed."""

from __future__ import annotations

from typing import TypeAlias

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | None"
"""What ``json.loads`` returns (bool is an int to the type system)."""

JsonObject: TypeAlias = dict[str, JsonValue]
