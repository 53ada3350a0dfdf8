"""Metadata of resources inside custom resources, brought into the form that Go's type would give it.

A real server decodes the metadata of every embedded resource into ObjectMeta and writes it back: ``creationTimestamp:
null`` of a pod template vanishes, and a value of the wrong type is a 400 (apiextensions ``schema/objectmeta.Coerce``).
"""

from __future__ import annotations

from kubewright.testing.server.gotypes import WrongType
from kubewright.testing.server.metadata import normalise
from kubewright.validation import Structural
from kubewright.validation.causes import quote
from kubewright.validation.jsontypes import JsonObject, JsonValue


def coerce_embedded(schema: Structural, value: JsonValue, path: str = "") -> None:
    """Normalise embedded metadata below ``value`` in place. Raises WrongType with the field and what is wrong with it."""
    if not schema.has_embedded:
        return
    if isinstance(value, list):
        if schema.items is not None:
            for index, item in enumerate(value):
                coerce_embedded(schema.items, item, f"{path}[{index}]")
        return
    if not isinstance(value, dict):
        return
    if schema.embedded and path:
        _coerce(value, path)
    for key, sub in value.items():
        below = schema.child(key)
        if below is not None:
            coerce_embedded(below, sub, f"{path}.{key}" if path else key)


def _go_kind(value: str | int | float | list[JsonValue]) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "number"


def _coerce(resource: JsonObject, path: str) -> None:
    for key in ("apiVersion", "kind"):
        if key in resource and not isinstance(resource[key], str):
            raise WrongType(f"{path}.{key}: Invalid value: {quote(resource[key])}: must be a string")
    if "metadata" not in resource:
        return
    metadata = resource["metadata"]
    if metadata is None:
        metadata = {}
    prefix = f"{path}.metadata: Invalid value: {quote(metadata)}: "
    if not isinstance(metadata, dict):
        found = _go_kind(metadata)
        raise WrongType(f"{prefix}json: cannot unmarshal {found} into Go value of type v1.ObjectMeta")
    holder: JsonObject = {"metadata": metadata}
    try:
        normalise(holder)
    except WrongType as error:
        raise WrongType(f"{prefix}{error}") from error
    resource["metadata"] = holder["metadata"]
