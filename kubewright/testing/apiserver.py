"""``APIServer``: the embedded API server, started in milliseconds inside the test's own process, gone without a trace.

Real HTTP on a loopback port, so that every client works on it: the generated clientset, kubectl, other people's
libraries. ``EnvTest`` has the same face with a real kube-apiserver behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kubewright.clock import Clock, RealClock
from kubewright.errors import KubewrightError
from kubewright.testing.crdinstall import install_crds
from kubewright.testing.kubeconfig import kubeconfig_text, write_kubeconfig
from kubewright.testing.server.api import API
from kubewright.testing.server.control import ControlPaths
from kubewright.testing.server.crds import GROUP, PLURAL, CrdAdmission, CrdController
from kubewright.testing.server.faultpath import WithFaultPath
from kubewright.testing.server.faults import Faults
from kubewright.testing.server.http import HttpServer
from kubewright.testing.server.registry import Registry
from kubewright.testing.tls import context_with, self_made
from kubewright.transport import ClientConfig, HttpTransport


def build_api(clock: Clock | None = None, *, collect_garbage: bool = False) -> API:
    """The whole server without a socket: registry, storage, verbs, CRDs, discovery (what the fake transport runs on)."""
    registry = Registry(admissions={f"{PLURAL}.{GROUP}": CrdAdmission()})
    api = API(registry, clock=clock or RealClock(), fallback=ControlPaths(registry), collect_garbage=collect_garbage)
    api.on_stored.append(CrdController(registry, api))
    return api


class APIServer:
    """An API server in memory, for the length of a ``with`` block (or from ``start()`` to ``stop()``).

    Args:
        crds: What to install at once: paths of files or folders, YAML text, or objects.
        port: TCP port on 127.0.0.1; 0 picks a free one.
        token: When given, requests must carry it as a bearer token; otherwise everybody on this machine may do everything.
        clock: For tests that step time; bookmarks, timeouts and timestamps follow it.
        collect_garbage: Delete dependents of deleted owners, as the garbage collector of a cluster does. Off by default,
            like in every API server: collecting is a controller's work, and a test should not see more than it asked for.
        tls: Serve HTTPS, for clients that insist on it, with a CA made at every start; kubeconfigs and transports trust it.
        certificate: A certificate and its key (PEM files) to serve HTTPS with instead. Whoever signed it is ``ca``; without
            one, the certificate itself is what clients have to trust.
        ca: The PEM file that goes into kubeconfigs.
        fault_path: Arm faults over HTTP, too: ``POST /kubewright/faults/NAME?argument=value``, for clients that are no
            Python. Off by default, because a real server has no such path.

    Everything is forgotten at ``stop()``. Threads: one, for all connections.
    """

    def __init__(
        self,
        crds: Iterable[Path | str | Mapping[str, Any]] = (),
        *,
        port: int = 0,
        token: str | None = None,
        clock: Clock | None = None,
        collect_garbage: bool = False,
        tls: bool = False,
        certificate: tuple[Path | str, Path | str] | None = None,
        ca: Path | str | None = None,
        fault_path: bool = False,
    ) -> None:
        self._crds = tuple(crds)
        self._clock = clock
        self._collect_garbage = collect_garbage
        self._token = token
        self._port = port
        self._tls = tls
        self._certificate = certificate
        self._ca = ca if ca is not None or certificate is None else certificate[0]
        self._ca_pem: bytes | None = None
        self._fault_path = fault_path
        self._api: API | None = None
        self._http: HttpServer | None = None
        self.faults = Faults()
        """Faults on demand, see ``Faults``."""

    def start(self) -> Self:
        """Start serving. Idempotent. Raises ``ConfigError`` when the port is taken or a CRD is refused."""
        if self._http is not None:
            return self
        api = build_api(self._clock, collect_garbage=self._collect_garbage)
        handler = WithFaultPath(api, self.faults) if self._fault_path else api
        tls = None
        if self._certificate is not None:
            tls = context_with(*self._certificate)
            self._ca_pem = None if self._ca is None else Path(self._ca).read_bytes()
        elif self._tls:
            tls, self._ca_pem = self_made()
        http = HttpServer(handler, port=self._port, token=self._token, faults=self.faults, tls=tls)
        http.start()
        self._api, self._http = api, http
        self.faults.bind(self)
        if self._crds:
            try:
                self.install(*self._crds)
            except BaseException:
                self.stop()
                raise
        return self

    def stop(self) -> None:
        """Cut all connections and forget everything. Idempotent; returns when the thread and the port are gone."""
        http, self._http = self._http, None
        api, self._api = self._api, None
        if http is not None:
            http.stop()
        if api is not None:
            api.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT`` (``https`` with TLS), without a slash at the end."""
        return self._running().url

    @property
    def token(self) -> str | None:
        """The bearer token that requests must carry, if any."""
        return self._token

    @property
    def api(self) -> API:
        """The server without its sockets: for tests that look inside."""
        if self._api is None:
            raise KubewrightError("this APIServer is not running; use it in a `with` block or call start() first")
        return self._api

    def install(self, *crds: Path | str | Mapping[str, Any], timeout: float = 30.0) -> None:
        """Create (or replace) CRDs and wait until their kinds are served. Raises ``KubewrightError`` when one is refused."""
        self._running()
        with closing(self.transport()) as transport:
            install_crds(transport, crds, timeout=timeout)

    def client_config(self) -> ClientConfig:
        """How to reach the server."""
        return ClientConfig(url=self.url, token=self._token, ca_data=self._ca_pem.decode() if self._ca_pem else None)

    def transport(self) -> HttpTransport:
        """A new transport to this server; the caller closes it."""
        return HttpTransport(self.client_config())

    def kubeconfig_text(self) -> str:
        """A kubeconfig for kubectl and others."""
        return kubeconfig_text(self.url, token=self._token, ca_pem=self._ca_pem)

    def write_kubeconfig(self, path: Path | str) -> Path:
        """Write ``kubeconfig_text()`` to a file that only this user can read."""
        return write_kubeconfig(path, self.kubeconfig_text())

    def compact(self) -> None:
        """Forget all history before now: older watches and pages then answer 410."""
        self.expire_history()

    # what the faults need of the whole server

    def refuse(self) -> None:
        """Refuse connections until ``accept``; see ``Faults.refuse``."""
        self._running().refuse()

    def accept(self) -> None:
        """Take connections again; see ``Faults.accept``."""
        self._running().accept()

    def cut_streams(self) -> int:
        """Break every open watch; see ``Faults.cut_streams``."""
        return self._running().cut_streams()

    def expire_history(self) -> None:
        """Forget all past revisions; see ``Faults.expire_history``."""
        api = self.api
        with api.storage.lock:
            api.storage.expire_history()

    def restart(self, revision: int = 1) -> None:
        """Cut all connections and set the revision counter; see ``Faults.restart``."""
        http, api = self._running(), self.api
        http.refuse()
        with api.storage.lock:
            api.storage.restart(revision)
        http.accept()

    def _running(self) -> HttpServer:
        if self._http is None:
            raise KubewrightError("this APIServer is not running; use it in a `with` block or call start() first")
        return self._http
