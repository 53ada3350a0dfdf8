"""Why this exists: the one place that moves bytes to and from an API server: connections, TLS, credentials, interruption.

It knows HTTP and nothing of Kubernetes. urllib3 does the protocol (reference/performance.md 8: the fastest maintained one).
Idle connections are kept; a stream holds its own until it ends.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

from urllib3 import HTTPHeaderDict
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from ..clock import Clock, RealClock
from ..core.wire import ByteStream, Request, Response, StopSignal
from ..errors import ConfigError, StreamCut, TransportError
from .chunks import read_whole
from .config import ClientConfig, Impersonation, default_user_agent
from .connections import Interruptible
from .credentials import BasicCredentials, Credentials, ProvidedToken, StaticToken, TokenFile
from .failures import read_failure
from .pools import PoolSource
from .streams import HttpStream

__all__ = ["HttpTransport"]

_log = logging.getLogger("kubewright.transport")


class HttpTransport:
    """Implements `core.wire.Transport` over HTTP/1.1 with keep-alive. Safe to use from many threads.

    Creating it opens no connection and reads no file. `close()`, or the end of a `with` block, closes idle connections; requests
    after it connect anew.
    """

    def __init__(self, config: ClientConfig, *, clock: Clock | None = None) -> None:
        parts = config.parsed_url()
        self.config = config
        self.clock: Clock = clock or RealClock()
        self.on_warning = config.on_warning
        self._prefix = quote(parts.path.rstrip("/"), safe="/%")
        self._credentials = _credentials(config, self.clock)
        self._pools = PoolSource(config, self.clock, self._credentials)
        self._headers = _constant_headers(config)

    def request(self, request: Request, *, timeout: float | None = None, stop: StopSignal | None = None) -> Response:
        """See `core.wire.Transport`. A 401 is tried once more with fresh credentials, if there can be any."""
        response = self._whole(request, timeout, stop)
        if response.status == 401 and self._renewed():
            response = self._whole(request, timeout, stop)
        return response

    def stream(
        self,
        request: Request,
        *,
        timeout: float | None = None,
        read_timeout: float | None = None,
        stop: StopSignal | None = None,
    ) -> ByteStream:
        """See `core.wire.Transport`. A 401 is tried once more with fresh credentials, if there can be any."""
        stream = self._stream(request, timeout, read_timeout, stop)
        if stream.status == 401 and self._renewed():
            stream.stop()
            stream = self._stream(request, timeout, read_timeout, stop)
        return stream

    def close(self) -> None:
        """Closes idle connections; streams that are read are not waited for."""
        self._pools.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<HttpTransport: {self.config.url}>"

    def _whole(self, request: Request, timeout: float | None, stop: StopSignal | None) -> Response:
        limits = self._limits(timeout)
        deadline = (
            None if timeout is None else time.monotonic() + timeout
        )  # the socket's time, not that of a test's clock
        if stop is None:
            return self._answer(request, limits, deadline)
        scope = Interruptible()
        forget = stop.on_stop(scope.interrupt)
        try:
            with scope:
                if scope.interrupted:
                    raise StreamCut(f"{request.method} {request.path}: stopped before it was sent")
                return self._answer(request, limits, deadline)
        except (ValueError, TransportError) as error:
            if scope.interrupted and not isinstance(error, StreamCut):
                raise _stopped(request) from error
            raise
        finally:
            forget()
            scope.detach()

    def _stream(
        self, request: Request, timeout: float | None, read_timeout: float | None, stop: StopSignal | None
    ) -> HttpStream:
        scope = Interruptible()
        forget = stop.on_stop(scope.interrupt) if stop is not None else _nothing
        try:
            with scope:
                if scope.interrupted:
                    raise StreamCut(f"{request.method} {request.path}: stopped before it was sent")
                answer = self._send(request, self._limits(timeout))
        except BaseException as error:
            forget()
            scope.detach()
            if (
                scope.interrupted
                and isinstance(error, (ValueError, TransportError))
                and not isinstance(error, StreamCut)
            ):
                raise _stopped(request) from error
            raise
        scope.settimeout(read_timeout)
        return HttpStream(answer, scope, forget, f"{request.method} {self.config.url}{request.path}", read_timeout)

    def _answer(self, request: Request, limits: Timeout, deadline: float | None) -> Response:
        answer = self._send(request, limits)
        whole = False
        try:
            body = read_whole(answer, deadline)
            whole = True
        except (HTTPError, OSError) as error:
            raise read_failure(error, f"{request.method} {self.config.url}{request.path}") from error
        finally:
            if not whole:
                answer.close()
        return Response(answer.status, _lower(answer.headers), body)

    def _send(self, request: Request, limits: Timeout) -> Any:
        target = self._prefix + request.path
        if request.query:
            target = f"{target}?{urlencode(request.query)}"
        headers = self._headers.copy()
        authorization = self._credentials.authorization() if self._credentials is not None else None
        if authorization is not None:
            headers["authorization"] = authorization
        headers.update(request.headers)
        try:
            return self._pools.urlopen(request.method, target, body=request.body, headers=headers, timeout=limits)
        except (HTTPError, OSError) as error:
            raise read_failure(error, f"{request.method} {self.config.url}{request.path}") from error

    def _limits(self, timeout: float | None) -> Timeout:
        config = self.config
        connect = config.connect_timeout
        if timeout is not None:
            connect = timeout if connect is None else min(connect, timeout)
        return Timeout(connect=connect, read=timeout if timeout is not None else config.read_timeout)

    def _renewed(self) -> bool:
        if self._credentials is None or not self._credentials.rejected():
            return False
        _log.info("%s: 401, trying once more with fresh credentials", self.config.url)
        return True


def _stopped(request: Request) -> StreamCut:
    # The TLS layer says ValueError when its socket is shut down at just the wrong moment, and connecting says that it cannot.
    return StreamCut(f"{request.method} {request.path}: stopped")


def _credentials(config: ClientConfig, clock: Clock) -> Credentials | None:
    if config.credentials is not None:
        return config.credentials
    if config.token_provider is not None:
        return ProvidedToken(config.token_provider)
    if config.token_file is not None:
        return TokenFile(config.token_file, clock, fallback=config.token)
    if config.token is not None:
        return StaticToken(config.token)
    if config.username is not None:
        return BasicCredentials(config.username, config.password or "")
    return None


def _constant_headers(config: ClientConfig) -> Any:
    headers = {name.lower(): value for name, value in config.headers.items()}
    headers["user-agent"] = config.user_agent or default_user_agent()
    if config.compression:
        headers["accept-encoding"] = "gzip"
    if config.impersonate is None:
        return headers
    repeated = HTTPHeaderDict(headers)  # several groups are several headers
    for name, value in _impersonation(config.impersonate):
        repeated.add(name, value)
    return repeated


def _impersonation(who: Impersonation) -> Iterator[tuple[str, str]]:
    if not who.user:
        raise ConfigError("impersonation: a user name is needed where groups, a uid or extra are given")
    yield "impersonate-user", who.user
    if who.uid:
        yield "impersonate-uid", who.uid
    for group in who.groups:
        yield "impersonate-group", group
    for key, values in who.extra.items():
        for value in values:
            yield f"impersonate-extra-{quote(key.lower(), safe='')}", value


def _lower(headers: Any) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _nothing() -> None:
    return None
