"""Whatever a server (or a proxy that plays one) answers: the client raises what it documents, and nothing else."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from kubewright.errors import KubewrightError
from kubewright.transport import ClientConfig, HttpTransport
from tests.runtime.clients import Gears, HastyClock, gear

OBJECT = b'{"apiVersion":"gears.example.com/v1","kind":"Gear","metadata":{"name":"a"},"spec":{"teeth":4}}'
BODIES = [
    OBJECT,
    b"",
    b"{",
    b"null",
    b"[]",
    b"42",
    b'{"items":null}',
    b'{"items":[1,2]}',
    b'{"kind":"Status"}',
    b'{"type":"ADDED","object":' + OBJECT + b"}\n",
    b'{"type":"ERROR","object":null}\n',
    b'{"type":"BOOKMARK","object":{}}\n',
    b'{"type":1}\n',
    b"\x00\xff\xfe",
]
STATUSES = [200, 200, 200, 200, 201, 204, 304, 302, 404, 409, 410, 429, 500, 503, 100, 999]


def answer(draw: random.Random) -> bytes:
    """One answer; most are wrong in some way."""
    body = draw.choice(BODIES)
    size = b"%d" % len(body)
    head = b"HTTP/1.1 %d X\r\n" % draw.choice(STATUSES)
    return draw.choice(
        [
            draw.randbytes(80),
            b"",
            head + b"transfer-encoding: chunked\r\n\r\n" + (b"%x\r\n" % len(body)) + body + b"\r\n0\r\n\r\n",
            head + b"transfer-encoding: chunked\r\n\r\n" + (b"%x\r\n" % (len(body) + 9)) + body,
            head + b"transfer-encoding: chunked\r\n\r\nzz\r\n" + body,
            head + b"content-length: 99999\r\n\r\n" + body,
            head + b"content-encoding: gzip\r\ncontent-length: " + size + b"\r\n\r\n" + body,
            head + b"retry-after: 0\r\ncontent-length: " + size + b"\r\n\r\n" + body,
            head + b'warning: 299 - "\xff"\r\ncontent-length: ' + size + b"\r\n\r\n" + body,
            head + b"content-length: abc\r\n\r\n" + body,
            head + b"x: " + b"y" * 70_000 + b"\r\n\r\n",
            head + b"\r\n" + body,
            head + b"content-length: " + size + b"\r\n\r\n" + body,
        ]
    )


@contextmanager
def liar(draw: random.Random) -> Iterator[str]:
    """Answers one request a connection, however it likes: URL."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)

        def serve() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    try:
                        peer.settimeout(5)
                        peer.recv(65536)
                        peer.sendall(answer(draw))
                    except OSError:
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize("seed", range(4))
def test_no_answer_makes_the_client_raise_anything_undocumented(seed: int) -> None:
    draw = random.Random(seed)
    warnings: list[str] = []
    outcomes: set[str] = set()
    with (
        liar(random.Random(-seed - 1)) as url,
        HttpTransport(ClientConfig(url, read_timeout=5, on_warning=warnings.append), clock=HastyClock()) as transport,
    ):
        gears = Gears(transport)("default")
        verbs: list[Callable[[], object]] = [
            lambda: gears.get("a"),
            lambda: list(gears.list()),
            lambda: list(gears.pages()),
            lambda: list(gears.watch(timeout_seconds=1)),
            lambda: gears.create(gear("a")),
            lambda: gears.update(gear("a")),
            lambda: gears.patch("a", {}),
            lambda: gears.delete("a"),
            lambda: gears.get_scale("a"),
        ]
        for _ in range(120):
            try:
                draw.choice(verbs)()
                outcomes.add("well")
            except KubewrightError as error:
                outcomes.add(type(error).__name__)
    # Or the answers were not as different as they are meant to be.
    assert {"well", "DecodeError", "StreamCut", "Gone"} <= outcomes
