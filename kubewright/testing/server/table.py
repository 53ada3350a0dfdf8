"""What ``kubectl get`` prints: the server renders rows and columns, the client only aligns them.

Custom resources have the columns that their CRD declares, or just name and age (apiextensions ``tableconvertor``).
Built-in kinds have printers in Go (kubernetes ``pkg/printers/internalversion``); ours are in ``printers``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from kubewright.core.resource import Resource
from kubewright.testing.server.ages import age
from kubewright.testing.server.columns import Column, Printer, age_column, name_column
from kubewright.testing.server.jsonpath import find
from kubewright.testing.server.printers import PRINTERS
from kubewright.testing.server.printers_cluster import default_printer
from kubewright.testing.server.registry import ServedResource

Json: TypeAlias = dict[str, Any]


def table(
    served: ServedResource,
    objects: list[Json],
    *,
    resource_version: str,
    include_object: str = "Metadata",
    columns: bool = True,
    continue_: str = "",
    remaining: int | None = None,
) -> Json:
    """A ``meta.k8s.io/v1`` Table with one row an object.

    Args:
        served: The kind.
        objects: Decoded objects.
        resource_version: Revision of the list, or of the object of a watch event.
        include_object: ``Metadata`` (rows carry a PartialObjectMetadata), ``Object`` or ``None``.
        columns: Whether to describe the columns; watches do so in their first event only.
        continue_: Token for the next page.
        remaining: How many objects come after this page.
    """
    metadata: Json = {"resourceVersion": resource_version}
    if continue_:
        metadata["continue"] = continue_
    if remaining is not None:
        metadata["remainingItemCount"] = remaining
    shown = _columns(served)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [column.definition() for column in shown] if columns else None,
        "rows": [_row(served, obj, include_object) for obj in objects],
    }


def _printer(served: ServedResource) -> Printer | None:
    return (PRINTERS.get(served.resource.kind) or default_printer()) if served.builtin else None


def _columns(served: ServedResource) -> list[Column]:
    printer = _printer(served)
    if printer is not None:
        first = [name_column()] if printer.named else []
        return [*first, *(age_column() if c.name == "Age" else c for c in printer.columns)]
    declared = [
        Column(
            c.name,
            c.type,
            c.description or f"Custom resource definition column (in JSONPath format): {c.json_path}",
            priority=c.priority,
            format=c.format,
        )
        for c in served.resource.printer_columns
    ]
    return [name_column(), *(declared or [age_column("date")])]


def _row(served: ServedResource, obj: Json, include_object: str) -> Json:
    row: Json = {"cells": _cells(served, obj)}
    if include_object == "Metadata":
        row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
    elif include_object == "Object":
        row["object"] = obj
    else:
        row["object"] = None
    return row


def _cells(served: ServedResource, obj: Json) -> list[Any]:
    name = obj["metadata"].get("name", "")
    printer = _printer(served)
    if printer is not None:
        return [name, *printer.cells(obj)] if printer.named else printer.cells(obj)
    if not served.resource.printer_columns:
        created = obj["metadata"].get("creationTimestamp")
        return [name, None if created is None else age(created)]
    return [name, *_declared_cells(served.resource, obj)]


def _declared_cells(resource: Resource, obj: Json) -> list[Any]:
    return [_cell(obj, column.json_path, column.type) for column in resource.printer_columns]


def _cell(obj: Json, path: str, kind: str) -> Any:
    """One declared column, formatted by its type; values of another type are left out."""
    values = find(obj, path)
    if not values:
        return None
    value = values[0]  # a path that finds several shows the first
    match kind:
        case "integer":
            return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
        case "number":
            return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "date":
            return age(value) if isinstance(value, str) else None
        case _:
            return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return msgspec.json.encode(value).decode()
    return str(value)
