"""Text to plain values, document by document: the only importer of PyYAML.

Files of CRDs are written by people and by a dozen tools, so this reader is lenient where Kubernetes is (``kubectl``
reads YAML through JSON) and strict where leniency would cost safety:

* ``=`` is a string, unquoted dates stay strings, ``1:30`` is no number, keys are always strings;
* a syntax error spoils its own document only, not the rest of the file;
* tags construct nothing, nesting is bounded, and anchors cannot expand into more values than memory holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec
import yaml

from codegen.crd.model import Source
from codegen.errors import CodegenError

# Far above every real CRD (the largest known one nests 20 schemas deep, five YAML levels each).
MAX_DEPTH: Final = 400
# libyaml's own bound on nesting is 1,000; merge keys are the only way to make more values than there are bytes.
MAX_MERGED_KEYS: Final = 100_000

_SEPARATOR: Final = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_HELM: Final = re.compile(
    r"\{\{-?\s*(?:\.|\$|/\*|(?:if|with|range|end|else|include|template|define|toYaml|tpl|printf|default|quote)\b)"
)
_INT: Final = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)\Z")
_FLOAT: Final = re.compile(r"[-+]?(?:(?:[0-9][0-9_]*)?\.[0-9_]+|[0-9][0-9_]*\.?[0-9_]*)(?:[eE][-+]?[0-9]+)?\Z")
_CONSTANTS: Final[dict[str, bool | float | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    **{word: True for base in ("true", "yes", "on") for word in (base, base.title(), base.upper())},
    **{word: False for base in ("false", "no", "off") for word in (base, base.title(), base.upper())},
    **{sign + dot: float(sign + "inf") for sign in ("", "+", "-") for dot in (".inf", ".Inf", ".INF")},
    **{dot: float("nan") for dot in (".nan", ".NaN", ".NAN")},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its value (maps with string keys, lists, scalars), or why it could not be read."""

    source: Source
    value: object = None
    error: CodegenError | None = None


def read_documents(text: bytes, file: str) -> Iterator[Document]:
    """Every document of one file, in order; syntax errors are yielded, never raised.  Empty documents are left out."""
    decoded = _decode_text(text, file)
    if isinstance(decoded, CodegenError):
        yield Document(Source(file), error=decoded)
        return
    if decoded.lstrip()[:1] in ("{", "["):
        try:
            yield Document(Source(file), value=msgspec.json.decode(decoded.encode()))
            return
        except (msgspec.DecodeError, RecursionError):
            pass  # YAML's flow style, or a broken file: the YAML reader says it better.
    helm_said = False
    for number, chunk, line in _split(decoded):
        source = Source(file, number)
        try:
            value = _load(chunk, line)
        except CodegenError as error:
            if not _HELM.search(chunk):
                yield Document(source, error=CodegenError(error.message, source=str(source), hint=error.hint))
            elif not helm_said:
                helm_said = True  # once a file: its other documents break for the same reason
                yield Document(source, error=_helm_error(source))
            continue
        if value is not None:
            yield Document(source, value=value)


def _decode_text(raw: bytes, file: str) -> str | CodegenError:
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return raw.decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return CodegenError(
            f"not {encoding.removesuffix('-sig').upper()} text (byte {error.start})",
            source=str(Source(file)),
            hint="CRDs are YAML or JSON text; leave this file out of the schemas",
        )


def _split(text: str) -> Iterator[tuple[int, str, int]]:
    """(document number from 1, its text, first line): split before parsing, so that an error stays in its document."""
    starts = [0, *(m.start() for m in _SEPARATOR.finditer(text))]
    number, line = 0, 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        chunk = text[start:end]
        # What stands before the first `---` is a document only if there is something in it.
        if start or any(text and text[0] not in "#%" and text != "..." for text in map(str.strip, chunk.split("\n"))):
            number += 1
            yield number, chunk, line
        line += chunk.count("\n")


def _helm_error(source: Source) -> CodegenError:
    return CodegenError(
        "this is a Helm template, not YAML",
        source=str(source),
        hint="render it first: helm template --include-crds CHART > crds.yaml",
    )


