"""Structural schema -> IR: every way in which CRDs say a type, reduced to one.

What only validates (bounds, patterns, formats, ``oneOf``/``anyOf``/``not``/``allOf``, CEL) shapes no type: it becomes
documentation.  Reading is lenient, because the cluster has accepted stranger schemas than anybody would write; only an
unknown ``type`` and a thing that is no schema at all are refused.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from codegen.crd.model import Source
from codegen.errors import CodegenError
from codegen.ir import (
    OBJECT_META,
    Any_,
    Array,
    Doc,
    Embedded,
    Enum,
    EnumValue,
    IntOrString,
    Map,
    Node,
    Object,
    Property,
    Ref,
    Scalar,
    ScalarType,
)

# Ten times the largest real schema (~25,000 nodes): what is above is an alias bomb, not an API.
MAX_NODES: Final = 250_000
# API servers stop far earlier; Python's own recursion limit must never be the one to speak.
MAX_DEPTH: Final = 120

_SCALARS: Final[dict[str, ScalarType]] = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}
_TYPES: Final = (*_SCALARS, "object", "array", "null")
_LIMITS: Final = (
    "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
)  # fmt: skip
_COMBINATIONS: Final = ("allOf", "anyOf", "oneOf", "not")
_DOC_KEYS: Final = frozenset({"description", "default", "format", "x-kubernetes-validations", *_LIMITS, *_COMBINATIONS})
_MAX_RULE: Final = 400

# Characters that JSON escapes: msgspec takes no field name with one of them.
_UNNAMEABLE: Final = re.compile(r"[\x00-\x1f\"\\]")

Schema = Mapping[str, Any]


def read_schema(schema: object, source: Source, notices: list[str] | None = None) -> Object:
    """The root object of one version; ``source`` points at the schema.

    What is odd but usable is added to ``notices``; what is not raises :class:`CodegenError`.
    """
    if not isinstance(schema, dict):
        raise CodegenError(
            "the schema is not a map", source=str(source), hint="see `kubectl explain crd.spec.versions`"
        )
    reader = _Reader(source)
    root = _root(reader.node(cast("Schema", schema), 0), doc_of(cast("Schema", schema)))
    if notices is not None:
        notices.extend(reader.notices())
    return root


def bare_root() -> Object:
    """What a version without a schema is: an object of which only the head is known."""
    return _root(Any_(), Doc())


def _root(node: Node, doc: Doc) -> Object:
    known = node.properties if isinstance(node, Object) else ()
    # A root without properties says nothing about its fields, so none of them may get lost.
    is_open = node.open if isinstance(node, Object) else True
    return Object(_with_head(known), open=is_open, doc=doc)


def _with_head(properties: tuple[Property, ...]) -> tuple[Property, ...]:
    """apiVersion, kind and metadata first, whatever the schema says of them; the rest keeps its order."""
    known = {p.name: p for p in properties}
    head: dict[str, Node] = {
        "apiVersion": Scalar("string", doc=_doc_in(known, "apiVersion")),
        "kind": Scalar("string", doc=_doc_in(known, "kind")),
        "metadata": Ref(OBJECT_META, doc=_doc_in(known, "metadata")),
    }
    return (*(Property(name, node) for name, node in head.items()), *(p for p in properties if p.name not in head))


def _doc_in(known: Mapping[str, Property], name: str) -> Doc:
    return known[name].node.doc if name in known else Doc()


class _Reader:
    """One walk over one schema; it knows where it is, so that an error can say so."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._path: list[str | int] = []
        self._nodes = 0
        self._remarks: dict[str, list[Source]] = {}

    def notices(self) -> Iterator[str]:
        """What was odd but usable: each thing once, with its first place."""
        for remark, places in self._remarks.items():
            more = f" (and in {len(places) - 1} more places)" if len(places) > 1 else ""
            yield f"{places[0]}: {remark}{more}"

    def _remark(self, remark: str, place: Source) -> None:
        self._remarks.setdefault(remark, []).append(place)

    def _error(self, message: str, hint: str = "") -> CodegenError:
        return CodegenError(message, source=str(self._source.at(*self._path)), hint=hint)

    def _below(self, schema: object, depth: int, *segments: str | int) -> Node:
        self._path.extend(segments)
        if not isinstance(schema, dict):
            if schema is None or isinstance(schema, bool):
                node: Node = Any_()  # `additionalProperties: true`, `items:` with nothing behind it
            else:
                raise self._error(f"a schema must be a map, this is {json.dumps(schema, default=str)[:80]}")
        else:
            node = self.node(cast("Schema", schema), depth + 1)
        del self._path[-len(segments) :]
        return node

    def node(self, schema: Schema, depth: int) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._error(
                f"the schema expands to more than {MAX_NODES:,} nodes",
                "its YAML anchors multiply; write them out or drop them",
            )
        if depth > MAX_DEPTH:
            raise self._error(f"the schema nests deeper than {MAX_DEPTH} levels", "no API server accepts it")
        type_, nullable = self._type(schema)
        if is_int_or_string(schema):
            return IntOrString(nullable, doc_of(schema))
        if type_ in _SCALARS:
            return self._scalar(schema, _SCALARS[type_], nullable)
        if type_ == "array":
            return self._array(schema, nullable, depth)
        if type_ == "object":
            return self._object(schema, nullable, depth)
        values = enum_values(schema)
        inferred = _common_type(values) if values else None
        if inferred is not None:
            return self._scalar(schema, inferred, nullable)
        return Any_(nullable, doc_of(schema))

    def _type(self, schema: Schema) -> tuple[str, bool]:
        """(type or "", nullable); a missing type follows from what is beside it."""
        declared = schema.get("type")
        nullable = schema.get("nullable") is True
        if isinstance(declared, list):  # JSON Schema's way to say nullable; non-structural, but it exists
            names = [name for name in cast("list[object]", declared) if name != "null"]
            nullable = nullable or len(names) < len(cast("list[object]", declared))
            declared = names[0] if len(names) == 1 else None
        if declared is None or declared == "":
            if (
                "properties" in schema
                or "additionalProperties" in schema
                or schema.get("x-kubernetes-embedded-resource")
            ):
                return "object", nullable
            return ("array" if "items" in schema else ""), nullable
        if declared not in _TYPES:
            self._path.append("type")
            if close := difflib.get_close_matches(str(declared), _TYPES, n=1, cutoff=0.75):
                raise self._error(f"unknown type {declared!r}", f"did you mean {close[0]!r}?")
            # Not a slip but some tool's own word: the other fields are still worth having.
            self._remark(f"unknown type {declared!r}, read as any value", self._source.at(*self._path))
            self._path.pop()
            return "", nullable
        return ("" if declared == "null" else str(declared)), nullable

    def _scalar(self, schema: Schema, type_: ScalarType, nullable: bool) -> Node:
        values = _fitting(enum_values(schema), type_)
        if values:
            return Enum(type_, values, nullable, doc_of(schema))
        return Scalar(type_, nullable, doc_of(schema))

    def _array(self, schema: Schema, nullable: bool, depth: int) -> Node:
        items = schema.get("items")
        if isinstance(items, list):  # a tuple in JSON Schema; never structural
            only = cast("list[object]", items)
            item = self._below(only[0], depth, "items", 0) if len(only) == 1 else Any_()
        else:
            item = self._below(items, depth, "items")
        keys = schema.get("x-kubernetes-list-map-keys")
        list_type = schema.get("x-kubernetes-list-type")
        return Array(
            item,
            nullable,
            list_type if isinstance(list_type, str) else "",
            tuple(k for k in cast("list[object]", keys) if isinstance(k, str)) if isinstance(keys, list) else (),
            doc_of(schema),
        )

    def _object(self, schema: Schema, nullable: bool, depth: int) -> Node:
        preserve = schema.get("x-kubernetes-preserve-unknown-fields") is True
        embedded = schema.get("x-kubernetes-embedded-resource") is True
        properties = schema.get("properties")
        additional = schema.get("additionalProperties")
        if properties:
            if not isinstance(properties, dict):
                raise self._error("`properties` must be a map")
            by_name = cast("Schema", properties)
            known = self._properties(by_name, schema, depth)
            if embedded:
                known = _with_head(known)
            # Both together are forbidden by the API server, but then the other keys are data as well; and so are
            # properties that no field can be named after.
            is_open = preserve or additional not in (None, False) or any(map(_UNNAMEABLE.search, by_name))
            return Object(known, is_open, nullable, doc_of(schema)) if known else Map(Any_(), nullable, doc_of(schema))
        if embedded:
            return Embedded(nullable, doc_of(schema))
        if isinstance(additional, dict) and additional:
            return Map(self._below(cast("object", additional), depth, "additionalProperties"), nullable, doc_of(schema))
        return Map(Any_(), nullable, doc_of(schema))

    def _properties(self, properties: Schema, schema: Schema, depth: int) -> tuple[Property, ...]:
        listed = schema.get("required")
        required = set(map(str, cast("list[object]", listed))) if isinstance(listed, list) else set[str]()
        return tuple(
            Property(name, self._below(properties[name], depth, "properties", name), name in required)
            for name in sorted(properties)
            if not self._unnameable(name)
        )

    def _unnameable(self, name: str) -> bool:
        if not _UNNAMEABLE.search(name):
            return False
        self._remark(f"no field can be called {name!r}, it is kept in `.extra`", self._source.at(*self._path))
        return True


