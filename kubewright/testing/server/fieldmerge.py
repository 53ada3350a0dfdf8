"""Comparing, merging and thinning out documents by their field types: the structured merge behind server-side apply.

All functions are pure: documents in, documents or path sets out. Lists whose items have an identity (sets, keyed lists)
are compared and merged item by item, everything atomic as one value (sigs.k8s.io/structured-merge-diff ``typed``).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, NamedTuple

import msgspec

from kubewright.testing.server.documents import Items, Json, go_syntax, go_text, is_list, is_object, json_type, same
from kubewright.testing.server.fieldsets import HERE, FieldSet, leaf
from kubewright.testing.server.fieldtypes import ANYTHING, FieldType


class Absent(Enum):
    """The mark of a value that is not there, as opposed to null."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


class Comparison(NamedTuple):
    """The paths that one document has more, different and less than another."""

    added: FieldSet
    modified: FieldSet
    removed: FieldSet


class SchemaMismatch(Exception):
    """A document does not have the shape its type demands; the text is the server's."""


def compare(before: Any, after: Any, kind: FieldType) -> Comparison:
    """What changed between two documents of a type."""
    result = Comparison({}, {}, {})
    _compare(before, after, kind, result)
    return result


def _form(kind: FieldType, value: Any) -> str:
    """How a value of a type is walked: ``map``, ``list`` or ``scalar``."""
    if is_object(value) and kind.is_map:
        return "map"
    if is_list(value) and kind.is_list:
        return "list"
    if value is not None and value is not ABSENT and not is_object(value) and not is_list(value) and kind.scalar:
        return "scalar"
    if kind.is_map:
        return "map"
    return "scalar" if kind.scalar else "list"


def _compare(before: Any, after: Any, kind: FieldType, out: Comparison) -> None:
    """Put the differences of one node and everything below into the sets of that node."""
    if before is not ABSENT and after is not ABSENT and same(before, after):
        return
    if before is ABSENT:
        out.added.update(everything(after, kind))
        return
    if after is ABSENT:
        out.removed.update(everything(before, kind))
        return
    form_before, form_after = _form(kind, before), _form(kind, after)
    if form_before != form_after:
        _compare_as(form_before, before, after, kind, out)
    _compare_as(form_after, before, after, kind, out)


def everything(value: Any, kind: FieldType) -> FieldSet:
    """The node of a value that came or went as a whole: itself and all that is below."""
    form = _form(kind, value)
    if form == "map" and value and not kind.atomic and is_object(value):
        fields: FieldSet = {f"f:{name}": everything(item, kind.child(name)) for name, item in value.items()}
    elif form == "list" and value and kind.keys is not None and is_list(value):
        items = kind.items or ANYTHING
        fields = {
            element: _LEAF if len(same) > 1 else everything(same[0], items)
            for element, same in _by_identity(value, kind).items()
        }
    else:
        return _LEAF
    fields[HERE] = {}
    return fields


_LEAF: Final = leaf()
"""Shared; sets are never changed once they are made."""


def _compare_as(form: str, before: Any, after: Any, kind: FieldType, out: Comparison) -> None:
    """Compare two present values in one form."""
    old: Any = before if (is_object(before) if form == "map" else is_list(before)) else None
    new: Any = after if (is_object(after) if form == "map" else is_list(after)) else None
    atomic = kind.atomic if form == "map" else kind.keys is None
    if form == "scalar" or atomic or (not old and not new):
        if not same(before, after):
            out.modified[HERE] = {}
    elif form == "map":
        old, new = old or {}, new or {}
        for name in old.keys() | new.keys():
            _descend(f"f:{name}", old.get(name, ABSENT), new.get(name, ABSENT), kind.child(name), out)
    else:
        _compare_items(old or [], new or [], kind, out)


def _descend(element: str, before: Any, after: Any, kind: FieldType, out: Comparison) -> None:
    below = Comparison({}, {}, {})
    _compare(before, after, kind, below)
    for mine, theirs in zip(out, below, strict=True):
        if theirs:
            mine[element] = {**mine[element], **theirs} if element in mine else theirs


def _compare_items(before: Items, after: Items, kind: FieldType, out: Comparison) -> None:
    old, new = _by_identity(before, kind), _by_identity(after, kind)
    for element in list(dict.fromkeys([*old, *new])):
        left, right = old.get(element, []), new.get(element, [])
        items = kind.items or ANYTHING
        if len(left) <= 1 and len(right) <= 1:
            _descend(element, left[0] if left else ABSENT, right[0] if right else ABSENT, items, out)
        elif len(left) >= 2 and len(right) >= 2:
            if not same(left, right):
                out.modified[element] = leaf()
        elif len(left) >= 2:
            if right:
                _descend(element, ABSENT, right[0], items, out)
            out.removed[element] = {**out.removed.get(element, {}), HERE: {}}
        else:
            if left:
                _descend(element, left[0], ABSENT, items, out)
            out.added[element] = {**out.added.get(element, {}), HERE: {}}


