"""Why this exists: an update must not lose what the model does not know.

A typed object is a view of the document that the server sent: fields newer than the model, explicit nulls and
whatever a decoder skipped are invisible in it. Sending back what the object encodes to would delete them on the
server (client-go's typed clients do: kubernetes#111703, #90610). So an update sends the document that was read
with only the typed *changes* laid over it: :func:`overlay` of

* ``origin``: the document as the server sent it,
* ``base``: what the model saw of it (``origin`` decoded and encoded again),
* ``new``: what the changed object encodes to.

Pure functions on JSON builtins. Nothing here knows a schema, except for the optional list-map keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

import msgspec

Json: TypeAlias = "None | bool | int | float | str | Sequence[Json] | Mapping[str, Json]"
"""A JSON document as builtins: dicts and lists (the type is read-only, so that any precise one fits)."""

ListKeys: TypeAlias = Mapping[tuple[str, ...], tuple[str, ...]]
"""Path of a list (property names; lists add nothing) to the keys that identify one of its items."""

_NO_KEYS: ListKeys = {}
_encode = msgspec.json.Encoder().encode

# What identifies an item where no schema says it, most telling first. Only used to find the *same* item again
# after edits that moved it and changed it at once; a wrong guess needs two items that swap their identities.
_USUAL_KEYS: tuple[tuple[str, ...], ...] = (
    ("uid",),
    ("name",),
    ("containerPort", "protocol"),
    ("port", "protocol"),
    ("mountPath",),
    ("topologyKey", "whenUnsatisfiable"),
    ("type",),
    ("key",),
    ("ip",),
    ("id",),
)


def overlay(origin: Json, base: Json, new: Json, *, list_keys: ListKeys = _NO_KEYS) -> Json:
    """Lay the changes from ``base`` to ``new`` over ``origin``.

    - A field that is equal in ``base`` and ``new`` keeps the origin's value, with everything below it that the model
      never saw; a field missing in ``new`` is removed; a new or changed one is taken from ``new``, recursively.
    - Items of a list are found again by the list's keys where ``list_keys`` knows them, else by equality, by the
      usual identifying fields, and, in a list of unchanged length, by position. An item that is found keeps its unknown
      fields, in the order of ``new``.
    - Where the three cannot be aligned, ``new`` wins: the caller's intent is never dropped.

    The inputs are not changed; the result may share parts with them.
    """
    return _overlay(origin, base, new, (), list_keys)


def same(a: Json, b: Json) -> bool:
    """Equal as JSON: ``1`` and ``1.0`` are, ``1`` and ``true`` (equal in Python) are not."""
    if a is b:
        return True
    if a != b:
        return False
    if isinstance(a, dict):
        other = cast("dict[str, Json]", b)
        return all(same(value, other[key]) for key, value in a.items())
    if isinstance(a, list):
        return all(map(same, a, cast("list[Json]", b)))
    return isinstance(a, bool) is isinstance(b, bool)


def _overlay(origin: Json, base: Json, new: Json, path: tuple[str, ...], keys: ListKeys) -> Json:
    if isinstance(new, dict):
        if isinstance(origin, dict) and isinstance(base, dict):
            return origin if _unchanged(base, new) else _overlay_object(origin, base, new, path, keys)
    elif isinstance(new, list) and isinstance(base, list) and isinstance(origin, list):
        return origin if _unchanged(base, new) else _overlay_list(origin, base, new, path, keys)
    return origin if same(base, new) else new


def _unchanged(base: Json, new: Json) -> bool:
    # Comparing the bytes of a whole subtree costs a fraction of walking it, and most subtrees are not touched. Different bytes
    # need not mean a change (key order, 1 and 1.0): then it is walked.
    return _encode(base) == _encode(new)


def _overlay_object(
    origin: Mapping[str, Json], base: Mapping[str, Json], new: Mapping[str, Json], path: tuple[str, ...], keys: ListKeys
) -> Json:
    result: dict[str, Json] = {}
    for name, value in origin.items():
        if name in new:
            # A name that the model emits without having seen it (a constructor's apiVersion) is simply new.
            result[name] = _overlay(value, base[name], new[name], (*path, name), keys) if name in base else new[name]
        elif name not in base:
            result[name] = value
    for name, value in new.items():
        if name not in origin and not (name in base and same(base[name], value)):
            # Absent in the origin and equal in base and new: the codec put it there, nobody asked for it.
            result[name] = value
    return result


def _overlay_list(
    origin: Sequence[Json], base: Sequence[Json], new: Sequence[Json], path: tuple[str, ...], keys: ListKeys
) -> Json:
    if len(origin) != len(base):
        return origin if same(base, new) else new  # the model skipped items: positions mean nothing
    pairs = _align(base, new, keys.get(path))
    return [
        value if at is None else _overlay(origin[at], base[at], value, path, keys)
        for at, value in zip(pairs, new, strict=False)
    ]


def _align(base: Sequence[Json], new: Sequence[Json], key: tuple[str, ...] | None) -> list[int | None]:
    """For each item of ``new`` the position in ``base`` of the item that it was, None for a new one."""
    pairs: list[int | None] = [None] * len(new)
    free = set(range(len(base)))
    if key is not None and _pair_by_key(base, new, key, pairs, free):
        return pairs
    _pair_equal(base, new, pairs, free)
    if free and None in pairs:
        for guess in _USUAL_KEYS:
            _pair_by_key(base, new, guess, pairs, free)
    if free and len(base) == len(new):
        for at in sorted(free):
            if pairs[at] is None:
                pairs[at] = at
                free.discard(at)
    elif free:
        _pair_between_neighbours(len(base), pairs, free)
    return pairs


def _pair_equal(base: Sequence[Json], new: Sequence[Json], pairs: list[int | None], free: set[int]) -> None:
    for at in range(min(len(base), len(new))):
        if same(base[at], new[at]):
            pairs[at] = at
            free.discard(at)
    for at, value in enumerate(new):
        if pairs[at] is None:
            found = next((i for i in sorted(free) if same(base[i], value)), None)
            if found is not None:
                pairs[at] = found
                free.discard(found)


def _pair_by_key(
    base: Sequence[Json], new: Sequence[Json], key: tuple[str, ...], pairs: list[int | None], free: set[int]
) -> bool:
    """Pair the open items whose ``key`` fields agree; False (and nothing paired) unless the key is unique on both sides."""
    here = {at: _key_of(base[at], key) for at in free}
    there = {at: _key_of(value, key) for at, value in enumerate(new) if pairs[at] is None}
    for side in (here, there):
        known = [k for k in side.values() if k is not None]
        if len(set(known)) != len(known):
            return False
    places = {k: at for at, k in here.items() if k is not None}
    for at, k in there.items():
        if k is not None and k in places:
            pairs[at] = places[k]
            free.discard(places[k])
    return True


def _key_of(item: Json, key: tuple[str, ...]) -> tuple[str, ...] | None:
    """The values of the key fields as text; None when the first one is missing (later ones may default)."""
    if not isinstance(item, dict) or not isinstance(item.get(key[0]), (str, int)):
        return None
    return tuple(repr(item.get(name)) for name in key)


def _pair_between_neighbours(size: int, pairs: list[int | None], free: set[int]) -> None:
    """Pair a changed item that stands between two found neighbours, when as many are open on both sides."""
    start = 0
    while start < len(pairs):
        if pairs[start] is not None:
            start += 1
            continue
        end = start
        while end < len(pairs) and pairs[end] is None:
            end += 1
        before = pairs[start - 1] if start else -1
        after = pairs[end] if end < len(pairs) else size
        if before is not None and after is not None and after - before - 1 == end - start:
            for new_at, base_at in zip(range(start, end), range(before + 1, after), strict=False):
                if base_at in free:
                    pairs[new_at] = base_at
                    free.discard(base_at)
        start = end
