"""Where the real API server's binaries come from: found on this machine, or built once from pinned Go modules.

The conformance suite compares the embedded server with a real kube-apiserver, so it must get one everywhere, also
where nothing but a Go module proxy can be reached. The wrapper modules in ``envtest/`` (go.mod and go.sum committed)
pin every line of source that goes into the binaries; the binaries themselves stay in a per-user cache folder named
after the versions, never in git. Building takes minutes once and seconds afterwards (Go's own build cache).
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kubewright.errors import KubewrightError

KUBERNETES_VERSION: Final = "1.37.2"
ETCD_VERSION: Final = "3.6.16"

_MODULES_IN_WHEEL: Final = Path(__file__).parent / "modules"
_MODULES_IN_CHECKOUT: Final = Path(__file__).parents[3] / "envtest"


class BinariesMissing(KubewrightError):
    """The real API server cannot be started (or built) on this machine; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """Programs of one real control plane. ``kubectl`` is None where only the servers were found."""

    etcd: Path
    kube_apiserver: Path
    kubectl: Path | None
    origin: str
    """Where they were found, in words for a log or a test report: ``KUBEBUILDER_ASSETS``, ``cache`` or ``PATH``."""


@dataclass(frozen=True, slots=True)
class _Program:
    name: str
    module: str
    package: str
    stamp_version: bool


_PROGRAMS: Final = (
    _Program("etcd", "etcd", "go.etcd.io/etcd/server/v3", stamp_version=False),
    _Program("kube-apiserver", "kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver", stamp_version=True),
    _Program("kubectl", "kubernetes", "k8s.io/kubernetes/cmd/kubectl", stamp_version=True),
)


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The per-user folder of this version's binaries for this machine's kind (it need not exist)."""
    environ = os.environ if environ is None else environ
    base = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    machine = f"{platform.system().lower()}-{platform.machine().lower()}"
    return Path(base) / "kubewright" / "envtest" / f"kubernetes-{KUBERNETES_VERSION}-etcd-{ETCD_VERSION}-{machine}"


def find_binaries(environ: Mapping[str, str] | None = None) -> Binaries:
    """The binaries to run: from ``KUBEBUILDER_ASSETS``, else from the cache folder, else from ``PATH``.

    A ``KUBEBUILDER_ASSETS`` that is set but incomplete is an error and not a reason to look elsewhere: who sets it
    wants exactly those binaries. Raises ``BinariesMissing``.
    """
    environ = os.environ if environ is None else environ
    assets = environ.get("KUBEBUILDER_ASSETS")
    if assets:
        found = _in_folder(Path(assets), "KUBEBUILDER_ASSETS")
        if found is None:
            raise BinariesMissing(
                f"KUBEBUILDER_ASSETS is {assets}, but etcd and kube-apiserver are not both there; "
                "point it to a folder that has them, or unset it and run `make envtest`"
            )
        return found
    found = _in_folder(cache_folder(environ), "cache")
    if found is not None:
        return found
    path = environ.get("PATH", "")
    etcd, apiserver, kubectl = (shutil.which(name, path=path) for name in ("etcd", "kube-apiserver", "kubectl"))
    if etcd and apiserver:
        return Binaries(Path(etcd), Path(apiserver), Path(kubectl) if kubectl else None, "PATH")
    raise BinariesMissing(
        "no real API server on this machine: etcd and kube-apiserver are neither in KUBEBUILDER_ASSETS (not set), nor in "
        f"{cache_folder(environ)}, nor on PATH; build them once with `make envtest` or "
        "`python -m kubewright.testing.envtest build` (needs Go and its module proxy, about 7 minutes)"
    )


def build_binaries(
    *, say: Callable[[str], None] = lambda line: None, environ: Mapping[str, str] | None = None
) -> Binaries:
    """Build what is missing in the cache folder and return all of it; at once when nothing is missing.

    Several processes may call this at the same time: one builds, the others wait for it. A binary appears in the cache
    by an atomic rename, so a build that was interrupted leaves nothing half-written behind. ``say`` gets a line
    for each step. Raises ``BinariesMissing`` when Go is not installed or a build fails.
    """
    environ = dict(os.environ if environ is None else environ)
    folder = cache_folder(environ)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / ".lock", say):
        missing = [program for program in _PROGRAMS if not _is_program(folder / program.name)]
        if missing:
            go = shutil.which("go", path=environ.get("PATH", ""))
            if go is None:
                raise BinariesMissing(
                    f"building {', '.join(program.name for program in missing)} needs Go (https://go.dev/dl/), and no `go` is on PATH"
                )
            for program in missing:
                _build(program, go, folder, environ, say)
    found = _in_folder(folder, "cache")
    if found is None:  # somebody removed them in this very moment
        raise BinariesMissing(f"the binaries that were just built are no longer in {folder}; run the build again")
    return found


def _build(program: _Program, go: str, folder: Path, environ: dict[str, str], say: Callable[[str], None]) -> None:
    say(f"building {program.name} from {program.package}")
    flags = "-s -w"
    if program.stamp_version:  # without them the server calls itself v0.0.0, and clients decide by its version
        major, minor, _ = KUBERNETES_VERSION.split(".")
        stamp = {"gitVersion": f"v{KUBERNETES_VERSION}", "gitMajor": major, "gitMinor": minor}
        flags += "".join(f" -X k8s.io/component-base/version.{key}={value}" for key, value in stamp.items())
    with tempfile.TemporaryDirectory(dir=folder, prefix=".build-") as scratch:
        target = Path(scratch) / program.name
        # Not optimised for us but against surprises: no C compiler needed, no version-control lookups, no changed pins.
        command = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", str(target)]
        done = subprocess.run(
            [*command, program.package],
            cwd=_modules_folder() / program.module,
            env={**environ, "CGO_ENABLED": "0", "GOWORK": "off"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            last_lines = "\n".join(done.stdout.splitlines()[-20:])
            raise BinariesMissing(
                f"`go build {program.package}` failed with exit code {done.returncode}:\n{last_lines}"
            )
        target.replace(folder / program.name)
    say(f"built {folder / program.name}")


def _modules_folder() -> Path:
    for folder in (_MODULES_IN_WHEEL, _MODULES_IN_CHECKOUT):
        if (folder / "etcd" / "go.mod").is_file():
            return folder
    raise BinariesMissing(
        f"the Go wrapper modules are neither in {_MODULES_IN_WHEEL} nor in {_MODULES_IN_CHECKOUT}; "
        "build from a checkout of kubewright, or set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver"
    )


def _in_folder(folder: Path, origin: str) -> Binaries | None:
    etcd, apiserver, kubectl = (folder / program.name for program in _PROGRAMS)
    if _is_program(etcd) and _is_program(apiserver):
        return Binaries(etcd, apiserver, kubectl if _is_program(kubectl) else None, origin)
    return None


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


@contextmanager
def _locked(path: Path, say: Callable[[str], None]) -> Generator[None]:
    """Hold a lock that the kernel releases when this process ends, however it ends."""
    import fcntl  # not on Windows, where there is nothing to build either, but importing this package must work

    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another build is running (lock {path}); waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
