"""Why this exists: between a verb and the transport there is one place that retries, warns and raises.

Every verb of every client goes through :func:`send` or :func:`open_stream`, over HTTP as in process, so that a 429 with
Retry-After or a deprecation warning means the same everywhere.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import cast

from ..clock import Clock, RealClock
from ..core.answers import error_of, retry_delay, warnings_of
from ..core.wire import ByteStream, Request, Response, StopSignal, Transport
from ..errors import ApiError, StreamCut, TransportError

__all__ = ["WarningHandler", "open_stream", "send", "send_once"]

WarningHandler = Callable[[str], None]

_log = logging.getLogger("kubewright.client")
_warnings_log = logging.getLogger("kubewright.warnings")
_CLOCK = RealClock()
# An error page is read up to this size: more of it would help nobody.
_ERROR_BODY_LIMIT = 1 << 20


def send(
    transport: Transport, request: Request, *, timeout: float | None = None, stop: StopSignal | None = None
) -> Response:
    """Sends until there is a good answer; a redirect (to a login page) is none. Retries: see `core.answers.retry_delay`.

    `timeout` bounds everything, waits included: a wait that would pass it is not begun. Raises ApiError, TransportError.
    """
    clock = _clock_of(transport)
    deadline = None if timeout is None else clock.now() + timeout
    attempt = 0
    while True:
        failure: ApiError | TransportError
        try:
            left = None if deadline is None else max(deadline - clock.now(), 0.001)
            return send_once(transport, request, timeout=left, stop=stop)
        except (ApiError, TransportError) as error:
            failure = error
        attempt += 1
        delay = retry_delay(request, failure, attempt)
        if delay is None or (deadline is not None and clock.now() + delay >= deadline):
            raise failure
        _log.info("retrying %s %s in %g s (attempt %d): %s", request.verb, request.path, delay, attempt, failure)
        if (delay and clock.sleep(_event_of(stop), delay)) or (stop is not None and stop.is_set()):
            raise failure


def send_once(
    transport: Transport, request: Request, *, timeout: float | None = None, stop: StopSignal | None = None
) -> Response:
    """As `send`, without retries: for callers that decide about the next request themselves."""
    response = transport.request(request, timeout=timeout, stop=stop)
    if response.status >= 300:
        raise error_of(response.status, response.headers, response.body, request)
    if "warning" in response.headers:
        _warn(transport, response.headers["warning"], request)
    return response


def open_stream(
    transport: Transport,
    request: Request,
    *,
    timeout: float | None = None,
    read_timeout: float | None = None,
    stop: StopSignal | None = None,
) -> ByteStream:
    """Opens a stream with a good status. Does not retry: who watches decides. Raises ApiError, TransportError."""
    stream = transport.stream(request, timeout=timeout, read_timeout=read_timeout, stop=stop)
    if stream.status < 300:
        _warn(transport, stream.headers.get("warning"), request)
        return stream
    body = b""
    try:
        for chunk in stream:
            body += chunk
            if len(body) > _ERROR_BODY_LIMIT:
                break
    except (StreamCut, TransportError):
        pass  # the status line alone says enough
    finally:
        stream.stop()
    raise error_of(stream.status, stream.headers, body, request)


def _warn(transport: Transport, header: str | None, request: Request) -> None:
    if header is None:
        return
    handler = cast("WarningHandler | None", getattr(transport, "on_warning", None))
    for text in warnings_of({"warning": header}):
        if handler is not None:
            try:
                handler(text)
            except Exception:  # the server has done what was asked: that must not look like a failure
                _log.exception("%s %s: the hook on_warning raised", request.verb, request.resource or request.path)
        else:
            _warnings_log.warning("%s %s: %s", request.verb, request.resource or request.path, text)


def _clock_of(transport: Transport) -> Clock:
    # Transports may bring a clock (tests step it); the protocol does not ask for one.
    return cast("Clock", getattr(transport, "clock", _CLOCK))


def _event_of(stop: StopSignal | None) -> threading.Event:
    return stop.event if stop is not None else threading.Event()
