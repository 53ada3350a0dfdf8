"""``EnvTest``: one etcd and one kube-apiserver on free loopback ports, up in seconds, gone without a trace."""

from __future__ import annotations

import atexit
import http.client
import json
import secrets
import socket
import ssl
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from kubewright.errors import KubewrightError
from kubewright.testing.crdinstall import install_crds
from kubewright.testing.envtest.binaries import Binaries, find_binaries
from kubewright.testing.envtest.processes import ProcessSet
from kubewright.testing.kubeconfig import kubeconfig_text, write_kubeconfig
from kubewright.transport import ClientConfig, HttpTransport

_PORT_ATTEMPTS: Final = 3
_POLL_SECONDS: Final = 0.1


class EnvTest:
    """A real API server for the length of a ``with`` block (or from ``start()`` to ``stop()``).

    ``crds`` (paths of files or folders, YAML text, or objects) are installed once it is ready. ``start_timeout`` in
    seconds bounds the whole start. Raises ``BinariesMissing`` when there is nothing to start (see ``find_binaries``)
    and ``KubewrightError`` with the servers' last words when they do not become ready.
    """

    def __init__(
        self,
        crds: Iterable[Path | str | Mapping[str, Any]] = (),
        *,
        binaries: Binaries | None = None,
        apiserver_flags: tuple[str, ...] = (),
        start_timeout: float = 120.0,
    ) -> None:
        self.token: Final = secrets.token_urlsafe(24)
        self._crds = tuple(crds)
        self._binaries = binaries
        self._apiserver_flags = apiserver_flags
        self._start_timeout = start_timeout
        self._processes: ProcessSet | None = None
        self._port = 0
        self._etcd_port = 0

    @property
    def url(self) -> str:
        """``https://127.0.0.1:PORT``."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def ca_file(self) -> Path:
        """The certificate that the server made for itself, as a CA bundle; gone after ``stop()``."""
        return self._running().folder / "certs" / "apiserver.crt"

    @property
    def binaries(self) -> Binaries:
        """What is being run; ``.kubectl`` has the same version as the server where it was built with it."""
        if self._binaries is None:
            self._binaries = find_binaries()
        return self._binaries

    def start(self) -> Self:
        """Start and wait until the server is ready and has its system namespaces. Idempotent."""
        if self._processes is not None:
            return self
        binaries = self.binaries
        deadline = time.monotonic() + self._start_timeout
        for attempt in range(_PORT_ATTEMPTS):
            processes = ProcessSet(Path(tempfile.mkdtemp(prefix="kubewright-envtest-")))
            self._processes = processes
            try:
                self._launch(processes, binaries)
                trouble = self._wait_until_ready(processes, deadline)
            except BaseException:
                self.stop()
                raise
            if trouble is None:
                break
            self.stop()
            # A port that was free a moment ago can be taken by the time the server binds it: try others.
            if "address already in use" not in trouble or attempt == _PORT_ATTEMPTS - 1:
                raise KubewrightError(f"the real API server did not start: {trouble}")
        atexit.register(self.stop)
        if self._crds:
            try:
                self.install(*self._crds)
            except BaseException:
                self.stop()
                raise
        return self

    def stop(self) -> None:
        """End both processes and remove their folder. Idempotent."""
        processes, self._processes = self._processes, None
        if processes is not None:
            atexit.unregister(self.stop)
            processes.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def install(self, *crds: Path | str | Mapping[str, Any], timeout: float = 30.0) -> None:
        """Create (or replace) CRDs and wait until their kinds are served."""
        self._running()
        with closing(self.transport()) as transport:
            install_crds(transport, crds, timeout=timeout)

    def client_config(self) -> ClientConfig:
        """How to reach the server as a cluster administrator."""
        return ClientConfig(self.url, token=self.token, ca_data=self.ca_file.read_text(), proxy="")

    def transport(self) -> HttpTransport:
        """A new transport to this server; the caller closes it."""
        return HttpTransport(self.client_config())

    def kubeconfig_text(self) -> str:
        """A kubeconfig for kubectl and others, with the CA and the token inside."""
        return kubeconfig_text(self.url, token=self.token, ca_pem=self.ca_file.read_bytes())

    def write_kubeconfig(self, path: Path | str) -> Path:
        """Write ``kubeconfig_text()`` to a file that only this user can read."""
        return write_kubeconfig(path, self.kubeconfig_text())

    def compact(self) -> None:
        """Forget all history before now, as etcd does every five minutes: older watches and pages then answer 410."""
        self._running()
        key = {"key": "AA==", "range_end": "AA==", "limit": "1"}  # any read: its header carries the current revision
        revision = self._etcd("/v3/kv/range", key)["header"]["revision"]
        self._etcd("/v3/kv/compaction", {"revision": revision, "physical": True})

    def _running(self) -> ProcessSet:
        if self._processes is None:
            raise KubewrightError("this EnvTest is not running; use it in a `with` block or call start() first")
        return self._processes

    def _launch(self, processes: ProcessSet, binaries: Binaries) -> None:
        folder = processes.folder
        self._etcd_port, peer_port, self._port = _free_ports(3)
        client_url, peer_url = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{peer_port}"
        processes.start(
            "etcd",
            [
                binaries.etcd,
                f"--data-dir={folder / 'etcd'}",
                f"--listen-client-urls={client_url}",
                f"--advertise-client-urls={client_url}",
                f"--listen-peer-urls={peer_url}",
                f"--initial-advertise-peer-urls={peer_url}",
                f"--initial-cluster=default={peer_url}",
                "--unsafe-no-fsync",
                "--log-level=warn",
            ],
        )
        tokens = folder / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text(f'{self.token},admin,1,"system:masters"\n')
        key = folder / "certs" / "apiserver.key"  # the server writes it first of all; any RSA key signs tokens
        processes.start(
            "kube-apiserver",
            [
                binaries.kube_apiserver,
                f"--etcd-servers={client_url}",
                "--bind-address=127.0.0.1",
                f"--secure-port={self._port}",
                f"--cert-dir={folder / 'certs'}",
                "--service-account-issuer=https://localhost",
                f"--service-account-key-file={key}",
                f"--service-account-signing-key-file={key}",
                f"--token-auth-file={tokens}",
                "--authorization-mode=RBAC",
                "--service-cluster-ip-range=10.0.0.0/24",
                # Without a controller manager no service account ever gets made, and pods could not be created.
                "--disable-admission-plugins=ServiceAccount",
                "--allow-privileged",
                *self._apiserver_flags,
            ],
        )

    def _wait_until_ready(self, processes: ProcessSet, deadline: float) -> str | None:
        """None when ready; else what went wrong, in words."""
        last = "no answer yet"
        wanted = ["/readyz", "/api/v1/namespaces/default", "/api/v1/namespaces/kube-system"]
        while wanted:
            ended = processes.ended()
            if ended is not None:
                return ended
            if time.monotonic() > deadline:
                words = processes.last_lines("kube-apiserver")
                return f"not ready after {self._start_timeout:.0f} s ({wanted[0]}: {last}); kube-apiserver said last:\n{words}"
            try:
                status = self._probe(wanted[0])
            except (OSError, http.client.HTTPException) as error:
                last = str(error) or type(error).__name__
            else:
                if status == 200:
                    wanted.pop(0)
                    continue
                last = f"HTTP {status}"
            time.sleep(_POLL_SECONDS)
        return None

    def _probe(self, path: str) -> int:
        context = ssl.create_default_context(cafile=str(self.ca_file))
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=5, context=context)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            return connection.getresponse().status
        finally:
            connection.close()

    def _etcd(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._etcd_port, timeout=10)
        try:
            connection.request("POST", path, body=json.dumps(body))
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise KubewrightError(f"etcd answered {response.status} to {path}: {text.decode(errors='replace')}")
        answer: dict[str, Any] = json.loads(text)
        return answer


def _free_ports(count: int) -> list[int]:
    """Ports that are free now; all are held until all are known, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()
