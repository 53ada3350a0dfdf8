"""Metadata inside custom resources: at the root, and in embedded resources (pod templates, manifests …).

CRD schemas say nothing about metadata; the server knows its fields itself. It drops those it does not know, refuses
values of the wrong type, and checks apiVersion and kind of embedded resources (apiextensions-apiserver
``schema/objectmeta``).
"""

from __future__ import annotations

from kubewright.validation.causes import Cause, invalid, required
from kubewright.validation.jsontypes import JsonObject, JsonValue
from kubewright.validation.names import dns1035_problems
from kubewright.validation.structural import Structural

_OWNER_FIELDS = frozenset({"apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"})
_ENTRY_FIELDS = frozenset({"manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource"})
_FIELDS = frozenset(
    {
        "name",
        "generateName",
        "namespace",
        "selfLink",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "labels",
        "annotations",
        "ownerReferences",
        "finalizers",
        "managedFields",
    }
)
_LISTS = {"ownerReferences": _OWNER_FIELDS, "managedFields": _ENTRY_FIELDS}


def prune_metadata(metadata: JsonObject, path: str, pruned: list[str]) -> None:
    """Drop unknown fields of an ObjectMeta in place and note their paths."""
    unknown = metadata.keys() - _FIELDS
    for key in unknown:
        del metadata[key]
        pruned.append(f"{path}.{key}")
    for name, fields in _LISTS.items():
        entries = metadata.get(name)
        if not isinstance(entries, list):
            continue
        for index, entry in enumerate(entries):
            if isinstance(entry, dict):
                for key in entry.keys() - fields:
                    del entry[key]
                    pruned.append(f"{path}.{name}[{index}].{key}")


def validate_embedded(schema: Structural, value: JsonValue, path: str) -> list[Cause]:
    """Check apiVersion, kind and metadata of every embedded resource below ``value``."""
    if not schema.has_embedded:
        return []
    causes: list[Cause] = []
    if isinstance(value, dict):
        if schema.embedded:
            causes += _embedded_resource(value, path)
        for key, sub in value.items():
            below = schema.properties.get(key)
            if below is not None:
                causes += validate_embedded(below, sub, f"{path}.{key}" if path else key)
            elif schema.additional is not None:
                causes += validate_embedded(schema.additional, sub, f"{path}[{key}]")
    elif isinstance(value, list) and schema.items is not None:
        for index, item in enumerate(value):
            causes += validate_embedded(schema.items, item, f"{path}[{index}]")
    return causes


def _embedded_resource(value: JsonObject, path: str) -> list[Cause]:
    causes = [required(f"{path}.{key}") for key in ("apiVersion", "kind") if key not in value]
    if "apiVersion" in value:
        field, version = f"{path}.apiVersion", value["apiVersion"]
        if not isinstance(version, str):
            causes.append(invalid(field, version, "must be a string"))
        elif not version:
            causes.append(invalid(field, version, "must not be empty"))
        elif version.count("/") > 1:
            causes.append(invalid(field, version, f"unexpected GroupVersion string: {version}"))
    if "kind" in value:
        field, kind = f"{path}.kind", value["kind"]
        if not isinstance(kind, str):
            causes.append(invalid(field, kind, "must be a string"))
        elif not kind:
            causes.append(invalid(field, kind, "must not be empty"))
        elif problems := dns1035_problems(kind.lower()):
            text = ",".join(problems)
            causes.append(invalid(field, kind, f"may have mixed case, but should otherwise match: {text}"))
    return causes
