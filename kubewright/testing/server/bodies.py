"""From the bytes of a request to an object of the kind that the path names, or to a 400 that says what is wrong.

Here an object loses what its kind does not know (pruning) and gains defaults, and here ``fieldValidation`` decides
whether unknown fields are ignored, warned about or refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from kubewright.testing.server import metadata, statuses
from kubewright.testing.server.documents import Json, is_list, is_object, json_type
from kubewright.testing.server.gotypes import WrongType
from kubewright.testing.server.kinds import decoded
from kubewright.testing.server.messages import JSON, ServerRequest, StatusError
from kubewright.testing.server.registry import ServedResource
from kubewright.testing.server.represent import STORED

_YAML: Final = ("application/yaml", "application/x-yaml", "text/yaml")
MAX_BODY: Final = 3 * 1024 * 1024
"""Bytes a request body may have."""


@dataclass(slots=True)
class Notes:
    """What the client should hear although the request succeeds; becomes ``Warning`` headers."""

    texts: list[str] = field(default_factory=list[str])

    def add(self, *texts: str) -> None:
        """Note texts, each once."""
        for text in texts:
            if text not in self.texts:
                self.texts.append(text)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers, in RFC 7234 form with the agent left out (``299 - "text"``)."""
        return tuple(("warning", f"299 - {statuses.quote(text)}") for text in self.texts)


def read_document(request: ServerRequest) -> object:
    """The body as JSON values; raises 400, 413 or 415."""
    if len(request.body) > MAX_BODY:
        raise statuses.too_large(f"limit is {MAX_BODY}")
    media = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if media in ("", JSON, "*/*"):
        return parse_json(request.body)
    if media in _YAML:
        return parse_yaml(request.body)
    raise statuses.unsupported_media_type([JSON, "application/yaml", "application/vnd.kubernetes.protobuf"])


def parse_json(body: bytes) -> object:
    """JSON values; raises 400."""
    try:
        return msgspec.json.decode(body)
    except msgspec.MsgspecError as error:
        raise BadSyntax(go_message(str(error), body)) from error


class BadSyntax(StatusError):
    """400: the body is no JSON. The text is what the Go decoder would say."""

    def __init__(self, text: str) -> None:
        super().__init__(400, "BadRequest", text)


_AT = re.compile(r"\(byte (\d+)\)")


def go_message(text: str, body: bytes) -> str:
    found = _AT.search(text)
    if found is None:
        return "unexpected end of JSON input"
    byte = body[int(found.group(1)) :][:1]
    character = byte.decode() if byte.isascii() else f"\\u{byte[0]:04x}"
    where = "object key string" if "object keys must be strings" in text else "value"
    return f"invalid character '{character}' looking for beginning of {where}"


def unrecognized(served: ServedResource, why: str, body: bytes) -> StatusError:
    """400 for a body of which not even the kind can be read; quotes its beginning."""
    if not body:
        summary = "<empty>"
    elif body[:1] == b"{":
        summary = body[:30].decode(errors="replace") + (" ..." if len(body) > 30 else "")
    else:
        summary = body[:30].hex() + (" ..." if len(body) > 30 else "")
    return statuses.bad_request(
        f"the object provided is unrecognized (must be of type {served.resource.kind}): {why} ({summary})"
    )


def not_an_object(document: object) -> str:
    """What Go says about JSON that is no object where one is wanted."""
    tags = 'APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\""'
    return f"json: cannot unmarshal {json_type(document)} into Go value of type struct {{ {tags} }}"


def parse_yaml(body: bytes) -> object:
    """JSON values out of YAML (of which JSON is a part), whole floats as integers; raises 400."""
    try:
        if body.lstrip()[:1] not in (b"{", b"["):
            body = msgspec.json.encode(msgspec.yaml.decode(body))
        return STORED.decode(body)
    except msgspec.MsgspecError as error:
        raise statuses.bad_request(f"error encoding patch: yaml: {_go_yaml_message(str(error))}") from error


_LINE = re.compile(r"^ *in .*line (\d+), column \d+", re.MULTILINE)


def _go_yaml_message(text: str) -> str:
    """The problem and its line, as go-yaml words what libyaml found."""
    problems = [line for line in text.splitlines() if line.strip() and not _LINE.match(line)]
    lines = [int(found) for found in _LINE.findall(text)]
    line = max(lines[-1] - 1, 0) if lines else 0
    problem = problems[-1] if problems else text
    return f"line {line}: {problem}" if line else problem


