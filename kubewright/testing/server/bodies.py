"""From the bytes of a request to an object of the kind that the path names, or to a 400 that says what is wrong.

Here an object loses what its kind does not know (pruning) and gains defaults, and here ``fieldValidation`` decides
whether unknown fields are ignored, warned about or refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Final

import msgspec

from kubewright.testing.server import metadata, statuses
from kubewright.testing.server.documents import Json, is_list, is_object
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
    raise statuses.unsupported_media_type([JSON, "application/yaml"])


def parse_json(body: bytes) -> object:
    """JSON values; raises 400."""
    try:
        return msgspec.json.decode(body)
    except msgspec.MsgspecError as error:
        raise BadSyntax(_go_message(str(error), body)) from error


class BadSyntax(StatusError):
    """400: the body is no JSON. The text is what the Go decoder would say."""

    def __init__(self, text: str) -> None:
        super().__init__(400, "BadRequest", text)


_AT = re.compile(r"\(byte (\d+)\)")


def _go_message(text: str, body: bytes) -> str:
    found = _AT.search(text)
    if found is None:
        return "unexpected end of JSON input"
    character = body[int(found.group(1)) :][:1].decode(errors="replace")
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


def parse_yaml(body: bytes) -> object:
    """JSON values out of YAML (of which JSON is a part), whole floats as integers; raises 400."""
    try:
        if body.lstrip()[:1] not in (b"{", b"["):
            body = msgspec.json.encode(msgspec.yaml.decode(body))
        return STORED.decode(body)
    except msgspec.MsgspecError as error:
        raise statuses.bad_request(f"error decoding the request body: {error}") from error


def read_object(request: ServerRequest, served: ServedResource, validation: str, notes: Notes) -> Json:
    """The object of a create or update, pruned and defaulted. Raises 400 for what is not an object of the kind."""
    try:
        document = read_document(request)
    except BadSyntax as problem:
        raise unrecognized(served, f"couldn't get version/kind; json parse error: {problem}", request.body) from problem
    if not is_object(document):
        given = "array" if is_list(document) else "string" if isinstance(document, str) else "number"
        tags = 'APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\""'
        trouble = f"json: cannot unmarshal {given} into Go value of type struct {{ {tags} }}"
        raise unrecognized(served, f"couldn't get version/kind; json parse error: {trouble}", request.body)
    obj = document
    check_type(obj, served, request.body)
    duplicates = _duplicate_fields(request.body) if validation != "Ignore" else []
    accept_fields(obj, served, validation, notes, duplicates)
    return obj


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


def _duplicate_fields(body: bytes) -> list[str]:
    """Dotted paths of keys that occur twice in one JSON object. Cheap for the usual body, which has none."""
    found: list[str] = []

    def pairs(items: list[tuple[str, object]]) -> Json:
        result = dict(items)
        if len(result) != len(items):
            seen: set[str] = set()
            for key, _ in items:
                if key in seen:
                    found.append(key)
                seen.add(key)
        return result

    try:
        json.loads(body, object_pairs_hook=pairs)
    except ValueError:
        return []
    return found
