"""JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396) on decoded JSON.

Pure: takes a document, returns a new one, and leaves the old one alone. Errors carry the words of the Go library that
the real server uses, because clients show them to people.
"""

from __future__ import annotations

import copy
from typing import Any

from kubewright.testing.server import statuses
from kubewright.testing.server.documents import Json, is_list, is_object, same

MAX_OPERATIONS = 10_000


def merge_patch(document: object, patch: object) -> object:
    """Apply a merge patch: objects merge, null removes, everything else replaces.

    What is new also loses the nulls inside its lists, against the RFC: so does the library of the real server.
    """
    if not is_object(document):
        return _without_nulls(patch)
    if not is_object(patch):
        return copy.deepcopy(patch)
    result: Json = dict(document)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def _without_nulls(value: object) -> object:
    """A copy in which no object has a null; lists keep theirs."""
    if is_object(value):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if is_list(value):
        return [_without_nulls(item) for item in value]
    return value


def json_patch(document: Json, operations: object) -> Json:
    """Apply a list of operations in order; raises 400 for a malformed patch and 422 for one that does not apply."""
    if not is_list(operations):
        given = "object" if is_object(operations) else "string" if isinstance(operations, str) else "number"
        raise statuses.bad_request(
            f"error decoding patch: json: cannot unmarshal {given} into Go value of type []handlers.jsonPatchOp"
        )
    steps = operations
    if len(steps) > MAX_OPERATIONS:
        limit = f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(steps)}"
        raise statuses.too_large(limit)
    result: Any = copy.deepcopy(document)
    for step in steps:
        if not is_object(step):
            raise statuses.bad_request(
                "json: cannot unmarshal the patch operation into Go value of type jsonpatch.Operation"
            )
        try:
            result = _apply(result, step)
        except _Misfit as problem:
            raise statuses.unprocessable(str(problem)) from problem
    patched: Json = result
    return patched


class _Misfit(Exception):
    """An operation that the document does not allow."""


def _apply(document: Any, step: Json) -> Any:
    operation, path = step.get("op"), step.get("path")
    if not isinstance(path, str):
        raise _Misfit("missing path")
    if operation in ("add", "replace", "test") and "value" not in step:
        raise _Misfit(f"{operation} operation missing value")
    if operation == "add":
        return _add(document, path, copy.deepcopy(step["value"]))
    if operation == "remove":
        _take(document, path, "remove")
        return document
    if operation == "replace":
        return _replace(document, path, copy.deepcopy(step["value"]))
    if operation == "test":
        _test(document, path, step["value"])
        return document
    if operation in ("move", "copy"):
        source = step.get("from")
        if not isinstance(source, str):
            raise _Misfit("missing from")
        value = (
            _take(document, source, "move") if operation == "move" else copy.deepcopy(_get(document, source, "copy"))
        )
        return _add(document, path, value)
    raise _Misfit(f"Unexpected kind: {operation}")


def _keys(path: str) -> list[str]:
    if path and not path.startswith("/"):
        raise _Misfit(f"invalid path {path}")
    return [key.replace("~1", "/").replace("~0", "~") for key in path.split("/")[1:]]


def _parent(document: Any, path: str, operation: str) -> tuple[Any, str]:
    keys = _keys(path)
    if not keys:
        raise _Misfit(
            f"{operation} operation does not apply: doc is missing path: {statuses.quote(path)}: missing value"
        )
    node = document
    for key in keys[:-1]:
        node = _child(node, key)
        if not (is_object(node) or is_list(node)):
            missing = f"doc is missing path: {statuses.quote(path)}: missing value"
            raise _Misfit(f"{operation} operation does not apply: {missing}")
    return node, keys[-1]


def _child(node: Any, key: str) -> Any:
    """A value one step down, None when there is none."""
    try:
        return node[_index(node, key)] if is_list(node) else node[key]
    except (KeyError, TypeError, _Misfit):
        return None


def _index(items: Any, key: str) -> int:
    if not key.lstrip("-").isdigit():
        raise _Misfit(f"strconv.Atoi: parsing {statuses.quote(key)}: invalid syntax")
    index = int(key)
    if not -len(items) <= index < len(items):
        raise _Misfit(f"Unable to access invalid index: {index}: invalid index referenced")
    return index


def _add(document: Any, path: str, value: Any) -> Any:
    if path == "":
        return value
    parent, key = _parent(document, path, "add")
    if is_object(parent):
        parent[key] = value
    elif key == "-":
        parent.append(value)
    else:
        if not key.lstrip("-").isdigit():
            raise _Misfit(f"strconv.Atoi: parsing {statuses.quote(key)}: invalid syntax")
        index = int(key)
        if not -len(parent) - 1 <= index <= len(parent):
            raise _Misfit(
                f"add operation does not apply: Unable to access invalid index: {index}: invalid index referenced"
            )
        parent.insert(index if index >= 0 else len(parent) + index + 1, value)
    return document


def _take(document: Any, path: str, operation: str) -> Any:
    parent, key = _parent(document, path, operation)
    if is_object(parent):
        if key not in parent:
            missing = f"Unable to remove nonexistent key: {key}: missing value"
            raise _Misfit(f"{operation} operation does not apply for path {statuses.quote(path)}: {missing}")
        return parent.pop(key)
    try:
        return parent.pop(_index(parent, key))
    except _Misfit as problem:
        raise _Misfit(f"{operation} operation does not apply for path {statuses.quote(path)}: {problem}") from problem


def _replace(document: Any, path: str, value: Any) -> Any:
    if path == "":
        return value
    parent, key = _parent(document, path, "replace")
    if is_object(parent):
        parent[key] = value  # the real server's library does not mind when there was nothing to replace
    else:
        parent[_index(parent, key)] = value
    return document


def _get(document: Any, path: str, operation: str) -> Any:
    if path == "":
        return document
    parent, key = _parent(document, path, operation)
    return parent[_index(parent, key)] if is_list(parent) else parent.get(key)


def _test(document: Any, path: str, wanted: object) -> None:
    try:
        found = _get(document, path, "test")
    except _Misfit:
        container, _ = _parent(document, path, "test")  # nothing is null, but not in what is not there either
        if wanted is None and is_object(container):
            return
        raise
    if not same(found, wanted):
        raise _Misfit(f"testing value {path} failed: test failed")
