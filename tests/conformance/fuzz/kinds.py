"""What the fuzz works on: custom kinds of the conformance CRDs and of a corpus, and built-ins whose logic is in no Go code."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubewright.errors import ConfigError
from kubewright.testing.manifests import load_manifests
from tests.conformance.fuzz.values import Schema


@dataclass(frozen=True)
class Kind:
    """One group-version-kind, with the schema that random objects are made from."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    schema: Schema = field(hash=False)
    subresources: frozenset[str]
    builtin: bool = False
    fields: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, name: str | None = None, subresource: str | None = None) -> str:
        """``{ns}`` stays for the executor."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        place = "/namespaces/{ns}" if self.namespaced else ""
        return root + place + "".join(f"/{part}" for part in (self.plural, name, subresource) if part)


def _text(**more: Any) -> Schema:
    return {"type": "string", **more}


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


_REFERENCE = _object(kind=_text(), namespace=_text(), name=_text(), uid=_text(), fieldPath=_text())
BUILTINS = (
    Kind(
        "", "v1", "ConfigMap", "configmaps", True,
        _object(data=_map(_text()), binaryData=_map(_text(format="byte"))),
        frozenset(), builtin=True,
    ),
    Kind(
        "", "v1", "ServiceAccount", "serviceaccounts", True,
        _object(
            secrets={"type": "array", "items": _REFERENCE, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
            imagePullSecrets={"type": "array", "items": _object(("name",), name=_text())},
            automountServiceAccountToken={"type": "boolean"},
        ),
        frozenset(), builtin=True,
    ),
    Kind(
        "coordination.k8s.io", "v1", "Lease", "leases", True,
        _object(spec=_object(
            holderIdentity=_text(enum=["a", "b"]), leaseDurationSeconds={"type": "integer", "minimum": 1, "maximum": 60},
            leaseTransitions={"type": "integer", "minimum": 0},
            acquireTime=_text(enum=["2026-01-01T00:00:00.000000Z"]), renewTime=_text(enum=["2026-01-01T00:00:01.500000Z"]),
        )),
        frozenset(), builtin=True,
    ),
    Kind(
        "rbac.authorization.k8s.io", "v1", "Role", "roles", True,
        _object(rules={"type": "array", "items": _object(
            ("verbs", "apiGroups", "resources"),
            verbs={"type": "array", "items": _text(enum=["get", "list"]), "minItems": 1},
            apiGroups={"type": "array", "items": _text(enum=["", "apps"]), "minItems": 1},
            resources={"type": "array", "items": _text(enum=["pods", "things"]), "minItems": 1},
        )}),
        frozenset(), builtin=True,
    ),
)  # fmt: skip


def custom_kinds(crds: list[dict[str, Any]]) -> list[Kind]:
    """Every served version of every CRD."""
    found: list[Kind] = []
    for crd in crds:
        spec = crd["spec"]
        for version in spec["versions"]:
            if version["served"]:
                subresources = frozenset(version.get("subresources") or {})
                fields = tuple(each["jsonPath"][1:] for each in version.get("selectableFields") or [])
                schema = (version.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"}
                found.append(
                    Kind(
                        spec["group"],
                        version["name"],
                        spec["names"]["kind"],
                        spec["names"]["plural"],
                        spec["scope"] == "Namespaced",
                        schema,
                        subresources,
                        fields=fields,
                    )
                )
    return found


def corpus(folder: Path, rng: random.Random, count: int, largest: int = 300_000) -> list[dict[str, Any]]:
    """``count`` random CRDs out of a folder of projects, without the rules (CEL) and webhooks that are documented limits."""
    files = sorted(path for path in folder.glob("*/*.y*ml") if path.stat().st_size < largest)
    rng.shuffle(files)
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        if len(found) >= count:
            break
        try:
            manifests = load_manifests(file)
        except ConfigError:
            continue
        for crd in manifests:
            if crd["kind"] == "CustomResourceDefinition" and crd.get("apiVersion") == "apiextensions.k8s.io/v1":
                found.setdefault(crd["metadata"]["name"], plain(crd))
    return list(found.values())[:count]


def plain(crd: dict[str, Any]) -> dict[str, Any]:
    """The CRD without rules, conversion webhook, status and annotations."""
    result = copy.deepcopy(crd)
    result.pop("status", None)
    approved = "api-approved.kubernetes.io"  # groups of kubernetes.io are refused without it
    annotations = crd["metadata"].get("annotations") or {}
    result["metadata"] = {"name": crd["metadata"]["name"]}
    if approved in annotations:
        result["metadata"]["annotations"] = {approved: annotations[approved]}
    if "conversion" in result["spec"]:
        result["spec"]["conversion"] = {"strategy": "None"}
    _without_rules(result)
    return result


def _without_rules(node: Any) -> None:
    if isinstance(node, dict):
        node.pop("x-kubernetes-validations", None)
        for child in node.values():
            _without_rules(child)
    elif isinstance(node, list):
        for child in node:
            _without_rules(child)
