"""Everything a schema has against an object, as one list: values, scale paths, embedded resources, list types."""

from __future__ import annotations

from typing import Any

from kubewright.validation.causes import Cause
from kubewright.validation.listtypes import validate_list_types
from kubewright.validation.objectmeta import validate_embedded
from kubewright.validation.ratcheting import ABSENT
from kubewright.validation.scale import Scale, validate_scale
from kubewright.validation.structural import Structural
from kubewright.validation.values import Failure, check


def validate(
    schema: Structural,
    obj: dict[str, Any],
    old: dict[str, Any] | None = None,
    *,
    status: bool = False,
    scale: Scale | None = None,
) -> list[Cause]:
    """Everything the schema has against a custom resource, in the words of a real API server.

    Args:
        schema: The compiled schema of the whole object.
        obj: The object, pruned and defaulted.
        old: What it replaces; failures in parts that did not change are forgiven (ratcheting). None on create.
        status: The status subresource is being written: only ``.status`` is checked against the schema.
        scale: The paths of the scale subresource, when the kind has one.
    """
    if status:
        failures = _check_status(schema, obj, old)
        prefix = "status"
    else:
        failures = check(schema, obj, ABSENT if old is None else old)
        prefix = ""
    causes = [failure.cause(prefix) for failure in failures]
    if scale is not None:
        causes += validate_scale(obj, scale, status=status)
    if schema.has_embedded:
        causes += validate_embedded(schema, obj, "")
    if schema.has_list_types and not (old is not None and validate_list_types(schema, old)):
        causes += validate_list_types(schema, obj)
    return causes


def _check_status(schema: Structural, obj: dict[str, Any], old: dict[str, Any] | None) -> list[Failure]:
    below = schema.properties.get("status")
    if below is None or "status" not in obj:
        return []
    return check(below, obj["status"], ABSENT if old is None else old.get("status"))  # none is null here, as in Go
