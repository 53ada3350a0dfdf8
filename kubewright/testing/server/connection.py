"""One HTTP/1.1 connection: bytes in, ``ServerRequest``; ``ServerResponse`` or watch out, bytes.

Parsing is llhttp's (httptools); what is here is the asyncio protocol around it. No ASGI server in between, for three
reasons: a watch that fans out to a hundred clients writes the same bytes to a hundred sockets without waking a hundred
tasks; a create costs the parser and one write, which is what thousands of them a second leave room for; and tests want
faults that no web framework offers (no answer at all, half an event, a cut in the middle of a chunk).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import threading
from collections import deque
from typing import Final, Protocol
from urllib.parse import parse_qsl, unquote

import httptools

from kubewright.testing.server.faults import Faults, Verdict
from kubewright.testing.server.messages import ServerRequest, ServerResponse, StatusError, WatchStream
from kubewright.testing.server.protobuf import as_json

_LOG: Final = logging.getLogger("kubewright.testing")
MAX_BODY: Final = 3 * 1024 * 1024
"""Bytes; kube-apiserver's limit for a request body (``MaxRequestBodyBytes``)."""
_JOIN_BELOW: Final = 64 * 1024
"""Bytes; up to this size head and body go out in one write."""
_REASONS: Final = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    410: "Gone",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_UNAUTHORIZED: Final = StatusError(401, "Unauthorized", "Unauthorized").response()
_TOO_LARGE: Final = StatusError(
    413, "RequestEntityTooLarge", f"Request entity too large: limit is {MAX_BODY}"
).response()


class Handler(Protocol):
    """What answers requests: ``kubewright.testing.server.api.API``."""

    def handle(self, request: ServerRequest, /) -> ServerResponse | WatchStream: ...

    def tick(self) -> None: ...


class Server(Protocol):
    """What a connection needs of the server it belongs to."""

    @property
    def handler(self) -> Handler: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def token(self) -> str | None: ...

    def connected(self, connection: Connection, /) -> None: ...
    def disconnected(self, connection: Connection, /) -> None: ...


