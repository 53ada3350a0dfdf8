"""managedFields: who set what, on every write, and server-side apply with its conflicts.

An update makes its manager the owner of what it changed; an apply makes it the owner of what it said, takes back what it
no longer says, and is refused when it would change what others own. Order and effects are those of apimachinery's
``pkg/util/managedfields`` on top of structured-merge-diff.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

import msgspec

from kubewright.testing.server import statuses
from kubewright.testing.server.documents import Items, Json, go_kind, is_object, same, section
from kubewright.testing.server.fieldmerge import (
    ABSENT,
    Comparison,
    SchemaMismatch,
    check_shape,
    compare,
    field_set,
    merge,
    remove,
)
from kubewright.testing.server.fieldsets import (
    HERE,
    FieldSet,
    difference,
    intersection,
    leaf,
    paths,
    recursive_difference,
    union,
    with_named_fields,
)
from kubewright.testing.server.fieldtypes import FieldType, compile_type
from kubewright.testing.server.kinds import zero_object
from kubewright.testing.server.managers import Manager, Managers, Owned, cap_updaters, decode_managers, encode_managers
from kubewright.testing.server.messages import StatusCause
from kubewright.testing.server.registry import Registry, ServedResource

_BEFORE_APPLY: Final = "before-first-apply"
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_SYSTEM_META: Final = (
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
)
_NO_SUCH_VERSION: Final = "request to convert CR to an invalid group/version: "
_STRIPPED: Final[FieldSet] = {
    "f:apiVersion": leaf(),
    "f:kind": leaf(),
    "f:metadata": {HERE: {}, **{f"f:{name}": leaf() for name in _SYSTEM_META}},
}
_STATUS: Final[FieldSet] = {"f:status": leaf()}
_ALL_BUT_STATUS: Final[FieldSet] = {"f:metadata": leaf(), "f:spec": leaf()}


class Conflict(NamedTuple):
    """A field that an apply would take from another manager."""

    manager: Manager
    path: str


class Ownership:
    """Keeps managedFields up to date. ``now`` gives the time as Kubernetes writes it."""

    def __init__(self, registry: Registry, now: Callable[[], str]) -> None:
        self._registry = registry
        self._now = now
        self._types: WeakKeyDictionary[ServedResource, FieldType] = WeakKeyDictionary()
        self._empty: WeakKeyDictionary[ServedResource, Json] = WeakKeyDictionary()

    def type_of(self, served: ServedResource) -> FieldType:
        """The merge type of a served kind."""
        found = self._types.get(served)
        if found is None:
            found = self._types[served] = compile_type(served.schema, builtin=served.builtin)
        return found

    def updated(
        self, live: Json | None, obj: Json, served: ServedResource, manager: str, subresource: str = ""
    ) -> None:
        """Record in ``obj`` what a create, update or patch changed. The request's own managedFields only count when valid."""
        managers = self._starting_point(live, obj, subresource)
        obj["metadata"].pop("managedFields", None)
        if not managers and live is not None:
            return
        before = _without_managed(live) if live is not None else self._zero(served)
        me = Manager(manager, "Update", served.resource.api_version, subresource)
        try:
            check_shape(obj, self.type_of(served), unique=False)
            self._check_in_versions_of(managers, before, served)
            gained = self._update(managers, before, obj, served, me, subresource)
        except SchemaMismatch:  # the real server then leaves the record as it was
            if live is not None and "managedFields" in live["metadata"]:
                obj["metadata"]["managedFields"] = live["metadata"]["managedFields"]
            return
        if gained:
            cap_updaters(managers)
        encode_managers(obj, managers)

    def _zero(self, served: ServedResource) -> Json:
        found = self._empty.get(served)
        if found is None:
            found = zero_object(served)
            self._empty[served] = found
        return found

    def _starting_point(self, live: Json | None, obj: Json, subresource: str) -> Managers:
        recorded: Items = [] if live is None else live["metadata"].get("managedFields") or []
        given = obj["metadata"].get("managedFields")
        if subresource or given is None:
            return decode_managers(recorded) or {}
        if given == [] or given == [{}]:
            return {}
        return decode_managers(given) or decode_managers(recorded) or {}

    def _update(
        self, managers: Managers, live: Json, obj: Json, served: ServedResource, me: Manager, subresource: str
    ) -> bool:
        """The bookkeeping of an update; True when the manager owns something new. Raises SchemaMismatch."""
        kind = self.type_of(served)
        ignored = _ignored(served, subresource)
        change = _excluding(compare(live, obj, kind), ignored)
        self._take_away(managers, None, live, obj, served, change, subresource)
        gained = difference(union(change.modified, change.added), _STRIPPED)
        if not gained:
            return False
        previous = managers.get(me)
        fields = gained if previous is None else union(gained, previous.fields)
        time = "" if subresource == "scale" else self._now()  # the real server gives these no time
        managers[me] = Owned(fields, served.resource.api_version, time)
        return True

    def _take_away(
        self,
        managers: Managers,
        applier: Manager | None,
        live: Json,
        obj: Json,
        served: ServedResource,
        change: Comparison,
        subresource: str,
    ) -> dict[Manager, FieldSet]:
        """Take changed and removed fields from all other managers; what was taken by change (the conflicts).

        Raises SchemaMismatch for an object that does not fit another manager's version: comparing there takes nothing off it.
        """
        conflicts: dict[Manager, FieldSet] = {}
        changes = {served.resource.api_version: change}
        for manager, owned in list(managers.items()):
            if manager == applier:
                continue
            theirs = changes.get(owned.version)
            if theirs is None:
                found = self._served_in(owned.version, served)
                if found is None:  # of a built-in kind: for others, and for the live object, see _check_in_versions_of
                    del managers[manager]
                    continue
                self._check_fits(obj, found, "failed to convert new object: ")
                theirs = _excluding(compare(live, obj, self.type_of(found)), _ignored(found, subresource))
                changes[owned.version] = theirs
            taken = intersection(owned.fields, union(theirs.modified, theirs.added))
            if taken:
                conflicts[manager] = taken
            rest = difference(difference(owned.fields, taken), theirs.removed)
            if not rest:
                del managers[manager]
            elif rest is not owned.fields:
                managers[manager] = Owned(rest, owned.version, owned.time)
        return conflicts

    def _served_in(self, api_version: str, served: ServedResource) -> ServedResource | None:
        version = api_version.rpartition("/")[2]
        known = served.versions.get(version)
        return known or self._registry.lookup(served.resource.group, version, served.resource.plural)

    def _check_in_versions_of(self, managers: Managers, live: Json, served: ServedResource) -> None:
        """Raise SchemaMismatch unless the live object fits the versions in which managers own something of it.

        Those who track fields convert without pruning, so that a field of one version stands in the way of all others
        (structured-merge-diff: reconcileManagedFieldsWithSchemaChanges).
        """
        for version in {owned.version for owned in managers.values()} - {served.resource.api_version}:
            found = self._served_in(version, served)
            if found is not None:
                self._check_fits(live, found)
            elif not served.builtin:
                raise SchemaMismatch(_NO_SUCH_VERSION + version)

    def _check_fits(self, obj: Json, served: ServedResource, trouble: str = "") -> None:
        try:
            check_shape(obj, self.type_of(served))
        except SchemaMismatch as problem:
            raise SchemaMismatch(f"{trouble}{problem}") from problem

    def applied(
        self,
        live: Json | None,
        config: Json,
        served: ServedResource,
        manager: str,
        *,
        force: bool,
        subresource: str = "",
    ) -> tuple[Json, bool]:
        """What server-side apply makes of the live object, and whether that changes it (managedFields do not count).

        Raises 400, 409 (conflicts) and 500 (shape), as the server.
        """
        resource = served.resource
        gvk = go_kind(resource.api_version, resource.kind)
        if (config.get("apiVersion"), config.get("kind")) != (resource.api_version, resource.kind):
            given = go_kind(config.get("apiVersion") or "", config.get("kind") or "")
            raise statuses.bad_request(f"invalid object type: {given}")
        config.setdefault("metadata", {})
        if "managedFields" in section(config, "metadata"):
            raise statuses.bad_request("metadata.managedFields must be nil")
        kind = self.type_of(served)
        managers = {} if live is None else decode_managers(live["metadata"].get("managedFields") or []) or {}
        before = _without_managed(live) if live is not None else copy.deepcopy(self._zero(served))
        if live is not None and not managers:
            trouble = "failed to create manager for existing fields: failed to convert new object ({}) to smd typed: {}"
            _must_fit(before, kind, gvk, trouble, unique=False)
            first = Manager(_BEFORE_APPLY, "Update", resource.api_version, subresource)
            self._update(managers, self._zero(served), before, served, first, subresource)
        _must_fit(config, kind, gvk, "failed to create typed patch object ({}): {}")
        if live is not None:
            _must_fit(before, kind, gvk, "failed to create typed live object ({}): {}", unique=False)
        me = Manager(manager, "Apply", "", subresource)
        try:
            self._check_in_versions_of(managers, before, served)
            merged, conflicts, taken_from = self._apply(managers, before, config, served, me, subresource)
        except SchemaMismatch as problem:
            raise statuses.unexplained(str(problem)) from problem
        if conflicts and not force and not _allowed(manager, conflicts, before, kind):
            raise _refusal(conflicts, taken_from)
        obj: Json = merged
        unchanged = same(before, obj)
        if unchanged:
            obj = {**before, "metadata": section(before, "metadata")}
        elif me in managers:
            managers[me].time = self._now()
        if manager == "kubectl":
            _sync_last_applied(obj, config)
        encode_managers(obj, managers)
        return obj, live is None or not unchanged

    def _apply(
        self, managers: Managers, live: Json, config: Json, served: ServedResource, me: Manager, subresource: str
    ) -> tuple[Json, dict[Manager, FieldSet], Managers]:
        kind = self.type_of(served)
        ignored = _ignored(served, subresource)
        merged = merge(live, config, kind)
        last = managers.get(me)
        claimed = recursive_difference(field_set(config, kind), ignored)
        managers[me] = Owned(claimed, served.resource.api_version, last.time if last is not None else "")
        if last is not None and last.fields:
            then = self._served_in(last.version, served)
            if then is not None and then is not served:
                self._check_fits(merged, then, "failed to convert merged object to last applied version: ")
            merged = self._without_abandoned(merged, managers, last.fields, kind)
        taken_from = dict(managers)
        change = _excluding(compare(live, merged, kind), ignored)
        conflicts = self._take_away(managers, me, live, merged, served, change, subresource)
        kept = difference(claimed, _STRIPPED)
        if kept:
            managers[me].fields = kept
        else:
            managers.pop(me, None)
        return merged, conflicts, taken_from

    def _without_abandoned(self, merged: Json, managers: Managers, last: FieldSet, kind: FieldType) -> Json:
        """Remove what the applier said last time, says no longer, and nobody else owns."""
        named = with_named_fields(last, kind)
        pruned = remove(merged, named, kind)
        everything = with_named_fields(field_set(merged, kind), kind)
        owned: FieldSet = {}
        for each in managers.values():
            owned = union(owned, each.fields)
        kept = union(_fields_of(pruned, kind), with_named_fields(owned, kind))
        pruned = remove(merged, difference(everything, kept), kind)
        abandoned = intersection(difference(everything, _fields_of(pruned, kind)), named)
        thinned = remove(merged, abandoned, kind)
        return thinned if is_object(thinned) else {}


