"""The options of writes: dryRun, fieldManager, fieldValidation, force, and those of deletes.

They come as query parameters (for deletes also as a DeleteOptions body), are checked before anything else happens, and
a mistake in them is a 422 of the kind CreateOptions, UpdateOptions, PatchOptions or DeleteOptions.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kubewright.testing.server import statuses
from kubewright.testing.server.bodies import BadSyntax, not_an_object, parse_json, parse_yaml
from kubewright.testing.server.documents import is_object, json_type, section
from kubewright.testing.server.messages import AnyCause, ServerRequest
from kubewright.validation.causes import forbidden, invalid, not_supported, required, too_long

_APPLY = ("application/apply-patch+yaml", "application/apply-patch+cbor")
_POLICIES = ("Foreground", "Background", "Orphan")


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How a write is to be done. ``manager`` is never empty."""

    manager: str
    dry_run: bool = False
    field_validation: str = "Warn"
    force: bool = False


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How a delete is to be done; None where the client said nothing."""

    dry_run: bool = False
    grace_period: int | None = None
    propagation: str | None = None
    orphan_dependents: bool | None = None
    uid: str | None = None
    resource_version: str | None = None


def write_options(request: ServerRequest, kind: str) -> WriteOptions:
    """Read and check the options of a create, update or patch (``kind`` names the options type in errors)."""
    manager = request.param("fieldManager")
    causes: list[AnyCause] = []
    if kind == "PatchOptions":
        media = request.headers.get("content-type", "").partition(";")[0].strip()
        if media in _APPLY:
            if not manager:
                causes.append(required("fieldManager", "is required for apply patch"))
        elif any(key == "force" for key, _ in request.query):
            causes.append(forbidden("force", "may not be specified for non-apply patch"))
    if len(manager.encode()) > 128:
        causes.append(too_long("fieldManager", 128))
    for position, character in enumerate("" if manager.isprintable() else manager):
        if not character.isprintable():
            detail = f"invalid character U+{ord(character):04X} (at position {position})"
            causes.append(invalid("fieldManager", manager, detail))
    dry_run = _dry_run([value for key, value in request.query if key == "dryRun"], causes)
    validation = request.param("fieldValidation")
    if validation not in ("", "Ignore", "Warn", "Strict"):
        causes.append(not_supported("fieldValidation", validation, ["", "Ignore", "Strict", "Warn"]))
    if causes:
        raise statuses.invalid("meta.k8s.io", kind, "", causes)
    return WriteOptions(
        manager or _from_user_agent(request.headers.get("user-agent", "")),
        dry_run,
        validation or "Warn",
        request.flag("force"),
    )


def _dry_run(values: list[str], causes: list[AnyCause]) -> bool:
    if any(value != "All" for value in values):
        causes.append(not_supported("dryRun", values, ["All"]))
    return bool(values)


def _from_user_agent(agent: str) -> str:
    """The manager of a client that names none: its user agent up to the first slash."""
    name = agent.partition("/")[0][:128]
    if name.isprintable():
        return name or "unknown"
    return "".join(character for character in name if character.isprintable()) or "unknown"


def delete_options(request: ServerRequest) -> DeleteOptions:
    """Read and check DeleteOptions out of the body, or out of the query when there is none."""
    causes: list[AnyCause] = []
    if request.body.strip():
        options = _from_body(_decode(request.body), causes)
    else:
        options = _from_query(request, causes)
    if options.orphan_dependents is not None and options.propagation is not None:
        detail = "orphanDependents and deletionPropagation cannot be both set"
        causes.append(invalid("propagationPolicy", options.propagation, detail))
    if options.propagation is not None and options.propagation not in _POLICIES:
        causes.append(not_supported("propagationPolicy", options.propagation, [*_POLICIES, "nil"]))
    if causes:
        raise statuses.invalid("meta.k8s.io", "DeleteOptions", "", causes)
    return options


class _Preconditions(msgspec.Struct, rename="camel"):
    uid: str | None = None
    resource_version: str | None = None


class _Body(msgspec.Struct, rename="camel"):
    api_version: str | None = None
    kind: str | None = None
    dry_run: list[str] | None = None
    grace_period_seconds: int | None = None
    propagation_policy: str | None = None
    orphan_dependents: bool | None = None
    preconditions: _Preconditions | None = None


_GO_TYPES = {
    "propagationPolicy": "v1.DeletionPropagation",
    "gracePeriodSeconds": "int64",
    "orphanDependents": "bool",
    "preconditions": "v1.Preconditions",
    "preconditions.uid": "types.UID",
    "dryRun": "[]string",
}


def _decode(body: bytes) -> _Body:
    try:
        document = parse_yaml(body) if body.lstrip()[:1] not in (b"{", b"[") else parse_json(body)
    except BadSyntax as problem:
        raise statuses.bad_request(f"couldn't get version/kind; json parse error: {problem}") from problem
    if not is_object(document):
        raise statuses.bad_request(f"couldn't get version/kind; json parse error: {not_an_object(document)}")
    try:
        return msgspec.convert(document, _Body)
    except msgspec.MsgspecError as error:
        path = str(error).rpartition("$.")[2].strip("`") or "DeleteOptions"
        value = section(document, *path.split(".")[:-1]).get(path.rpartition(".")[2])
        given = json_type(value)
        text = f"json: cannot unmarshal {given} into Go struct field DeleteOptions.{path}"
        raise statuses.bad_request(f"{text} of type {_GO_TYPES.get(path, 'string')}") from error


def _from_body(body: _Body, causes: list[AnyCause]) -> DeleteOptions:
    if body.kind not in (None, "", "DeleteOptions"):
        version = statuses.quote(body.api_version or "")
        raise statuses.bad_request(
            f'no kind {statuses.quote(body.kind)} is registered for version {version} in scheme "pkg/runtime/scheme.go:111"'
        )
    conditions = body.preconditions or _Preconditions()
    return DeleteOptions(
        _dry_run(body.dry_run or [], causes),
        body.grace_period_seconds,
        body.propagation_policy,
        body.orphan_dependents,
        conditions.uid,
        conditions.resource_version,
    )


def _from_query(request: ServerRequest, causes: list[AnyCause]) -> DeleteOptions:
    given = dict(request.query)
    grace = given.get("gracePeriodSeconds")
    try:
        period = None if grace is None else int(grace)
    except ValueError:
        reason = f"strconv.ParseInt: parsing {statuses.quote(grace or '')}: invalid syntax"
        raise statuses.bad_request(reason) from None
    orphan = given.get("orphanDependents")
    return DeleteOptions(
        _dry_run([value for key, value in request.query if key == "dryRun"], causes),
        period,
        given.get("propagationPolicy"),
        None if orphan is None else orphan.lower() not in ("0", "false"),
    )
