"""What server-side apply must know of a schema: which maps and lists are one value, and how list items are told apart.

A schema says much; merging and ownership only ask whether a value is a scalar, a map (granular or atomic) or a list
(atomic, set or keyed). ``compile_type`` reads that out once per kind (kube-openapi ``schemaconv``). Cyclic schemas are
fine: a type is made once and filled in.
"""

from __future__ import annotations

from typing import Any, Final

from kubewright.testing.server.documents import Json, is_object


class FieldType:
    """The shape of a value for merging. A value may be allowed several forms (int-or-string, anything)."""

    __slots__ = ("atomic", "defaults", "element", "fields", "is_list", "is_map", "items", "keys", "scalar")

    def __init__(self) -> None:
        self.scalar = ""
        """``""`` (not a scalar), ``untyped``, ``string``, ``numeric`` or ``boolean``."""
        self.is_map = False
        self.is_list = False
        self.fields: dict[str, FieldType] = {}
        self.element: FieldType | None = None
        """Type of map values that are no declared field; None = undeclared fields are refused."""
        self.items: FieldType | None = None
        self.atomic = False
        """The map is one value."""
        self.keys: tuple[str, ...] | None = None
        """None: the list is one value; empty: a set of scalars; otherwise the fields that identify an item."""
        self.defaults: dict[str, Any] = {}
        """Defaults of scalar fields: an item of a keyed list may leave a key out that has one."""

    def child(self, name: str) -> FieldType:
        """The type of a map's value."""
        return self.fields.get(name) or self.element or ANYTHING


def _anything() -> FieldType:
    made = FieldType()
    made.scalar, made.is_map, made.is_list = "untyped", True, True
    made.element = made
    made.items = made
    return made


ANYTHING: Final = _anything()
"""Deduced from the value: maps are granular, lists are one value."""


def _scalar(name: str) -> FieldType:
    made = FieldType()
    made.scalar = name
    return made


_STRING: Final = _scalar("string")
_NUMERIC: Final = _scalar("numeric")
_FORMATTED: Final = _scalar("untyped")
"""A string with a format is any scalar to merging (kube-openapi ``schemaconv``, convertPrimitive)."""
_PRIMITIVES: Final = {
    "string": _STRING,
    "integer": _NUMERIC,
    "number": _NUMERIC,
    "boolean": _scalar("boolean"),
}


def _list_of(items: FieldType, keys: tuple[str, ...] | None) -> FieldType:
    made = FieldType()
    made.is_list, made.items, made.keys = True, items, keys
    return made


def _map_of(fields: dict[str, FieldType], element: FieldType | None = None) -> FieldType:
    made = FieldType()
    made.is_map, made.fields, made.element = True, fields, element
    return made


def _object_meta() -> FieldType:
    strings = ("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion")
    times = ("creationTimestamp", "deletionTimestamp")
    fields: dict[str, FieldType] = dict.fromkeys((*strings, *times), _STRING)
    fields |= dict.fromkeys(("generation", "deletionGracePeriodSeconds"), _NUMERIC)
    fields |= {name: _map_of({}, _STRING) for name in ("labels", "annotations")}
    owner = _map_of(dict.fromkeys(("apiVersion", "kind", "name", "uid"), _STRING))
    owner.fields |= dict.fromkeys(("controller", "blockOwnerDeletion"), _PRIMITIVES["boolean"])
    owner.atomic = True
    fields["ownerReferences"] = _list_of(owner, ("uid",))
    fields["finalizers"] = _list_of(_STRING, ())
    fields["managedFields"] = _list_of(ANYTHING, None)
    return _map_of(fields)


OBJECT_META: Final = _object_meta()


def compile_type(schema: Json | None, *, builtin: bool) -> FieldType:
    """The type of a kind's objects; anything goes where there is no schema."""
    root = ANYTHING if schema is None else _Compiler(builtin).compile(schema, preserve=False)
    made = FieldType()
    made.is_map, made.element, made.fields = True, root.element, dict(root.fields)
    made.fields |= {"apiVersion": _STRING, "kind": _STRING, "metadata": OBJECT_META}
    return made


class _Compiler:
    def __init__(self, builtin: bool) -> None:
        self._builtin = builtin
        self._made: dict[tuple[int, bool], FieldType] = {}

    def compile(self, schema: Json, *, preserve: bool) -> FieldType:
        preserve = preserve or schema.get("x-kubernetes-preserve-unknown-fields") is True
        key = (id(schema), preserve)
        made = self._made.get(key)
        if made is None:
            primitive = _PRIMITIVES.get(schema.get("type", ""))
            if primitive is _STRING and schema.get("format") not in (None, "", "byte"):
                return _FORMATTED
            if primitive is not None:
                return primitive
            made = self._made[key] = FieldType()
            self._fill(made, schema, preserve)
        return made

    def _fill(self, made: FieldType, schema: Json, preserve: bool) -> None:
        kind = schema.get("type", "")
        if not kind:
            made.scalar = "untyped"
        if kind in ("", "object"):
            self._fill_map(made, schema, preserve)
        if kind in ("", "array"):
            self._fill_list(made, schema, preserve)

    def _fill_map(self, made: FieldType, schema: Json, preserve: bool) -> None:
        made.is_map = True
        properties: Json = schema.get("properties") or {}
        for name, child in properties.items():
            made.fields[name] = self.compile(child, preserve=preserve)
            if "default" in child:
                made.defaults[name] = child["default"]
        if schema.get("x-kubernetes-embedded-resource"):
            made.fields |= {"apiVersion": _STRING, "kind": _STRING, "metadata": OBJECT_META}
        additional = schema.get("additionalProperties")
        if is_object(additional):
            made.element = self.compile(additional, preserve=preserve)
        elif additional is True or (additional is None and (preserve or not properties)):
            made.element = ANYTHING
        made.atomic = schema.get("x-kubernetes-map-type") == "atomic"

    def _fill_list(self, made: FieldType, schema: Json, preserve: bool) -> None:
        made.is_list = True
        items = schema.get("items")
        made.items = self.compile(items, preserve=preserve) if is_object(items) else ANYTHING
        list_type = schema.get("x-kubernetes-list-type")
        if list_type == "set":
            made.keys = ()
        elif list_type == "map":
            made.keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
