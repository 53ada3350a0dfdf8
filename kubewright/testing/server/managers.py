"""Entries of managedFields: read from the wire, kept apart by identity, capped in number, written back in order.

The identity of an entry is what apimachinery's ``BuildManagerIdentifier`` makes of it: an updater has one entry for each
version and subresource, an applier one for each subresource.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from kubewright.testing.server.documents import Items, Json, is_object
from kubewright.testing.server.fieldsets import FieldSet, from_wire, to_wire, union

MAX_UPDATERS: Final = 10
ANCIENT: Final = "ancient-changes"


class Manager(NamedTuple):
    """What identifies an entry. An applier has one entry whatever version it applied in, hence no version."""

    name: str
    operation: str
    version: str
    subresource: str


@dataclass(slots=True)
class Owned:
    """One entry: the fields, the version they are meant in, and when it last changed."""

    fields: FieldSet
    version: str
    time: str = ""


Managers: TypeAlias = dict[Manager, Owned]


def decode_managers(entries: Items) -> Managers | None:
    """Managers out of managedFields; None when any entry is not understood."""
    managers: Managers = {}
    for entry in entries:
        if not is_object(entry):
            return None
        operation, version = entry.get("operation"), entry.get("apiVersion")
        if operation not in ("Apply", "Update") or not version or entry.get("fieldsType") != "FieldsV1":
            return None
        key = Manager(
            entry.get("manager", ""), operation, "" if operation == "Apply" else version, entry.get("subresource", "")
        )
        managers[key] = Owned(from_wire(entry.get("fieldsV1") or {}), version, entry.get("time", ""))
    return managers


def encode_managers(obj: Json, managers: Managers) -> None:
    entries: Items = []
    for manager, owned in sorted(
        managers.items(), key=lambda item: (item[0].operation, item[1].time, item[0].name, item[1].version, item[0][3])
    ):
        entry: Json = {
            "manager": manager.name,
            "operation": manager.operation,
            "apiVersion": owned.version,
            "time": owned.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": to_wire(owned.fields),
            "subresource": manager.subresource,
        }
        entries.append({key: value for key, value in entry.items() if value != ""})
    meta: Json = obj.setdefault("metadata", {})
    if entries:
        meta["managedFields"] = entries
    else:
        meta.pop("managedFields", None)


def cap_updaters(managers: Managers) -> None:
    """At most ten updaters are told apart; the oldest are merged into one bucket per version."""
    updaters = [manager for manager in managers if manager.operation == "Update"]
    excess = len(updaters) - MAX_UPDATERS
    if excess <= 0:
        return
    first: dict[str, Manager] = {}
    for manager in sorted(updaters, key=lambda each: (managers[each].time, each)):
        if excess <= 0:
            return
        owned = managers[manager]
        bucket = Manager(ANCIENT, "Update", owned.version, "")
        if owned.version not in first:
            first[owned.version] = manager
            continue
        if bucket not in managers:
            managers[bucket] = managers.pop(first[owned.version])
        fields = union(owned.fields, managers[bucket].fields)
        del managers[manager]
        managers[bucket] = Owned(fields, owned.version, owned.time)
        excess -= 1
