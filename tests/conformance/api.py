"""What a conformance case talks to: one server, with everything that it answers written down for the comparison."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.conformance.normalise import Normaliser, in_any_order
from tests.conformance.rawhttp import Answer, Connection, Endpoint, EventStream, target

PATCH_TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
ANY = -1
"""As ``status=``: the case does not say, the comparison does."""
# The other headers say how, not what (dates, lengths, connection, audit ids, flow control).
_COMPARED_HEADERS = ("content-type", "warning", "retry-after", "allow")


class Api:
    """One case on one server. Paths may hold ``{ns}``, the case's own namespace.

    Verbs take the query parameters as keywords in wire spelling (``labelSelector="a=b"``). Each returns an ``Answer`` after
    checking its status: ``status=409`` where a refusal is wanted, any success by default.
    """

    def __init__(self, endpoint: Endpoint, namespace: str, forget_history: Callable[[], None]) -> None:
        self.namespace = namespace
        self.forget_history = forget_history
        """Make the server drop all versions before now (etcd: compaction)."""
        self.transcript: list[dict[str, Any]] = []
        self._endpoint = endpoint
        self._connection = Connection(endpoint)
        self._normalise = Normaliser()

    def get(
        self, path: str, *, status: int | None = None, headers: Mapping[str, str] | None = None, **query: Any
    ) -> Answer:
        return self._send("GET", path, None, "", status, query, headers)

    def post(self, path: str, body: Any, *, status: int | None = None, **query: Any) -> Answer:
        return self._send("POST", path, body, "application/json", status, query)

    def put(self, path: str, body: Any, *, status: int | None = None, **query: Any) -> Answer:
        return self._send("PUT", path, body, "application/json", status, query)

    def patch(self, path: str, body: Any, kind: str = "merge", *, status: int | None = None, **query: Any) -> Answer:
        return self._send("PATCH", path, body, PATCH_TYPES[kind], status, query)

    def apply(self, path: str, body: Any, manager: str, *, status: int | None = None, **query: Any) -> Answer:
        return self._send("PATCH", path, body, PATCH_TYPES["apply"], status, {"fieldManager": manager, **query})

    def delete(self, path: str, body: Any = None, *, status: int | None = None, **query: Any) -> Answer:
        return self._send("DELETE", path, body, "application/json" if body is not None else "", status, query)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        content_type: str,
        *,
        status: int | None = None,
        **query: Any,
    ) -> Answer:
        """Any bytes, for requests that no well-behaved client makes."""
        return self._send(method, path, body, content_type, status, query)

    def until(
        self,
        path: str,
        holds: Callable[[Answer], bool],
        *,
        method: str = "GET",
        body: Any = None,
        timeout: float = 20.0,
        **query: Any,
    ) -> Answer:
        """Ask again and again, unrecorded, until the answer fits; for what a server does in its own time."""
        deadline = time.monotonic() + timeout
        data = None if body is None else json.dumps(body).encode()
        headers = None if body is None else {"Content-Type": "application/json"}
        while True:
            answer = self._connection.request(method, target(self._expand(path), query), data, headers)
            if holds(answer):
                return answer
            assert time.monotonic() < deadline, f"{path} still answers {answer.status} {answer.body}"
            time.sleep(0.05)

    @contextmanager
    def watch(
        self, path: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **query: Any
    ) -> Iterator[Watch]:
        """Open a watch; what is taken from it, or the refusal, is recorded."""
        query = {"watch": True, **query}
        full = target(self._expand(path), query)
        with EventStream(self._endpoint, full, headers) as stream:
            entry: dict[str, Any] = {"request": f"WATCH {self._show(path, query)}", "status": stream.status}
            self.transcript.append(entry)
            if stream.status >= 400:
                entry["body"] = self._normalise(stream.rest())
            assert status in (
                ANY,
                stream.status,
            ), f"{entry['request']}: {stream.status}, not {status}: {entry.get('body')}"
            yield Watch(
                stream, entry.setdefault("events", []), lambda event: self._normalise(_plain_event(path, event))
            )

    def close(self) -> None:
        self._connection.close()

    def _send(
        self,
        method: str,
        path: str,
        body: Any,
        content_type: str,
        status: int | None,
        query: Mapping[str, object],
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        metadata = body.get("metadata") if isinstance(body, dict) else None
        if method == "POST" and isinstance(metadata, dict) and isinstance(metadata.get("generateName"), str):
            self._normalise.expect_prefix(metadata["generateName"])
        all_headers = {**({"Content-Type": content_type} if content_type else {}), **(headers or {})}
        answer = self._connection.request(method, target(self._expand(path), query), data, all_headers)
        shown = self._show(path, query)
        self.transcript.append(
            {
                "request": f"{method} {shown}",
                "status": answer.status,
                "headers": sorted(
                    [key.lower(), in_any_order(value)]
                    for key, value in answer.headers
                    if key.lower() in _COMPARED_HEADERS
                ),
                "body": self._normalise(_without_column_words(path, answer.body)),
            }
        )
        fits = status == ANY or (answer.status < 400 if status is None else answer.status == status)
        assert (
            fits
        ), f"{method} {shown}: {answer.status} (wanted {status or 'success'}): {json.dumps(answer.body)[:2000]}"
        return answer

    def _expand(self, path: str) -> str:
        return path.replace("{ns}", self.namespace)

    def _show(self, path: str, query: Mapping[str, object]) -> str:
        shown = {key: "<continue>" if key == "continue_" else value for key, value in query.items()}
        if str(shown.get("resourceVersion", "0")) != "0":
            shown["resourceVersion"] = "<version>"
        return target(path, shown)


def _without_column_words(path: str, body: Any) -> Any:
    """Tables of built-in kinds: what a column means is described in the real server's own words, which are not ours to copy."""
    group = path.split("/")[2] if path.startswith("/apis/") else ""
    custom = "." in group and not group.endswith(".k8s.io")
    if custom or not isinstance(body, dict) or body.get("kind") != "Table":
        return body
    columns = [{**column, "description": ""} for column in body.get("columnDefinitions") or []]
    return {**body, "columnDefinitions": columns}


def _plain_event(path: str, event: Any) -> Any:
    return {**event, "object": _without_column_words(path, event["object"])}


class Watch:
    """An open watch of a case."""

    def __init__(self, stream: EventStream, record: list[Any], normalise: Callable[[Any], Any]) -> None:
        self._events = iter(stream)
        self._record = record
        self._normalise = normalise

    def take(self, count: int, *, bookmarks: bool = False) -> list[Any]:
        """The next ``count`` events; bookmarks are neither counted nor recorded unless asked for."""
        taken: list[Any] = []
        while len(taken) < count:
            event = next(self._events, None)
            assert event is not None, f"the watch ended after {len(taken)} of {count} events: {taken}"
            if event["type"] != "BOOKMARK" or bookmarks:
                taken.append(event)
                self._record.append(self._normalise(event))
        return taken

    def until_end(self, *, bookmarks: bool = False) -> list[Any]:
        """All events until the server ends the watch."""
        taken = [event for event in self._events if event["type"] != "BOOKMARK" or bookmarks]
        self._record.extend(self._normalise(event) for event in taken)
        return taken