def _by_identity(values: Items, kind: FieldType) -> dict[str, Items]:
    found: dict[str, Items] = {}
    for value in values:
        found.setdefault(item_element(value, kind), []).append(value)
    return found


def item_element(item: Any, kind: FieldType) -> str:
    """The path element that identifies an item of a set or keyed list; raises SchemaMismatch when nothing does."""
    if not kind.keys:
        if is_object(item) or is_list(item):
            raise SchemaMismatch("invalid indexing of a set with a value that is no scalar")
        return "v:" + msgspec.json.encode(item).decode()
    if not is_object(item):
        raise SchemaMismatch("associative list with keys may not have non-map elements")
    identity: Json = {}
    defaults = kind.items.defaults if kind.items is not None else {}
    for key in kind.keys:
        if key in item:
            identity[key] = item[key]
        elif key in defaults:
            identity[key] = defaults[key]
    if not identity:
        listed = " ".join(f'"{key}"' for key in kind.keys)
        raise SchemaMismatch(
            f"associative list with keys has an element that omits all key fields [{listed}] "
            "(and doesn't have default values for any key fields)"
        )
    return "k:" + msgspec.json.encode(identity, order="sorted").decode()


def field_set(value: Any, kind: FieldType) -> FieldSet:
    """Every leaf and list item that a document mentions: what an applied configuration claims."""
    form = _form(kind, value)
    if form == "map" and not kind.atomic:
        if not is_object(value):
            return {}
        fields: FieldSet = {}
        for name, item in value.items():
            below = dict(field_set(item, kind.child(name)))
            if item is None or item == {} or name not in kind.fields:
                below[HERE] = {}
            if below:
                fields[f"f:{name}"] = below
        return fields
    if form == "list" and kind.keys is not None:
        if not is_list(value):
            return {}
        items: FieldSet = {}
        for element, same in _by_identity(value, kind).items():
            items[element] = leaf() if len(same) > 1 else {**field_set(same[0], kind.items or ANYTHING), HERE: {}}
        return items
    return leaf()


def remove(value: Any, fields: FieldSet, kind: FieldType) -> Any:
    """The document without the paths of a set; ABSENT when nothing is left. Atomic containers go as a whole."""
    form = _form(kind, value)
    if form == "map" and is_object(value):
        if not value or kind.atomic:
            return ABSENT
        kept: Json = {}
        for name, item in value.items():
            below = fields.get(f"f:{name}")
            if below is None:
                kept[name] = item
            elif HERE not in below:
                thinned = remove(item, below, kind.child(name)) if below else item
                kept[name] = None if thinned is ABSENT else thinned
        return kept or ABSENT
    if form == "list" and is_list(value):
        if not value or kind.keys is None:
            return ABSENT
        rest: Items = []
        for item in value:
            below = fields.get(item_element(item, kind))
            if below is None:
                rest.append(item)
            elif HERE not in below:
                thinned = remove(item, below, kind.items or ANYTHING)
                rest.append(None if thinned is ABSENT else thinned)
        return rest or ABSENT
    return value


def merge(live: Any, wanted: Any, kind: FieldType) -> Any:
    """The live document with a configuration laid over it; nothing is removed. ABSENT stands for either side missing."""
    form_live, form_wanted = _form(kind, live), _form(kind, wanted)
    form = form_live if wanted is ABSENT else form_wanted
    if live is not ABSENT and wanted is not ABSENT and form_live != form_wanted:
        return wanted
    if form == "map":
        old: Any = live if is_object(live) else None
        new: Any = wanted if is_object(wanted) else None
        if kind.atomic or (not old and not new):
            return live if wanted is ABSENT else wanted
        merged: Json = {}
        names: dict[str, None] = dict.fromkeys([*(old or {}), *(new or {})])
        for name in names:
            merged[name] = merge(
                ABSENT if old is None else old.get(name, ABSENT),
                ABSENT if new is None else new.get(name, ABSENT),
                kind.child(name),
            )
        return merged
    if form == "list":
        before: Any = live if is_list(live) else None
        after: Any = wanted if is_list(wanted) else None
        if kind.keys is None or (not before and not after):
            return live if wanted is ABSENT else wanted
        return _merge_items(before or [], after or [], kind)
    return live if wanted is ABSENT else wanted


