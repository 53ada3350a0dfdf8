"""What happens to an object between the request and storage: who may change which part, and when the generation grows.

The counterpart of the real server's ``rest.BeforeCreate`` and ``rest.BeforeUpdate`` with the strategies of custom
resources (apiextensions ``pkg/registry/customresource``); built-in kinds follow the same pattern.
"""

from __future__ import annotations

from typing import Final

from kubewright.testing.server import builtinrules, metadata, statuses
from kubewright.testing.server.bodies import Notes
from kubewright.testing.server.documents import Json, same, section
from kubewright.testing.server.kinds import Behaviour, as_stored, complete_new, complete_updated, is_namespace
from kubewright.testing.server.messages import AnyCause
from kubewright.testing.server.registry import ServedResource
from kubewright.validation.causes import invalid

_GENERIC_METADATA: Final = frozenset({"coordination.k8s.io", "admissionregistration.k8s.io"})


def before_create(obj: Json, served: ServedResource, kind: Behaviour, namespace: str, now: float, notes: Notes) -> None:
    """Complete and check a new object in place; raises 400 or 422."""
    meta: Json = obj["metadata"]
    metadata.wipe_system_fields(meta)
    metadata.set_namespace(meta, namespace if served.resource.namespaced else "")
    metadata.fill_system_fields(meta, now)
    if served.has_status:
        obj.pop("status", None)
    if kind.generation:
        meta["generation"] = 1
    elif not served.builtin:
        meta.pop("generation", None)
    if served.builtin:
        complete_new(obj, served)
    warnings = served.admit(obj, None)
    causes: list[AnyCause] = list(
        metadata.check(meta, namespaced=served.resource.namespaced, names=kind.names, typed=_knows_finalizers(served))
    )
    causes = [*_type_causes(obj, served), *causes]
    causes += served.validate(obj, None)
    causes += builtinrules.causes(obj, None, served)
    raise_invalid(obj, causes)
    if served.builtin:
        as_stored(obj, served)
    notes.add(*_finalizer_warnings(obj, {}, served), *warnings)


def before_update(
    obj: Json, old: Json, served: ServedResource, kind: Behaviour, subresource: str, notes: Notes
) -> None:
    """Undo what this request may not change, count the generation, check; in place. Raises 400 or 422."""
    meta: Json = obj["metadata"]
    before: Json = old["metadata"]
    metadata.set_namespace(meta, before.get("namespace", ""))
    _carry(meta, before, "generation")
    if subresource == "status":
        _only_status(obj, old)
        meta = obj["metadata"]
    else:
        if served.has_status:
            obj.pop("status", None)
            if "status" in old:
                obj["status"] = old["status"]
        if served.builtin:
            complete_updated(obj, served)
        if is_namespace(served) and subresource != "finalize" and "finalizers" in old.get("spec", {}):
            obj.setdefault("spec", {})["finalizers"] = old["spec"]["finalizers"]
        if kind.generation and not same(_without_metadata(obj, served), _without_metadata(old, served)):
            meta["generation"] = before.get("generation", 0) + 1
    if not meta.get("uid"):
        _carry(meta, before, "uid")
    _carry(meta, before, "creationTimestamp")
    if "deletionTimestamp" in before:
        _carry(meta, before, "deletionTimestamp")
    if "deletionGracePeriodSeconds" in before and "deletionGracePeriodSeconds" not in meta:
        _carry(meta, before, "deletionGracePeriodSeconds")
    warnings: list[str] = []
    if subresource != "status":
        warnings = served.admit(obj, old)
    causes: list[AnyCause] = list(
        metadata.check(meta, namespaced=served.resource.namespaced, names="segment", typed=_knows_finalizers(served))
    )
    causes += 2 * metadata.check_update(meta, before)  # the real server checks, and reports, this twice
    causes += _type_causes(obj, served)
    causes += served.validate(obj, old, subresource)
    causes += builtinrules.causes(obj, old, served)
    if served.builtin:
        causes = list({(cause.field, cause.message): cause for cause in causes}.values())
    raise_invalid(obj, causes)
    notes.add(*_finalizer_warnings(obj, old, served), *warnings)


def _knows_finalizers(served: ServedResource) -> bool:
    """Whether a kind's Go validation refuses finalizers that are neither standard nor qualified (core ValidateObjectMeta).

    Custom resources do not, nor the groups that call apimachinery's ValidateObjectMeta instead.
    """
    return served.builtin and served.resource.group not in _GENERIC_METADATA


def _type_causes(obj: Json, served: ServedResource) -> list[AnyCause]:
    expected = {"kind": served.resource.kind, "apiVersion": served.resource.api_version}
    return [invalid(name, obj[name], f"must be {wanted}") for name, wanted in expected.items() if obj[name] != wanted]


def _finalizer_warnings(obj: Json, old: Json, served: ServedResource) -> list[str]:
    """What custom resources say about new finalizers without a domain or path."""
    if served.builtin:
        return []
    new = set(obj["metadata"].get("finalizers") or ()) - set(section(old, "metadata").get("finalizers") or ())
    warnings: list[str] = []
    for finalizer in sorted(new):
        if "/" not in finalizer and finalizer not in metadata.STANDARD_FINALIZERS:
            hint = " including a path (/)" if "." in finalizer else ""
            warnings.append(
                f"metadata.finalizers: {statuses.quote(finalizer)}: prefer a domain-qualified finalizer name{hint} "
                "to avoid accidental conflicts with other finalizer writers"
            )
    return warnings


def raise_invalid(obj: Json, causes: list[AnyCause]) -> None:
    """Raise 422 when there is any cause."""
    if causes:
        group, _, _ = obj["apiVersion"].rpartition("/")
        raise statuses.invalid(group, obj["kind"], obj["metadata"].get("name", ""), causes)


def _carry(meta: Json, before: Json, name: str) -> None:
    if name in before:
        meta[name] = before[name]
    else:
        meta.pop(name, None)


def _only_status(obj: Json, old: Json) -> None:
    """Keep the status and the record of who manages it; everything else stays as it was."""
    status, has_status = obj.get("status"), "status" in obj
    managed = obj["metadata"].get("managedFields")
    version = obj["metadata"].get("resourceVersion")
    kept = {key: value for key, value in old.items() if key not in ("status", "metadata")}
    kept["metadata"] = dict(old["metadata"])
    if version:
        kept["metadata"]["resourceVersion"] = version
    if managed is not None:
        kept["metadata"]["managedFields"] = managed
    if has_status:
        kept["status"] = status
    obj.clear()
    obj.update(kept)


def _without_metadata(obj: Json, served: ServedResource) -> Json:
    left_out = ("metadata", "status") if served.builtin else ("metadata",)
    return {key: value for key, value in obj.items() if key not in left_out}
