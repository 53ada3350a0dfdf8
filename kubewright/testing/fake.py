"""The transport of fake clientsets: the real client on the embedded API server, in one process, without a socket.

client-go's fake clientsets are object trackers with rules of their own; people keep finding where they differ from a server
(kubernetes#103816, #126850). Here nothing is faked but the wire: the same verbs, errors, conflicts and watches as over HTTP.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from kubewright.clock import Clock, RealClock
from kubewright.core import codec
from kubewright.core.resource import Resource
from kubewright.core.wire import Request, Response, StopSignal
from kubewright.errors import KubewrightError, StreamCut, TransportTimeout
from kubewright.testing.apiserver import build_api
from kubewright.testing.crdinstall import install_crds
from kubewright.testing.server.api import API
from kubewright.testing.server.messages import ServerRequest, ServerResponse, StatusError, WatchStream
from kubewright.testing.server.registry import ServedResource
from kubewright.validation import Scale

__all__ = ["FakeTransport", "fake_transport"]

_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
# How often a waiting watch lets the server's time pass (bookmarks, the end of a watch).
_TICK_SECONDS = 0.2


def fake_transport(
    *objects: object,
    resources: Iterable[Resource] = (),
    crds: Iterable[Path | str | Mapping[str, Any]] = (),
    clock: Clock | None = None,
) -> FakeTransport:
    """An API server in this process that has `objects` already: models, or documents as dicts.

    It serves all built-in kinds; `crds` are installed with their schemas; `resources` that are none of these are served
    without one (any field is kept, nothing is validated). Namespaces of the objects are made. Raises KubewrightError for an
    object whose kind is not served.
    """
    transport = FakeTransport(clock=clock)
    crds = tuple(crds)
    if crds:
        install_crds(transport, crds)
    transport.serve(*resources)
    transport.add(*objects)
    return transport


class FakeTransport:
    """Implements `core.wire.Transport` on an embedded API server without a socket. `api` is that server, for looking inside."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or RealClock()
        self.api: API = build_api(self.clock)

    def serve(self, *resources: Resource) -> None:
        """Serves kinds without a schema, unless they are served already."""
        missing: dict[tuple[str, str], list[Resource]] = {}
        for resource in resources:
            if self.api.registry.lookup(resource.group, resource.version, resource.plural) is None:
                missing.setdefault((resource.group, resource.plural), []).append(resource)
        for (group, plural), versions in missing.items():
            known = self.api.registry.versions(group, plural)
            storage = known[0].storage_version if known else versions[0].version
            self.api.registry.install(group, plural, [*known, *(_without_schema(r, storage) for r in versions)])

    def add(self, *objects: object) -> None:
        """Stores objects as they are, status included, and makes their namespaces."""
        for obj in objects:
            # A copy: the server fills in what it owns.
            document = codec.decode(dict[str, Any], codec.encode(obj))
            metadata: dict[str, Any] = document.setdefault("metadata", {})
            try:
                self._make_namespace(metadata.get("namespace"))
                self.api.create_object(document)
            except StatusError as error:
                raise KubewrightError(f"{document.get('kind')} {metadata.get('name')!r}: {error.message}") from None

    def _make_namespace(self, name: str | None) -> None:
        namespaces = self.api.registry.lookup("", "v1", "namespaces")
        if not name or namespaces is None:
            return
        try:
            self.api.create_object({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        except StatusError as error:
            if error.reason != "AlreadyExists":
                raise

    def request(self, request: Request, *, timeout: float | None = None, stop: StopSignal | None = None) -> Response:
        """See `core.wire.Transport`; answers at once, so there is nothing to time out."""
        if stop is not None and stop.is_set():
            raise StreamCut(f"{request.method} {request.path}: stopped before it was sent")
        self.api.tick()
        answer = self.api.handle(_server_request(request))
        if isinstance(answer, WatchStream):
            answer.close()
            raise KubewrightError(f"{request.method} {request.path}: is a watch; use stream()")
        return Response(answer.status, _headers(answer), answer.body)

    def stream(
        self,
        request: Request,
        *,
        timeout: float | None = None,
        read_timeout: float | None = None,
        stop: StopSignal | None = None,
    ) -> FakeStream:
        """See `core.wire.Transport`."""
        if stop is not None and stop.is_set():
            raise StreamCut(f"{request.method} {request.path}: stopped before it was sent")
        self.api.tick()
        return FakeStream(self.api, self.api.handle(_server_request(request)), self.clock, read_timeout, stop)

    def close(self) -> None:
        """Nothing is held open between requests; watches end when they are stopped. The objects stay."""


class FakeStream:
    """Implements `core.wire.ByteStream`: what a watch is fed, in the thread that iterates."""

    def __init__(
        self,
        api: API,
        answer: ServerResponse | WatchStream,
        clock: Clock,
        read_timeout: float | None,
        stop: StopSignal | None,
    ) -> None:
        self._api = api
        self._answer = answer
        self._clock = clock
        self._read_timeout = read_timeout
        self._stopped = threading.Event()
        self._headers = _headers(answer)
        self._chunks = self._read()
        self._forget = stop.on_stop(self.stop) if stop is not None else _nothing

    @property
    def status(self) -> int:
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._headers

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def _read(self) -> Generator[bytes, None, None]:
        answer = self._answer
        if isinstance(answer, ServerResponse):
            yield answer.body
            return
        silent_since = self._clock.now()
        try:
            while not self._stopped.is_set():
                lines, ended = answer.take(_TICK_SECONDS)
                if lines and not self._stopped.is_set():
                    yield b"".join(lines)
                    silent_since = self._clock.now()
                elif ended:
                    return
                else:
                    self._api.tick()
                    if self._read_timeout is not None and self._clock.now() - silent_since > self._read_timeout:
                        raise TransportTimeout(f"nothing came for {self._read_timeout:g} s")
        finally:
            self._forget()
            answer.close()

    def stop(self) -> None:
        """Ends the stream; wakes the thread that reads it."""
        self._stopped.set()
        if isinstance(self._answer, WatchStream):
            self._answer.close()


def _without_schema(resource: Resource, storage_version: str) -> ServedResource:
    served = replace(resource, verbs=resource.verbs or _VERBS)
    scale = Scale() if "scale" in resource.subresources else None
    return ServedResource(resource=served, storage_version=storage_version, builtin=False, scale=scale)


def _server_request(request: Request) -> ServerRequest:
    return ServerRequest(
        method=request.method,
        path=unquote(request.path),
        query=request.query,
        headers={"user-agent": "kubewright-fake", **dict(request.headers)},
        body=request.body or b"",
    )


def _headers(answer: ServerResponse | WatchStream) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for name, value in answer.headers:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _nothing() -> None:
    return None
