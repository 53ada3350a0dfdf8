"""Paths and small objects that many cases use."""

from __future__ import annotations

from typing import Any

GROUP = "conformance.example.com"
WIDGETS = f"/apis/{GROUP}/v1/namespaces/{{ns}}/widgets"
ALL_WIDGETS = f"/apis/{GROUP}/v1/widgets"
OLD_WIDGETS = f"/apis/{GROUP}/v1beta1/namespaces/{{ns}}/widgets"
GADGETS = f"/apis/{GROUP}/v1/gadgets"
CONFIGMAPS = "/api/v1/namespaces/{ns}/configmaps"
NAMESPACES = "/api/v1/namespaces"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def widget(name: str, /, *, labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """A valid Widget; ``size`` is 1 unless given."""
    metadata: dict[str, Any] = {"name": name}
    if labels is not None:
        metadata["labels"] = labels
    return {"apiVersion": f"{GROUP}/v1", "kind": "Widget", "metadata": metadata, "spec": {"size": 1, **spec}}


def gadget(name: str, **extra: Any) -> dict[str, Any]:
    return {"apiVersion": f"{GROUP}/v1", "kind": "Gadget", "metadata": {"name": name}, "spec": {"size": 1}, **extra}


def configmap(name: str, /, *, labels: dict[str, str] | None = None, **data: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if labels is not None:
        metadata["labels"] = labels
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def names(document: Any) -> list[str]:
    """The names in a list document, in its order."""
    return [item["metadata"]["name"] for item in document["items"]]


def version(document: Any) -> str:
    return str(document["metadata"]["resourceVersion"])
