"""Which files are read: paths, directories, globs and stdin, each under the name that headers and errors show.

Names are POSIX paths relative to the directory of the configuration file, so that output never depends on the
machine or on the working directory.
"""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from codegen.errors import CodegenError, UsageError

STDIN: Final = "-"
_SUFFIXES: Final = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True, order=True)
class InputFile:
    """One file to read; ``named`` says that the user named it (by path or glob) instead of its directory."""

    name: str
    path: Path | None
    named: bool = True
    #: What came in on stdin: it can be read only once.
    content: bytes | None = field(default=None, repr=False)

    def read(self) -> bytes:
        """The content; raises :class:`CodegenError` when it cannot be read."""
        if self.path is None:
            return self.content or b""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise CodegenError(f"cannot read: {error.strerror or error}", source=self.name) from error


def find_inputs(patterns: Sequence[str], root: Path) -> tuple[InputFile, ...]:
    """The files behind ``patterns`` (relative to ``root``), sorted by name, each once.

    A directory stands for every ``.yaml``, ``.yml`` and ``.json`` below it (hidden ones left out), ``**`` in a glob
    crosses directories, ``-`` is stdin.  Raises :class:`UsageError` for what does not exist and for URLs.
    """
    found: dict[str, InputFile] = {}
    for pattern in patterns:
        for item in _expand(pattern, root):
            # Named once is named: an explicit path wins over the directory that also holds it.
            if item.name not in found or item.named:
                found[item.name] = item
    return tuple(found[name] for name in sorted(found))


def _expand(pattern: str, root: Path) -> Iterator[InputFile]:
    if pattern == STDIN:
        yield InputFile(STDIN, None, content=sys.stdin.buffer.read())
        return
    if pattern.startswith(("http://", "https://")):
        raise UsageError(
            "URLs are not fetched",
            source=pattern,
            hint="download the file first and commit it: what is generated must be a function of what is in the repository",
        )
    path = root / pattern
    if path.is_dir():
        for below in _walk(path):
            yield InputFile(_name(below, root), below, named=False)
    elif path.exists():
        yield InputFile(_name(path, root), path)
    elif glob.has_magic(pattern):
        matches = [Path(m) for m in glob.glob(str(path), recursive=True)]
        if not matches:
            raise UsageError("no file matches", source=pattern, hint=f"globs are relative to {root}")
        for match in matches:
            if match.is_dir():
                yield from (InputFile(_name(below, root), below, named=False) for below in _walk(match))
            else:
                yield InputFile(_name(match, root), match)
    else:
        raise UsageError("no such file or directory", source=pattern, hint=f"paths are relative to {root}")


def _walk(directory: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(directory):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(_SUFFIXES) and not name.startswith("."):
                yield Path(folder, name)


def _name(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()
