"""Plain HTTP to an API server, on the standard library alone.

The conformance suite judges servers, so it must not depend on this project's own client: a mistake that client and embedded server
share would stay invisible.
"""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

TIMEOUT = 20.0
"""Seconds without a byte after which a request or a watch has failed."""


@dataclass(frozen=True)
class Endpoint:
    """Where a server is and how to get in."""

    url: str
    token: str | None = None
    ca_file: str | None = None

    def connect(self) -> http.client.HTTPConnection:
        parts = urllib.parse.urlsplit(self.url)
        assert parts.hostname is not None
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=self.ca_file)
            return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT, context=context)
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)


@dataclass(frozen=True)
class Answer:
    """A whole answer. ``body`` is the JSON document, or text where it is none."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: Any

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Connection:
    """One kept-alive connection; a request on one that the server has closed meanwhile is sent again, once."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._connection = endpoint.connect()

    def request(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        for last_try in (False, True):
            try:
                self._connection.request(method, target, body=body, headers=_headers(self._endpoint, headers))
                response = self._connection.getresponse()
                content = response.read()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self._connection.close()
                if last_try:
                    raise
        return Answer(response.status, tuple(response.getheaders()), parse(content))

    def close(self) -> None:
        self._connection.close()


class EventStream:
    """An open watch: one JSON document a line. Status and headers are there, the body is still coming."""

    def __init__(self, endpoint: Endpoint, target: str, headers: Mapping[str, str] | None = None) -> None:
        self._connection = endpoint.connect()
        self._connection.request("GET", target, headers=_headers(endpoint, headers))
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = tuple(self._response.getheaders())

    def __iter__(self) -> Iterator[Any]:
        """Documents until the server ends the stream; raises TimeoutError when nothing comes."""
        while line := self._response.readline():
            yield parse(line)

    def rest(self) -> Any:
        """The whole body, for an answer that is no stream (an error)."""
        return parse(self._response.read())

    def close(self) -> None:
        self._response.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def target(path: str, query: Mapping[str, object]) -> str:
    """Path and query as they go on the wire; booleans in Kubernetes' spelling, None left out, ``continue_`` for a keyword."""
    pairs = [
        (key.rstrip("_"), str(value).lower() if isinstance(value, bool) else str(value))
        for key, value in query.items()
        if value is not None
    ]
    return f"{path}?{urllib.parse.urlencode(pairs)}" if pairs else path


def parse(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


def _headers(endpoint: Endpoint, headers: Mapping[str, str] | None) -> dict[str, str]:
    merged = {"Accept": "application/json", "User-Agent": "conformance/1.0", **(headers or {})}
    if endpoint.token is not None:
        merged["Authorization"] = f"Bearer {endpoint.token}"
    return merged
