"""PATCH: from a content type and a body to the change it makes.

JSON and merge patches work on the document as it is served; what comes out is read again like any other object, so
unknown fields in a patch are pruned, warned about or refused as in a create.
"""

from __future__ import annotations

import copy
import re
from typing import Final

import msgspec

from kubewright.testing.server import statuses
from kubewright.testing.server.bodies import BadSyntax, Notes, duplicate_fields, parse_json, parse_yaml, unknown_fields
from kubewright.testing.server.documents import Json, go_kind, go_text, is_list, is_object, section
from kubewright.testing.server.gotypes import WrongType
from kubewright.testing.server.messages import ServerRequest
from kubewright.testing.server.metadata import HOLLOW, normalise
from kubewright.testing.server.options import WriteOptions
from kubewright.testing.server.ownership import Ownership
from kubewright.testing.server.patching import json_patch, merge_patch
from kubewright.testing.server.registry import ServedResource
from kubewright.testing.server.strategic import strategic_merge
from kubewright.validation.causes import invalid as invalid_value

JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_PATCH: Final = "application/strategic-merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"


def patch_type(request: ServerRequest, served: ServedResource) -> str:
    """The content type of a patch; raises 415 for one the kind does not take."""
    media = request.headers.get("content-type", "").partition(";")[0].strip()
    accepted = [JSON_PATCH, MERGE_PATCH, *([STRATEGIC_PATCH] if served.builtin else []), APPLY_PATCH]
    if media not in accepted:
        if served.builtin:
            raise statuses.unsupported_media_type()
        raise statuses.unsupported_media_type(accepted)
    return media


def patched(
    live: Json, request: ServerRequest, media: str, served: ServedResource, options: WriteOptions, notes: Notes
) -> Json:
    """What a JSON, merge or strategic patch makes of the live object. Raises 400 and 422."""
    try:
        patch = parse_json(request.body)
    except BadSyntax as error:
        raise statuses.bad_request("invalid JSON patch") from error
    live = copy.deepcopy(live)  # what the patch leaves alone is completed in place, and was not there before
    prefix = "json patch " if media == JSON_PATCH else ""
    duplicates = duplicate_fields(request.body) if options.field_validation != "Ignore" else []
    repeated = [f"{prefix}duplicate field {statuses.quote(path)}" for path in duplicates]
    if media == JSON_PATCH:
        obj: object = json_patch(live, patch)
    else:
        if not is_object(patch):
            given = "array" if is_list(patch) else "string" if isinstance(patch, str) else "number"
            text = f"json: cannot unmarshal {given} into Go value of type map[string]interface {{}}"
            raise statuses.bad_request(f"error decoding patch: {text}" if media == MERGE_PATCH else text)
        if media == MERGE_PATCH:
            obj = merge_patch(live, patch)
        else:
            # it sets the fields of the type it knows: what type the patch says it is does not matter
            obj = {**strategic_merge(live, patch, served), "apiVersion": live["apiVersion"], "kind": live["kind"]}
    if served.builtin and media == MERGE_PATCH:
        obj = _in_order(obj)
    try:
        return _accepted(obj, served, options, notes, repeated)
    except WrongType as problem:
        if media != STRATEGIC_PATCH:
            raise _refused(obj, str(problem)) from problem
        cause = invalid_value("patch", go_text(patch), _converter_text(str(problem)))
        raise statuses.invalid("", "", "", [cause]) from problem


