"""Built-in kinds as their Go types would leave them: what a decoding and encoding round trip adds and drops.

The real server decodes built-in kinds into structs. So structs that are no pointers are always there (``status: {}``),
zero values of optional fields vanish unless they are pointers, and a value of a wrong JSON type is a decoding error. The
table of Go types says who is a pointer, the OpenAPI schema the rest; without the table the schema alone is a good guess.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from kubewright.testing.server.documents import Items, Json, is_list, is_object, json_type
from kubewright.testing.server.gotable import fields_of, is_message, message_of
from kubewright.testing.server.gotimes import BadTime, rewritten

_ZERO: Final = {"string": "", "bool": False, "int": 0, "bytes": None}
_SELF_MADE_ZERO: Final[dict[str, object]] = {
    "Time": None,
    "MicroTime": None,
    "JSON": None,
    "Quantity": "0",
    "IntOrString": 0,
}
"""What types that encode themselves write for nothing; no field of them can be left out without being a pointer."""


class WrongType(Exception):
    """A value does not fit its Go type; the text is that of the real decoder."""


class _Struct:
    """What the walk needs of one object schema and its Go type (empty when unknown, ``{kind`` for a map)."""

    __slots__ = ("arrays", "fields", "kinds", "name", "required", "structs", "value_kind", "values", "zeros")

    def __init__(self, schema: Json, go_type: str) -> None:
        properties: Json = schema.get("properties") or {}
        known = fields_of(go_type)
        self.name = go_type.rpartition(".")[2]
        self.required: frozenset[str] = frozenset(schema.get("required") or ())
        self.fields: dict[str, Json] = properties
        self.kinds: dict[str, str] = {
            name: known.get(name) or _guessed(child, name in self.required) for name, child in properties.items()
        }
        self.structs = [
            name for name, child in properties.items() if child.get("default") == {} and child.get("type") == "object"
        ]
        self.arrays = [name for name in schema.get("required") or () if properties.get(name, {}).get("type") == "array"]
        self.zeros = {
            name: _zero(kind)
            for name, kind in self.kinds.items()
            if kind[0] == "!" or (kind in _SELF_MADE_ZERO and name != "creationTimestamp")
        }
        additional = schema.get("additionalProperties")
        self.values: Json | None = additional if is_object(additional) else None
        self.value_kind = go_type[1:] if go_type[:1] == "{" else ""


def _guessed(schema: Json, required: bool) -> str:
    """The kind of a field by its schema alone; a pointer where that says nothing."""
    kind = schema.get("type", "")
    if kind == "array":
        return "*"
    if kind == "object":
        return "{" if "additionalProperties" in schema and not schema.get("properties") else "?"
    zero = {"string": "", "integer": 0}.get(kind)
    if required:
        return (
            f"!{'string' if kind == 'string' else 'int'}" if zero is not None and schema.get("default") == zero else "?"
        )
    return "string" if kind == "string" and not schema.get("default") and not schema.get("enum") else "?"


def _zero(kind: str) -> object:
    bare = kind.lstrip("!")
    return _SELF_MADE_ZERO[bare] if bare in _SELF_MADE_ZERO else _ZERO.get(bare)


_structs: dict[tuple[int, str], tuple[Json, _Struct]] = {}


def _struct(schema: Json, go_type: str) -> _Struct:
    found = _structs.get((id(schema), go_type))
    if found is None:
        found = _structs[id(schema), go_type] = (schema, _Struct(schema, go_type))
    return found[1]


def round_trip(
    obj: Json, schema: Json, api_version: str, kind: str, *, always: Json | None = None, stored: bool = False
) -> None:
    """Bring a built-in object into the shape its Go type gives it, in place; metadata is left alone. Raises WrongType.

    ``always``: fields (with their zero values) that are written even when empty, where nothing else says so.
    ``stored``: what storage does in addition, which knows no difference between an empty list and none.
    """
    given = always or {}
    kept = {name: obj[name] for name in given if name in obj}
    _object(obj, _struct(schema, message_of(api_version, kind) or f".{kind}"), "", root=True)
    for name in given.keys() - obj.keys():
        obj[name] = kept.get(name, given[name])
    if stored:
        forget_empty(obj, schema)


def forget_empty(obj: Json, schema: Json) -> None:
    """Turn empty lists into null, in place: storage does not tell them apart."""
    fields: Json = schema.get("properties") or {}
    for name, value in obj.items():
        below: Json = fields.get(name) or {}
        if value == [] and below.get("type") == "array":
            obj[name] = None
        elif is_object(value) and name != "metadata":
            forget_empty(value, below)


def _object(obj: Json, struct: _Struct, path: str, *, root: bool = False) -> None:
    for name in list(obj):
        if root and name in ("metadata", "apiVersion", "kind"):
            continue
        value, schema = obj[name], struct.fields.get(name)
        if schema is None:
            continue
        kind = struct.kinds[name]
        if value is None and kind.lstrip("!") in _ZERO:
            value = obj[name] = _zero(kind)
        bare = kind.lstrip("?!")
        if bare in ("Time", "MicroTime") and value is not None:
            obj[name] = _time(value, bare, struct, _below(path, name))
        else:
            _value(value, schema, bare, struct, _below(path, name))
        if _vanishes(value, kind, name in struct.required):
            del obj[name]
    for name in struct.structs:
        if obj.get(name) is None and not (root and name == "metadata"):
            obj[name] = {}
            _object(obj[name], _struct(struct.fields[name], struct.kinds[name]), _below(path, name))
    for name in struct.arrays:
        obj.setdefault(name, None)
    for name, zero in struct.zeros.items():
        obj.setdefault(name, zero)


def _time(value: object, kind: str, owner: _Struct, path: str) -> str:
    if not isinstance(value, str):
        raise _mismatch(json_type(value), {"type": "string"}, "", owner, path)
    try:
        return rewritten(value, micro=kind == "MicroTime")
    except BadTime as problem:
        raise WrongType(str(problem)) from problem


def _map(values: Json, struct: _Struct, owner: _Struct, path: str) -> None:
    for name, value in values.items():
        if value is None and struct.value_kind in ("string", "bytes"):
            values[name] = ""
        elif struct.value_kind == "Quantity" and isinstance(value, int):
            values[name] = str(value)
        elif struct.value_kind == "bytes" and not isinstance(value, str):
            if not is_list(value):
                raise _mismatch(json_type(value), {"type": "[]uint8"}, "", owner, path)
            values[name] = value = _bytes(value, owner, path)
        _value(value, struct.values or {}, struct.value_kind, owner, path)


def _bytes(numbers: Items, owner: _Struct, path: str) -> str:
    """What Go reads into a []byte from an array of numbers, which it takes as well as base64."""
    read = bytearray()
    for each in numbers:
        if each is not None and json_type(each) != "number":
            raise _mismatch(json_type(each), {"type": "uint8"}, "", owner, path)
        if each is not None and not (isinstance(each, int) and 0 <= each <= 255):
            raise _mismatch(f"number {each}", {"type": "uint8"}, "", owner, path)
        read.append(each or 0)
    return base64.b64encode(read).decode()


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _vanishes(value: Any, kind: str, required: bool) -> bool:
    """Whether Go leaves a field out that holds this value."""
    if kind in _ZERO:
        return value is None or value is False or value in ("", 0)
    if value is None:
        return not required and kind[0] != "!" and kind not in _SELF_MADE_ZERO
    return kind[0] in "*{" and not required and value in ([], {})


def _value(value: Any, schema: Json, kind: str, owner: _Struct, path: str) -> None:
    if value is None:
        return
    wanted = schema.get("type", "")
    if is_object(value):
        if wanted not in ("object", ""):
            raise _mismatch("object", schema, kind, owner, path)
        if wanted:
            struct = _struct(schema, kind)
            if struct.value_kind:
                _map(value, struct, owner, path)
            else:
                _object(value, struct, path)
    elif is_list(value):
        if wanted not in ("array", ""):
            raise _mismatch("array", schema, kind, owner, path)
        items = schema.get("items")
        if is_object(items):
            below = kind[1:] if kind[:1] == "*" else ""
            for index, item in enumerate(value):
                if item is None and items.get("type") in ("string", "object"):
                    value[index] = "" if items["type"] == "string" else {}  # the zero value of the Go type
                _value(value[index], items, below, owner, path)
    elif wanted == "string" and schema.get("format") == "byte" and isinstance(value, str):
        _check_base64(value)
    elif wanted and not _is_scalar(value, wanted):
        fraction = f" {value}" if wanted == "integer" and isinstance(value, float) else ""
        raise _mismatch(json_type(value) + fraction, schema, kind, owner, path)


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


def _mismatch(given: str, schema: Json, kind: str, owner: _Struct, path: str) -> WrongType:
    field = f"{owner.name}.{path}"
    return WrongType(f"json: cannot unmarshal {given} into Go struct field {field} of type {_go_type(kind, schema)}")


def _go_type(kind: str, schema: Json) -> str:
    """How Go writes a type. Named strings (``v1.PodPhase``) are not in the table and are called strings."""
    if kind[:1] == "*":
        return f"[]{_go_type(kind[1:].lstrip('?'), schema.get('items') or {})}"
    if kind[:1] == "{":
        return f"map[string]{_go_type(kind[1:].lstrip('?'), schema.get('additionalProperties') or {})}"
    if is_message(kind):
        package, _, name = kind.rpartition(".")
        return f"{package.rpartition('/')[2]}.{name}"
    declared = str(schema.get("type", ""))
    if schema.get("format") == "byte":
        return "[]uint8"
    if declared == "integer":
        return str(schema.get("format", "int32"))
    return {"boolean": "bool", "number": "float64"}.get(declared, declared)
