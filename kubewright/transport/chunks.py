"""Why this exists: under load a watch is many small chunks, and what one read of the socket brings should be handed on as one piece.

urllib3 hands out chunk by chunk, three calls into the buffered socket each. An API server makes every event a chunk, so that is a
third of what an event costs us, and everything behind it (framing, locking, waking handlers) is paid per event instead of per read.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from urllib3.exceptions import ProtocolError

__all__ = ["Dechunker", "read_available", "read_whole"]

_READ_SIZE = 256 * 1024  # measured: 64 kB cost a tenth more an event of 4.5 kB, 1 MB more of everything
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

    def feed(self, data: bytes) -> list[bytes]:
        """The payload that `data` brings, in pieces, possibly none. Raises ProtocolError for what is not the chunked coding."""
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
            line_end = data.find(b"\r\n", at, at + _MAX_LINE)
            if line_end < 0:
                if end - at >= _MAX_LINE:
                    raise ProtocolError("a line between chunks is too long")
                self.rest = data[at:]
                break
            if self._trailers:
                ended, at = line_end == at, line_end + 2
                if ended:
                    self.ended, self.rest = True, data[at:]
                    break
                continue
            line, at = data[at:line_end], line_end + 2
            size = _size(line)
            if not size:
                self._trailers = True
                continue
            # A buffer that is sent whenever it is full makes chunks of one size: as long as the next one has it too, two looks
            # at the bytes are enough for each.
            stop, between = at + size, b"\r\n%s\r\n" % line
            while data.startswith(between, stop):
                parts.append(data[at:stop])
                at = stop + len(between)
                stop = at + size
            self._missing = size + 2
        return parts


def _size(line: bytes) -> int:
    try:
        size = int(line if b";" not in line else line.partition(b";")[0], 16)
    except ValueError:
        size = -1
    if size < 0:
        raise ProtocolError(f"a chunk has no size: {line[:40]!r}")
    return size


def read_whole(response: Any, deadline: float | None = None) -> bytes:
    """The whole body of a response that was not preloaded. Raises what urllib3 and the socket raise.

    An API server sends a list in chunks of 2 kB; http.client takes three reads for each. `deadline` (time.monotonic): a body that
    is still coming then raises TimeoutError; the socket's own timeout begins anew with each byte.
    """
    pieces = _pieces(response, _READ_SIZE) if response.chunked else None
    if pieces is None and deadline is None:
        whole: bytes = response.data
        return whole
    if pieces is None and response.chunked:
        pieces = ([part] for part in response.read_chunked(decode_content=True))
    elif pieces is None:
        pieces = iter(lambda: [response.read1(_READ_SIZE, decode_content=True)], [b""])
    parts: list[bytes] = []
    for some in pieces:
        parts += some  # joined once, at the end
        if deadline is not None and time.monotonic() >= deadline:
            raise TimeoutError("the answer is still coming")
    return b"".join(parts)


def read_available(response: Any, read_size: int = _READ_SIZE) -> Iterator[bytes] | None:
    """The body of a chunked urllib3 response, each time as much as one read of its socket brings.

    None where that is not possible: the content is compressed, or urllib3 is not built on http.client here. When it ends cleanly the
    connection is free for the next request. Raises ProtocolError when the body is cut, and whatever the socket raises.
    """
    pieces = _pieces(response, read_size)
    if pieces is None:
        return None
    return filter(None, map(b"".join, pieces))


def _pieces(response: Any, read_size: int) -> Iterator[list[bytes]] | None:
    original = getattr(response, "_original_response", None)
    file = getattr(original, "fp", None)
    encoding = response.headers.get("content-encoding", "").lower()
    if encoding not in ("", "identity") or not hasattr(file, "read1"):
        return None
    return _read(response, original, file, read_size)


def _read(response: Any, original: Any, file: Any, read_size: int) -> Iterator[list[bytes]]:
    dechunker = Dechunker()
    while not dechunker.ended:
        data = file.read1(read_size)
        if not data:
            raise ProtocolError("the answer ended before its last chunk")
        yield dechunker.feed(data)
    original.close()
    if dechunker.rest:
        response.close()  # bytes that nobody asked for: this connection is not to be used again
    else:
        response.release_conn()
