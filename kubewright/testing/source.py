"""A server made of a dict, for tests of reflectors and informers: lists, watches, history, and faults on demand.

The twin of client-go's `FakeControllerSource` (tools/cache/testing), one floor below the embedded API server: no HTTP, no
schema, but every moment of it under the test's control. `ScriptedServer.source()` is what an informer reads.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

from ..core.requests import ResourceVersionMatch
from ..core.resource import Resource
from ..core.wire import StopSignal
from ..errors import ApiError, Gone, Invalid, ServerTimeout, TransportTimeout
from ..objects import ObjectKey, Status, StatusCause, StatusDetails
from .stream import ScriptedStream

__all__ = ["RequestLog", "ScriptedServer", "ScriptedSource"]

WIDGETS = Resource(group="example.com", version="v1", kind="Widget", plural="widgets")

Streaming = Literal["supported", "refused", "ignored", "unfinished"]


@dataclass(frozen=True, slots=True)
class RequestLog:
    """One request that the server has seen. `verb` is list or watch."""

    verb: str
    namespace: str
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


def _line(kind: str, obj: Mapping[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": obj}, separators=(",", ":")).encode() + b"\n"


class ScriptedServer:
    """Objects of one kind, with one revision counter, a history, and the faults that a test asks for.

    `streaming`: how it answers `sendInitialEvents`: supported, refused (422), ignored (as servers that do not know it) or
    unfinished (the stream ends before its end is announced). `expire_in_stream`: 410 comes as an ERROR event, not as a status.
    """

    def __init__(
        self,
        resource: Resource = WIDGETS,
        *,
        streaming: Streaming = "supported",
        first_version: int = 1,
        expire_in_stream: bool = False,
    ) -> None:
        self.resource = resource
        self.streaming: Streaming = streaming
        self.expire_in_stream = expire_in_stream
        self.requests: list[RequestLog] = []
        self.on_request: Callable[[RequestLog], None] | None = None
        self._lock = threading.RLock()
        self._version = first_version
        self._uid = 0
        self._objects: dict[ObjectKey, dict[str, Any]] = {}
        self._history: list[tuple[int, str, str, bytes]] = []
        self._oldest = first_version
        self._snapshots: dict[str, tuple[int, list[dict[str, Any]]]] = {}
        self._streams: list[ScriptedStream] = []
        self._failures: dict[str, deque[Exception]] = {"list": deque(), "watch": deque()}
        self._always: dict[str, Exception] = {}
        self._hang: set[str] = set()

    def source(self, namespace: str | None = None) -> ScriptedSource:
        """What an informer reads: all namespaces, or one."""
        return ScriptedSource(self, namespace)

    # --- content

    @property
    def resource_version(self) -> str:
        return str(self._version)

    def objects(self, namespace: str | None = None) -> dict[ObjectKey, dict[str, Any]]:
        """What a reader should end with."""
        with self._lock:
            return {k: deepcopy(o) for k, o in self._objects.items() if not namespace or k.namespace == namespace}

    def add(self, name: str, namespace: str = "default", *, silent: bool = False, **fields: Any) -> dict[str, Any]:
        """Creates an object: `labels` and others go into metadata if they belong there, the rest is top level."""
        with self._lock:
            self._uid += 1
            metadata: dict[str, Any] = {"name": name, "namespace": namespace, "uid": f"uid-{self._uid}"}
            for known in ("labels", "annotations", "ownerReferences", "managedFields"):
                if known in fields:
                    metadata[known] = fields.pop(known)
            obj = {"apiVersion": self.resource.api_version, "kind": self.resource.kind, "metadata": metadata, **fields}
            return self._store("ADDED", obj, silent)

    def modify(self, name: str, namespace: str = "default", *, silent: bool = False, **fields: Any) -> dict[str, Any]:
        """Changes an object's fields. `silent`: no watcher hears of it and history forgets it (as after a missed event)."""
        with self._lock:
            obj = deepcopy(self._objects[ObjectKey(namespace, name)])
            for known in ("labels", "annotations", "ownerReferences", "managedFields"):
                if known in fields:
                    obj["metadata"][known] = fields.pop(known)
            obj.update(fields)
            return self._store("MODIFIED", obj, silent)

    def delete(self, name: str, namespace: str = "default", *, silent: bool = False) -> dict[str, Any]:
        """Deletes an object. `silent`: nobody hears of it (client-go: DeleteDropWatch)."""
        with self._lock:
            obj = deepcopy(self._objects.pop(ObjectKey(namespace, name)))
            return self._store("DELETED", obj, silent)

    def _store(self, kind: str, obj: dict[str, Any], silent: bool) -> dict[str, Any]:
        self._version += 1
        obj["metadata"]["resourceVersion"] = str(self._version)
        key = ObjectKey(obj["metadata"]["namespace"], obj["metadata"]["name"])
        if kind != "DELETED":
            self._objects[key] = obj
        if not silent:
            line = _line(kind, obj)
            self._history.append((self._version, key.namespace, kind, line))
            self.send(line, key.namespace)
        return deepcopy(obj)

    def tick(self) -> None:
        """Something else changed: the version moves, no object of this kind does."""
        with self._lock:
            self._version += 1

    # --- streams

    @property
    def streams(self) -> list[ScriptedStream]:
        """The watches that are open."""
        with self._lock:
            self._streams = [stream for stream in self._streams if stream.is_open]
            return list(self._streams)

    def send(self, chunk: bytes, namespace: str = "") -> None:
        """Puts bytes on every open watch that covers `namespace` ("": on all)."""
        for stream in self.streams:
            if not namespace or not stream.namespace or stream.namespace == namespace:
                stream.send(chunk)

    def send_event(self, kind: str, obj: Mapping[str, Any]) -> None:
        """Puts an event of the test's own making on every open watch."""
        self.send(_line(kind, obj))

    def bookmark(self, resource_version: str | None = None) -> None:
        meta = {"resourceVersion": resource_version or self.resource_version}
        self.send_event(
            "BOOKMARK", {"apiVersion": self.resource.api_version, "kind": self.resource.kind, "metadata": meta}
        )

    def end_streams(self) -> None:
        """Closes all watches, as a server does when their time is over."""
        for stream in self.streams:
            stream.end()

    def cut_streams(self) -> None:
        """Breaks all connections."""
        for stream in self.streams:
            stream.cut()

    # --- faults

    def fail(self, verb: Literal["list", "watch"], *errors: Exception) -> None:
        """The next requests of this verb fail, one after the other, with `errors`."""
        self._failures[verb].extend(errors)

    def always_fail(self, verb: Literal["list", "watch"], error: Exception | None) -> None:
        """Every request of this verb fails with `error`, until called with None."""
        if error is None:
            self._always.pop(verb, None)
        else:
            self._always[verb] = error

    def hang(self, verb: Literal["list", "watch"], on: bool = True) -> None:
        """Requests of this verb are never answered; only their stop signal ends them."""
        (self._hang.add if on else self._hang.discard)(verb)

    def expire(self) -> None:
        """Forgets the history: every older resourceVersion and every continue token is answered with 410."""
        with self._lock:
            self._history.clear()
            self._oldest = self._version
            self._snapshots.clear()

    def restart(self, first_version: int) -> None:
        """Comes back with the same objects, numbered anew from `first_version`: streams break, history is empty."""
        with self._lock:
            self.cut_streams()
            self._version = first_version
            for obj in self._objects.values():
                self._version += 1
                obj["metadata"]["resourceVersion"] = str(self._version)
            self.expire()

    def heal(self) -> None:
        """Takes back every fault that is asked for and not yet used up."""
        with self._lock:
            for failures in self._failures.values():
                failures.clear()
            self._always.clear()
            self._hang.clear()

    def history(self, count: int) -> list[tuple[str, bytes]]:
        """The last events, oldest first: (namespace, line of the watch)."""
        with self._lock:
            return [(namespace, line) for _, namespace, _, line in self._history[-count:]]

    # --- what the sources ask

    def _begin(self, verb: str, namespace: str, stop: StopSignal | None, **options: Any) -> None:
        log = RequestLog(verb, namespace, options)
        with self._lock:
            self.requests.append(log)
            hook, hangs = self.on_request, verb in self._hang
        if hook is not None:
            hook(log)
        if hangs:
            (stop or StopSignal()).wait()
            raise TransportTimeout(f"{verb}: interrupted")
        with self._lock:
            if self._failures[verb]:
                raise self._failures[verb].popleft()
            if verb in self._always:
                raise self._always[verb]

    def list_page(self, namespace: str, limit: int | None, continue_: str | None, stop: StopSignal | None) -> bytes:
        """One page of a list, from a snapshot."""
        self._begin("list", namespace, stop, limit=limit, continue_=continue_)
        with self._lock:
            if continue_:
                token, _, offset_text = continue_.rpartition("/")
                if token not in self._snapshots:
                    raise Gone("The provided continue parameter is too old", code=410, reason="Expired", verb="list")
                version, items = self._snapshots[token]
                offset = int(offset_text)
            else:
                version, items, offset = self._version, list(self.objects(namespace).values()), 0
                token = f"snapshot-{len(self.requests)}"
                self._snapshots[token] = (version, items)
            end = len(items) if limit is None else offset + limit
            metadata = {"resourceVersion": str(version)}
            if end < len(items):
                metadata["continue"] = f"{token}/{end}"
            page = {
                "apiVersion": self.resource.api_version,
                "kind": self.resource.kind + "List",
                "metadata": metadata,
                "items": items[offset:end],
            }
            return json.dumps(page, separators=(",", ":")).encode()

    def open_watch(
        self, namespace: str, resource_version: str, send_initial_events: bool, timeout_seconds: int, stop: StopSignal
    ) -> ScriptedStream:
        """A watch from `resource_version`."""
        self._begin(
            "watch",
            namespace,
            stop,
            resource_version=resource_version,
            send_initial_events=send_initial_events,
            timeout_seconds=timeout_seconds,
        )
        with self._lock:
            stream = ScriptedStream(namespace, stop)
            if send_initial_events and self.streaming == "refused":
                raise Invalid(
                    "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
                    code=422,
                    reason="Invalid",
                    verb="watch",
                )
            if resource_version in ("", "0"):
                for obj in self.objects(namespace).values():
                    stream.send(_line("ADDED", obj))
                if send_initial_events and self.streaming == "supported":
                    stream.send(self._end_of_initial())
                elif send_initial_events and self.streaming == "unfinished":
                    stream.end()
            else:
                self._replay(stream, namespace, int(resource_version))
            self._streams.append(stream)
            return stream

    def _end_of_initial(self) -> bytes:
        meta = {"resourceVersion": self.resource_version, "annotations": {"k8s.io/initial-events-end": "true"}}
        return _line("BOOKMARK", {"kind": self.resource.kind, "metadata": meta})

    def _replay(self, stream: ScriptedStream, namespace: str, since: int) -> None:
        if since > self._version:
            raise too_large_resource_version(since, self._version)
        if since < self._oldest:
            if not self.expire_in_stream:
                raise Gone(
                    f"too old resource version: {since} ({self._oldest})", code=410, reason="Expired", verb="watch"
                )
            status = {
                "kind": "Status",
                "code": 410,
                "reason": "Expired",
                "message": f"too old resource version: {since}",
            }
            stream.send(_line("ERROR", status))
            stream.end()
            return
        for version, where, _, line in self._history:
            if version > since and (not namespace or where == namespace):
                stream.send(line)


