"""Why this exists: what an answer means (an error, a warning, "try again later") is decided without I/O, in one place.

Retries are client-go's (`rest/with_retry.go`): 429 and 5xx that carry a Retry-After, whatever the verb, at most ten times;
reads also after a cut connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ..errors import ApiError, DecodeError, StreamCut, TransportError, api_error
from ..objects import Status
from .codec import decode
from .wire import Request

__all__ = ["MAX_RETRIES", "error_of", "lines", "retry_after", "retry_delay", "status_of", "warnings_of"]

MAX_RETRIES = 10


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait, or None. As client-go, only the number form counts, not the date."""
    value = headers.get("retry-after", "").strip()
    return float(value) if value.isascii() and value.isdigit() else None


def status_of(body: bytes) -> Status | None:
    """The Status object in an answer or ERROR event; None when it is something else (a proxy's page)."""
    try:
        status = decode(Status, body)
    except DecodeError:
        return None
    return status if status.kind == "Status" else None


def error_of(code: int, headers: Mapping[str, str], body: bytes, request: Request) -> ApiError:
    """The error that a failed answer stands for, with verb, resource and name of its request."""
    status = status_of(body)
    return api_error(
        code,
        status,
        message="" if status is not None else _not_a_status(headers, body),
        verb=request.verb,
        resource=str(request.resource) if request.resource is not None else request.path,
        namespace=request.namespace,
        name=request.name,
        retry_after=retry_after(headers),
    )


def _not_a_status(headers: Mapping[str, str], body: bytes) -> str:
    if "location" in headers:
        place = headers["location"].partition("?")[0]
        return f"the server redirects to {place}: is the server's URL right, or does a login page stand in front of it?"
    text = " ".join(body[:400].decode(errors="replace").split())[:200]
    kind = headers.get("content-type", "").partition(";")[0]
    if not text:
        return "the answer has no body, so it may come from a proxy and not from the API server"
    if kind == "text/plain":
        return text  # what the API server itself says before it speaks JSON ("404 page not found")
    return f"the answer is no Kubernetes Status, so it may come from a proxy: {text!r}"


def retry_delay(request: Request, failure: ApiError | TransportError, attempt: int) -> float | None:
    """Seconds to wait before retry number `attempt` (from 1), or None: give the failure to the caller.

    A read over a cut connection is repeated at once the first time (the server closed an idle connection), then after one
    second (client-go C3).
    """
    if attempt > MAX_RETRIES:
        return None
    if isinstance(failure, ApiError):
        asked = failure.code == 429 or 500 <= failure.code < 600
        return failure.retry_after if asked else None
    if isinstance(failure, StreamCut) and request.method == "GET":
        return 0.0 if attempt == 1 else 1.0
    return None


_WARNING = re.compile(r'299\s+\S+\s+"((?:[^"\\]|\\.)*)"(?:\s+"[^"]*")?')


def warnings_of(headers: Mapping[str, str]) -> list[str]:
    """The texts of `Warning: 299` headers: deprecated API versions, unknown fields, what a webhook had to say."""
    value = headers.get("warning")
    if not value:
        return []
    return [re.sub(r"\\(.)", r"\1", found) for found in _WARNING.findall(value)]


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cuts a watch's chunks into its lines, one event each, without the newline.

    Raises StreamCut when the stream ends inside a line that is no whole JSON document.
    """
    rest = b""
    for chunk in chunks:
        if rest:
            chunk = rest + chunk
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            if line:
                yield line
    if rest.strip():
        try:
            msgspec.json.decode(rest, type=msgspec.Raw)
        except msgspec.DecodeError as error:
            raise StreamCut(f"the stream ended in the middle of an event, after {len(rest)} bytes of it") from error
        yield rest