class Connection(asyncio.Protocol):
    """The life of one client connection. Everything but the watch listener runs on the event loop's thread."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self._loop_thread = threading.get_ident()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._waiting: deque[tuple[ServerRequest, bool, bool]] = deque()
        self._busy = False
        self._keep_alive = True
        self._paused = False
        self._pump_scheduled = False
        self._stream: WatchStream | None = None
        self._stream_request: ServerRequest | None = None

    @property
    def streaming(self) -> bool:
        """Whether a watch is running on it."""
        return self._stream is not None

    def abort(self) -> None:
        """Cut the connection now, whatever is in the buffers."""
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._waiting.clear()
        self._end_stream()
        self._server.disconnected(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # exec, attach and port-forward are not served; the request itself was answered already
            self._close()
        except httptools.HttpParserError:
            if self._transport is not None:
                self._transport.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            self._close()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._pump()

    # httptools callbacks

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = {}
        self._body = []
        self._size = 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size <= MAX_BODY:
            self._body.append(body)

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        request = ServerRequest(
            method=self._parser.get_method().decode("ascii"),
            path=unquote(path) if "%" in path else path,
            query=parse_qsl(query, keep_blank_values=True) if query else (),
            headers=self._headers,
            body=b"".join(self._body),
        )
        too_large = self._size > MAX_BODY
        self._waiting.append((request, self._parser.should_keep_alive() and not too_large, too_large))
        self._next()

    # requests, one after another

    def _next(self) -> None:
        while self._waiting and not self._busy and self._transport is not None:
            request, self._keep_alive, too_large = self._waiting.popleft()
            self._busy = True
            if too_large:
                self._respond(request, _TOO_LARGE)
            else:
                self._begin(request)

    def _begin(self, request: ServerRequest) -> None:
        if not self._authorized(request):
            self._respond(request, _UNAUTHORIZED)
            return
        verdict = self._server.faults.on_request(request) if self._server.faults.armed else None
        if verdict is None:
            self._answer(request, None)
        elif verdict.delay > 0:
            self._loop.call_later(verdict.delay, self._answer_late, request, verdict)
        else:
            self._answer(request, verdict)

    def _authorized(self, request: ServerRequest) -> bool:
        token = self._server.token
        if token is None:
            return True
        return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())

    def _answer_late(self, request: ServerRequest, verdict: Verdict) -> None:
        self._answer(request, verdict)
        self._next()

    def _answer(self, request: ServerRequest, verdict: Verdict | None) -> None:
        if self._transport is None:
            return
        if verdict is not None and verdict.drop:
            self.abort()
            return
        if verdict is not None and verdict.response is not None:
            answer: ServerResponse | WatchStream = verdict.response
        else:
            answer = self._handle(request)
        if isinstance(answer, ServerResponse):
            self._respond(request, answer, cut_after=None if verdict is None else verdict.cut_after_bytes)
        else:
            self._start_stream(request, answer)

    def _handle(self, request: ServerRequest) -> ServerResponse | WatchStream:
        try:
            return self._server.handler.handle(as_json(request))
        except StatusError as error:
            return error.response()
        except Exception as error:
            # a mistake of this server must look like one, and be found: not like a broken connection
            _LOG.exception("the embedded API server failed on %s %s", request.method, request.path)
            message = f"Internal error occurred: {type(error).__name__}: {error}"
            return StatusError(500, "InternalError", message).response()

    def _respond(self, request: ServerRequest, response: ServerResponse, *, cut_after: int | None = None) -> None:
        transport = self._transport
        assert transport is not None
        body = b"" if request.method == "HEAD" else response.body
        head = self._head(response.status, response.headers, f"Content-Length: {len(response.body)}")
        if cut_after is not None:
            transport.write(head + body[:cut_after])
            # not abort(): what was written has to arrive
            transport.close()
            return
        if len(body) < _JOIN_BELOW:
            transport.write(head + body)
        else:
            transport.write(head)
            transport.write(body)
        self._finish()

    def _head(self, status: int, headers: tuple[tuple[str, str], ...], framing: str) -> bytes:
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}", "Cache-Control: no-cache, private"]
        lines += [f"{name}: {value}" for name, value in headers]
        lines.append(framing)
        if not self._keep_alive:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")

    def _finish(self) -> None:
        self._busy = False
        if not self._keep_alive:
            self._close()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # watches

    def _start_stream(self, request: ServerRequest, stream: WatchStream) -> None:
        transport = self._transport
        assert transport is not None
        transport.write(self._head(stream.status, stream.headers, "Transfer-Encoding: chunked"))
        self._stream = stream
        self._stream_request = request
        stream.listener = self._stream_ready
        self._pump()

    def _stream_ready(self) -> None:
        """From any thread: there is something to send."""
        if threading.get_ident() == self._loop_thread:
            if not self._pump_scheduled:
                self._pump_scheduled = True
                self._loop.call_soon(self._pump)
        else:
            try:
                self._loop.call_soon_threadsafe(self._pump)
            except RuntimeError:
                pass  # the loop is closed: the server has stopped, and with it this stream

    def _pump(self) -> None:
        self._pump_scheduled = False
        stream, request, transport = self._stream, self._stream_request, self._transport
        if stream is None or request is None or transport is None or self._paused:
            return
        lines, ended = stream.drain()
        cut = False
        faults = self._server.faults
        if lines and faults.armed:
            lines, cut = faults.on_events(request, lines)
        if lines:
            data = b"".join(lines)
            transport.write(b"%x\r\n%b\r\n" % (len(data), data))
        if cut:
            self._end_stream()
            transport.close()  # without the last chunk: the client sees a body that breaks off
        elif ended:
            self._end_stream()
            transport.write(b"0\r\n\r\n")
            self._finish()
            self._next()

    def _end_stream(self) -> None:
        stream, self._stream, self._stream_request = self._stream, None, None
        if stream is not None:
            stream.listener = None
            stream.close()
