"""What a real API server refuses a CustomResourceDefinition for (apiextensions ``apis/apiextensions/validation``)."""

from __future__ import annotations

from typing import Any, TypeAlias

from kubewright.validation import Cause
from kubewright.validation.causes import invalid, required

Json: TypeAlias = dict[str, Any]


def validate_crd(crd: Json, old: Json | None) -> list[Cause]:
    """Every cause, in the order and the words of the real server; ``old`` is the CRD before an update."""
    spec: Json = crd["spec"]
    causes: list[Cause] = []
    expected = f"{spec.get('names', {}).get('plural', '')}.{spec.get('group', '')}"
    if crd["metadata"].get("name") != expected:
        causes.append(
            invalid("metadata.name", crd["metadata"].get("name", ""), 'must be spec.names.plural+"."+spec.group')
        )
    if not spec.get("group"):
        causes.append(required("spec.group"))
    if not spec.get("scope"):
        causes.append(required("spec.scope"))
    if not spec.get("versions"):
        causes.append(required("spec.versions"))
    return causes
