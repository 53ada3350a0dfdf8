"""What earlier runs found out, by content: the reason why an unchanged second run takes no time.

Keys are digests of everything that a result depends on (input, configuration, the generator itself), so an entry is
never wrong, only unused.  The cache may vanish at any moment, and a run without one gives the same bytes.  Entries carry
their own digest: a torn or edited file is a miss.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

#: Entries beyond this many bytes are dropped, least recently used first.
CAPACITY: Final = 256 * 1024 * 1024
_LIBRARIES: Final = ("datamodel-code-generator", "jinja2", "black", "PyYAML", "msgspec")


@dataclass(frozen=True, slots=True)
class Run:
    """What a run came to: path -> digest of its text, and what it had to remark."""

    files: Mapping[str, str]
    notices: Sequence[str]


class Cache:
    """Texts by key in a directory of the user; ``None`` as directory remembers nothing."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def get(self, key: str) -> str | None:
        """The text under ``key``, or None.  Never raises: what cannot be read was never there."""
        if self._directory is None:
            return None
        path = self._path(key)
        try:
            checksum, _, text = path.read_bytes().decode().partition("\n")
            if checksum != _checksum(text):
                return None
            os.utime(path)
        except (OSError, UnicodeDecodeError):
            return None
        return text

    def put(self, key: str, text: str) -> None:
        """Remember ``text``; a full or read-only disk only costs the next run its speed."""
        if self._directory is None:
            return
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, temporary = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(f"{_checksum(text)}\n{text}".encode())
            os.replace(temporary, path)
        except OSError:
            return

    def get_run(self, key: str) -> Run | None:
        """An earlier run with the same input, as :meth:`put_run` stored it."""
        text = self.get(key)
        return None if text is None else Run(*json.loads(text))

    def put_run(self, key: str, tree: Mapping[str, str], notices: Sequence[str] = ()) -> None:
        """Remember what a whole run wrote (as digests) and remarked."""
        files = {path: content_digest(text.encode()) for path, text in tree.items()}
        self.put(key, json.dumps([files, list(notices)]))

    def prune(self, capacity: int = CAPACITY) -> None:
        """Drop the least recently used entries until the rest fits into ``capacity`` bytes."""
        if self._directory is None or not self._directory.is_dir():
            return
        entries: list[tuple[float, int, Path]] = []
        for path in self._directory.glob("*/*"):
            try:
                status = path.stat()
            except OSError:
                continue
            entries.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= capacity:
                return
            path.unlink(missing_ok=True)
            total -= size

    def _path(self, key: str) -> Path:
        assert self._directory is not None
        name = digest("entry", key)
        return self._directory / name[:2] / name[2:]


def default_directory() -> Path:
    """``$KUBEWRIGHT_CACHE``, else the user's cache directory (XDG base directory specification)."""
    if explicit := os.environ.get("KUBEWRIGHT_CACHE"):
        return Path(explicit)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "kubewright" / "codegen"


def digest(*parts: str) -> str:
    """One digest of several texts; boundaries count, so ("a", "bc") is not ("ab", "c")."""
    state = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        state.update(b"%d:" % len(encoded))
        state.update(encoded)
    return state.hexdigest()


def content_digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def generator_digest() -> str:
    """The generator itself: its own sources and templates, its libraries, the Python that runs it."""
    root = Path(__file__).parent
    sources = sorted(path for path in root.rglob("*") if path.suffix in (".py", ".j2", ".json"))
    return digest(
        *(f"{path.relative_to(root).as_posix()}={content_digest(path.read_bytes())}" for path in sources),
        *(f"{name}={_version(name)}" for name in _LIBRARIES),
        repr(sys.version_info[:2]),
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