def _must_fit(obj: Json, kind: FieldType, gvk: str, trouble: str, *, unique: bool = True) -> None:
    try:
        check_shape(obj, kind, unique=unique)
    except SchemaMismatch as problem:
        meta = section(obj, "metadata")
        where = f"{meta.get('namespace', '')}/{meta.get('name', '')}; {gvk}"
        raise statuses.unexplained(trouble.format(where, problem)) from problem


def _fields_of(value: object, kind: FieldType) -> FieldSet:
    return {} if value is ABSENT else with_named_fields(field_set(value, kind), kind)


def _ignored(served: ServedResource, subresource: str) -> FieldSet:
    """Fields that this endpoint resets, so nobody comes to own them through it."""
    if subresource == "status":
        return _ALL_BUT_STATUS
    return _STATUS if served.has_status else {}


def _excluding(change: Comparison, ignored: FieldSet) -> Comparison:
    return Comparison(*(recursive_difference(fields, ignored) for fields in change)) if ignored else change


def _without_managed(obj: Json) -> Json:
    meta = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    return {**obj, "metadata": meta}


def _conflict_list(conflicts: dict[Manager, FieldSet]) -> Iterator[Conflict]:
    for manager, fields in conflicts.items():
        for path in paths(fields):
            yield Conflict(manager, path)


