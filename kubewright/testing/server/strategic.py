"""Strategic merge patch: a merge patch that knows which lists are keyed and lets the patch say more than values.

Built-in kinds only, because it needs the patch strategies that their Go types (and OpenAPI schemas) carry:
``x-kubernetes-patch-strategy`` and ``-merge-key``. Directives: ``$patch: delete|replace``, ``$retainKeys``,
``$deleteFromPrimitiveList/FIELD`` and ``$setElementOrder/FIELD`` (apimachinery ``pkg/util/strategicpatch``).
"""

from __future__ import annotations

import copy
from typing import Any, Final, cast

from kubewright.testing.server import statuses
from kubewright.testing.server.documents import Items, Json, go_text, is_list, is_object
from kubewright.testing.server.registry import ServedResource

_PATCH: Final = "$patch"
_RETAIN: Final = "$retainKeys"
_DELETE: Final = "$deleteFromPrimitiveList/"
_ORDER: Final = "$setElementOrder/"


def strategic_merge(document: Json, patch: Json, served: ServedResource) -> Json:
    """Apply a strategic merge patch to a document, which stays as it is. Raises 400 for a malformed patch."""
    return _Merge(served).objects(copy.deepcopy(document), copy.deepcopy(patch), served.schema or {})


class _Merge:
    def __init__(self, served: ServedResource) -> None:
        self._served = served

    def _child(self, schema: Json, key: str) -> Json:
        """The schema of a field, or of a map's values."""
        resolved = self._served.resolve(schema)
        found = resolved.get("properties", {}).get(key)
        if found is None:
            found = resolved.get("additionalProperties")
        return self._served.resolve(found) if is_object(found) else {}

    def objects(self, original: Json, patch: Json, schema: Json) -> Json:
        """Merge an object; both sides may be changed."""
        directive = patch.get(_PATCH)
        if directive is not None:
            if directive == "replace":
                return {key: value for key, value in patch.items() if key != _PATCH}
            if directive == "delete":
                return {}
            raise statuses.unexplained(f"unknown patch type: {directive} in map: {go_text(patch)}")
        self._retain_keys(original, patch)
        for key in [key for key in patch if key.startswith(_ORDER)]:
            self._ordered(original, patch, key.removeprefix(_ORDER), patch.pop(key), schema)
        for key, value in patch.items():
            if key.startswith(_DELETE):
                self._delete_values(original, key.removeprefix(_DELETE), value)
            else:
                self._field(original, key, value, schema)
        return original

    def _retain_keys(self, original: Json, patch: Json) -> None:
        keep = patch.pop(_RETAIN, None)
        if keep is None:
            return
        if not is_list(keep):
            raise statuses.bad_request("invalid patch format of retainKeys")
        kept = set(cast(list[str], keep))
        for key, value in patch.items():
            if value is not None and not key.startswith((_DELETE, _ORDER)) and key not in kept:
                raise statuses.bad_request("invalid patch format of retainKeys")
        for key in [key for key in original if key not in kept]:
            del original[key]

    def _field(self, original: Json, key: str, value: Any, schema: Json) -> None:
        if value is None:
            original.pop(key, None)
            return
        present = original.get(key)
        child = self._child(schema, key)
        if is_object(present) and is_object(value):
            if _strategy(child) == "replace":
                original[key] = value
            else:
                original[key] = self.objects(present, value, child)
        elif is_list(present) and is_list(value):
            original[key] = self._lists(present, value, child)
        else:
            taken, keep = _without_directives(value)
            if keep:
                original[key] = taken
            else:
                original.pop(key, None)

    def _lists(self, original: Items, patch: Items, schema: Json) -> Items:
        if _strategy(schema) != "merge":
            return patch
        if not original and not patch:
            return original
        merge_key = schema.get("x-kubernetes-patch-merge-key", "")
        if not all(is_object(item) for item in [*original, *patch]):
            if any(isinstance(item, (dict, list)) for item in [*original, *patch]):
                raise statuses.bad_request("list element types are not identical")
            merged = list(dict.fromkeys([*original, *patch]))
            return _in_order(merged, patch, original, "")
        if not merge_key:
            raise statuses.bad_request("cannot merge lists without merge key")
        before = list(original)
        merged, plain = self._keyed(original, cast(list[Json], patch), merge_key, schema)
        return _in_order(merged, plain, before, merge_key)

    def _keyed(self, original: Items, patch: list[Json], merge_key: str, schema: Json) -> tuple[Items, Items]:
        """Merge a list of objects by their key; the list and the patch without its directives."""
        plain: Items = []
        replace = False
        for item in patch:
            directive = item.get(_PATCH)
            if directive is None:
                plain.append(item)
            elif directive == "delete":
                wanted = _key_of(item, merge_key)
                original = [each for each in original if each.get(merge_key) != wanted]
            elif directive == "replace":
                replace = True
            else:
                raise statuses.unexplained(f"unknown patch type: {directive} in map: {go_text(item)}")
        if replace:
            return plain, []
        merged = list(original)
        items = self._served.resolve(schema.get("items", {}))
        for item in plain:
            wanted = _key_of(item, merge_key)
            for index, each in enumerate(merged):
                if each.get(merge_key) == wanted:
                    merged[index] = self.objects(each, dict(item), items)
                    break
            else:
                merged.append(_without_directives(item)[0])
        return merged, plain

    def _delete_values(self, original: Json, key: str, values: Any) -> None:
        present = original.get(key)
        if is_list(present) and is_list(values):
            original[key] = [item for item in present if item not in values]

    def _ordered(self, original: Json, patch: Json, key: str, order: Items, schema: Json) -> None:
        """Merge one list and bring it into the order that the patch asks for."""
        child = self._child(schema, key)
        merge_key = child.get("x-kubernetes-patch-merge-key", "")
        before: Items = list(original.get(key) or [])
        if key in original and key in patch:
            merged = self._lists(original[key], patch.pop(key), child)
        elif key in patch:
            merged = cast(Items, _without_directives(patch.pop(key))[0])
        elif key in original:
            merged = original[key]
        else:
            return
        original[key] = _in_order(merged, order, before, merge_key)


