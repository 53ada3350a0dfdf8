"""What goes in and out of the embedded API server: one request, one answer, one stream of events, one refusal.

The server's heart (storage, verbs, watch) never sees a socket. Whoever carries bytes, the HTTP layer or a test without
any network, builds a ``ServerRequest``, gives it to ``API.handle`` and writes out what comes back. That is what keeps
the semantics testable without a port and lets the HTTP library be exchanged.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """One HTTP request, already read. ``headers`` has lower-case keys; ``path`` is percent-decoded segment by segment."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    def param(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        for key, value in self.query:
            if key == name:
                return value
        return default

    def flag(self, name: str) -> bool:
        """Whether a boolean query parameter is on; Kubernetes takes a bare ``?watch`` and everything but 0/false as on."""
        for key, value in self.query:
            if key == name:
                return value.lower() not in ("0", "false")
        return False


@dataclass(frozen=True, slots=True)
class ServerResponse:
    """One complete answer. ``headers`` keeps order and repetition, because ``Warning`` may come several times."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", JSON),)


class AnyCause(Protocol):
    """What a cause has, whoever made it: the server's own or ``kubewright.validation.Cause``."""

    @property
    def field(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def message(self) -> str: ...


@dataclass(frozen=True, slots=True)
class StatusCause:
    """One reason inside ``status.details.causes``: what is wrong with which field."""

    field: str
    reason: str
    message: str


class StatusError(Exception):
    """A refusal on its way to the client: becomes a ``metav1.Status`` with ``code`` as the HTTP status."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        causes: Iterable[AnyCause] = (),
        headers: tuple[tuple[str, str], ...] = (),
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = None if details is None else dict(details)
        self.causes = tuple(causes)
        self.headers = headers
        self.metadata = dict(metadata or {})
        """List metadata; only an expired list says something here: the token that goes on without consistency."""

    def status(self) -> dict[str, Any]:
        """The ``metav1.Status`` document, with the fields in the order the real server writes them."""
        document: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            document["reason"] = self.reason
        details = dict(self.details or {})
        if self.causes:
            details["causes"] = [
                {
                    key: value
                    for key, value in (("reason", cause.reason), ("message", cause.message), ("field", cause.field))
                    if value
                }
                for cause in self.causes
            ]
        if details or self.details is not None:
            document["details"] = details
        document["code"] = self.code
        return document

    def response(self) -> ServerResponse:
        """The refusal as a complete answer."""
        return ServerResponse(self.code, msgspec.json.encode(self.status()), (("content-type", JSON), *self.headers))


class WatchStream:
    """The answer to a watch: an endless body, one JSON document a line.

    Fed by the storage (``feed``, any thread, never blocks), read by one consumer. Two ways to read, chosen by the
    consumer: a thread calls ``take`` (blocks up to a limit); an event loop sets ``listener``, which is called once
    from whichever thread feeds each time the stream turns from empty to non-empty or ends, and then calls ``drain``.
    ``close`` (any thread, idempotent) is what the consumer calls when the client has gone.
    """

    status: Final = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", JSON),)

    def __init__(self, deadline: float | None = None) -> None:
        self.deadline = deadline
        """Monotonic seconds at which the server ends this watch normally (``timeoutSeconds``); None = never."""
        self.listener: Callable[[], None] | None = None
        self.on_close: Callable[[], None] | None = None
        self._lines: deque[bytes] = deque()
        self._ready = threading.Condition()
        self._ended = False

    def feed(self, lines: Sequence[bytes]) -> None:
        """Append encoded events; a no-op after the end."""
        with self._ready:
            if self._ended or not lines:
                return
            was_empty = not self._lines
            self._lines.extend(lines)
            self._ready.notify()
            listener = self.listener if was_empty else None
        if listener is not None:
            listener()

    def end(self) -> None:
        """No more events will come; what is queued is still delivered."""
        with self._ready:
            if self._ended:
                return
            self._ended = True
            self._ready.notify()
            listener = self.listener
        if listener is not None:
            listener()

    def drain(self) -> tuple[list[bytes], bool]:
        """Everything queued now, and whether the stream is over after it. Never blocks."""
        with self._ready:
            lines = list(self._lines)
            self._lines.clear()
            return lines, self._ended

    def take(self, timeout: float | None) -> tuple[list[bytes], bool]:
        """Like ``drain``, but waits up to ``timeout`` seconds for something to happen."""
        with self._ready:
            self._ready.wait_for(lambda: bool(self._lines) or self._ended, timeout)
        return self.drain()

    def close(self) -> None:
        """The client has gone: stop feeding and forget what is queued."""
        self.end()
        with self._ready:
            self._lines.clear()
        self.close_source()

    def close_source(self) -> None:
        """Detach from whatever feeds the stream; what is queued stays readable."""
        with self._ready:
            on_close, self.on_close = self.on_close, None
        if on_close is not None:
            on_close()
