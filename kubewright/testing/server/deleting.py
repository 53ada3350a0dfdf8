"""Deletes: preconditions, finalizers, grace, propagation, and what the client is told.

A delete either removes the object at once or marks it (deletionTimestamp) and leaves the removal to whoever takes the
last finalizer away. The order of the checks is the real server's (apiserver ``pkg/registry/generic/registry/store.go``).
"""

from __future__ import annotations

from kubewright.testing.server import statuses
from kubewright.testing.server.documents import Json
from kubewright.testing.server.kinds import Behaviour, behaviour, is_namespace
from kubewright.testing.server.metadata import timestamp
from kubewright.testing.server.options import DeleteOptions
from kubewright.testing.server.registry import ServedResource
from kubewright.testing.server.represent import decode, shown_as
from kubewright.testing.server.store import Entry
from kubewright.testing.server.writing import Writer

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
IMMORTAL = ("default", "kube-system", "kube-public")


def delete(writer: Writer, served: ServedResource, namespace: str, name: str, options: DeleteOptions) -> Entry | Json:
    """Delete one object: the object when it stays (or its kind answers with it), else a success Status. Raises 4xx."""
    if is_namespace(served):
        if name in IMMORTAL:
            raise statuses.forbidden("", "namespaces", name, "this namespace may not be deleted")
        if (terminating := _terminate_namespace(writer, served, name, options)) is not None:
            return terminating
    entry = writer.live(served, namespace, name)
    kind = behaviour(served)
    obj = decode(shown_as(entry, served))  # what the version that was asked for knows is what is written back
    meta: Json = obj["metadata"]
    _check_preconditions(served, entry, options)
    if served.admission is not None and "deletionTimestamp" not in meta:
        if served.admission.prepare_delete(obj, writer.clock.time()):
            return writer.as_entry(served, obj, entry.revision) if options.dry_run else writer.commit(served, obj)
    graceful, pending, period = _grace(served, obj, options)
    if pending:
        return _answer(served, kind, entry)
    finalizers = _finalizers(kind, meta, options)
    changed = finalizers != meta.get("finalizers", [])
    if not graceful and not finalizers:
        if not options.dry_run:
            entry = writer.remove(served, entry)
        return _answer(served, kind, entry)
    if changed:
        if finalizers:
            meta["finalizers"] = finalizers
        else:
            meta.pop("finalizers", None)
    _mark(writer, meta, period)
    if options.dry_run:
        return writer.as_entry(served, obj, entry.revision)
    if obj == decode(shown_as(entry, served)):
        return entry
    entry = writer.commit(served, obj)
    if not finalizers and period == 0:
        return _answer(served, kind, writer.remove(served, entry))
    return entry


def _check_preconditions(served: ServedResource, entry: Entry, options: DeleteOptions) -> None:
    group, kind = served.resource.group, served.resource.kind
    if options.uid is not None and options.uid != entry.uid:
        raise statuses.conflict(
            group,
            kind,
            entry.name,
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({entry.uid}). "
            "The object might have been deleted and then recreated",
        )
    if options.resource_version is not None and options.resource_version != str(entry.revision):
        raise statuses.conflict(
            group,
            kind,
            entry.name,
            f"the ResourceVersion in the precondition ({options.resource_version}) does not match the "
            f"ResourceVersion in record ({entry.revision}). The object might have been modified",
        )


def _grace(served: ServedResource, obj: Json, options: DeleteOptions) -> tuple[bool, bool, int]:
    """(graceful, already pending, seconds). Only pods are deleted gracefully; all others have zero seconds."""
    if served.resource.group or served.resource.plural != "pods":
        return False, False, 0
    meta: Json = obj["metadata"]
    wanted = options.grace_period
    if wanted is not None and wanted < 0:
        wanted = 1
    if "deletionTimestamp" in meta:
        running = meta.get("deletionGracePeriodSeconds", 0)
        if running == 0:
            return False, False, 0
        if wanted is None or wanted >= running:
            return False, True, running
        return True, False, wanted
    spec, phase = obj.get("spec", {}), obj.get("status", {}).get("phase")
    period = wanted if wanted is not None else spec.get("terminationGracePeriodSeconds", 30)
    if not spec.get("nodeName") or phase in ("Succeeded", "Failed"):
        period = 0
    return True, False, period


def _finalizers(kind: Behaviour, meta: Json, options: DeleteOptions) -> list[str]:
    """The finalizers after the propagation policy had its say (policy, then what is there, then background)."""
    present: list[str] = list(meta.get("finalizers", []))
    if not kind.collects_garbage:
        return present
    orphan, foreground = ORPHAN in present, FOREGROUND in present and ORPHAN not in present
    if options.orphan_dependents is not None:
        orphan, foreground = options.orphan_dependents, False
    elif options.propagation is not None:
        orphan, foreground = options.propagation == "Orphan", options.propagation == "Foreground"
    wanted = [name for name in present if name not in (ORPHAN, FOREGROUND)]
    wanted += [ORPHAN] * orphan + [FOREGROUND] * foreground
    return present if set(wanted) == set(present) else wanted


def _mark(writer: Writer, meta: Json, period: int) -> None:
    if "deletionTimestamp" not in meta:
        if meta.get("generation"):
            meta["generation"] += 1
        meta["deletionTimestamp"] = timestamp(writer.clock.time() + period)
    meta["deletionGracePeriodSeconds"] = period


def _answer(served: ServedResource, kind: Behaviour, entry: Entry) -> Entry | Json:
    if kind.returns_deleted:
        return entry
    details = {"name": entry.name, "group": served.resource.group, "kind": served.resource.plural, "uid": entry.uid}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {key: value for key, value in details.items() if value},
    }


def _terminate_namespace(writer: Writer, served: ServedResource, name: str, options: DeleteOptions) -> Entry | None:
    """The first delete of a namespace only marks it; None when it is ready to be removed."""
    entry = writer.live(served, "", name)
    if options.uid is not None and options.uid != entry.uid:
        what = f"Precondition failed: UID in precondition: {options.uid}, UID in object meta: {entry.uid}"
        raise statuses.conflict("", "namespaces", name, what)
    if options.resource_version is not None and options.resource_version != str(entry.revision):
        what = (
            f"Precondition failed: ResourceVersion in precondition: {options.resource_version}, "
            f"ResourceVersion in object meta: {entry.revision}"
        )
        raise statuses.conflict("", "namespaces", name, what)
    obj = decode(entry.raw)
    meta: Json = obj["metadata"]
    if "deletionTimestamp" in meta:
        return entry if obj.get("spec", {}).get("finalizers") else None
    meta["deletionTimestamp"] = timestamp(writer.clock.time())
    obj.setdefault("status", {})["phase"] = "Terminating"
    finalizers = _finalizers(behaviour(served), meta, options)
    if finalizers:
        meta["finalizers"] = finalizers
    return writer.as_entry(served, obj, entry.revision) if options.dry_run else writer.commit(served, obj)
