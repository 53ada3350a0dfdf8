"""Bytes of a watch stream to entries: framing, and the one decode that an event costs.

Pure: chunks in, batches out. A line is an event; what follows the last newline waits for the next chunk, and is dropped when
the stream ends (half an event is none). Whoever reads this on the hot path: an event whose line has Go's fixed beginning is
sliced, not parsed, for its type, and its object is validated as one JSON document by the header decode.
"""

from __future__ import annotations

import msgspec

from ..errors import ApiError, DecodeError, api_error
from ..objects import Status
from .codec import decode, split_event
from .store import Entry, LabelSets, read_entry

__all__ = ["INITIAL_EVENTS_END", "Batch", "GarbledStream", "WatchFraming"]

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
"""The annotation of the bookmark that ends a streaming list; its value must be "true" (R24)."""

_ADDED = b'{"type":"ADDED","object":'
_MODIFIED = b'{"type":"MODIFIED","object":'
_DELETED = b'{"type":"DELETED","object":'


class GarbledStream(DecodeError):
    """A line of a watch is no event: whatever follows cannot be trusted."""


class _BookmarkMeta(msgspec.Struct, gc=False, rename="camel"):
    resource_version: str | None = None
    annotations: dict[str, str] | None = None


class _Bookmark(msgspec.Struct, gc=False):
    metadata: _BookmarkMeta


_bookmark_decoder = msgspec.json.Decoder(_Bookmark)


class Batch(msgspec.Struct, gc=False):
    """What one chunk brought, in order: `entries[i]` was deleted iff `deleted[i]`.

    A bookmark or an ERROR ends a batch, so each has at most one: `bookmark` is its resourceVersion, `initial_end` whether it
    ends a streaming list, `error` what the server (or the framing) said. `unusable` are events without a usable header.
    """

    entries: list[Entry]
    deleted: list[bool]
    bookmark: str | None = None
    initial_end: bool = False
    error: Exception | None = None
    unusable: list[DecodeError] | None = None


class WatchFraming:
    """Splits one watch stream into batches. One object a stream."""

    __slots__ = ("_rest", "_shared", "_where")

    def __init__(self, shared: LabelSets, where: str = "") -> None:
        self._rest = b""
        self._shared = shared
        self._where = where

    @property
    def pending(self) -> int:
        """Bytes of an event that is not complete."""
        return len(self._rest)

    def feed(self, chunk: bytes) -> list[Batch]:
        """The batches that `chunk` completes. After a batch with an `error` the stream is over."""
        if self._rest:
            chunk = self._rest + chunk
        if chunk.endswith(b"\n"):
            self._rest = b""
            lines = chunk[:-1].split(b"\n")
        else:
            lines = chunk.split(b"\n")
            self._rest = lines.pop()
        batch = Batch([], [])
        batches: list[Batch] = []
        for line in lines:
            raw, deleted = None, False
            if line[-1:] == b"}":
                if line.startswith(_MODIFIED):
                    raw = line[28:-1]
                elif line.startswith(_ADDED):
                    raw = line[25:-1]
                elif line.startswith(_DELETED):
                    raw, deleted = line[27:-1], True
            if raw is not None:
                try:
                    entry = read_entry(raw, self._shared)
                except DecodeError:
                    pass  # find out below what is wrong with it
                else:
                    batch.entries.append(entry)
                    batch.deleted.append(deleted)
                    continue
            elif not line.strip():
                continue
            if self._other(line, batch):
                batches.append(batch)
                if batch.error is not None:
                    return batches
                batch = Batch([], [])
        if batch.entries or batch.unusable:
            batches.append(batch)
        return batches

    def _other(self, line: bytes, batch: Batch) -> bool:
        """Everything that is not the usual; returns whether it ends the batch."""
        try:
            event = split_event(line)
        except DecodeError as error:
            batch.error = GarbledStream(f"the watch sent what is no event: {error}")
            return True
        if event.type == "BOOKMARK":
            return self._bookmark(bytes(event.object), batch)
        if event.type == "ERROR":
            batch.error = self._error(bytes(event.object))
            return True
        try:
            if event.type not in ("ADDED", "MODIFIED", "DELETED"):
                raise DecodeError(f"unknown event type {event.type!r}")
            entry = read_entry(bytes(event.object), self._shared)
        except DecodeError as error:
            if batch.unusable is None:
                batch.unusable = []
            batch.unusable.append(error)
        else:
            batch.entries.append(entry)
            batch.deleted.append(event.type == "DELETED")
        return False

    def _bookmark(self, raw: bytes, batch: Batch) -> bool:
        try:
            meta = _bookmark_decoder.decode(raw).metadata
        except msgspec.DecodeError as error:
            if batch.unusable is None:
                batch.unusable = []
            batch.unusable.append(DecodeError(f"unusable bookmark: {error}"))
            return False
        batch.bookmark = meta.resource_version or None
        batch.initial_end = (meta.annotations or {}).get(INITIAL_EVENTS_END) == "true"
        return True

    def _error(self, raw: bytes) -> ApiError:
        try:
            status = decode(Status, raw)
        except DecodeError:
            status = None
        return api_error(
            (status.code if status is not None else None) or 500,
            status,
            message="the watch ended with an error that is no Status",
            verb="watch",
            resource=self._where,
        )
