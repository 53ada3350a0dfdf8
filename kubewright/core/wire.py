"""The seam between those who know Kubernetes and those who move bytes.

`client` and `reflector` speak these protocols; `transport.HttpTransport` implements them over urllib3, and the in-process fake
over the embedded API server. HTTP statuses are data here: only what prevented an answer is raised (TransportError).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .resource import Resource

__all__ = ["ByteStream", "Request", "Response", "StopSignal", "Transport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, and what it is about (verb, resource, namespace, name: for errors and metrics).

    `repr` leaves out the body and the headers: they may hold Secrets and credentials.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    verb: str = ""
    resource: Resource | None = field(default=None, repr=False)
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer; header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class ByteStream(Protocol):
    """An answer that is still coming: iterate over its chunks, in whatever sizes they arrive.

    A clean end of the body ends the iteration. Raises StreamCut when the connection broke and TransportTimeout when nothing
    came for the read timeout. `stop()` may be called from any thread, any number of times; it ends a blocked read at once,
    and the iteration then just ends.
    """

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def __iter__(self) -> Iterator[bytes]: ...

    def stop(self) -> None: ...


class StopSignal:
    """A stop flag that also interrupts whoever is blocked: whoever blocks registers how to be woken.

    One signal may be bound to one blocking call after another. Callbacks run on the thread that calls `set()`; they must
    not block and must not raise.
    """

    __slots__ = ("_callbacks", "_event", "_lock", "_next")

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._next = 0

    @property
    def event(self) -> threading.Event:
        """The flag itself, for whoever can wait on an Event (a Clock's `sleep`, say)."""
        return self._event

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until set; returns whether it is."""
        return self._event.wait(timeout)

    def set(self) -> None:
        """Sets the flag and wakes everybody who registered. Idempotent; from any thread."""
        with self._lock:
            self._event.set()
            callbacks = list(self._callbacks.values())
            self._callbacks.clear()
        for wake in callbacks:
            wake()

    def on_stop(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Calls `wake` once when set (at once if it is set already). Returns a function that takes it back."""
        with self._lock:
            if not self._event.is_set():
                token = self._next
                self._next += 1
                self._callbacks[token] = wake
                return lambda: self._forget(token)
        wake()
        return _nothing

    def _forget(self, token: int) -> None:
        with self._lock:
            self._callbacks.pop(token, None)


def _nothing() -> None:
    return None


class Transport(Protocol):
    """Carries requests to one API server. Safe to use from many threads."""

    def request(self, request: Request, *, timeout: float | None = None, stop: StopSignal | None = None) -> Response:
        """Sends and reads the whole answer. `timeout`: seconds for everything; `stop` interrupts (then StreamCut). Raises
        TransportError."""
        ...

    def stream(
        self,
        request: Request,
        *,
        timeout: float | None = None,
        read_timeout: float | None = None,
        stop: StopSignal | None = None,
    ) -> ByteStream:
        """Sends and returns as soon as the headers are there. `timeout`: seconds until then; `read_timeout`: seconds of
        silence allowed afterwards. `stop` interrupts also before the headers. Raises TransportError."""
        ...

    def close(self) -> None:
        """Closes idle connections; streams that are read are not waited for."""
        ...
