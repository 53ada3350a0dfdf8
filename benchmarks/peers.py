"""What else is measured: where the peers' environment and the Go program come from, and what is on this machine."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent


def cache_dir() -> Path:
    """Return the per-user folder for what is built once."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    path = Path(base) / "kubewright" / "benchmarks"
    path.mkdir(parents=True, exist_ok=True)
    return path


def peers_python() -> Path:
    """Return the interpreter that has the Python peers; makes the environment at the first call and when the pins change."""
    folder = cache_dir() / f"peers-{platform.python_version()}"
    python = folder / "bin" / "python"
    pins = HERE / "requirements-peers.txt"
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != pins.read_text():
        print("making the peers' environment (once)", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", pins], check=True
        )
        stamp.write_text(pins.read_text())
    return python


def client_go() -> Path | None:
    """Build the Go program if Go is on the machine; None (and a line that says so) if not."""
    go = shutil.which("go")
    if go is None:
        print("Go is not on this machine: client-go is left out, and so are the ratios to it", flush=True)
        return None
    binary = cache_dir() / "client-go"
    print("building the client-go program", flush=True)
    subprocess.run([go, "build", "-o", binary, "."], cwd=HERE / "client-go", check=True)
    return binary


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    match = re.search(r"model name\s*:\s*(.+)", text)
    return match.group(1).strip() if match else platform.machine()


@dataclass(frozen=True)
class Machine:
    """What a reader needs to judge the figures; no names of hosts or folders."""

    cpu: str
    cores: int
    system: str
    load: float

    @classmethod
    def here(cls) -> Machine:
        """Describe this machine, now."""
        return cls(_cpu_model(), os.cpu_count() or 1, f"{platform.system()} {platform.machine()}", os.getloadavg()[0])


def versions(peers: Path | None, go: Path | None) -> list[str]:
    """Return "name version" of everything that was measured."""
    found = [f"CPython {platform.python_version()}"]
    found += [f"{name} {metadata.version(name)}" for name in ("kubewright", "msgspec", "urllib3")]
    if peers is not None:
        code = "from importlib.metadata import version as v; print('\\n'.join(n + ' ' + v(n) for n in ('kubernetes', 'lightkube')))"
        found += subprocess.run([peers, "-c", code], capture_output=True, text=True, check=True).stdout.split("\n")[:-1]
    if go is not None:
        text = (HERE / "client-go" / "go.mod").read_text()
        match = re.search(r"k8s.io/client-go v(\S+)", text)
        version = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout.strip()
        found += [f"client-go {match.group(1) if match else '?'}", version.replace("go", "Go ")]
    return found


def python() -> str:
    """Return this interpreter."""
    return sys.executable