def is_int_or_string(schema: Schema) -> bool:
    """The extension, the format, or the two-branch union that older generators wrote instead."""
    if schema.get("x-kubernetes-int-or-string") is True or schema.get("format") == "int-or-string":
        return True
    if schema.get("type") not in (None, ""):
        types = schema.get("type")
        return isinstance(types, list) and sorted(map(str, cast("list[object]", types))) == ["integer", "string"]
    for key in ("anyOf", "oneOf"):
        branches = schema.get(key)
        if isinstance(branches, list):
            found = [cast("Schema", b).get("type") for b in cast("list[object]", branches) if isinstance(b, dict)]
            if len(found) == 2 and sorted(map(str, found)) == ["integer", "string"]:
                return True
    return False


def enum_values(schema: Schema) -> tuple[object, ...]:
    """The listed values, or what the ``allOf`` branches have in common (controller-gen writes two markers so)."""
    values = schema.get("enum")
    if isinstance(values, list):
        return tuple(cast("list[object]", values))
    branches = schema.get("allOf")
    if not isinstance(branches, list):
        return ()
    lists = [
        cast("list[object]", cast("Schema", branch)["enum"])
        for branch in cast("list[object]", branches)
        if isinstance(branch, dict) and isinstance(cast("Schema", branch).get("enum"), list)
    ]
    return tuple(v for v in lists[0] if all(v in other for other in lists)) if lists else ()


