"""The embedded API server's place on the network: a loopback port, a thread with an event loop, the connections.

One thread runs one event loop for all connections. The API is called on that thread: Python would not run two requests
at once anyway, and in this order a client sees its own write in the next read. Binds to loopback only.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
from collections.abc import Coroutine
from typing import Any, Final, Protocol, TypeVar

from kubewright.errors import ConfigError
from kubewright.testing.server.connection import Connection
from kubewright.testing.server.faults import Faults
from kubewright.testing.server.messages import ServerRequest, ServerResponse, WatchStream

T = TypeVar("T")
_TICK_SECONDS: Final = 0.2


class Handler(Protocol):
    """What answers requests: ``kubewright.testing.server.api.API``."""

    def handle(self, request: ServerRequest, /) -> ServerResponse | WatchStream: ...

    def tick(self) -> None: ...


class HttpServer:
    """A listening socket, an event loop in a thread, and the connections on it.

    ``start`` returns when the port accepts connections; ``stop`` returns when thread and sockets are gone. Both may be
    called from any thread.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        faults: Faults | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ConfigError(
                f"the embedded API server has no access control and binds to loopback only, not to {host}"
            )
        self.handler = handler
        self.host = host
        self.port = port
        self.token = token
        self.faults = faults if faults is not None else Faults()
        self._tls = tls
        self._connections: set[Connection] = set()
        self._listener: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def start(self) -> None:
        """Listen and serve. Raises ``ConfigError`` when the port is taken."""
        listening = self._socket()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(self._loop,), name="kubewright-apiserver", daemon=True)
        self._thread.start()
        self._call(self._listen(listening))

    def stop(self) -> None:
        """Close every connection, leave the port, end the thread. Idempotent."""
        thread, self._thread = self._thread, None
        loop = self._loop
        if thread is None or loop is None:
            return
        self._call(self._shut_down())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        self._loop = None

    def refuse(self) -> None:
        """Stop listening and cut all connections: clients see "connection refused" until ``accept``."""
        self._call(self._shut_down())

    def accept(self) -> None:
        """Listen again on the same port."""
        if self._listener is None:
            self._call(self._listen(self._socket()))

    def cut_streams(self) -> int:
        """Break every open watch in the middle; returns how many there were."""
        return self._call(self._cut_streams())

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            work.close()
            raise ConfigError("the server is not running")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _socket(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((self.host, self.port))
        except OSError as error:
            listening.close()
            raise ConfigError(f"cannot listen on {self.host}:{self.port}: {error.strerror}") from error
        self.port = listening.getsockname()[1]
        return listening

    async def _listen(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: Connection(self, loop), sock=listening, ssl=self._tls, backlog=1024
        )
        self._tick(loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._listener is not None:
            self.handler.tick()
            loop.call_later(_TICK_SECONDS, self._tick, loop)

    async def _shut_down(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        for connection in list(self._connections):
            connection.abort()
        # connection_lost comes one turn of the loop later
        while self._connections:
            await asyncio.sleep(0)
        if listener is not None:
            await listener.wait_closed()

    async def _cut_streams(self) -> int:
        streaming = [connection for connection in self._connections if connection.streaming]
        for connection in streaming:
            connection.abort()
        return len(streaming)

    def connected(self, connection: Connection) -> None:
        """A client has come (called by the connection)."""
        self._connections.add(connection)

    def disconnected(self, connection: Connection) -> None:
        """A client has gone (called by the connection)."""
        self._connections.discard(connection)
