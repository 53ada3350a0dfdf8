"""Why this exists: a blocked read, or a TLS handshake that never ends, must be ended from another thread, at once.

Closing a socket does not wake its reader; shutting it down does. Whoever sends opens an :class:`Interruptible` scope on
its thread; connections opened or used inside it register their socket there. Before there is a response only a duplicate
of the raw socket helps, because wrapping in TLS detaches the original (tried, recipes section 5).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

__all__ = ["POOL_CLASSES", "SOCKET_OPTIONS", "HttpPool", "HttpsPool", "Interruptible"]

_scope = threading.local()


def _socket_options() -> list[tuple[int, int, int | bytes]]:
    """No Nagle; keep-alive probes find a dead peer in about two minutes, as Go's dialer does."""
    options: list[tuple[int, int, int | bytes]] = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    ]
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 6)):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options


SOCKET_OPTIONS = _socket_options()


class Interruptible:
    """One request that another thread may interrupt. A context manager for the thread that sends.

    `interrupt()` wakes whoever reads or writes its socket; the connection is of no more use then.
    """

    __slots__ = ("_connecting", "_lock", "_socket", "interrupted")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connecting: socket.socket | None = None
        self._socket: socket.socket | None = None
        self.interrupted = False

    def interrupt(self) -> None:
        """From any thread, any number of times; does not block and does not raise."""
        with self._lock:
            self.interrupted = True
            for sock in (self._connecting, self._socket):
                if sock is not None:
                    _shut_down(sock)

    def settimeout(self, seconds: float | None) -> None:
        """Sets how long one read may be silent from now on."""
        with self._lock:
            if self._socket is not None and self._socket.fileno() >= 0:
                self._socket.settimeout(seconds)

    def connecting(self, sock: socket.socket) -> None:
        """A duplicate stays known until `connected`: wrapping in TLS detaches the original."""
        with self._lock:
            self._connecting = sock.dup()
            if self.interrupted:
                _shut_down(self._connecting)

    def connected(self) -> None:
        with self._lock:
            if self._connecting is not None:
                self._connecting.close()
                self._connecting = None

    def attach(self, sock: socket.socket) -> None:
        with self._lock:
            self._socket = sock
            if self.interrupted:
                _shut_down(sock)

    def detach(self) -> bool:
        """The connection is somebody else's now. Returns whether it was shut down before."""
        with self._lock:
            self._socket = None
            return self.interrupted

    def __enter__(self) -> Interruptible:
        _scope.current = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _scope.current = None
        self.connected()


def _shut_down(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except (OSError, ValueError):
        pass  # not connected any more: nobody waits for it


def _current() -> Interruptible | None:
    return getattr(_scope, "current", None)


def _connect(
    host: str, port: int, timeout: float | None, options: Iterable[tuple[int, int, int | bytes]], scope: Interruptible
) -> socket.socket:
    """As urllib3's create_connection, but the scope knows the socket before it connects.

    To an address that swallows packets, connecting takes until the timeout; shutting the socket down ends that, too (Linux).
    Only the name lookup cannot be interrupted.
    """
    failure: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host.strip("[]"), port, 0, socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            for option in options:
                sock.setsockopt(*option)
            sock.settimeout(timeout)
            scope.connecting(sock)
            if scope.interrupted:
                raise OSError("interrupted")
            sock.connect(address)
            return sock
        except OSError as error:
            failure = error
            scope.connected()
            sock.close()
            if scope.interrupted:
                break
    raise failure


class _Watched:
    """What both connection classes add: they tell the scope of their thread which socket they use.

    A mixin in front of urllib3's classes; `_new_conn` is their documented place to make the socket.
    """

    sock: socket.socket | None
    _used_by: Interruptible | None = None

    def _new_conn(self) -> socket.socket:
        scope = _current()
        if scope is None:
            return cast("socket.socket", super()._new_conn())  # type: ignore[misc]  # pyright: ignore
        conn: Any = self
        try:
            return _connect(conn._dns_host, conn.port, conn.timeout, conn.socket_options or (), scope)
        except socket.gaierror as error:
            raise NameResolutionError(conn.host, conn, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(conn, f"connection to {conn.host} timed out") from error
        except OSError as error:
            raise NewConnectionError(conn, f"failed to establish a new connection: {error}") from error

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]  # pyright: ignore
        # Set whenever connecting worked: whether the peer was verified was decided in the configuration, once, and is not
        # to be warned about with every request.
        self.is_verified = True
        scope = _current()
        if scope is not None and self.sock is not None:
            scope.attach(self.sock)
            scope.connected()

    def request(self, *args: Any, **kwargs: Any) -> None:
        last, scope = self._used_by, _current()
        if last is not None and last is not scope and last.detach():
            self.close()  # a late stop() of the previous user hit it: connect anew
        self._used_by = scope
        if scope is not None and self.sock is not None:
            scope.attach(self.sock)
        super().request(*args, **kwargs)  # type: ignore[misc]  # pyright: ignore

    if TYPE_CHECKING:

        def close(self) -> None: ...


class _HttpConnection(_Watched, HTTPConnection):
    pass


class _HttpsConnection(_Watched, HTTPSConnection):
    pass


class HttpPool(urllib3.HTTPConnectionPool):
    """Plain connections that can be interrupted."""

    ConnectionCls = _HttpConnection  # pyright: ignore[reportAssignmentType]  # urllib3's own class does not fit either


class HttpsPool(urllib3.HTTPSConnectionPool):
    """TLS connections that can be interrupted."""

    ConnectionCls = _HttpsConnection  # pyright: ignore[reportAssignmentType]  # urllib3's own class does not fit either


POOL_CLASSES: dict[str, Any] = {"http": HttpPool, "https": HttpsPool}