def _merge_items(live: Items, wanted: Items, kind: FieldType) -> Items:
    """Weave two keyed lists: shared items in the order wanted, items of the live list where they stood before them."""
    items = kind.items or ANYTHING
    left = [item_element(item, kind) for item in live]
    right = [item_element(item, kind) for item in wanted]
    ours: dict[str, Any] = {}
    for element, item in zip(left, live, strict=True):
        ours[element] = ABSENT if element in ours else item
    theirs = dict(zip(right, wanted, strict=True))
    shared = [element for element in right if element in ours]
    merged: Items = []
    done: set[str] = set()
    i = j = turn = 0

    def take(element: str) -> None:
        done.add(element)
        merged.append(merge(ours.get(element, ABSENT), theirs[element], items))

    while i < len(left) or j < len(right):
        if i < len(left) and j < len(right):
            element = left[i]
            if element == right[j]:
                take(element)
                i, j, turn = i + 1, j + 1, turn + 1
                continue
            if element in theirs and turn < len(shared) and shared[turn] != element:
                i += 1
                continue
        if i < len(left):
            element = left[i]
            if element not in theirs:
                merged.append(live[i])
                i += 1
                continue
            if element in done:
                i += 1
        if j < len(right):
            element = right[j]
            take(element)
            j += 1
            if turn < len(shared) and shared[turn] == element:
                turn += 1
    return merged


def check_shape(value: Any, kind: FieldType, *, unique: bool = True) -> None:
    """Raise SchemaMismatch unless a document fits its type: known fields, right forms, unique items (unless told)."""
    problems = list(_problems(value, kind, "", unique))
    if len(problems) == 1:
        raise SchemaMismatch(problems[0])
    if problems:
        raise SchemaMismatch("\n  ".join(["errors:", *problems]))


def _problems(value: Any, kind: FieldType, path: str, unique: bool) -> Iterator[str]:
    if value is None:
        return
    if is_object(value) and kind.is_map:
        for name, item in value.items():
            if name not in kind.fields and kind.element is None:
                yield f"{path}.{name}: field not declared in schema"
                return
            yield from _problems(item, kind.child(name), f"{path}.{name}", unique)
    elif is_list(value) and kind.is_list:
        yield from _item_problems(value, kind, path, unique)
    elif kind.scalar and not (kind.is_map and (is_object(value) or is_list(value))):
        problem = _scalar_problem(value, kind.scalar)
        if problem is not None:
            yield f"{path}: {problem}"
    else:
        yield f"{path}: expected {'map' if kind.is_map else 'list'}, got &{{{go_text(value)}}}"


def _item_problems(value: Items, kind: FieldType, path: str, unique: bool) -> Iterator[str]:
    seen: set[str] = set()
    for index, item in enumerate(value):
        where = f"{path}[{index}]"
        if kind.keys is not None and item is None:
            trouble = (
                "with keys may not have a null element"
                if kind.keys
                else "without keys has an element that's an explicit null"
            )
            yield f"{path}: element {index}: associative list {trouble}"
            return
        if kind.keys is not None:
            try:
                element = item_element(item, kind)
            except SchemaMismatch as problem:
                yield f"{path}: element {index}: {problem}"
                return
            where = path + _identity(element)
            if element in seen and unique:
                yield f"{path}: duplicate entries for key {_identity(element)}"
            seen.add(element)
        yield from _problems(item, kind.items or ANYTHING, where, unique)


def _identity(element: str) -> str:
    value = msgspec.json.decode(element[2:])
    if element.startswith("k:"):
        return "[" + ",".join(f"{key}={_shown(value[key])}" for key in sorted(value)) + "]"
    return f"[={_shown(value)}]"


def _shown(value: Any) -> str:
    return "" if value in ({}, []) else msgspec.json.encode(value).decode()


def _scalar_problem(value: Any, wanted: str) -> str | None:
    if is_object(value) or is_list(value):
        go_type = "map[string]interface {}" if is_object(value) else "[]interface {}"
    else:
        go_type = json_type(value).replace("number", "int64")
    if wanted == "string" and not isinstance(value, str):
        return f"expected string, got &value.valueUnstructured{{Value:{go_syntax(value)}}}"
    if wanted == "numeric" and (isinstance(value, bool) or not isinstance(value, (int, float))):
        return f"expected numeric (int or float), got {go_type}"
    if wanted == "boolean" and not isinstance(value, bool):
        return f"expected boolean, got &{{{go_text(value)}}}"
    if wanted == "untyped" and (is_object(value) or is_list(value)):
        return f"expected any scalar, got &{{{go_text(value)}}}"
    return None
