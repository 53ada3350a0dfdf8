"""The little HTTP that both mock servers speak: requests without bodies, answers that are encoded already."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def targets(connection: socket.socket) -> Iterator[str]:
    """Yield the target of each request that comes over a connection, until the client goes."""
    buffer = b""
    while True:
        while b"\r\n\r\n" not in buffer:
            data = connection.recv(65536)
            if not data:
                return
            buffer += data
        head, _, buffer = buffer.partition(b"\r\n\r\n")
        yield head.split(b" ", 2)[1].decode()


def answer(code: int, body: bytes, headers: tuple[str, ...] = ()) -> bytes:
    """Return a whole answer."""
    lines = [f"HTTP/1.1 {code} X", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def status(code: int, reason: str, message: str = "fault on demand", **details: object) -> bytes:
    """Return a Status object."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": reason,
        "code": code,
        "message": message,
    }
    return json.dumps(body | ({"details": details} if details else {})).encode()


def chunk(event: bytes) -> bytes:
    """Frame one event for the wire: a chunk of its own, as Go's server flushes."""
    return b"%x\r\n%s\n\r\n" % (len(event) + 1, event)


def chunked(body: bytes) -> bytes:
    """Return a whole answer as kube-apiserver sends lists: its streaming JSON encoder fills net/http's buffer of 2 kB again and again."""
    pieces = [body[i : i + 2048] for i in range(0, len(body), 2048)]
    return HEAD + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def event_bytes(kind: str, document: bytes) -> bytes:
    """Return one watch event."""
    return b'{"type":"%s","object":%s}' % (kind.encode(), document)
