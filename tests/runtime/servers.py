"""A small HTTP(S) server for the transport's tests: TLS, client certificates and stalls, which the embedded server has not."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

NAMESPACE = b'{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"x","uid":"u","resourceVersion":"1"}}'
UNAUTHORIZED = (
    b'{"apiVersion":"v1","kind":"Status","status":"Failure","reason":"Unauthorized","message":"who are you","code":401}'
)


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    groups: list[str]
    client: str


class Server:
    """Answers every GET with a Namespace; `answer` may decide otherwise: status, headers, body."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self.connections: set[tuple[str, int]] = set()
        self.sockets: list[socket.socket] = []
        self.answer: Callable[[Seen], tuple[int, dict[str, str], bytes]] = lambda seen: (200, {}, NAMESPACE)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 20

            def _serve(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                self.rfile.read(length)
                peer = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
                subject = dict(part[0] for part in (peer or {}).get("subject", ()))  # type: ignore[misc]
                seen = Seen(
                    self.command,
                    self.path,
                    {name.lower(): value for name, value in self.headers.items()},
                    self.headers.get_all("impersonate-group") or [],
                    str(subject.get("commonName", "")),
                )
                outer.seen.append(seen)
                outer.connections.add(self.client_address)
                status, headers, body = outer.answer(seen)
                self.send_response(status)
                for name, value in {"content-type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve  # noqa: N815  # http.server's names

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # handshakes that are meant to fail

            def get_request(self) -> tuple[socket.socket, Any]:
                sock, address = super().get_request()
                # The handshake happens in the connection's own thread, at its first read.
                wrapped = sock if context is None else context.wrap_socket(sock, True, do_handshake_on_connect=False)
                outer.sockets.append(wrapped)
                return wrapped, address

        self._httpd = Quiet(("127.0.0.1", 0), Handler)
        self.port = self._httpd.server_address[1]
        self.url = f"{'http' if context is None else 'https'}://127.0.0.1:{self.port}"

    def drop_idle(self) -> None:
        """Closes all connections and waits until the peers can see it."""
        for sock in self.sockets:
            sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self.sockets.clear()

    @contextmanager
    def running(self) -> Iterator[Server]:
        thread = threading.Thread(target=self._httpd.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._httpd.shutdown()
            self._httpd.server_close()
            thread.join(5)


@dataclass(frozen=True)
class Certificates:
    """A CA, a server certificate (127.0.0.1 and api.internal) and client certificates, as PEM files."""

    directory: Path

    @property
    def ca(self) -> Path:
        return self.directory / "ca.crt"

    def pair(self, name: str) -> tuple[Path, Path]:
        return self.directory / f"{name}.crt", self.directory / f"{name}.key"

    def issue(self, name: str) -> tuple[Path, Path]:
        """A fresh client certificate with this common name."""
        _issue(self.directory, name, "extendedKeyUsage=clientAuth")
        return self.pair(name)

    def server_context(self, *, ask_for_client: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair("server"))
        if ask_for_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca)
        return context


def make_certificates(directory: Path) -> Certificates:
    """Made by the openssl program, which is wherever TLS is; without it these tests are skipped, loudly."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl program is not on this machine: TLS is NOT tested")
    _openssl(
        directory, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=test-ca", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "ca.key", "-out", "ca.crt",
    )  # fmt: skip
    _issue(directory, "server", "subjectAltName=IP:127.0.0.1,DNS:api.internal")
    _issue(directory, "client-one", "extendedKeyUsage=clientAuth")
    return Certificates(directory)


def _issue(directory: Path, name: str, extension: str) -> None:
    _openssl(
        directory, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr",
    )  # fmt: skip
    # Python 3.13 checks strictly (VERIFY_X509_STRICT): an issued certificate must say whose key signed it.
    strict = "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\nbasicConstraints=CA:FALSE\n"
    (directory / f"{name}.ext").write_text(f"{extension}\n{strict}")
    _openssl(
        directory, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
        "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.crt",
    )  # fmt: skip


def _openssl(directory: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


@cache
def free_port() -> int:
    """A port where nobody listens (any more)."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def deaf_server() -> Iterator[str]:
    """Takes connections and never says a word: URL."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield f"127.0.0.1:{sock.getsockname()[1]}"


@contextmanager
def dripping_server(beginning: bytes, piece: bytes) -> Iterator[str]:
    """Answers one connection with a beginning, and then with one piece after another, slowly, 500 of them: host and port."""
    over = threading.Event()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(beginning)
                    for _ in range(500):
                        if over.wait(0.01):
                            return
                        connection.sendall(piece)
            except OSError:
                pass  # the client has had enough

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join(5)


@contextmanager
def full_server() -> Iterator[str]:
    """Takes no more connections, and refuses none: whoever connects waits (Linux drops what overflows the queue)."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"127.0.0.1:{listener.getsockname()[1]}"
