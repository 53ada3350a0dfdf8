"""Files -> CRDs, tolerantly: everything usable is returned, every refusal is said with its place.

Understands ``apiextensions.k8s.io/v1`` and ``v1beta1``, lists, other objects in between, and one CRD whose versions are
spread over documents.  Two documents for the same version must say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from codegen.config import VersionChoice
from codegen.crd import documents
from codegen.crd.definition import CrdPart, read_definition
from codegen.crd.inputs import InputFile
from codegen.crd.joining import FileContents, Loaded, combine
from codegen.crd.model import Source
from codegen.errors import CodegenError

__all__ = ["FileContents", "Loaded", "combine", "load", "read_file", "read_text"]

Json = Mapping[str, Any]


def load(inputs: Sequence[InputFile], *, versions: VersionChoice = "served") -> Loaded:
    """Read all ``inputs``; nothing is raised, everything wrong is in :attr:`Loaded.errors`."""
    return combine(map(read_file, inputs), versions=versions)


def read_file(item: InputFile) -> FileContents:
    """Everything one file says, good and bad."""
    try:
        text = item.read()
    except CodegenError as error:
        return FileContents(errors=(error,))
    return read_text(text, item.name, named=item.named)


def read_text(text: bytes, name: str, *, named: bool = True) -> FileContents:
    """As :func:`read_file`, of text already at hand.  ``named``: a text without any CRD is worth a remark."""
    parts: list[CrdPart] = []
    errors: list[CodegenError] = []
    notices: list[str] = []
    others = 0
    for document in documents.read_documents(text, name):
        if document.error is not None:
            errors.append(document.error)
            continue
        for value, source in _objects(document.value, document.source):
            if not _is_crd(value):
                others += 1
                continue
            if _is_placeholder(value):
                notices.append(f"{source}: skipped, a CustomResourceDefinition without content")
                continue
            definition = read_definition(cast("Json", value), source)
            if definition.part is not None:
                parts.append(definition.part)
            errors.extend(definition.errors)
            notices.extend(definition.notices)
    if named and not parts and not errors and not notices:
        notices.append(f"{name}: no CustomResourceDefinition in it")
    return FileContents(tuple(parts), tuple(errors), tuple(notices), others)


def _objects(value: object, source: Source, depth: int = 0) -> Iterator[tuple[object, Source]]:
    """The objects of a document: itself, or the items of a ``List`` (also of a bare JSON array)."""
    items: object = None
    if isinstance(value, dict):
        entries = cast("Json", value)
        kind = entries.get("kind")
        if isinstance(kind, str) and kind.endswith("List") and isinstance(entries.get("items"), list):
            items, source = entries["items"], source.at("items")
    elif isinstance(value, list):
        items = cast("object", value)
    if items is None or depth > 8:
        yield value, source
        return
    for index, item in enumerate(cast("list[object]", items)):
        yield from _objects(item, source.at(index), depth + 1)


def _is_crd(value: object) -> bool:
    return isinstance(value, dict) and cast("Json", value).get("kind") == "CustomResourceDefinition"


def _is_placeholder(value: object) -> bool:
    """controller-gen writes a CRD of empty strings for packages without types."""
    spec = cast("Json", value).get("spec")
    if not isinstance(spec, dict):
        return not spec
    fields = cast("Json", spec)
    return not fields.get("group") and not fields.get("versions") and not fields.get("version")
