"""What of an object an update left as it was: failures there are forgiven (ratcheting, KEP-4008).

Which old value is the counterpart of which new one, and what counts as unchanged, is not plain equality on a real server
(apiserver ``pkg/cel/common``, CorrelatedObject).
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, TypeAlias

from kubewright.validation.jsontypes import JsonValue
from kubewright.validation.structural import EMPTY, Structural


class Absent(Enum):
    """No old value to compare with: a create, or a part of the object that cannot be matched with an old one."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
Old: TypeAlias = "JsonValue | Literal[Absent.ABSENT]"


def unchanged(schema: Structural, value: JsonValue, old: Old) -> bool:
    """Whether a value is what it was, as ratcheting sees it (CachedDeepEqual).

    A field that the schema does not name has no counterpart: a part of the object that holds one never counts as unchanged.
    """
    if isinstance(value, dict) and isinstance(old, dict):
        if len(value) != len(old):
            return False
        for key, item in value.items():
            below = schema.child(key)
            if key not in old or below is None or below is EMPTY or not unchanged(below, item, old[key]):
                return False
        return True
    if isinstance(value, list) and isinstance(old, list) and schema.list_type == "map":
        items = schema.items
        pairs = zip(value, old_items(schema, value, old), strict=True)
        return len(value) == len(old) and items is not None and all(unchanged(items, *pair) for pair in pairs)
    return equal(value, old)


def old_items(schema: Structural, value: list[JsonValue], old: Old) -> list[Old]:
    """The old counterpart of each item: only list maps have identities to match by."""
    if not isinstance(old, list) or schema.list_type != "map" or not schema.list_map_keys:
        return [ABSENT] * len(value)
    keys = schema.list_map_keys

    def identity(item: JsonValue) -> str:
        return repr([item.get(key) for key in keys]) if isinstance(item, dict) else ""

    known: dict[str, JsonValue] = {}
    for item in old:
        known.setdefault(identity(item), item)
    return [known.get(identity(item), ABSENT) for item in value]


def equal(left: JsonValue, right: Old) -> bool:
    """Go's DeepEqual on decoded JSON: numbers of different kinds differ."""
    if isinstance(left, dict):
        if not isinstance(right, dict) or left.keys() != right.keys():
            return False
        return all(equal(value, right[key]) for key, value in left.items())
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(equal, left, right))
    return type(left) is type(right) and left == right
