"""Sets of field paths: who manages what, as algebra.

A set is a tree of dicts keyed by path elements as FieldsV1 writes them (``f:spec``, ``k:{"name":"a"}``, ``v:"x"``). A
node that is itself in the set holds the key ``"."``; so a leaf is ``{".": {}}``. On the wire a leaf is ``{}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from kubewright.testing.server.fieldtypes import FieldType

FieldSet = dict[str, Any]
"""``dict[str, FieldSet]``; the recursive alias is beyond one of the checkers."""

HERE: Final = "."


def leaf() -> FieldSet:
    """A node that is in the set and has nothing below."""
    return {HERE: {}}


def union(left: FieldSet, right: FieldSet) -> FieldSet:
    """Paths in either set."""
    if not left:
        return right
    merged = dict(left)
    for element, below in right.items():
        here = merged.get(element)
        merged[element] = below if here is None or element == HERE else union(here, below)
    return merged


def difference(left: FieldSet, right: FieldSet) -> FieldSet:
    """Paths of ``left`` that are not in ``right``; having a parent in ``right`` does not matter."""
    if not right:
        return left
    rest: FieldSet = {}
    for element, below in left.items():
        other = right.get(element)
        if other is None:
            rest[element] = below
        elif element != HERE and (remaining := difference(below, other)):
            rest[element] = remaining
    return rest


def recursive_difference(left: FieldSet, right: FieldSet) -> FieldSet:
    """Paths of ``left`` that neither are in ``right`` nor lie below a path that is."""
    rest: FieldSet = {}
    for element, below in left.items():
        other = right.get(element)
        if other is None:
            rest[element] = below
        elif element != HERE and HERE not in other and (remaining := recursive_difference(below, other)):
            rest[element] = remaining
    return rest


def intersection(left: FieldSet, right: FieldSet) -> FieldSet:
    """Paths in both sets."""
    common: FieldSet = {}
    for element, below in left.items():
        other = right.get(element)
        if other is None:
            continue
        if element == HERE:
            common[HERE] = {}
        elif shared := intersection(below, other):
            common[element] = shared
    return common


def with_named_fields(fields: FieldSet, kind: FieldType) -> FieldSet:
    """The set with every declared field on the way to a member made a member, too."""
    named: FieldSet = {}
    for element, below in fields.items():
        if element == HERE:
            named[HERE] = {}
            continue
        name = element[2:]
        is_field = element.startswith("f:") and kind.is_map
        child = kind.child(name) if is_field else (kind.items if kind.is_list else None)
        inner = dict(with_named_fields(below, child or _NOTHING))
        if is_field and name in kind.fields and any(key != HERE for key in below):
            inner[HERE] = {}
        named[element] = inner
    return named


_NOTHING: Final = FieldType()


def paths(fields: FieldSet, prefix: str = "") -> Iterator[str]:
    """Every path, written as in messages (``.spec.ports[port=80]``): the members of a node, then what lies below."""
    elements = sorted(element for element in fields if element != HERE)
    for element in elements:
        if HERE in fields[element]:
            yield prefix + _shown(element)
    for element in elements:
        yield from paths(fields[element], prefix + _shown(element))


def _shown(element: str) -> str:
    kind, text = element[:2], element[2:]
    if kind == "f:":
        return f".{text}"
    value = msgspec.json.decode(text)
    if kind == "k:":
        return "[" + ",".join(f"{name}={_value(value[name])}" for name in sorted(value)) + "]"
    return f"[={_value(value)}]" if kind == "v:" else f"[{text}]"


def _value(value: object) -> str:
    return msgspec.json.encode(value).decode()


def to_wire(fields: FieldSet) -> FieldSet:
    """FieldsV1 of a set: leaves are empty objects, keys are sorted."""
    if len(fields) == 1 and HERE in fields:
        return {}
    return {element: to_wire(fields[element]) for element in sorted(fields)}


def from_wire(fields: FieldSet, *, root: bool = True) -> FieldSet:
    """The set that FieldsV1 describes."""
    if not fields:
        return {} if root else leaf()
    return {element: {} if element == HERE else from_wire(below, root=False) for element, below in fields.items()}
