"""Reading what Go's typed clients send: built-in kinds in protobuf, turned into the JSON that everybody else sends.

client-go and ``kubectl create deployment`` write built-in kinds in protobuf unless they are told otherwise, and take JSON
for an answer. Which number is which field comes from the Go types of the API (``data/protobuf_fields.json``, written by
``envtest/protobuf_fields.py``). Only reading is implemented: no client insists on protobuf answers.

The wire format is that of protobuf (varints, lengths), in the envelope of apimachinery's ``runtime.Unknown``.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeAlias

import msgspec

from kubewright.testing.server.documents import Json
from kubewright.testing.server.gotable import message_of, numbers_of
from kubewright.testing.server.messages import JSON, ServerRequest, StatusError

MEDIA_TYPE: Final = "application/vnd.kubernetes.protobuf"
_MAGIC: Final = b"k8s\x00"
_Wire: TypeAlias = int | bytes
_Value: TypeAlias = "Json | list[_Value] | str | int | float | None"


class BadProtobuf(Exception):
    """The bytes are not what they say they are; the text says where that showed."""


def decode(body: bytes) -> Json | None:
    """The object in a protobuf body as its JSON document; None when the kind is none that protobuf is known for.

    Raises BadProtobuf.
    """
    if not body.startswith(_MAGIC):
        raise BadProtobuf("it does not begin with the Kubernetes magic number")
    envelope = dict(_fields(body[len(_MAGIC) :]))
    type_meta = dict(_fields(_bytes(envelope.get(1, b""))))
    api_version, kind = _bytes(type_meta.get(1, b"")).decode(), _bytes(type_meta.get(2, b"")).decode()
    message = message_of(api_version, kind)
    if not message and kind == "DeleteOptions":
        message = "meta/v1.DeleteOptions"
    if not message:
        return None
    return {"apiVersion": api_version, "kind": kind, **_message(message, _bytes(envelope.get(2, b"")))}


def as_json(request: ServerRequest) -> ServerRequest:
    """The same request with a JSON body, when its body is protobuf of a known kind; else the request itself.

    Raises StatusError 400 for a body that is no protobuf.
    """
    if request.headers.get("content-type", "").partition(";")[0] != MEDIA_TYPE or not request.body:
        return request
    try:
        document = decode(request.body)
    except (BadProtobuf, UnicodeDecodeError) as error:
        raise StatusError(400, "BadRequest", f"the body is not protobuf: {error}") from error
    if document is None:
        return request
    headers = {**request.headers, "content-type": JSON}
    return replace(request, headers=headers, body=msgspec.json.encode(document))


def _fields(data: bytes) -> Iterator[tuple[int, _Wire]]:
    """Number and raw value of every field; fixed-width numbers come as their bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == 2:
            length, at = _varint(data, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise BadProtobuf(f"field {number} has wire type {wire}")
        if at + length > len(data):
            raise BadProtobuf(f"field {number} is longer than what is left")
        yield number, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7
    raise BadProtobuf("a number has no end")


def _bytes(value: _Wire) -> bytes:
    if isinstance(value, int):
        raise BadProtobuf("a number stands where text or a message is expected")
    return value


def _message(name: str, data: bytes) -> Json:
    document: Json = {}
    rows = numbers_of(name)
    for number, raw in _fields(data):
        if number not in rows:
            continue
        field, kind = rows[number]
        if kind[0] == "<":
            document.update(_message(kind[1:], _bytes(raw)))
        elif kind[0] == "*":
            document.setdefault(field, []).append(_value(kind[1:], raw))
        elif kind[0] == "{":
            entry = dict(_fields(_bytes(raw)))
            key = _bytes(entry.get(1, b"")).decode()
            document.setdefault(field, {})[key] = _value(kind[1:], entry.get(2, b""))
        elif kind[0] in "?!":
            document[field] = _value(kind[1:], raw)
        else:
            value = _value(kind, raw)
            # Go leaves zero values of plain fields out of JSON, and writes them in protobuf; structs stay
            if value not in ("", 0, None):
                document[field] = value
    return document


def _value(kind: str, raw: _Wire) -> _Value:
    if kind == "int":
        # 64-bit two's complement, also for int32
        number = raw if isinstance(raw, int) else 0
        return number - (1 << 64) if number >= 1 << 63 else number
    if kind == "bool":
        return bool(raw) if isinstance(raw, int) else False
    data = _bytes(raw)
    if kind == "string":
        return data.decode("utf-8", "replace")
    if kind == "float":
        return float(struct.unpack("<d", data)[0]) if len(data) == 8 else 0.0
    if kind == "bytes":
        return base64.b64encode(data).decode()
    if kind.startswith("Items:"):
        return [_value(kind.removeprefix("Items:"), item) for number, item in _fields(data) if number == 1]
    if kind[0] == "*":
        raise BadProtobuf("a list of lists")  # the API has none
    special = _SPECIAL.get(kind)
    return special(data) if special is not None else _message(kind, data)


def _time(data: bytes) -> str | None:
    seconds, _ = _timestamp(data)
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time(data: bytes) -> str | None:
    seconds, nanos = _timestamp(data)
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanos // 1000:06d}Z"


def _timestamp(data: bytes) -> tuple[int | None, int]:
    """Seconds since the epoch and nanoseconds; an empty message is Go's zero time, which is JSON's null."""
    if not data:
        return None, 0
    parts = dict(_fields(data))
    seconds, nanos = _value("int", parts.get(1, 0)), parts.get(2, 0)
    return (seconds if isinstance(seconds, int) else 0), (nanos if isinstance(nanos, int) else 0)


def _quantity(data: bytes) -> str:
    return _bytes(dict(_fields(data)).get(1, b"0")).decode()


def _int_or_string(data: bytes) -> int | str:
    parts = dict(_fields(data))
    if parts.get(1, 0) == 1:
        return _bytes(parts.get(3, b"")).decode()
    number = _value("int", parts.get(2, 0))
    return number if isinstance(number, int) else 0


def _raw_json(data: bytes) -> _Value:
    raw = _bytes(dict(_fields(data)).get(1, b"null"))
    try:
        value: _Value = msgspec.json.decode(raw)
    except msgspec.MsgspecError as error:
        raise BadProtobuf(f"JSON inside protobuf: {error}") from error
    return value


def _duration(data: bytes) -> str:
    """Go's notation for a metav1.Duration, in seconds: every parser of it accepts them."""
    nanos = _value("int", dict(_fields(data)).get(1, 0))
    return f"{(nanos if isinstance(nanos, int) else 0) / 1e9:g}s"


_PROPS: Final = "apiextensions/v1.JSONSchemaProps"


def _schema_or_array(data: bytes) -> _Value:
    schemas: list[_Value] = []
    for number, raw in _fields(data):
        if number == 1:
            return _message(_PROPS, _bytes(raw))
        schemas.append(_message(_PROPS, _bytes(raw)))
    return schemas


def _schema_or_bool(data: bytes) -> _Value:
    parts = dict(_fields(data))
    return _message(_PROPS, _bytes(parts[2])) if 2 in parts else bool(parts.get(1, 0))


def _schema_or_strings(data: bytes) -> _Value:
    parts = list(_fields(data))
    schema = next((raw for number, raw in parts if number == 1), None)
    if schema is not None:
        return _message(_PROPS, _bytes(schema))
    return [_bytes(raw).decode() for number, raw in parts if number == 2]


_SPECIAL: Final = {
    "Time": _time,
    "MicroTime": _micro_time,
    "Quantity": _quantity,
    "IntOrString": _int_or_string,
    "JSON": _raw_json,
    "Duration": _duration,
    "SchemaOrArray": _schema_or_array,
    "SchemaOrBool": _schema_or_bool,
    "SchemaOrStrings": _schema_or_strings,
}