def applied(
    live: Json | None,
    request: ServerRequest,
    served: ServedResource,
    options: WriteOptions,
    ownership: Ownership,
    subresource: str,
    notes: Notes,
) -> Json:
    """What server-side apply makes of the live object, or of nothing. Raises 400, 409 and 500."""
    config = parse_yaml(request.body if request.body.strip() else b"{}")
    if not is_object(config):
        given = "array" if is_list(config) else "string" if isinstance(config, str) else "number"
        raise statuses.bad_request(
            "error decoding patch: error unmarshaling JSON: while decoding JSON: "
            f"json: cannot unmarshal {given} into Go value of type map[string]interface {{}}"
        )
    obj, changed = ownership.applied(
        live, config, served, options.manager, force=options.force, subresource=subresource
    )
    try:
        if served.builtin:
            unknown_fields(obj, served)
        else:  # the shape is checked already, and nulls are not dropped here as they are when a body is decoded
            said = section(obj, "metadata")
            normalise(obj)
            # Stored as they were applied; the next write of any kind drops them, and so makes a new revision.
            obj["metadata"].update((name, said[name]) for name in HOLLOW if name in said and not said[name])
            if changed:
                served.default_on_read(obj, drop_nulls=False)
    except WrongType as problem:
        raise statuses.unexplained(_unconvertible(config, served, problem)) from problem
    return obj


def _unconvertible(config: Json, served: ServedResource, problem: WrongType) -> str:
    """What the real server says when the merged object does not fit its Go type; it names what the request names."""
    gvk, meta = go_kind(served.resource.api_version, served.resource.kind), section(config, "metadata")
    # It converts field by field: what does not fit does not know whose field it is.
    why = re.sub(r"Go struct field \S+ of type", "Go value of type", str(problem))
    if "base64" in why:
        why = f"error decoding from json: {why}"
    return (
        f"failed to convert new object ({meta.get('namespace', '')}/{meta.get('name', '')}; {gvk}) to proper version: "
        f"unable to convert unstructured object to {gvk}: {why}"
    )


def _accepted(obj: object, served: ServedResource, options: WriteOptions, notes: Notes, repeated: list[str]) -> Json:
    if not is_object(obj):
        raise _refused(obj, "the patched document is not a JSON object")
    document = obj
    resource = served.resource
    for name, wanted in (("apiVersion", resource.api_version), ("kind", resource.kind)):
        if not document.get(name) and not served.builtin:
            missing = "Kind" if name == "kind" else name
            raise _refused(
                obj, f"Object '{missing}' is missing in '{msgspec.json.encode(obj, order='sorted').decode()}'"
            )
        document.setdefault(name, wanted)
    version, kind = document["apiVersion"], document["kind"]
    if served.builtin and (version, kind) != (resource.api_version, resource.kind):
        unknown = f'no kind "{kind}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
        raise _refused(obj, unknown)
    complaints = [*repeated, *unknown_fields(document, served)]
    if complaints and options.field_validation == "Strict":
        raise _refused(obj, f"strict decoding error: {', '.join(complaints)}")
    if complaints and options.field_validation == "Warn":
        notes.add(*complaints)
    return document


def _in_order(value: object) -> object:
    """The document with its keys sorted, as a merge leaves it in Go: of several misfits its decoder names the first."""
    if is_object(value):
        return {key: _in_order(value[key]) for key in sorted(value)}
    if is_list(value):
        return [_in_order(item) for item in value]
    return value


def _converter_text(problem: str) -> str:
    """What Go's unstructured converter (not its decoder) says about a wrong type."""
    if "base64" in problem:
        return f"error decoding from json: {problem}"
    if not problem.startswith("json:"):
        return problem
    given, wanted = problem.partition("unmarshal ")[2].split(" ", 1)[0], problem.rpartition("of type ")[2]
    kind = {"number": "int64", "object": "map", "array": "slice"}.get(given, given)
    if wanted.startswith("[]"):
        return f"cannot restore slice from {kind}"
    if wanted.startswith("map["):
        return f"cannot restore map from {kind}"
    if "." in wanted:
        return f"cannot restore struct from: {kind}"
    if wanted == "string" and given == "number":  # in Go an integer can be made a string, if not this one
        return "cannot convert int64 to string"
    return f"unrecognized type: {wanted}"


def _refused(obj: object, why: str) -> Exception:
    shown = msgspec.json.encode(obj, order="sorted").decode()
    return statuses.invalid("", "", "", [invalid_value("patch", shown, why)])
