"""What the user asks for: ``[tool.kubewright]`` of pyproject.toml, overlaid with command-line flags, frozen.

One table, no defaults hidden elsewhere: every setting of the generator is a field of :class:`Config`, and a key that is
none of them is an error with a suggestion, because a misspelt setting that does nothing costs somebody a day.
"""

from __future__ import annotations

import difflib
import keyword
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast

from codegen.errors import UsageError

VersionChoice: TypeAlias = Literal["served", "all", "storage"]
_VERSION_CHOICES: Final[tuple[VersionChoice, ...]] = ("served", "all", "storage")
_CLASS: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_IMPORTABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*[.:][A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that output depends on besides the CRDs.

    ``schemas``, ``output`` and the file names in headers are relative to ``root``, the directory of the configuration
    file (the working directory if there is none).
    """

    root: Path = field(default_factory=Path.cwd)
    #: Files, directories, globs, or ``-`` for stdin.
    schemas: tuple[str, ...] = ()
    #: The directory to write; it becomes a package.
    output: str = "generated"
    #: Import name of the package; where only this is set, ``output`` follows from it (``app.generated`` -> ``app/generated``).
    package: str = ""
    #: Which CRDs: patterns over ``plural.group``, the kind, or the group.
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    #: Which versions: ``served`` (default), ``all``, or only the ``storage`` version.
    versions: VersionChoice = "served"
    #: Group -> what it is called, e.g. ``"cert-manager.io" = "certs"`` for ``cs.certs_v1``.
    group_names: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Schema path (``Kind:/spec/containers/*``) or class name -> class name.
    class_names: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Schema path, or shape (``{host,port}``) -> importable type (``package.module.Class``).
    type_map: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Longest description that goes into a docstring, in characters; 0 leaves them out, None (default) keeps all.
    docstring_length: int | None = None
    #: Line length of the output; by default that of ``[tool.black]``, so that ``black --check`` agrees where it stands.
    line_length: int = 88

    @property
    def output_path(self) -> Path:
        return self.root / self.output

    def selects(self, *, plural: str, group: str, kind: str) -> bool:
        """Whether ``include`` and ``exclude`` leave this CRD in."""
        names = (f"{plural}.{group}", kind, group)

        def hit(patterns: Sequence[str]) -> bool:
            return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)

        return (not self.include or hit(self.include)) and not hit(self.exclude)


def find_config(start: Path) -> Path | None:
    """The nearest pyproject.toml at or above ``start`` that has a ``[tool.kubewright]`` table."""
    for directory in (start, *start.parents):
        candidate = directory / "pyproject.toml"
        if candidate.is_file() and "kubewright" in _tool_table(candidate):
            return candidate
    return None


def load_config(path: Path | None, root: Path | None = None) -> Config:
    """The configuration in ``path``, or the defaults below ``root``.  Raises :class:`UsageError`."""
    if path is None:
        return Config(root=root or Path.cwd())
    tools = _tool_table(path)
    table = tools.get("kubewright")
    if not isinstance(table, dict):
        raise UsageError(
            "no [tool.kubewright] table", source=str(path), hint='start with: [tool.kubewright] schemas = ["schemas/"]'
        )
    return _with_table(
        Config(root=path.parent, line_length=_black_line_length(tools)), cast("Mapping[str, Any]", table), str(path)
    )


def _tool_table(path: Path) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"cannot read the configuration: {error.strerror}", source=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"not valid TOML: {error}", source=str(path)) from error
    tool = document.get("tool")
    return cast("Mapping[str, Any]", tool) if isinstance(tool, dict) else {}


def _black_line_length(tools: Mapping[str, Any]) -> int:
    black = tools.get("black")
    length = cast("Mapping[str, Any]", black).get("line-length") if isinstance(black, dict) else None
    return length if isinstance(length, int) and length > 0 else 88


def _with_table(config: Config, table: Mapping[str, Any], file: str) -> Config:
    changes: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        where = f"{file}:[tool.kubewright].{key}"
        if name not in _READERS:
            keys = sorted(known.replace("_", "-") for known in _READERS)
            close = difflib.get_close_matches(key.replace("_", "-"), keys, n=1, cutoff=0.5)
            raise UsageError(
                "unknown setting",
                source=where,
                hint=f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(keys)}",
            )
        changes[name] = _READERS[name](value, where)
    if "package" in changes and "output" not in changes:
        changes["output"] = changes["package"].replace(".", "/")
    return replace(config, **changes)


def overlay(config: Config, **flags: object) -> Config:
    """``config`` with the flags that were given (those that are not None)."""
    given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    return replace(config, **given)


def _strings(value: object, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(item, str) for item in cast("list[object]", value)):
        return tuple(cast("list[str]", value))
    raise UsageError("wants a list of strings", source=where)


def _string(value: object, where: str) -> str:
    if isinstance(value, str) and value:
        return value
    raise UsageError("wants a string", source=where)


def _package(value: object, where: str) -> str:
    name = _string(value, where)
    if not all(part.isidentifier() and not keyword.iskeyword(part) for part in name.split(".")):
        raise UsageError(f"{name!r} is no package name", source=where)
    return name


def _number(value: object, where: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise UsageError("wants a whole number", source=where)


def _versions(value: object, where: str) -> VersionChoice:
    for choice in _VERSION_CHOICES:
        if value == choice:
            return choice
    raise UsageError(f"{value!r} is no choice", source=where, hint=f"one of: {', '.join(_VERSION_CHOICES)}")


def _table_of(check: Callable[[str], bool], what: str) -> Callable[[object, str], Mapping[str, str]]:
    def read(value: object, where: str) -> Mapping[str, str]:
        if not isinstance(value, dict):
            raise UsageError("wants a table", source=where, hint=f'"key" = "{what}"')
        table = cast("Mapping[str, object]", value)
        for key, name in table.items():
            if not isinstance(name, str) or not check(name):
                raise UsageError(f"{name!r} is no {what}", source=f"{where}.{key!r}")
        return {key: str(table[key]) for key in sorted(table)}

    return read


def _is_class(name: str) -> bool:
    return bool(_CLASS.match(name)) and not keyword.iskeyword(name)


def _is_attribute(name: str) -> bool:
    return bool(re.match(r"[a-z][a-z0-9_]*\Z", name)) and not keyword.iskeyword(name)


def _is_importable(name: str) -> bool:
    return bool(_IMPORTABLE.match(name)) and not any(map(keyword.iskeyword, re.split(r"[.:]", name)))


_READERS: Final[dict[str, Callable[[object, str], object]]] = {
    "schemas": _strings,
    "output": _string,
    "package": _package,
    "include": _strings,
    "exclude": _strings,
    "versions": _versions,
    "group_names": _table_of(_is_attribute, "lower-case Python name"),
    "class_names": _table_of(_is_class, "Python class name"),
    "type_map": _table_of(_is_importable, "importable type such as package.module.Class"),
    "docstring_length": _number,
    "line_length": _number,
}
assert set(_READERS) | {"root"} == {f.name for f in fields(Config)}  # a setting without a reader is a bug
