"""Checking an object before it is sent: ``kubewright.validate(obj, crd)``.

Models are lenient, because a cluster may be newer than the code that talks to it. Whoever wants to know beforehand what
a server would say asks here, with the CRD at hand: a command that writes manifests, a webhook, a test.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

from kubewright.core.codec import to_builtins
from kubewright.validation import verdict
from kubewright.validation.causes import Cause
from kubewright.validation.defaulting import default
from kubewright.validation.pruning import prune
from kubewright.validation.scale import Scale
from kubewright.validation.structural import compile_schema


def validate(obj: object, crd: Mapping[str, Any], *, old: object | None = None) -> list[Cause]:
    """What a real API server would refuse the object for, as far as the CRD's schema goes; empty when for nothing.

    Like a server, it leaves unknown fields out and fills in defaults first (on a copy); CEL rules are not evaluated, and
    metadata is not looked at.

    Args:
        obj: A model, or a document as a dict. Its ``apiVersion`` chooses the version of the CRD.
        crd: The CustomResourceDefinition as a dict.
        old: The object that this one replaces: what it had wrong already is forgiven (ratcheting, KEP-4008).

    Raises:
        ValueError: The CRD does not define the object's apiVersion and kind.
    """
    document, version = _document(obj, crd)
    schema = compile_schema(_schema(version))
    prune(schema, document)
    default(schema, document)
    before = None if old is None else _document(old, crd)[0]
    scale = version.get("subresources", {}).get("scale")
    paths = None
    if scale is not None:
        paths = Scale(scale["specReplicasPath"], scale["statusReplicasPath"], scale.get("labelSelectorPath", ""))
    return verdict.validate(schema, document, before, scale=paths)


def unknown_fields(obj: object, crd: Mapping[str, Any]) -> list[str]:
    """The dotted paths of fields that a server would drop because the CRD does not know them, sorted.

    Raises:
        ValueError: The CRD does not define the object's apiVersion and kind.
    """
    document, version = _document(obj, crd)
    return prune(compile_schema(_schema(version)), document)


def _document(obj: object, crd: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    document: dict[str, Any] = copy.deepcopy(to_builtins(obj))
    spec: Mapping[str, Any] = crd["spec"]
    group, _, name = str(document.get("apiVersion", "")).rpartition("/")
    if group != spec["group"] or document.get("kind") != spec["names"]["kind"]:
        found = f"{document.get('apiVersion')} {document.get('kind')}"
        raise ValueError(f"the CRD defines {spec['group']} {spec['names']['kind']}, the object is a {found}")
    for version in cast(list[Mapping[str, Any]], spec["versions"]):
        if version["name"] == name:
            return document, version
    known = ", ".join(version["name"] for version in spec["versions"])
    raise ValueError(f"the CRD {spec['group']} {spec['names']['kind']} has no version {name}, only {known}")


def _schema(version: Mapping[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = version.get("schema", {}).get("openAPIV3Schema", {})
    return schema
