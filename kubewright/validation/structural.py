"""A CRD's schema, read once into the shape that pruning, defaulting and validation walk.

The JSON document is convenient to write and slow to interpret: every request would look up a dozen keywords per value.
``compile_schema`` turns it into ``Structural`` nodes (apiextensions-apiserver's ``schema.Structural`` together with the
value validations), with a note on each node whether anything below it has defaults, list types or embedded resources,
so that the common small object is passed over quickly. Nodes are immutable by convention and shared between threads.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, TypeAlias, cast

from kubewright.validation.formats import KNOWN_FORMATS, normalised
from kubewright.validation.jsontypes import JsonValue

Json: TypeAlias = dict[str, Any]


class Missing(Enum):
    """No default; ``None`` would be the default ``null``."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


class Structural:
    """One node of a structural schema."""

    __slots__ = (
        "additional",
        "additional_allowed",
        "all_of",
        "any_of",
        "default",
        "embedded",
        "enum",
        "exclusive_maximum",
        "exclusive_minimum",
        "format",
        "has_defaults",
        "has_embedded",
        "has_list_types",
        "items",
        "list_map_keys",
        "list_type",
        "max_items",
        "max_length",
        "max_properties",
        "maximum",
        "min_items",
        "min_length",
        "min_properties",
        "minimum",
        "multiple_of",
        "nullable",
        "one_of",
        "open",
        "pattern",
        "preserve",
        "properties",
        "refused",
        "required",
        "types",
        "unique_items",
    )

    def __init__(self) -> None:
        self.types: tuple[str, ...] = ()
        self.nullable = False
        self.format = ""
        self.default: JsonValue | Missing = MISSING
        self.enum: list[JsonValue] | None = None
        self.properties: dict[str, Structural] = {}
        self.additional: Structural | None = None
        self.additional_allowed = True
        self.items: Structural | None = None
        self.required: tuple[str, ...] = ()
        self.all_of: tuple[Structural, ...] = ()
        self.any_of: tuple[Structural, ...] = ()
        self.one_of: tuple[Structural, ...] = ()
        self.refused: Structural | None = None
        """The schema under ``not``."""
        self.preserve = False
        self.embedded = False
        self.open = False
        """An object about whose fields the schema says nothing."""
        self.list_type = ""
        self.list_map_keys: tuple[str, ...] = ()
        self.pattern = ""
        self.min_length: int | None = None
        self.max_length: int | None = None
        self.min_items: int | None = None
        self.max_items: int | None = None
        self.unique_items = False
        self.min_properties: int | None = None
        self.max_properties: int | None = None
        self.minimum: float | int | None = None
        self.maximum: float | int | None = None
        self.exclusive_minimum = False
        self.exclusive_maximum = False
        self.multiple_of: float | int | None = None
        self.has_defaults = False
        self.has_embedded = False
        self.has_list_types = False

    def child(self, key: str) -> Structural | None:
        """The node for a field: its property, else what additionalProperties says."""
        return self.properties.get(key, self.additional)


EMPTY: Final = Structural()
"""What ``additionalProperties: true`` is to pruning: a schema that knows no fields."""


def compile_schema(schema: Json) -> Structural:
    """Compile a schema document, which may be cyclic (built-in kinds with linked references)."""
    return _compile(schema, {})


def _compile(raw: Json, known: dict[int, Structural]) -> Structural:
    node = known.get(id(raw))
    if node is not None:
        return node
    node = known[id(raw)] = Structural()
    _read_scalars(node, raw)
    properties: dict[str, Json] = raw.get("properties") or {}
    node.properties = {name: _compile(sub, known) for name, sub in properties.items()}
    additional = raw.get("additionalProperties")
    if isinstance(additional, dict):
        node.additional = _compile(cast(Json, additional), known)
    elif additional is True:
        node.additional = EMPTY
    elif additional is False:
        node.additional_allowed = False
    items = raw.get("items")
    if isinstance(items, dict):
        node.items = _compile(cast(Json, items), known)
    node.all_of = tuple(_compile(sub, known) for sub in raw.get("allOf") or ())
    node.any_of = tuple(_compile(sub, known) for sub in raw.get("anyOf") or ())
    node.one_of = tuple(_compile(sub, known) for sub in raw.get("oneOf") or ())
    if isinstance(raw.get("not"), dict):
        node.refused = _compile(raw["not"], known)
    node.open = not node.properties and node.additional is None and node.items is None
    below = [*node.properties.values(), *(sub for sub in (node.additional, node.items) if sub is not None)]
    node.has_defaults = any(sub.has_defaults or sub.default is not MISSING for sub in below)
    node.has_embedded = node.embedded or any(sub.has_embedded for sub in below)
    node.has_list_types = node.list_type in ("set", "map") or any(sub.has_list_types for sub in below)
    return node


def _read_scalars(node: Structural, raw: Json) -> None:
    kind = raw.get("type")
    node.types = (kind,) if isinstance(kind, str) and kind else ()
    if raw.get("x-kubernetes-int-or-string"):
        node.types = ("integer", "string")
    node.nullable = bool(raw.get("nullable"))
    node.default = raw.get("default", MISSING)
    node.enum = raw.get("enum") or None
    node.required = tuple(raw.get("required") or ())
    node.preserve = bool(raw.get("x-kubernetes-preserve-unknown-fields"))
    node.embedded = bool(raw.get("x-kubernetes-embedded-resource"))
    node.list_type = raw.get("x-kubernetes-list-type") or ""
    node.list_map_keys = tuple(raw.get("x-kubernetes-list-map-keys") or ())
    node.pattern = raw.get("pattern") or ""
    node.min_length, node.max_length = raw.get("minLength"), raw.get("maxLength")
    node.min_items, node.max_items = raw.get("minItems"), raw.get("maxItems")
    node.unique_items = bool(raw.get("uniqueItems"))
    node.min_properties, node.max_properties = raw.get("minProperties"), raw.get("maxProperties")
    node.minimum, node.maximum = raw.get("minimum"), raw.get("maximum")
    node.exclusive_minimum = bool(raw.get("exclusiveMinimum"))
    node.exclusive_maximum = bool(raw.get("exclusiveMaximum"))
    node.multiple_of = raw.get("multipleOf")
    node.format = supported_format(raw.get("format") or "", node.types)


def supported_format(name: str, types: tuple[str, ...]) -> str:
    """Formats that the server does not know are dropped (apiextensions ``StripUnsupportedFormats``)."""
    kind = types[0] if len(types) == 1 else ""
    if kind == "integer":
        return name if name in ("int32", "int64") else ""
    if kind == "number":
        return name if name in ("float", "double") else ""
    if kind in ("", "string"):
        return name if normalised(name) in KNOWN_FORMATS else ""
    return ""
