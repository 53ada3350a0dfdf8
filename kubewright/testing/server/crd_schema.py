"""What may stand in a CRD's schema beside being structural: keywords, list types, defaults, the form of CEL rules.

The checks and their words are those of apiextensions-apiserver ``ValidateCustomResourceDefinitionOpenAPISchema`` and
``defaulting.ValidateDefaults``. CEL expressions themselves are not compiled here.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from kubewright.testing.server.crd_structural import properties_of, schemas_of, validate_structural
from kubewright.testing.server.documents import Json, is_list, is_object
from kubewright.validation import Cause, compile_schema, prune
from kubewright.validation.causes import forbidden, invalid, not_supported, required
from kubewright.validation.jsontypes import JsonObject, JsonValue
from kubewright.validation.listtypes import validate_list_types
from kubewright.validation.objectmeta import validate_embedded
from kubewright.validation.values import check

_TYPES: Final = ("array", "boolean", "integer", "number", "object", "string")
_META_FIELDS: Final = ("metadata", "kind", "apiVersion")
_UNSUPPORTED: Final = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
_REASONS: Final = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_ROOT_FIELDS: Final = {
    "description",
    "type",
    "format",
    "title",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "multipleOf",
    "required",
    "items",
    "properties",
    "externalDocs",
    "example",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
}
_ROOT_FIELDS_IN_GO: Final = (
    "[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems "
    "MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]"
)


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for a node because of where it is."""

    no_defaults: str | None = None
    in_metadata: bool = False


def validate_schema(schema: Json, path: str, *, status: bool) -> list[Cause]:
    """Everything that is wrong with the schema of a version; ``path`` is where it is in the CRD.

    Args:
        schema: The ``openAPIV3Schema``.
        path: Field path of the schema's parent (``spec.validation`` or ``spec.versions[1].schema``).
        status: The version has a status subresource.
    """
    where = f"{path}.openAPIV3Schema"
    causes = list(_root(schema, path)) if status else []
    if schema.get("nullable"):
        causes.append(forbidden(f"{where}.nullable", "nullable cannot be true at the root"))
    unsupported = _unsupported(schema)
    structural = [] if unsupported else validate_structural(schema, where) or list(_defaults(schema, where))
    causes += structural
    causes += _node(schema, where, _Context(), root=True)
    if not causes and unsupported:
        causes.append(invalid(where, "", unsupported))
    return causes


def _root(schema: Json, path: str) -> Iterator[Cause]:
    where = f"{path}.openAPIV3Schema"
    for key, value in schema.items():
        if not value:
            continue
        if key == "type":
            if value != "object":
                why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
                yield invalid(f"{where}.type", value, why)
                return
        elif key not in _ROOT_FIELDS:
            why = f"only {_ROOT_FIELDS_IN_GO} fields are allowed at the root of the schema if the status subresource is enabled"
            yield invalid(where, schema, why)
            return


def _unsupported(node: Json) -> str:
    """Why no structural schema can be made of it at all, or nothing (Go: ``NewStructural`` returns an error)."""
    for key in ("id", "$schema", "$ref", "patternProperties", "dependencies", "additionalItems", "definitions"):
        if node.get(key):
            return f"OpenAPIV3Schema '{key.removeprefix('$') if key == '$schema' else key}' is not supported"
    if node.get("x-kubernetes-preserve-unknown-fields") is False:
        return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
    if is_list(node.get("items")):
        return "OpenAPIV3Schema 'items' must be a schema, but is an array"
    below = [sub for _, sub in properties_of(node)]
    below += [sub for key in ("allOf", "anyOf", "oneOf") for sub in schemas_of(node, key)]
    below += [sub for sub in (node.get("items"), node.get("additionalProperties"), node.get("not")) if is_object(sub)]
    return next((problem for sub in below if (problem := _unsupported(sub))), "")


