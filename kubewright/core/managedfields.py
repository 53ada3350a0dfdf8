"""Leaves managedFields out of a document before it is decoded.

They are a quarter of an object, decoding them costs more than all the rest (performance.md, section 4), and hardly a
controller reads them. The stored bytes keep them: an update needs the whole document.
"""

from __future__ import annotations

import json

from .store import Entry

__all__ = ["heads_of", "without_managed_fields"]

_FIELD = b'"managedFields":'


def heads_of(api_version: str, kind: str) -> tuple[bytes, ...]:
    """How the API server begins every document of a kind: in the order of CRDs, and in that of built-in kinds."""
    version, name = json.dumps(api_version).encode(), json.dumps(kind).encode()
    return (
        b'{"apiVersion":%s,"kind":%s,"metadata":{' % (version, name),
        b'{"kind":%s,"apiVersion":%s,"metadata":{' % (name, version),
    )


def without_managed_fields(entry: Entry, heads: tuple[bytes, ...] = ()) -> bytes:
    """The document of `entry` without `metadata.managedFields`, when they can be found for sure; else as it is.

    The bytes `"managedFields":` cannot stand inside a JSON string (its quotes would be escaped), only be the name of a field. In a
    document that begins with one of `heads`, the first such field with an array is metadata's own (before it stand labels,
    annotations, owners: none has arrays of that name). In others, where that name stands twice or is written with spaces, nothing is
    cut and the decoded object has the field. (Looking for a second one costs as much as decoding without it saves.)
    """
    raw = entry.raw
    if not entry.managed:
        return raw
    start = raw.find(_FIELD)
    if start < 0:
        return raw
    value = start + len(_FIELD)
    if not (raw.startswith(heads) and raw[value : value + 1] == b"[") and raw.find(_FIELD, value) >= 0:
        return raw
    end = value + entry.managed
    after = raw[end : end + 1]
    if after == b",":
        return raw[:start] + raw[end + 1 :]
    if after == b"}":
        return raw[: start - 1 if raw[start - 1 : start] == b"," else start] + raw[end:]
    return raw
