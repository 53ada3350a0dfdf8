"""Whether a CRD's schema is structural: every value has one known shape, and value validations never define shape.

Only structural schemas can be pruned, defaulted and published (KEP-1002); a real server refuses all others. The checks and
their words are those of apiextensions-apiserver ``schema.ValidateStructural``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from kubewright.testing.server.documents import Json, is_list, is_object
from kubewright.validation import Cause
from kubewright.validation.causes import forbidden, invalid, required
from kubewright.validation.patterns import compiled

_Level: TypeAlias = Literal["root", "item", "field"]

_EMPTY_TYPE: Final[dict[_Level, str]] = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}
_INT_OR_STRING: Final = [{"type": "integer"}, {"type": "string"}]
_FORBIDDEN_NESTED: Final = (
    # (key, what it must be) for keys that define shape and therefore may not stand under allOf, anyOf, oneOf, not
    ("type", "empty"),
    ("additionalProperties", "undefined"),
    ("default", "undefined"),
    ("title", "empty"),
    ("description", "empty"),
    ("nullable", "false"),
    ("x-kubernetes-preserve-unknown-fields", "false"),
    ("x-kubernetes-embedded-resource", "false"),
    ("x-kubernetes-int-or-string", "false"),
    ("x-kubernetes-list-map-keys", "empty"),
    ("x-kubernetes-list-type", "undefined"),
    ("x-kubernetes-map-type", "undefined"),
    ("x-kubernetes-validations", "empty"),
)


def schemas_of(node: Json, key: str) -> list[Json]:
    """The schemas under ``allOf``, ``anyOf`` or ``oneOf``."""
    found = node.get(key)
    return [each for each in found if is_object(each)] if is_list(found) else []


def properties_of(node: Json) -> list[tuple[str, Json]]:
    """The properties of a node, sorted (Go's order is random)."""
    found = node.get("properties")
    return sorted((key, sub) for key, sub in found.items() if is_object(sub)) if is_object(found) else []


def validate_structural(schema: Json, path: str) -> list[Cause]:
    """Everything that keeps the schema from being structural, sorted by message."""
    causes = [*_invariants(schema, "root", path), *_complete(schema, schema, path, path)]
    return sorted(causes, key=str)


def _invariants(node: Json, level: _Level, path: str) -> Iterator[Cause]:
    kind = node.get("type") or ""
    items, additional = node.get("items"), node.get("additionalProperties")
    embedded = bool(node.get("x-kubernetes-embedded-resource"))
    preserve = bool(node.get("x-kubernetes-preserve-unknown-fields"))
    int_or_string = bool(node.get("x-kubernetes-int-or-string"))
    if kind == "array" and items is None:
        yield required(f"{path}.items", "must be specified")
    if is_object(items):
        yield from _invariants(items, "item", f"{path}.items")
    for key, sub in properties_of(node):
        yield from _invariants(sub, "field", f"{path}.properties[{key}]")
    if additional is not None:
        if level == "root":
            yield forbidden(f"{path}.additionalProperties", "must not be used at the root")
        if is_object(additional):
            yield from _invariants(additional, "field", f"{path}.additionalProperties")
    if int_or_string and preserve:
        why = "must be false if x-kubernetes-int-or-string is true"
        yield invalid(f"{path}.x-kubernetes-preserve-unknown-fields", True, why)
    if int_or_string and embedded:
        why = "must be false if x-kubernetes-int-or-string is true"
        yield invalid(f"{path}.x-kubernetes-embedded-resource", True, why)
    all_of = schemas_of(node, "allOf")
    skip_any_of = node.get("anyOf") == _INT_OR_STRING
    skip_in_all_of = bool(all_of) and all_of[0].get("anyOf") == _INT_OR_STRING
    yield from _value_validation(node, path, skip_any_of=skip_any_of, skip_in_all_of=skip_in_all_of)
    yield from _types(kind, level, path, embedded=embedded, free=int_or_string or preserve)
    if embedded and additional is not None:
        yield forbidden(f"{path}.additionalProperties", "must not be used if x-kubernetes-embedded-resource is set")
    yield from _meta_fields(node, level, path, checked=level == "root" or embedded)
    if embedded and not preserve and not node.get("properties"):
        why = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        yield required(f"{path}.properties", why)


def _types(kind: str, level: _Level, path: str, *, embedded: bool, free: bool) -> Iterator[Cause]:
    if embedded and kind != "object":
        why = "must be object if x-kubernetes-embedded-resource is true"
        yield invalid(f"{path}.type", kind, why) if kind else required(f"{path}.type", why)
    elif not kind and not free:
        yield required(f"{path}.type", _EMPTY_TYPE[level])
    if level == "root" and kind and kind != "object":
        yield invalid(f"{path}.type", kind, "must be object at the root")


def _meta_fields(node: Json, level: _Level, path: str, *, checked: bool) -> Iterator[Cause]:
    properties = dict(properties_of(node))
    if checked:
        for key in ("kind", "apiVersion"):
            if key in properties and properties[key].get("type") != "string":
                yield invalid(f"{path}.properties[{key}].type", properties[key].get("type") or "", "must be string")
    metadata = properties.get("metadata")
    if metadata is None:
        return
    if checked and metadata.get("type") != "object":
        yield invalid(f"{path}.properties[metadata].type", metadata.get("type") or "", "must be object")
    if level == "root":
        rest = {key: value for key, value in metadata.items() if key not in ("type", "default") and value}
        if set(dict(properties_of(metadata))) <= {"name", "generateName"}:
            rest.pop("properties", None)
        if rest:
            yield forbidden(
                f"{path}.properties[metadata]",
                "must not specify anything other than name and generateName, but metadata is implicitly specified",
            )


def _value_validation(node: Json, path: str, *, skip_any_of: bool, skip_in_all_of: bool) -> Iterator[Cause]:
    if not skip_any_of:
        for index, sub in enumerate(schemas_of(node, "anyOf")):
            yield from _nested(sub, f"{path}.anyOf[{index}]")
    for index, sub in enumerate(schemas_of(node, "allOf")):
        yield from _nested(sub, f"{path}.allOf[{index}]", skip_any_of=skip_in_all_of and index == 0)
    for index, sub in enumerate(schemas_of(node, "oneOf")):
        yield from _nested(sub, f"{path}.oneOf[{index}]")
    negated = node.get("not")
    if is_object(negated):
        yield from _nested(negated, f"{path}.not")
    pattern = node.get("pattern")
    if isinstance(pattern, str) and pattern:
        program = compiled(pattern)
        if isinstance(program, str):
            yield invalid(f"{path}.pattern", pattern, f"must be a valid regular expression, but isn't: {program}")


def _nested(node: Json, path: str, *, skip_any_of: bool = False) -> Iterator[Cause]:
    yield from _value_validation(node, path, skip_any_of=skip_any_of, skip_in_all_of=False)
    items = node.get("items")
    if is_object(items):
        yield from _nested(items, f"{path}.items")
    for key, sub in properties_of(node):
        yield from _nested(sub, f"{path}.properties[{key}]")
    for key, wanted in _FORBIDDEN_NESTED:
        value = node.get(key)
        if value or (value is not None and wanted == "undefined" and key != "additionalProperties"):
            yield forbidden(f"{path}.{key}", f"must be {wanted} to be structural")
    if "metadata" in dict(properties_of(node)):
        yield forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


def _complete(node: Json, structure: Json | None, path: str, where: str) -> Iterator[Cause]:
    """Value validations may only speak of fields and items that the structure defines."""
    negated = node.get("not")
    if is_object(negated):
        yield from _complete_nested(negated, structure, path, f"{where}.not")
    for key in ("allOf", "anyOf", "oneOf"):
        for index, sub in enumerate(schemas_of(node, key)):
            yield from _complete_nested(sub, structure, path, f"{where}.{key}[{index}]")


def _complete_nested(node: Json, structure: Json | None, path: str, where: str) -> Iterator[Cause]:
    if structure is None:
        yield required(path, f"because it is defined in {where}")
        return
    yield from _complete(node, structure, path, where)
    items = node.get("items")
    if is_object(items):
        below = structure.get("items")
        yield from _complete_nested(items, below if is_object(below) else None, f"{path}.items", f"{where}.items")
    known = dict(properties_of(structure))
    for key, sub in properties_of(node):
        place = f"{where}.properties[{key}]"
        if key in known:
            yield from _complete_nested(sub, known[key], f"{path}.properties[{key}]", place)
        else:
            yield required(f"{path}.properties[{key}]", f"because it is defined in {place}")
