"""Recognises Kubernetes' own types inside CRDs, so that they are imported instead of generated again.

Seven of ten objects in real CRDs sit inside a PodTemplateSpec, an Affinity, a Condition.  A type is recognised by its
fields: all of the object's are fields of the type, with the same meaning on the wire, and no more than an older version
of Kubernetes would lack are missing.  Only distinctive types are looked for: ``{name}`` or ``{key, operator}`` are many
things.  What lies inside a recognised type is compared with less rigour, because its surroundings vouch for it.

The table (``kubernetes_types.json``) is written by ``kubewright generate-api`` from the same documents as
`kubewright.api`, so it never names a class that is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from codegen.ir import (
    META_V1,
    Any_,
    Array,
    Embedded,
    Enum,
    IntOrString,
    Map,
    Node,
    Object,
    Property,
    Ref,
    Scalar,
    ScalarType,
)
from codegen.openapi.model import BuiltInApi
from codegen.plan.built_in import PACKAGE, SHARED, module_of
from codegen.plan.model import Foreign

TABLE: Final = Path(__file__).with_name("kubernetes_types.json")
_CORE: Final = "io.k8s.api.core.v1."

# Looked for anywhere, in this order (meta and core first; of two that fit, the earlier wins).
DISTINCTIVE: Final = (
    *(META_V1 + name for name in ("Condition", "LabelSelector", "OwnerReference")),
    *(
        _CORE + name
        for name in (
            "PodTemplateSpec", "PodSpec", "Container", "EphemeralContainer", "Affinity", "NodeAffinity", "PodAffinity",
            "PodAntiAffinity", "NodeSelector", "NodeSelectorTerm", "PodAffinityTerm", "WeightedPodAffinityTerm",
            "PreferredSchedulingTerm", "Toleration", "TopologySpreadConstraint", "ContainerPort", "EnvVar", "EnvVarSource",
            "EnvFromSource", "Probe", "Lifecycle", "LifecycleHandler", "HTTPGetAction", "ResourceRequirements",
            "SecurityContext", "PodSecurityContext", "SELinuxOptions", "SeccompProfile", "Capabilities",
            "WindowsSecurityContextOptions", "Volume", "VolumeMount", "VolumeDevice",
            "PersistentVolumeClaimSpec", "PersistentVolumeClaimStatus", "PersistentVolumeClaimTemplate",
            "SecretKeySelector", "ConfigMapKeySelector", "ResourceFieldSelector", "ObjectReference",
            "TypedObjectReference", "TypedLocalObjectReference", "ConfigMapVolumeSource", "SecretVolumeSource",
            "EmptyDirVolumeSource", "ProjectedVolumeSource", "VolumeProjection", "ServiceAccountTokenProjection",
            "DownwardAPIVolumeFile", "KeyToPath", "CSIVolumeSource", "NFSVolumeSource", "AWSElasticBlockStoreVolumeSource",
            "AzureDiskVolumeSource", "CephFSVolumeSource", "CinderVolumeSource", "EphemeralVolumeSource",
            "FCVolumeSource", "FlexVolumeSource", "GCEPersistentDiskVolumeSource", "ISCSIVolumeSource",
            "PhotonPersistentDiskVolumeSource", "PortworxVolumeSource", "QuobyteVolumeSource", "RBDVolumeSource",
            "ScaleIOVolumeSource", "StorageOSVolumeSource", "VsphereVirtualDiskVolumeSource", "HostAlias",
            "PodDNSConfig", "PodResourceClaim", "ContainerResizePolicy", "ContainerRestartRule", "ServicePort", "ServiceSpec", "LoadBalancerIngress",
        )
    ),
    *(f"io.k8s.api.apps.v1.{name}" for name in ("DeploymentSpec", "StatefulSetSpec", "DaemonSetSpec")),
    *(f"io.k8s.api.batch.v1.{name}" for name in ("JobTemplateSpec", "JobSpec", "CronJobSpec")),
    *(
        f"io.k8s.api.autoscaling.v2.{name}"
        for name in ("HorizontalPodAutoscalerBehavior", "HPAScalingRules", "HPAScalingPolicy", "MetricSpec", "MetricTarget")
    ),
    *(
        f"io.k8s.api.networking.v1.{name}"
        for name in ("NetworkPolicySpec", "NetworkPolicyPeer", "NetworkPolicyPort", "IngressTLS", "IngressSpec")
    ),
    "io.k8s.api.policy.v1.PodDisruptionBudgetSpec",
    "io.k8s.api.rbac.v1.PolicyRule",
)  # fmt: skip
# Small types that have grown: what older versions do not have.
_GREW: Final[Mapping[str, frozenset[str]]] = {
    "ResourceRequirements": frozenset({"claims"}),
    "Lifecycle": frozenset({"stopSignal"}),
    "LifecycleHandler": frozenset({"sleep"}),
    "PodAffinityTerm": frozenset({"matchLabelKeys", "mismatchLabelKeys", "namespaceSelector"}),
    "EmptyDirVolumeSource": frozenset({"mode"}),
}
# Too small to be told by their fields, but not under these names.
_BY_SEGMENT: Final[Mapping[str, str]] = {
    "configMap": f"{_CORE}LocalObjectReference",
    "configMapRef": f"{_CORE}LocalObjectReference",
    "deploymentStrategy": "io.k8s.api.apps.v1.DeploymentStrategy",
    "ephemeral": f"{_CORE}EphemeralVolumeSource",
    "exec": f"{_CORE}ExecAction",
    "fieldRef": f"{_CORE}ObjectFieldSelector",
    "hostPath": f"{_CORE}HostPathVolumeSource",
    "headers[]": f"{_CORE}HTTPHeader",
    "httpHeaders[]": f"{_CORE}HTTPHeader",
    "imagePullSecrets[]": f"{_CORE}LocalObjectReference",
    "os": f"{_CORE}PodOS",
    "readinessGates[]": f"{_CORE}PodReadinessGate",
    "secretRef": f"{_CORE}LocalObjectReference",
    "schedulingGates[]": f"{_CORE}PodSchedulingGate",
    "sysctls[]": f"{_CORE}Sysctl",
    "tcpSocket": f"{_CORE}TCPSocketAction",
}
# What controller-gen leaves at least of metadata inside a template (crd:generateEmbeddedObjectMeta).
_EMBEDDED_METADATA: Final = frozenset({"annotations", "finalizers", "labels", "name", "namespace"})
# With this many fields an object is distinctive even if a third of them is missing.
_LARGE: Final = 5
_SCALARS: Final[Mapping[str, ScalarType]] = {"s": "string", "i": "integer", "n": "number", "b": "boolean"}
_CODES: Final = {scalar: code for code, scalar in _SCALARS.items()}


@dataclass(frozen=True, slots=True)
class KubernetesType:
    """One type of the table.  ``node`` refers to others of the table by name."""

    name: str
    module: str
    node: Object

    @property
    def class_name(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def foreign(self) -> Foreign:
        apply_module = f"{PACKAGE}.applyconfigurations.{self.module}"
        if self.name.startswith(META_V1) and self.class_name in SHARED:
            return Foreign("kubewright.objects", self.class_name, apply_module)
        return Foreign(f"{PACKAGE}.models.{self.module}", self.class_name, apply_module)


class KubernetesTypes:
    """The table, and the question it answers."""

    def __init__(self, types: Mapping[str, KubernetesType]) -> None:
        self._types = types
        self._distinctive = [
            (types[n], frozenset(p.name for p in types[n].node.properties)) for n in DISTINCTIVE if n in types
        ]
        self._by_names: dict[frozenset[str], tuple[KubernetesType, ...]] = {}
        # Nodes are kept alive with their answers: ids of dead objects come back.
        self._compared: dict[tuple[int, str], tuple[Node, bool]] = {}
        small = (types[name] for name in _BY_SEGMENT.values() if name in types)
        self.names = frozenset(
            {each.class_name for each in (*(t for t, _ in self._distinctive), *small)} | {"ObjectMeta"}
        )

    def match(self, node: Object, segment: str) -> KubernetesType | None:
        """The type that ``node`` is, or None.  ``segment`` is its wire name: it decides between types of one shape."""
        if node.open:
            return None
        names = frozenset(p.name for p in node.properties)
        special = f"{META_V1}ObjectMeta" if names >= _EMBEDDED_METADATA else _BY_SEGMENT.get(segment, "")
        target = self._types.get(special)
        if target is not None and self._fits(node, target):
            return target
        if len(names) < 2:
            return None
        candidates = self._by_names.get(names)
        if candidates is None:
            candidates = self._by_names[names] = tuple(
                t for t, fields in self._distinctive if _could_be(t, fields, names)
            )
        fitting = [each for each in candidates if _requires_enough(node, each.node) and self._fits(node, each)]
        if len(fitting) > 1 and "configmap" in segment.lower():
            return next((each for each in fitting if "ConfigMap" in each.class_name), fitting[0])
        return fitting[0] if fitting else None

    def _fits(self, node: Object, target: KubernetesType) -> bool:
        key = (id(node), target.name)
        known = self._compared.get(key)
        if known is None:
            known = self._compared[key] = (node, self._object_fits(node, target.node))
        return known[1]

    def _object_fits(self, node: Object, target: Object) -> bool:
        if node.open:
            return False
        wanted = {p.name: p.node for p in target.properties}
        return all(
            p.name in wanted and not p.node.nullable and self._node_fits(p.node, wanted[p.name])
            for p in node.properties
        )

    def _node_fits(self, node: Node, target: Node) -> bool:
        match node, target:
            case _, Any_():
                return True
            case Object(), Ref():
                return target.name in self._types and self._fits(node, self._types[target.name])
            case Ref(), Ref():
                return node.name == target.name
            case Map(value=Any_()) | Embedded(), Ref():
                # CRDs cut the metadata of templates short; it may hold anything that metadata holds.
                return target.name == f"{META_V1}ObjectMeta"
            case Array(), Array():
                return not node.items.nullable and self._node_fits(node.items, target.items)
            case Map(), Map():
                return not node.value.nullable and self._node_fits(node.value, target.value)
            case (Scalar() | Enum()), Scalar():
                return node.type == target.type or (node.type == "integer" and target.type == "number")
            case (Scalar() | Enum()), IntOrString():
                return node.type in ("string", "integer")
            case IntOrString(), IntOrString():
                return True
            case _:
                return False


def _could_be(target: KubernetesType, fields: frozenset[str], names: frozenset[str]) -> bool:
    if not names <= fields:
        return False
    missing = fields - names
    grew = _GREW.get(target.class_name)
    if not missing or (grew is not None and missing <= grew):
        return True
    return len(names) >= _LARGE and 3 * len(missing) <= len(fields)


def _requires_enough(node: Object, target: Object) -> bool:
    """Whoever makes one must not be asked for more than the CRD asks for; in large types one field more is no matter."""
    if len(node.properties) >= _LARGE:
        return True
    required = {p.name for p in node.properties if p.required}
    return all(p.name in required for p in target.properties if p.required)


@cache
def known_types() -> KubernetesTypes:
    """The table that comes with the generator."""
    raw = cast("Mapping[str, Mapping[str, Any]]", json.loads(TABLE.read_text(encoding="utf-8")))
    return KubernetesTypes({name: KubernetesType(name, entry["module"], _object(entry)) for name, entry in raw.items()})


def _object(entry: Mapping[str, Any]) -> Object:
    required = frozenset(cast("list[str]", entry["required"]))
    fields = cast("Mapping[str, object]", entry["fields"])
    return Object(tuple(Property(name, _decoded(code), name in required) for name, code in fields.items()))


def _decoded(code: object) -> Node:
    if isinstance(code, list):
        form, inner = cast("list[object]", code)
        return Array(_decoded(inner)) if form == "[" else Map(_decoded(inner))
    text = str(code)
    if text.startswith("#"):
        return Ref(text[1:])
    if text in _SCALARS:
        return Scalar(_SCALARS[text])
    return IntOrString() if text == "x" else Any_()


def write_table(api: BuiltInApi) -> str:
    """The text of ``kubernetes_types.json``: the distinctive types of ``api`` and all that they reach.

    Kinds are left out: as a part of something else they may come without apiVersion and kind, which their classes always
    write.
    """
    kinds = {resource.definition for resource in api.resources}
    entries: dict[str, object] = {}
    pending = [*DISTINCTIVE, *_BY_SEGMENT.values(), f"{META_V1}ObjectMeta"]
    while pending:
        name = pending.pop()
        definition = api.definitions[name]
        if name in entries or name in kinds or not isinstance(definition.node, Object):
            continue
        entries[name] = {
            "module": module_of(definition),
            "required": [p.name for p in definition.node.properties if p.required],
            "fields": {p.name: _code(p.node, api, pending) for p in definition.node.properties},
        }
    lines = (f"{json.dumps(name)}: {json.dumps(entries[name])}" for name in sorted(entries))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _code(node: Node, api: BuiltInApi, pending: list[str]) -> object:
    match node:
        case Ref():
            target = api.definitions[node.name]
            if isinstance(target.node, Object):
                pending.append(node.name)
                return f"#{node.name}"
            return _code(target.node, api, pending)
        case Array():
            return ["[", _code(node.items, api, pending)]
        case Map():
            return ["{", _code(node.value, api, pending)]
        case Scalar() | Enum():
            return _CODES[node.type]
        case IntOrString():
            return "x"
        case _:
            return "a"


def imported_names(kinds: Iterable[str]) -> frozenset[str]:
    """Class names that a module with these kinds may import; a kind keeps its names (Job, JobSpec) for itself."""
    own = {f"{kind}{part}" for kind in kinds for part in ("", "Spec", "Status")}
    return known_types().names - own