def _refusal(conflicts: dict[Manager, FieldSet], managers: Managers) -> Exception:
    listed = list(_conflict_list(conflicts))

    def shown(manager: Manager) -> str:
        text = statuses.quote(manager.name)
        if manager.subresource:
            text += f" with subresource {statuses.quote(manager.subresource)}"
        return f"{text} using {managers[manager].version}" if manager.operation == "Update" else text

    causes = [StatusCause(path, "FieldManagerConflict", f"conflict with {shown(manager)}") for manager, path in listed]
    if len(listed) == 1:
        message = f"Apply failed with 1 conflict: conflict with {shown(listed[0].manager)}: {listed[0].path}"
    else:
        lines: list[str] = []
        for manager in sorted(conflicts, key=_identifier):
            lines.append(f"conflicts with {shown(manager)}:")
            lines += [f"- {conflict.path}" for conflict in listed if conflict.manager == manager]
        message = f"Apply failed with {len(listed)} conflicts: " + "\n".join(lines)
    return statuses.apply_conflict(message, causes)


def _identifier(manager: Manager) -> str:
    """The key the real server sorts managers by: the entry as JSON."""
    document = {"manager": manager.name, "operation": manager.operation}
    if manager.version:
        document["apiVersion"] = manager.version
    if manager.subresource:
        document["subresource"] = manager.subresource
    return msgspec.json.encode(document).decode()


def _allowed(manager: str, conflicts: dict[Manager, FieldSet], live: Json, kind: FieldType) -> bool:
    """kubectl may take over what its own client-side apply set before (the last-applied annotation says what)."""
    recorded = section(live, "metadata", "annotations").get(_LAST_APPLIED)
    if manager != "kubectl" or not recorded:
        return False
    try:
        allowed = field_set(msgspec.json.decode(recorded), kind)
    except (msgspec.MsgspecError, SchemaMismatch):
        return False
    return all(not difference(fields, allowed) for fields in conflicts.values())


def _sync_last_applied(obj: Json, config: Json) -> None:
    annotations = section(obj, "metadata", "annotations")
    if _LAST_APPLIED in annotations:
        applied = {key: value for key, value in config.items() if key != "status"}
        meta = dict(section(applied, "metadata"))
        others = {key: value for key, value in section(meta, "annotations").items() if key != _LAST_APPLIED}
        meta.pop("annotations", None)
        if others:
            meta["annotations"] = others
        applied["metadata"] = meta
        annotations[_LAST_APPLIED] = msgspec.json.encode(applied, order="sorted").decode() + "\n"
