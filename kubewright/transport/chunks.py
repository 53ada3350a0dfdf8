"""Why this exists: under load a watch is many small chunks, and what one read of the socket brings should be handed on as one piece.

urllib3 hands out chunk by chunk, three calls into the buffered socket each. An API server makes every event a chunk, so that is a
third of what an event costs us, and everything behind it (framing, locking, waking handlers) is paid per event instead of per read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from urllib3.exceptions import ProtocolError

__all__ = ["Dechunker", "read_available"]

_READ_SIZE = 64 * 1024
_MAX_LINE = 16 * 1024


class Dechunker:
    """Takes the chunked transfer coding (RFC 9112, 7.1) off a byte stream that comes in arbitrary pieces. Pure.

    `ended` tells that the last chunk and its trailers have come; what came after them is in `rest`.
    """

    __slots__ = ("_missing", "_trailers", "ended", "rest")

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""
        self._missing = 0  # bytes of the chunk at hand that have not come, with the two of its line end
        self._trailers = False

    def feed(self, data: bytes) -> bytes:
        """The payload that `data` brings, possibly none. Raises ProtocolError for what is not the chunked coding."""
        if self.rest:
            data, self.rest = self.rest + data, b""
        parts: list[bytes] = []
        at, end = 0, len(data)
        while at < end:
            if self._missing:
                stop = at + self._missing - 2
                if stop + 2 > end:
                    parts.append(data[at:stop])  # the whole payload, maybe, and a part of the line end
                    taken = min(stop, end) - at
                    self._missing -= taken
                    self.rest = data[at + taken :]
                    break
                if data[stop : stop + 2] != b"\r\n":
                    raise ProtocolError("a chunk is longer than it said")
                parts.append(data[at:stop])
                at = stop + 2
                self._missing = 0
                continue
            line_end = data.find(b"\r\n", at)
            if line_end < 0:
                if end - at > _MAX_LINE:
                    raise ProtocolError("a line between chunks is too long")
                self.rest = data[at:]
                break
            line, at = data[at:line_end], line_end + 2
            if self._trailers:
                if not line:
                    self.ended, self.rest = True, data[at:]
                    break
                continue
            size = _size(line)
            if size:
                self._missing = size + 2
            else:
                self._trailers = True
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    try:
        size = int(digits, 16)
    except ValueError:
        size = -1
    if size < 0:
        raise ProtocolError(f"a chunk has no size: {line[:40]!r}")
    return size


def read_available(response: Any) -> Iterator[bytes] | None:
    """The body of a chunked urllib3 response, each time as much as one read of its socket brings.

    None where that is not possible: the content is compressed, or urllib3 is not built on http.client here. When it ends cleanly the
    connection is free for the next request. Raises ProtocolError when the body is cut, and whatever the socket raises.
    """
    original = getattr(response, "_original_response", None)
    file = getattr(original, "fp", None)
    encoding = response.headers.get("content-encoding", "").lower()
    if encoding not in ("", "identity") or not hasattr(file, "read1"):
        return None
    return _read(response, original, file)


def _read(response: Any, original: Any, file: Any) -> Iterator[bytes]:
    dechunker = Dechunker()
    while not dechunker.ended:
        data = file.read1(_READ_SIZE)
        if not data:
            raise ProtocolError("the answer ended before its last chunk")
        payload = dechunker.feed(data)
        if payload:
            yield payload
    original.close()
    if dechunker.rest:
        response.close()  # bytes that nobody asked for: this connection is not to be used again
    else:
        response.release_conn()
