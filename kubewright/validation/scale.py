"""Replica counts and selectors that the scale subresource of a CRD reads: they must be what it can read.

Checked beside the schema, on the paths that the CRD names (apiextensions ``ValidateScaleSpec`` and ``ValidateScaleStatus``).
"""

from __future__ import annotations

from dataclasses import dataclass

from kubewright.validation.causes import Cause, invalid
from kubewright.validation.gotext import go_text
from kubewright.validation.jsontypes import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the scale subresource reads and writes; paths as in a CRD (``.spec.replicas``), empty when absent.

    For a CRD the selector is a string in label selector syntax, for a built-in workload a LabelSelector object.
    """

    spec_replicas_path: str = ".spec.replicas"
    status_replicas_path: str = ".status.replicas"
    label_selector_path: str = ""


def validate_scale(obj: JsonObject, scale: Scale, *, status: bool) -> list[Cause]:
    """Causes against what the paths lead to; a status update is checked for its own part only."""
    causes = [] if status else _replicas(obj, scale.spec_replicas_path)
    causes += _replicas(obj, scale.status_replicas_path)
    if scale.label_selector_path:
        causes += _selector(obj, scale.label_selector_path)
    return causes


_INT32_MAX = (1 << 31) - 1


def _replicas(obj: JsonObject, path: str) -> list[Cause]:
    """Causes against the number at ``path`` (``.spec.replicas``); none when it is absent."""
    value, problem = _at(obj, path)
    if problem:
        return [invalid(path, 0, problem)]
    if value is None:
        return []
    if isinstance(value, bool) or not isinstance(value, int):
        return [
            invalid(
                path, 0, f"{path} accessor error: {go_text(value)} is of the type {_go_type(value)}, expected int64"
            )
        ]
    if value < 0:
        return [invalid(path, value, "should be a non-negative integer")]
    if value > _INT32_MAX:
        return [invalid(path, value, f"should be less than or equal to {_INT32_MAX}")]
    return []


def _selector(obj: JsonObject, path: str) -> list[Cause]:
    """Causes against the label selector at ``path``, which must be a string; none when it is absent."""
    value, problem = _at(obj, path)
    if not problem and (value is None or isinstance(value, str)):
        return []
    problem = problem or f"{path} accessor error: {go_text(value)} is of the type {_go_type(value)}, expected string"
    return [invalid(path, "", problem)]


def _at(obj: JsonObject, path: str) -> tuple[JsonValue, str]:
    """The value at a path, or why there can be none (apimachinery ``unstructured.NestedFieldNoCopy``)."""
    value: JsonValue = obj
    seen = ""
    for part in path.removeprefix(".").split("."):
        seen = f"{seen}.{part}"
        if value is None:
            return None, ""
        if not isinstance(value, dict):
            found = f"{seen} accessor error: {go_text(value)} is of the type {_go_type(value)}"
            return None, f"{found}, expected map[string]interface{{}}"
        below: JsonObject = value
        if part not in below:
            return None, ""
        value = below[part]
    if value is None:
        return None, f"{path} accessor error: <nil> is of the type <nil>, expected int64"
    return value, ""


def _go_type(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "bool"
    names = {str: "string", int: "int64", float: "float64", list: "[]interface {}", dict: "map[string]interface {}"}
    return "<nil>" if value is None else names[type(value)]
