"""One scripted watch: bytes that a test puts on the wire, and the ends that a connection can come to."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping

from ..core.wire import StopSignal
from ..errors import StreamCut

__all__ = ["ScriptedStream"]


class ScriptedStream:
    """One open watch. A test may `send` bytes of its own, `end` it cleanly, or `cut` it."""

    status = 200
    headers: Mapping[str, str] = {}

    def __init__(self, namespace: str, stop: StopSignal | None) -> None:
        self.namespace = namespace
        self._wake = threading.Condition()
        self._chunks: deque[bytes] = deque()
        self._ended = False
        self._error: Exception | None = None
        self._forget = stop.on_stop(self.stop) if stop is not None else None

    def send(self, chunk: bytes) -> None:
        """Puts bytes on the wire, whatever they are."""
        with self._wake:
            self._chunks.append(chunk)
            self._wake.notify_all()

    def end(self, error: Exception | None = None) -> None:
        """The server closes the stream: cleanly, or `error` is raised after what was sent."""
        with self._wake:
            self._ended, self._error = True, self._error or error
            self._wake.notify_all()

    def cut(self) -> None:
        """The connection breaks."""
        self.end(StreamCut("the connection was cut"))

    @property
    def is_open(self) -> bool:
        return not self._ended

    def take(self) -> tuple[list[bytes], bool, Exception | None]:
        """For tests without threads: (the chunks that are there, whether the stream has ended after them, the error)."""
        with self._wake:
            chunks = list(self._chunks)
            self._chunks.clear()
            return chunks, self._ended, self._error

    def stop(self) -> None:
        with self._wake:
            self._ended, self._error = True, None
            self._chunks.clear()
            self._wake.notify_all()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with self._wake:
                while not self._chunks and not self._ended:
                    self._wake.wait()
                chunk = self._chunks.popleft() if self._chunks else None
                error = self._error
            if chunk is not None:
                yield chunk
            elif error is not None:
                raise error
            else:
                return
