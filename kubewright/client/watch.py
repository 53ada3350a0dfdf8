"""Why this exists: a watch that tells its user the truth: it ends when the server ends it, and says so when events are lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Generic, TypeVar, cast

import msgspec

from ..core.answers import error_of, lines
from ..core.codec import RawEvent, decode, split_event
from ..core.wire import ByteStream, Request
from ..errors import DecodeError
from ..objects import ObjectMeta, metadata_of, set_origin
from .results import EventType, WatchEvent

__all__ = ["Watch"]

T = TypeVar("T")

_TYPES = frozenset({"ADDED", "MODIFIED", "DELETED", "BOOKMARK"})


class _BookmarkOnly(msgspec.Struct):
    metadata: ObjectMeta


class Watch(Generic[T]):
    """An open watch: an iterator of :class:`WatchEvent`, and a context manager.

    It ends when the server closes it (after its own timeout, or `timeout_seconds`) or after `stop()`; then go on from
    `resource_version`. It never restarts by itself and never skips: when the server no longer has the history, it raises
    :class:`~kubewright.errors.Gone`; list again then. (Whoever wants a state and not a history takes an informer.)

    Raises ApiError for what the server reports in the stream, StreamCut and TransportTimeout when the connection fails, and
    DecodeError for an event that does not fit the model; after a DecodeError the iteration can be continued.
    """

    def __init__(self, stream: ByteStream, model: type[T], request: Request, *, resource_version: str = "") -> None:
        self._stream = stream
        self._lines = lines(stream)
        self._model = model
        self._request = request
        self.resource_version = resource_version
        """Of the last event (bookmarks too); where the next watch goes on without a gap."""

    def __iter__(self) -> Iterator[WatchEvent[T]]:
        return self

    def __next__(self) -> WatchEvent[T]:
        try:
            event = split_event(next(self._lines))
        except DecodeError:
            raise
        except BaseException:
            self._stream.stop()
            raise
        raw = bytes(event.object)
        if event.type not in _TYPES:
            self._stream.stop()
            self._raise(event, raw)
        if event.type == "BOOKMARK":
            metadata = decode(_BookmarkOnly, raw).metadata
            # Only metadata is decoded: the rest of a bookmark's object is empty and need not fit the model.
            made = decode(self._model, msgspec.json.encode({"metadata": metadata}))
        else:
            made = decode(self._model, raw)
            metadata = metadata_of(made)
            set_origin(made, raw)
        self.resource_version = metadata.resource_version or self.resource_version
        return WatchEvent(cast("EventType", event.type), made)

    def _raise(self, event: RawEvent, raw: bytes) -> None:
        if event.type != "ERROR":
            raise DecodeError(f"unknown watch event type {event.type!r}")
        code = _code(raw)
        raise error_of(code, {}, raw, self._request)

    def stop(self) -> None:
        """Ends the watch; from any thread, also while another one waits for the next event. Idempotent."""
        self._stream.stop()

    def __enter__(self) -> Watch[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __del__(self) -> None:
        stream = getattr(self, "_stream", None)
        if stream is not None:
            with suppress(Exception):  # at the interpreter's end, half of what this needs may be gone
                stream.stop()


class _CodeOnly(msgspec.Struct):
    code: int | None = None


def _code(raw: bytes) -> int:
    try:
        return decode(_CodeOnly, raw).code or 500
    except DecodeError:
        return 500
