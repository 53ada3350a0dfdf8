"""Which Go type a built-in kind has, as a table: its fields, their kinds, and who is a pointer.

The data (``data/protobuf_fields.json``, written by ``envtest/protobuf_fields.py``) comes from the struct tags of the Go
types of Kubernetes. Two things need it: reading protobuf, and knowing which zero values Go leaves out of its JSON.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TypeAlias

import msgspec

_Row: TypeAlias = tuple[int, str, str]


class _Table(msgspec.Struct, frozen=True):
    kinds: dict[str, str]
    messages: dict[str, tuple[_Row, ...]]


@cache
def _table() -> _Table:
    text = files("kubewright.testing.server").joinpath("data").joinpath("protobuf_fields.json").read_bytes()
    return msgspec.json.decode(text, type=_Table)


def message_of(api_version: str, kind: str) -> str:
    """The message (Go type) of a kind, such as ``apps/v1.Deployment``; empty when the table does not know it."""
    return _table().kinds.get(f"{api_version}/{kind}", "")


def is_message(name: str) -> bool:
    """Whether this is the name of a message, not one of the types that encode themselves."""
    return name in _table().messages


@cache
def numbers_of(message: str) -> dict[int, tuple[str, str]]:
    """JSON name and kind of every field, by its number in protobuf; kinds are described in the script."""
    return {number: (name, kind) for number, name, kind in _table().messages[message]}


@cache
def fields_of(message: str) -> dict[str, str]:
    """Kind of every field by its JSON name, those of embedded messages included; empty for an unknown message."""
    found: dict[str, str] = {}
    for _, name, kind in _table().messages.get(message, ()):
        found.update(fields_of(kind[1:]) if kind[0] == "<" else {name: kind})
    return found