def _load(text: str, first_line: int) -> object:
    try:
        return _Builder(text).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {first_line + mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise CodegenError(f"not valid YAML: {error.problem or error.context}{where}") from error
    except yaml.YAMLError as error:
        raise CodegenError(f"not valid YAML: {' '.join(str(error).split())}") from error


# A container under construction: its value, and for a map the key that waits for its value.
class _Frame:
    __slots__ = ("anchor", "is_map", "key", "merges", "value")

    def __init__(self, value: dict[str, object] | list[object], anchor: str | None) -> None:
        self.value = value
        self.is_map = isinstance(value, dict)
        self.key: str | None = None
        self.merges: list[object] = []
        self.anchor = anchor


class _Builder:
    """Builds the value of one document from parser events, on a stack of its own: nesting cannot exhaust Python's."""

    def __init__(self, text: str) -> None:
        loader = cast("Callable[[str], Any]", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._next_event: Callable[[], yaml.Event] = loader(text).get_event
        self._anchors: dict[str, object] = {}
        self._stack: list[_Frame] = []
        self._merged = 0
        self._result: object = None

    def document(self) -> object:
        next_event = self._next_event
        scalar, stack = yaml.ScalarEvent, self._stack
        while True:
            event = next_event()
            kind = type(event)
            if kind is scalar:
                self._scalar(cast(yaml.ScalarEvent, event))
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                if len(stack) >= MAX_DEPTH:
                    raise CodegenError(
                        f"nested deeper than {MAX_DEPTH} levels", hint="no API server accepts such a document"
                    )
                start = cast(yaml.CollectionStartEvent, event)
                frame = _Frame({} if kind is yaml.MappingStartEvent else [], start.anchor)
                if frame.anchor:
                    self._anchors[frame.anchor] = frame.value
                stack.append(frame)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                frame = stack.pop()
                if frame.merges:
                    self._merge(frame)
                self._put(frame.value, None)
            elif kind is yaml.AliasEvent:
                name = cast(yaml.AliasEvent, event).anchor
                if name not in self._anchors:
                    raise CodegenError(f"not valid YAML: alias *{name} has no anchor")
                if any(frame.anchor == name for frame in stack):
                    raise CodegenError(f"not usable YAML: anchor &{name} contains itself")
                self._put(self._anchors[name], None)
            elif kind is yaml.StreamEndEvent:
                return self._result

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        text = event.value
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.is_map and frame.key is None:
            frame.key = text if event.style or event.tag else _key(text)
            if event.anchor:
                self._anchors[event.anchor] = text
            return
        # Tags construct nothing: `!!str 5` is a string, every other tag leaves the text to its looks.
        self._put(text if event.style or event.tag == "tag:yaml.org,2002:str" else resolve(text), event.anchor)

    def _put(self, value: object, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = value
        if not self._stack:
            self._result = value
            return
        frame = self._stack[-1]
        if not frame.is_map:
            cast("list[object]", frame.value).append(value)
        elif frame.key is None:
            if isinstance(value, dict | list):
                raise CodegenError("not usable YAML: a map or a list as a key")
            frame.key = _key_text(value)
        else:
            if frame.key == "<<" and isinstance(value, dict | list):
                frame.merges.append(cast("object", value))
            else:
                cast("dict[str, object]", frame.value)[frame.key] = value
            frame.key = None

    def _merge(self, frame: _Frame) -> None:
        """YAML 1.1 merge keys: keys of the map itself win, then the earlier of the merged ones."""
        target = cast("dict[str, object]", frame.value)
        for merged in frame.merges:
            sources = cast("list[object]", merged) if isinstance(merged, list) else [merged]
            for source in sources:
                if not isinstance(source, dict):
                    raise CodegenError("not usable YAML: `<<` wants a map or a list of maps")
                entries = cast("dict[str, object]", source)
                self._merged += len(entries)
                if self._merged > MAX_MERGED_KEYS:
                    raise CodegenError("not usable YAML: merge keys expand without end")
                for key, value in entries.items():
                    target.setdefault(key, value)


def resolve(text: str) -> object:
    """What a plain (unquoted) scalar means, as the API server's YAML reader sees it; numbers stay numbers."""
    first = text[:1]
    if first in _NUMBER_START:
        if _INT.match(text):
            return _integer(text)
        if _FLOAT.match(text) and any(c.isdigit() for c in text):
            return float(text.replace("_", ""))
    # Only short words are constants: most scalars are prose.
    return _CONSTANTS.get(text, text) if len(text) <= 5 else text


_NUMBER_START: Final = frozenset("0123456789+-.")


def _integer(text: str) -> int | str:
    digits = text.replace("_", "")
    bare = digits.lstrip("+-")
    try:
        if len(bare) > 1 and bare[0] == "0" and bare[1].isdigit():
            return int(digits, 8)  # YAML 1.1: a leading zero is octal (file modes)
        return int(digits, 0)
    except ValueError:
        return text


def _key(text: str) -> str:
    # `on:` is a boolean in YAML 1.1, and the API server sees the key "true"; `1:` is "1".
    return text if len(text) > 5 or text == "<<" else _key_text(resolve(text))


def _key_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
