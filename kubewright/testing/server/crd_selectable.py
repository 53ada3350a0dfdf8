"""Selectable fields of a CRD: which paths a field selector may use (KEP-4358)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kubewright.testing.server.crd_structural import properties_of
from kubewright.testing.server.documents import Json, is_object
from kubewright.validation import Cause
from kubewright.validation.causes import duplicate, invalid, required, too_many

_MOST = 8


def validate_selectable_fields(fields: list[Json], schema: Json, path: str) -> Iterator[Cause]:
    """Every cause against the fields (apiextensions ``ValidateCustomResourceSelectableFields``)."""
    if not schema:
        yield invalid(path, "", "may only be set when validations.schema is included")
        return
    seen: set[str] = set()
    for index, field in enumerate(fields):
        where, json_path = f"{path}[{index}].jsonPath", field.get("jsonPath") or ""
        if not json_path:
            yield required(where)
            continue
        problem, found = _resolve(json_path, schema)
        if problem:
            yield invalid(where, json_path, f"is an invalid path: {problem}")
            continue
        name = json_path.removeprefix(".")
        if name.split(".")[0] == "metadata":
            yield invalid(where, json_path, "must not point to fields in metadata")
        if found.get("type") not in ("string", "boolean", "integer"):
            why = (
                "must point to a field of type string, boolean or integer. "
                "Enum string fields and strings with formats are allowed."
            )
            yield invalid(where, json_path, why)
        if name in seen:
            yield duplicate(where, json_path)
        seen.add(name)
    if len(seen) > _MOST:
        yield too_many(path, len(seen), _MOST)


def _resolve(json_path: str, schema: Json) -> tuple[str, Json]:
    """What is wrong with the path, or the schema that it leads to (apiextensions ``cel.ValidFieldPath``)."""
    tokens = re.findall(r"[.\[\]]|[^.\[\]]+", json_path)
    at = 0
    while at < len(tokens):
        if tokens[at] == "[":
            return "array notation is not allowed", {}
        if tokens[at] != ".":
            return f"expected [ or . but got: {tokens[at]}", {}
        name = tokens[at + 1] if at + 1 < len(tokens) else "."
        known = dict(properties_of(schema))
        additional = schema.get("additionalProperties")
        if known:
            if name not in known:
                return "does not refer to a valid field", {}
            schema = known[name]
        elif is_object(additional):
            schema = additional
        else:
            return "does not refer to a valid field", {}
        at += 2
    return "", schema