def _strategy(schema: Json) -> str:
    """``merge``, ``replace`` or nothing; ``retainKeys`` is not a strategy of merging."""
    words = str(schema.get("x-kubernetes-patch-strategy", "")).split(",")
    return next((word for word in words if word != "retainKeys"), "")


def _key_of(item: Json, merge_key: str) -> Any:
    if merge_key not in item:
        raise statuses.unexplained(f"map: {go_text(item)} does not contain declared merge key: {merge_key}")
    return item[merge_key]


def _without_directives(value: Any) -> tuple[Any, bool]:
    """A new value without directives and nulls, and whether it is to be kept at all."""
    if is_object(value):
        fields = value
        if _PATCH in fields:
            return None, False
        clean: Json = {}
        for key, item in fields.items():
            taken, keep = _without_directives(item)
            if keep and item is not None:
                clean[key] = taken
        return clean, True
    if is_list(value):
        pairs = [_without_directives(item) for item in value]
        return [taken for taken, keep in pairs if keep], True
    return value, True


def _in_order(merged: Items, wanted: Items, before: Items, merge_key: str) -> Items:
    """Order a merged list: first by ``wanted``, the rest as it was, and both woven together as the server does."""

    def identity(item: Any) -> Any:
        return item.get(merge_key) if merge_key and is_object(item) else item

    position = {_hashable(identity(item)): index for index, item in reversed(list(enumerate(wanted)))}
    served = {_hashable(identity(item)): index for index, item in reversed(list(enumerate(before)))}
    keys = [(_hashable(identity(item)), item) for item in merged]
    right = sorted((pair for pair in keys if pair[0] in position), key=lambda pair: position[pair[0]])
    left = sorted((pair for pair in keys if pair[0] not in position), key=lambda pair: served.get(pair[0], len(served)))
    woven: Items = []
    while left and right:
        first, second = served.get(left[0][0]), served.get(right[0][0])
        from_left = first is not None and second is not None and first < second
        woven.append((left if from_left else right).pop(0)[1])
    return woven + [item for _, item in left] + [item for _, item in right]


def _hashable(value: Any) -> Any:
    return repr(value) if is_object(value) or is_list(value) else value
