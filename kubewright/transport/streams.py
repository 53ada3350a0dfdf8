"""Why this exists: an answer that is still coming, which any thread can end and which always gives its connection back."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

from urllib3.exceptions import HTTPError

from .chunks import read_available
from .connections import Interruptible
from .failures import stream_failure

__all__ = ["HttpStream"]

_READ_SIZE = 64 * 1024


class HttpStream:
    """Implements `core.wire.ByteStream`. Iterate once, on one thread; `stop()` from any."""

    def __init__(
        self, response: Any, scope: Interruptible, forget: Callable[[], None], where: str, read_timeout: float | None
    ) -> None:
        self._response = response
        self._scope = scope
        self._forget = forget
        self._where = where
        self._read_timeout = read_timeout
        self._released = False
        self._chunks = self._read()
        self._headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    @property
    def status(self) -> int:
        status: int = self._response.status
        return status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._headers

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def _read(self) -> Generator[bytes, None, None]:
        response, scope = self._response, self._scope
        whole = False
        try:
            if response.chunked:
                # What is there, never a wait for a full buffer; compressed: chunks as the server cut them.
                available = read_available(response)
                yield from available if available is not None else response.read_chunked(decode_content=True)
            else:
                while data := response.read1(_READ_SIZE, decode_content=True):
                    yield data
            whole = not scope.interrupted
        except (HTTPError, OSError, ValueError) as error:
            # ValueError: the TLS layer of a socket that stop() shut down.
            if not scope.interrupted:
                raise stream_failure(error, self._where, self._read_timeout) from error
        finally:
            self._release(whole)

    def stop(self) -> None:
        """Ends the stream and a read that is blocked in it. From any thread, any number of times."""
        self._scope.interrupt()
        try:
            self._chunks.close()
        except ValueError:
            return  # another thread is reading: it wakes up now and cleans up itself
        self._release(whole=False)

    def _release(self, whole: bool) -> None:
        if self._released:
            return
        self._released = True
        self._forget()
        self._scope.detach()
        if not whole:
            self._response.close()