def too_large_resource_version(asked: int, current: int) -> ApiError:
    """What kube-apiserver answers when asked for the future (storage.NewTooLargeResourceVersionError)."""
    message = f"Too large resource version: {asked}, current: {current}"
    cause = StatusCause(reason="ResourceVersionTooLarge", message="Too large resource version")
    status = Status(code=504, reason="Timeout", message=message, details=StatusDetails(causes=[cause]))
    return ServerTimeout(message, code=504, reason="Timeout", status=status, verb="watch")


class ScriptedSource:
    """A `reflector.Source` over a ScriptedServer."""

    def __init__(self, server: ScriptedServer, namespace: str | None = None) -> None:
        self.transport = server  # "the server" for what is remembered per server
        self.resource = server.resource
        self.namespace = namespace
        self._server = server

    def list(
        self,
        *,
        resource_version: str | None = None,
        resource_version_match: ResourceVersionMatch | None = None,
        limit: int | None = None,
        continue_: str | None = None,
        timeout: float | None = None,
        stop: StopSignal | None = None,
    ) -> bytes:
        return self._server.list_page(self.namespace or "", limit, continue_, stop)

    def watch(
        self,
        *,
        resource_version: str,
        timeout_seconds: int,
        send_initial_events: bool = False,
        allow_bookmarks: bool = True,
        stop: StopSignal,
    ) -> ScriptedStream:
        return self._server.open_watch(
            self.namespace or "", resource_version, send_initial_events, timeout_seconds, stop
        )