def _node(node: Json, path: str, context: _Context, *, root: bool = False) -> Iterator[Cause]:
    yield from _keywords(node, path, context)
    if node.get("uniqueItems"):
        why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(f"{path}.uniqueItems", why)
    additional = node.get("additionalProperties")
    if additional is not None:
        if node.get("properties") and additional is not True:
            why = "additionalProperties and properties are mutual exclusive"
            yield forbidden(f"{path}.additionalProperties", why)
        below = context
        if context.in_metadata:
            below = replace(context, no_defaults="inside additionalProperties applying to object metadata")
        if is_object(additional):
            yield from _node(additional, f"{path}.additionalProperties", below)
    for key, sub in properties_of(node):
        below = context
        if (root or node.get("x-kubernetes-embedded-resource")) and key in _META_FIELDS:
            below = replace(context, in_metadata=True)
            if root:
                below = replace(below, no_defaults=f"in top-level {key}")
        yield from _node(sub, f"{path}.properties[{key}]", below)
    negated, items = node.get("not"), node.get("items")
    if is_object(negated):
        yield from _node(negated, f"{path}.not", context)
    for key in ("allOf", "oneOf", "anyOf"):
        for index, sub in enumerate(schemas_of(node, key)):
            yield from _node(sub, f"{path}.{key}[{index}]", context)
    if is_object(items):
        yield from _node(items, f"{path}.items", context)
    yield from _extensions(node, path)
    yield from _rules(node, path)


def _keywords(node: Json, path: str, context: _Context) -> Iterator[Cause]:
    kind = node.get("type") or ""
    if kind and kind not in _TYPES:
        yield not_supported(f"{path}.type", kind, _TYPES)
    if node.get("default") is not None and context.no_defaults is not None:
        yield forbidden(f"{path}.default", f"must not be set {context.no_defaults}")
    for key in _UNSUPPORTED:
        value = node.get(key)
        if value or (value is not None and key in ("additionalItems", "dependencies", "$ref")):
            yield forbidden(f"{path}.{key}", f"{key} is not supported")
    if kind == "null":
        yield forbidden(f"{path}.type", "type cannot be set to null, use nullable as an alternative")
    if is_list(node.get("items")):
        yield forbidden(f"{path}.items", "items must be a schema object and not an array")
    if context.in_metadata and node.get("x-kubernetes-embedded-resource"):
        yield forbidden(f"{path}.x-kubernetes-embedded-resource", "must not be used inside of resource meta")


def _extensions(node: Json, path: str) -> Iterator[Cause]:
    kind = node.get("type") or ""
    list_type, map_type = node.get("x-kubernetes-list-type"), node.get("x-kubernetes-map-type")
    if node.get("x-kubernetes-preserve-unknown-fields") is False:
        yield invalid(f"{path}.x-kubernetes-preserve-unknown-fields", False, "must be true or undefined")
    if map_type is not None and kind != "object":
        why = "must be object if x-kubernetes-map-type is specified"
        yield invalid(f"{path}.type", kind, why) if kind else required(f"{path}.type", why)
    if map_type is not None and map_type not in ("atomic", "granular"):
        yield not_supported(f"{path}.x-kubernetes-map-type", map_type, ("atomic", "granular"))
    items = node.get("items")
    if list_type is not None and kind != "array":
        why = "must be array if x-kubernetes-list-type is specified"
        yield invalid(f"{path}.type", kind, why) if kind else required(f"{path}.type", why)
    elif list_type == "set" and is_object(items):
        why = "must be atomic as item of a list with x-kubernetes-list-type=set"
        below = items.get("x-kubernetes-list-type")
        if items.get("type") == "array" and below not in (None, "atomic"):
            yield invalid(f"{path}.items.x-kubernetes-list-type", below, why)
        if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
            yield invalid(f"{path}.items.x-kubernetes-map-type", below, why)
    if list_type is not None and list_type not in ("atomic", "set", "map"):
        yield not_supported(f"{path}.x-kubernetes-list-type", list_type, ("atomic", "set", "map"))
    keys = node.get("x-kubernetes-list-map-keys")
    if keys and list_type != "map":
        where, why = f"{path}.x-kubernetes-list-type", "must be map if x-kubernetes-list-map-keys is non-empty"
        yield required(where, why) if list_type is None else invalid(where, list_type, why)
    if list_type == "map":
        yield from _list_map(node, path)
    if list_type in ("set", "map") and is_object(items) and items.get("nullable"):
        yield forbidden(f"{path}.items.nullable", f"cannot be nullable when x-kubernetes-list-type is {list_type}")
    if list_type == "map" and is_object(items):
        yield from _list_map_keys(node, items, path)


