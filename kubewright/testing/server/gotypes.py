"""Built-in kinds as their Go types would leave them: what a decoding and encoding round trip adds and drops.

The real server decodes built-in kinds into structs. So structs that are no pointers are always there (``status: {}``),
empty maps and lists of optional fields vanish, and a value of a wrong JSON type is a decoding error. All of that shows
in the OpenAPI schema (``default: {}``, ``required``), hence one generic walk for every kind.
"""

from __future__ import annotations

from typing import Any, Final

from kubewright.testing.server.documents import Json, is_list, is_object, json_type

_GO_NAMES: Final = {"string": "string", "boolean": "bool", "integer": "int32", "number": "float64"}


class WrongType(Exception):
    """A value does not fit its Go type; the text is that of the real decoder."""


class _Struct:
    """What the walk needs of one object schema."""

    __slots__ = ("arrays", "fields", "required", "scalars", "structs", "values")

    def __init__(self, schema: Json) -> None:
        properties: Json = schema.get("properties") or {}
        self.required: frozenset[str] = frozenset(schema.get("required") or ())
        self.fields: dict[str, Json] = properties
        self.structs = [
            name for name, child in properties.items() if child.get("default") == {} and child.get("type") == "object"
        ]
        self.arrays = [name for name in schema.get("required") or () if properties.get(name, {}).get("type") == "array"]
        self.scalars = [
            (name, properties[name]["default"])
            for name in schema.get("required") or ()
            if properties.get(name, {}).get("default") in ("", 0)
        ]
        additional = schema.get("additionalProperties")
        self.values: Json | None = additional if is_object(additional) else None


_structs: dict[int, tuple[Json, _Struct]] = {}


def _struct(schema: Json) -> _Struct:
    found = _structs.get(id(schema))
    if found is None:
        found = _structs[id(schema)] = (schema, _Struct(schema))
    return found[1]


def round_trip(obj: Json, schema: Json, kind: str, *, always: Json | None = None, stored: bool = False) -> None:
    """Bring a built-in object into the shape its Go type gives it, in place; metadata is left alone. Raises WrongType.

    ``always``: fields (with their zero values) that are written even when empty, where the schema does not say so.
    ``stored``: what storage does in addition, which knows no difference between an empty list and none.
    """
    given = always or {}
    kept = {name: obj[name] for name in given if name in obj}
    _object(obj, _struct(schema), kind, "", root=True)
    obj.update({**given, **kept})
    if stored:
        _forget_empty(obj, schema)


def _forget_empty(obj: Json, schema: Json) -> None:
    fields: Json = schema.get("properties") or {}
    for name, value in obj.items():
        below: Json = fields.get(name) or {}
        if value == [] and below.get("type") == "array":
            obj[name] = None
        elif is_object(value) and name != "metadata":
            _forget_empty(value, below)


def _object(obj: Json, struct: _Struct, kind: str, path: str, *, root: bool = False) -> None:
    for name in list(obj):
        if root and name in ("metadata", "apiVersion", "kind"):
            continue
        value, schema = obj[name], struct.fields.get(name) or struct.values
        if schema is None:
            continue
        declared = name in struct.fields
        _value(value, schema, kind, _below(path, name) if declared else path)
        if declared and _vanishes(value, schema, name in struct.required):
            del obj[name]
    for name in struct.structs:
        if name not in obj and not (root and name == "metadata"):
            obj[name] = {}
            _object(obj[name], _struct(struct.fields[name]), kind, _below(path, name))
    for name in struct.arrays:
        obj.setdefault(name, None)
    for name, default in struct.scalars:
        obj.setdefault(name, default)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _vanishes(value: Any, schema: Json, required: bool) -> bool:
    if value is None:
        return not required
    if required or value not in ({}, [], ""):
        return False
    kind = schema.get("type")
    if is_object(value):
        return kind == "object" and "additionalProperties" in schema and not schema.get("properties")
    return kind == ("array" if is_list(value) else "string") and not schema.get("default") and not schema.get("enum")


def _value(value: Any, schema: Json, kind: str, path: str) -> None:
    if value is None:
        return
    wanted = schema.get("type", "")
    if is_object(value):
        if wanted not in ("object", ""):
            raise _mismatch("object", wanted, kind, path)
        if wanted:
            _object(value, _struct(schema), kind, path)
    elif is_list(value):
        if wanted not in ("array", ""):
            raise _mismatch("array", wanted, kind, path)
        items = schema.get("items")
        if is_object(items):
            for index, item in enumerate(value):
                if item is None and items.get("type") in ("string", "object"):
                    value[index] = "" if items["type"] == "string" else {}  # the zero value of the Go type
                _value(value[index], items, kind, path)
    elif wanted == "string" and schema.get("format") == "byte" and isinstance(value, str):
        _check_base64(value)
    elif wanted and not _is_scalar(value, wanted):
        raise _mismatch(json_type(value), wanted, kind, path)


def _check_base64(text: str) -> None:
    """Raise WrongType where Go's decoder gives up: at the first foreign character or the missing padding."""
    clean = text.replace("\n", "").replace("\r", "")
    body = clean.rstrip("=")
    foreign = next((i for i, c in enumerate(body) if not (c.isascii() and (c.isalnum() or c in "+/"))), None)
    if foreign is not None:
        raise WrongType(f"illegal base64 data at input byte {foreign}")
    if len(clean) % 4 or len(clean) - len(body) > 2 or len(body) % 4 == 1:
        raise WrongType(
            f"illegal base64 data at input byte {len(body) - len(body) % 4 if len(clean) % 4 else len(body)}"
        )


def _is_scalar(value: Any, wanted: str) -> bool:
    if wanted == "string":
        return isinstance(value, str)
    if wanted == "boolean":
        return isinstance(value, bool)
    if wanted == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, (int, float)) and not isinstance(value, bool) and wanted == "number"


def _mismatch(given: str, wanted: str, kind: str, path: str) -> WrongType:
    head = path.partition(".")[0]
    owner = kind + head.capitalize() if "." in path else kind
    go_name = _GO_NAMES.get(wanted, f"{'[]' if wanted == 'array' else ''}{owner}")
    return WrongType(f"json: cannot unmarshal {given} into Go struct field {owner}.{path} of type {go_name}")