def _fitting(values: tuple[object, ...], type_: ScalarType) -> tuple[EnumValue, ...]:
    """The values that an instance of ``type_`` can have: an unquoted ``yes`` among strings is a boolean, and is not one."""
    fitting: dict[tuple[type, EnumValue], EnumValue] = {}
    for value in values:
        if isinstance(value, bool):
            keep: EnumValue | None = value if type_ == "boolean" else None
        elif isinstance(value, str):
            keep = value if type_ == "string" else None
        elif isinstance(value, int | float) and type_ in ("integer", "number"):
            whole = value.is_integer() if isinstance(value, float) else True
            keep = (int(value) if whole else None) if type_ == "integer" else value
        else:
            keep = None
        if keep is not None:
            fitting.setdefault((type(keep), keep), keep)
    return tuple(fitting.values())


def _common_type(values: tuple[object, ...]) -> ScalarType | None:
    names: dict[type, ScalarType] = {bool: "boolean", str: "string", int: "integer", float: "number"}
    found: set[ScalarType | None] = {names.get(type(v)) for v in values if v is not None}
    if found == {"integer", "number"}:
        return "number"
    return next(iter(found)) if len(found) == 1 else None


def doc_of(schema: Schema) -> Doc:
    """All that documents and shapes nothing."""
    if not (_DOC_KEYS & schema.keys()):
        # An enum that became a plain type is the one more thing to say, and rare.
        return Doc() if "enum" not in schema else Doc(limits=_limits(schema))
    description = schema.get("description", "")
    format_ = schema.get("format", "")
    return Doc(
        description=description if isinstance(description, str) else str(description or ""),
        default=_json(schema["default"]) if "default" in schema else None,
        format=format_ if isinstance(format_, str) else "",
        limits=_limits(schema),
        rules=_rules(schema),
    )


def _limits(schema: Schema) -> tuple[str, ...]:
    limits = [
        f"{key}: {value if isinstance(value, str) else _json(value)}"
        for key in _LIMITS
        if (value := schema.get(key)) is not None and value is not False
    ]
    # Values that no Literal of this type can hold are at least named.
    if any(isinstance(value, bool | dict | list) or value is None for value in enum_values(schema)):
        limits.append(f"enum: {_shortened(_json(schema.get('enum')))}")
    return tuple(limits)


def _rules(schema: Schema) -> tuple[str, ...]:
    rules: list[str] = []
    listed = schema.get("x-kubernetes-validations")
    for entry in cast("list[object]", listed) if isinstance(listed, list) else ():
        if isinstance(entry, dict):
            rule = cast("Schema", entry)
            text, message = str(rule.get("rule", "")).strip(), str(rule.get("message") or "").strip()
            rules.append(f"{text} ({message})" if message else text)
    if not is_int_or_string(schema):
        rules.extend(f"{key}: {_shortened(_json(schema[key]))}" for key in _COMBINATIONS if schema.get(key))
    return tuple(rules)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_RULE else text[:_MAX_RULE] + " …"
