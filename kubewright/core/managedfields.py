"""Leaves managedFields out of a document before it is decoded.

They are a quarter of an object, decoding them costs more than all the rest (performance.md, section 4), and hardly a
controller reads them. The stored bytes keep them: an update needs the whole document.
"""

from __future__ import annotations

from .store import Entry

__all__ = ["without_managed_fields"]

_FIELD = b'"managedFields":'


def without_managed_fields(entry: Entry) -> bytes:
    """The document of `entry` without `metadata.managedFields`, when they can be found for sure; else as it is.

    The bytes `"managedFields":` cannot stand inside a JSON string (its quotes would be escaped), only be the name of a field. Where
    that name stands twice, or is written with spaces, nothing is cut and the decoded object has the field.
    """
    raw = entry.raw
    if not entry.managed:
        return raw
    start = raw.find(_FIELD)
    if start < 0 or raw.find(_FIELD, start + 1) >= 0:
        return raw
    end = start + len(_FIELD) + entry.managed
    after = raw[end : end + 1]
    if after == b",":
        return raw[:start] + raw[end + 1 :]
    if after == b"}":
        return raw[: start - 1 if raw[start - 1 : start] == b"," else start] + raw[end:]
    return raw