def read_object(request: ServerRequest, served: ServedResource, validation: str, notes: Notes) -> Json:
    """The object of a create or update, pruned and defaulted. Raises 400 for what is not an object of the kind."""
    try:
        document = read_document(request)
    except BadSyntax as problem:
        raise unrecognized(served, f"couldn't get version/kind; json parse error: {problem}", request.body) from problem
    if document is None:
        document = _nothing()
    if not is_object(document):
        why = f"couldn't get version/kind; json parse error: {not_an_object(document)}"
        raise unrecognized(served, why, request.body)
    obj = document
    check_type(obj, served, request.body)
    duplicates = duplicate_fields(request.body) if validation != "Ignore" else []
    accept_fields(obj, served, validation, notes, duplicates)
    return obj


def _nothing() -> Json:
    return {}


def check_type(obj: Json, served: ServedResource, body: bytes) -> None:
    """Fill in or check ``apiVersion`` and ``kind``."""
    resource = served.resource
    version, kind = obj.get("apiVersion") or "", obj.get("kind") or ""
    if not served.builtin:
        if not kind:
            raise unrecognized(served, f"Object 'Kind' is missing in '{body.decode(errors='replace')}'", body)
    elif not version:
        version = resource.api_version
    kind = kind or resource.kind
    if version != resource.api_version and served.builtin:
        _, _, short = version.rpartition("/")
        raise statuses.bad_request(
            f'{kind} in version "{short}" cannot be handled as a {resource.kind}: no kind "{kind}" is registered for '
            f'version "{version}" in scheme "pkg/runtime/scheme.go:111"'
        )
    if version != resource.api_version:
        raise statuses.bad_request(
            f"the API version in the data ({version}) does not match the expected API version ({resource.api_version})"
        )
    if served.builtin and kind != resource.kind:
        internal = resource.group.partition(".")[0] or "core"
        raise statuses.bad_request(
            f'{kind} in version "{resource.version}" cannot be handled as a {resource.kind}: converting '
            f"({resource.version}.{kind}) to ({internal}.{resource.kind}): unknown conversion"
        )
    obj["apiVersion"], obj["kind"] = version, kind


def accept_fields(
    obj: Json, served: ServedResource, validation: str, notes: Notes, duplicates: list[str] | None = None
) -> None:
    """Prune, default and normalise the object in place; unknown fields are ignored, noted or refused (400)."""
    kind, version = served.resource.kind, served.resource.version
    try:
        unknown = unknown_fields(obj, served, duplicates)
    except WrongType as problem:
        raise statuses.bad_request(
            f'{kind} in version "{version}" cannot be handled as a {kind}: {problem}'
        ) from problem
    if not unknown or validation == "Ignore":
        return
    if validation == "Warn":
        notes.add(*unknown)
        return
    raise statuses.bad_request(
        f'{kind} in version "{version}" cannot be handled as a {kind}: strict decoding error: {", ".join(unknown)}'
    )


def unknown_fields(obj: Json, served: ServedResource, duplicates: list[str] | None = None) -> list[str]:
    """Prune, default and normalise in place; the complaints of a strict decoder. Raises WrongType."""
    complaints = [f"duplicate field {statuses.quote(path)}" for path in duplicates or ()]
    unknown = metadata.normalise(obj, typed=served.builtin)
    unknown += served.prepare(obj)
    if served.builtin:
        decoded(obj, served)
    return complaints + [f"unknown field {statuses.quote(path)}" for path in unknown]


def duplicate_fields(body: bytes) -> list[str]:
    """Dotted paths of keys that occur twice in one JSON object. Cheap for the usual body, which has none."""
    repeated = False

    def pairs(items: list[tuple[str, object]]) -> Json:
        nonlocal repeated
        result = dict(items)
        repeated = repeated or len(result) != len(items)
        return result

    try:
        json.loads(body, object_pairs_hook=pairs)
        return list(_repetitions(json.loads(body, object_pairs_hook=_Pairs), "")) if repeated else []
    except ValueError:
        return []


class _Pairs(list[tuple[str, object]]):
    """A JSON object with all its keys, repeated ones too."""


def _repetitions(value: object, path: str) -> Iterator[str]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, item in value:
            below = f"{path}.{key}" if path else key
            if key in seen:
                yield below
            seen.add(key)
            yield from _repetitions(item, below)
    elif is_list(value):
        for index, item in enumerate(value):
            yield from _repetitions(item, f"{path}[{index}]")