def _list_map(node: Json, path: str) -> Iterator[Cause]:
    keys: list[str] = node.get("x-kubernetes-list-map-keys") or []
    items = node.get("items")
    if not keys:
        yield required(f"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map")
    if items is None:
        yield required(f"{path}.items", "must have a schema if x-kubernetes-list-type is map")
    if is_list(items):
        yield invalid(f"{path}.items", items, "must only have a single schema if x-kubernetes-list-type is map")
    if not is_object(items):
        return
    kind = items.get("type") or ""
    if kind != "object":
        yield invalid(f"{path}.items.type", kind, "must be object if parent array's x-kubernetes-list-type is map")
        return
    known, seen = dict(properties_of(items)), set[str]()
    where = f"{path}.x-kubernetes-list-map-keys"
    for key in keys:
        if key not in known:
            yield invalid(where, keys, "entries must all be names of item properties")
        elif known[key].get("type") in ("array", "object"):
            why = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            yield invalid(f"{path}.items.properties[{key}].type", kind, why)
        if key in seen:
            yield invalid(where, keys, "must not contain duplicate entries")
        seen.add(key)


def _list_map_keys(node: Json, items: Json, path: str) -> Iterator[Cause]:
    known = dict(properties_of(items))
    for key in node.get("x-kubernetes-list-map-keys") or ():
        if key not in known:
            continue
        where = f"{path}.items.properties[{key}]"
        if key not in (items.get("required") or ()) and known[key].get("default") is None:
            why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
            yield required(f"{where}.default", why)
        if known[key].get("nullable"):
            why = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"
            yield forbidden(f"{where}.nullable", why)


def _rules(node: Json, path: str) -> Iterator[Cause]:
    for index, rule in enumerate(node.get("x-kubernetes-validations") or ()):
        where = f"{path}.x-kubernetes-validations[{index}]"
        text, message = str(rule.get("rule", "")).strip(), str(rule.get("message", ""))
        if not text:
            yield required(f"{where}.rule", "rule is not specified")
        elif message and not message.strip():
            yield invalid(f"{where}.message", message, "must be non-empty if specified")
        elif re.search(r"[\n\r]", message.strip()):
            yield invalid(f"{where}.message", message, "must not contain line breaks")
        elif re.search(r"[\n\r]", text) and not message.strip():
            yield required(f"{where}.message", "message must be specified if rule contains line breaks")
        expression, field = str(rule.get("messageExpression", "")), str(rule.get("fieldPath", ""))
        if expression and not expression.strip():
            yield required(f"{where}.messageExpression", "messageExpression must be non-empty if specified")
        if rule.get("reason") is not None and rule["reason"] not in _REASONS:
            yield not_supported(f"{where}.reason", rule["reason"], _REASONS)
        if field and not field.strip():
            yield invalid(f"{where}.fieldPath", field, "must be non-empty if specified")
        if re.search(r"[\n\r]", field):
            yield invalid(f"{where}.fieldPath", field, "must not contain line breaks")


def _defaults(node: Json, path: str, *, root: bool = True, in_metadata: bool = False) -> Iterator[Cause]:
    """Defaults must be what the server would store: pruned, and valid by their own schema."""
    value = node.get("default")
    if value is not None and not in_metadata:
        yield from _default_value(node, f"{path}.default", value)
    items = node.get("items")
    if is_object(items):
        yield from _defaults(items, f"{path}.items", root=False, in_metadata=in_metadata)
    embedded = root or bool(node.get("x-kubernetes-embedded-resource"))
    for key, sub in properties_of(node):
        inside = in_metadata or (embedded and key in _META_FIELDS)
        yield from _defaults(sub, f"{path}.properties[{key}]", root=False, in_metadata=inside)


def _default_value(node: Json, path: str, value: JsonValue) -> Iterator[Cause]:
    schema = compile_schema(node)
    # one level up, so that a default of any type can be pruned in place
    holder: JsonObject = {"value": copy.deepcopy(value)}
    prune(compile_schema({"type": "object", "properties": {"value": node}}), holder)
    if holder["value"] != value:
        yield invalid(path, value, "must not have unknown fields")
    pruned = holder["value"]
    found = validate_embedded(schema, pruned, path)
    yield from found or [failure.cause(path) for failure in check(schema, pruned)]
    yield from validate_list_types(schema, pruned, path) if not found else ()
