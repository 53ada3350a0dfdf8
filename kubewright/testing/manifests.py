"""Reading manifests for a test server: whatever a test has at hand (a file, a folder, YAML text, an object) becomes objects.

The only importer of PyYAML in the runtime package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

import yaml

from kubewright.errors import ConfigError

Manifest: TypeAlias = Path | str | Mapping[str, Any]
"""A path, YAML or JSON text, or an object. A ``str`` with a line break or a colon-space is text, any other a path."""

_SUFFIXES = (".yaml", ".yml", ".json")
# The C loader where PyYAML was built with it (20 times faster on big CRDs); timestamps and octal stay what JSON has.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _JsonLikeLoader(_Loader):  # type: ignore[misc,valid-type]  # chosen at run time
    """YAML 1.1 as Kubernetes reads it: keys become strings as in JSON, an unquoted date stays the string that it is."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        if all(isinstance(key, str) for key in found):
            return found
        return {_json_key(key): value for key, value in found.items()}


def _json_key(key: object) -> str:
    """An unquoted ``on:`` or ``8080:`` as a key (source: sigs.k8s.io/yaml, convertToJSONableObject)."""
    if isinstance(key, bool):
        return "true" if key else "false"
    return "null" if key is None else str(key)


def _as_text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


_JsonLikeLoader.add_constructor("tag:yaml.org,2002:timestamp", _as_text)
# An unquoted `=` is YAML 1.1's "value" tag, which PyYAML's safe loader refuses; CRD enums contain it.
_JsonLikeLoader.add_constructor("tag:yaml.org,2002:value", _as_text)


def load_manifests(*sources: Manifest) -> list[dict[str, Any]]:
    """Every object in ``sources``, in order; a ``List`` becomes its items, empty documents are left out.

    A folder means its ``*.yaml``, ``*.yml`` and ``*.json`` files, sorted. Raises ``ConfigError`` that names the file
    (or says "text") and what is wrong with it.
    """
    return [each for source in sources for each in _load(source)]


def _load(source: Manifest) -> Iterator[dict[str, Any]]:
    if isinstance(source, Mapping):
        yield from _objects([dict(source)], "the given object")
    elif isinstance(source, str) and ("\n" in source or ": " in source or source.lstrip().startswith("{")):
        yield from _parse(source, "the given text")
    else:
        path = Path(source)
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
            if not files:
                raise ConfigError(f"{path} holds no {', '.join('*' + suffix for suffix in _SUFFIXES)} file")
        else:
            files = [path]
        for file in files:
            try:
                text = file.read_text(encoding="utf-8")
            except OSError as error:
                raise ConfigError(f"cannot read {file}: {error.strerror}") from error
            except UnicodeDecodeError as error:
                raise ConfigError(f"{file} is not UTF-8 text: {error}") from error
            yield from _parse(text, str(file))


def _parse(text: str, where: str) -> Iterator[dict[str, Any]]:
    try:
        documents: list[Any] = list(yaml.load_all(text, Loader=_JsonLikeLoader))
    except yaml.YAMLError as error:
        raise ConfigError(f"{where} is not YAML: {error}") from error
    yield from _objects(documents, where)


def _objects(documents: Iterable[Any], where: str) -> Iterator[dict[str, Any]]:
    for document in documents:
        if document is None:
            continue
        found = cast(dict[str, Any], document) if isinstance(document, dict) else {}
        kind: Any = found.get("kind")
        items: Any = found.get("items")
        if not isinstance(kind, str):
            shown = repr(cast(object, document))[:60]
            raise ConfigError(f"{where} holds something that is no Kubernetes object (no kind): {shown}")
        if kind.endswith("List") and isinstance(items, list):
            yield from _objects(cast(Iterable[Any], items), where)
        else:
            yield found
