"""Defaults that built-in kinds get in Go and that no schema mentions, for the kinds controllers work with.

``default_fields`` is what decoding adds (kubernetes ``pkg/apis/*/v1/defaults.go``), so it counts as said by whoever wrote
the object; ``complete_new`` is what strategy and default admission plugins add to a new object, which nobody owns.
Both change the object in place. Kinds without an entry are served as they come.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from kubewright.testing.server.documents import Json, entries, is_object, section

Default = Callable[[Json], None]
NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"
_MODE: Final = 0o644


def _defaults(target: Json, **values: object) -> None:
    for name, value in values.items():
        if target.get(name) in (None, ""):
            target[name] = value


def _probe(probe: Json) -> None:
    _defaults(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    _http_get(section(probe, "httpGet"))


def _http_get(action: Json) -> None:
    if action:
        _defaults(action, path="/", scheme="HTTP")


def _container(container: Json) -> None:
    image = str(container.get("image") or "")
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    always = "@" not in image and tag in ("", "latest")
    _defaults(
        container,
        imagePullPolicy="Always" if always else "IfNotPresent",
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
    )
    for port in entries(container, "ports"):
        _defaults(port, protocol="TCP")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if is_object(container.get(name)):
            _probe(container[name])
    for hook in ("postStart", "preStop"):
        _http_get(section(container, "lifecycle", hook, "httpGet"))
    for variable in entries(container, "env"):
        if field := section(variable, "valueFrom", "fieldRef"):
            _defaults(field, apiVersion="v1")


def _volume(volume: Json) -> None:
    if len(volume) == 1 and "name" in volume:
        volume["emptyDir"] = {}
    for source in ("secret", "configMap", "projected", "downwardAPI"):
        if is_object(volume.get(source)):
            _defaults(volume[source], defaultMode=_MODE)
    if is_object(volume.get("hostPath")):
        _defaults(volume["hostPath"], type="")
    for projection in entries(volume, "projected", "sources"):
        if token := section(projection, "serviceAccountToken"):
            _defaults(token, expirationSeconds=3600)
    for item in (*entries(volume, "downwardAPI", "items"), *entries(volume, "projected", "sources")):
        if field := section(item, "fieldRef"):
            _defaults(field, apiVersion="v1")


def _pod_spec(spec: Json) -> None:
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for container in entries(spec, group):
            _container(container)
    for volume in entries(spec, "volumes"):
        _volume(volume)
    _defaults(
        spec,
        dnsPolicy="ClusterFirst",
        restartPolicy="Always",
        schedulerName="default-scheduler",
        securityContext={},
        terminationGracePeriodSeconds=30,
    )


def _template(obj: Json, *path: str) -> None:
    template = section(obj, *path, "template")
    if is_object(template.get("spec")):
        _pod_spec(template["spec"])


def _pod(obj: Json) -> None:
    spec = section(obj, "spec")
    _pod_spec(spec)
    _defaults(spec, enableServiceLinks=True)
    for group in ("initContainers", "containers"):
        for container in entries(spec, group):
            limits = section(container, "resources", "limits")
            if limits:
                requests: Json = container["resources"].setdefault("requests", {})
                for name, value in limits.items():
                    requests.setdefault(name, value)


def _deployment(obj: Json) -> None:
    spec = section(obj, "spec")
    _defaults(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy: Json = spec.setdefault("strategy", {})
    _defaults(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _defaults(strategy, rollingUpdate={})
        _defaults(strategy["rollingUpdate"], maxUnavailable="25%", maxSurge="25%")
    _template(obj, "spec")


def _stateful_set(obj: Json) -> None:
    spec = section(obj, "spec")
    _defaults(spec, podManagementPolicy="OrderedReady", replicas=1, revisionHistoryLimit=10)
    strategy: Json = spec.setdefault("updateStrategy", {})
    _defaults(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _defaults(strategy, rollingUpdate={})
        _defaults(strategy["rollingUpdate"], partition=0)
    _defaults(spec, persistentVolumeClaimRetentionPolicy={})
    _defaults(spec["persistentVolumeClaimRetentionPolicy"], whenDeleted="Retain", whenScaled="Retain")
    _template(obj, "spec")
    for claim in entries(spec, "volumeClaimTemplates"):
        _defaults(claim, apiVersion="v1", kind="PersistentVolumeClaim")
        _claim(claim)


def _daemon_set(obj: Json) -> None:
    spec = section(obj, "spec")
    _defaults(spec, revisionHistoryLimit=10)
    strategy: Json = spec.setdefault("updateStrategy", {})
    _defaults(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _defaults(strategy, rollingUpdate={})
        _defaults(strategy["rollingUpdate"], maxUnavailable=1, maxSurge=0)
    _template(obj, "spec")


def _replica_set(obj: Json) -> None:
    _defaults(section(obj, "spec"), replicas=1)
    _template(obj, "spec")


def _job_spec(spec: Json) -> None:
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    _defaults(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)
    _defaults(spec, podReplacementPolicy="Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed")
    _template({"spec": spec}, "spec")


def _job(obj: Json) -> None:
    if "spec" in obj:
        _job_spec(obj["spec"])


def _cron_job(obj: Json) -> None:
    spec = section(obj, "spec")
    _defaults(spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    _template(section(spec, "jobTemplate"), "spec")


def _service(obj: Json) -> None:
    spec: Json = obj.setdefault("spec", {})
    _defaults(spec, sessionAffinity="None", type="ClusterIP")
    if spec["sessionAffinity"] == "ClientIP":
        _defaults(spec, sessionAffinityConfig={"clientIP": {"timeoutSeconds": 10800}})
    for port in entries(spec, "ports"):
        _defaults(port, protocol="TCP")
        if not port.get("targetPort"):
            port["targetPort"] = port.get("port")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _defaults(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        _defaults(spec, allocateLoadBalancerNodePorts=True)
    if spec["type"] != "ExternalName":
        _defaults(spec, internalTrafficPolicy="Cluster")


def _secret(obj: Json) -> None:
    _defaults(obj, type="Opaque")
    written: Json = obj.pop("stringData", None) or {}
    if written:
        data: Json = obj.setdefault("data", {})
        for name, value in written.items():
            data[name] = base64.b64encode(str(value).encode()).decode()


def _claim(obj: Json) -> None:
    _defaults(obj.setdefault("spec", {}), volumeMode="Filesystem")


def _volume_object(obj: Json) -> None:
    _defaults(obj.setdefault("spec", {}), volumeMode="Filesystem", persistentVolumeReclaimPolicy="Retain")


def _storage_class(obj: Json) -> None:
    _defaults(obj, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _binding(obj: Json) -> None:
    for subject in entries(obj, "subjects"):
        group = "" if subject.get("kind") == "ServiceAccount" else "rbac.authorization.k8s.io"
        if group:
            _defaults(subject, apiGroup=group)
    _defaults(obj.setdefault("roleRef", {}), apiGroup="rbac.authorization.k8s.io")


def _network_policy(obj: Json) -> None:
    spec = section(obj, "spec")
    for rules in ("ingress", "egress"):
        for rule in entries(spec, rules):
            for port in entries(rule, "ports"):
                _defaults(port, protocol="TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]


def _endpoint_slice(obj: Json) -> None:
    for port in entries(obj, "ports"):
        _defaults(port, protocol="TCP", name="")


def _endpoints(obj: Json) -> None:
    for subset in entries(obj, "subsets"):
        for port in entries(subset, "ports"):
            _defaults(port, protocol="TCP")


def _autoscaler(obj: Json) -> None:
    spec = section(obj, "spec")
    _defaults(spec, minReplicas=1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]


def _priority_class(obj: Json) -> None:
    _defaults(obj, preemptionPolicy="PreemptLowerPriority")


def _namespace(obj: Json) -> None:
    if name := obj["metadata"].get("name"):
        obj["metadata"].setdefault("labels", {})[NAMESPACE_LABEL] = name


DECODING: Final[dict[tuple[str, str], Default]] = {
    ("", "namespaces"): _namespace,
    ("", "pods"): _pod,
    ("", "endpoints"): _endpoints,
    ("", "podtemplates"): lambda obj: _template(obj),
    ("", "replicationcontrollers"): _replica_set,
    ("", "services"): _service,
    ("", "secrets"): _secret,
    ("", "persistentvolumeclaims"): _claim,
    ("", "persistentvolumes"): _volume_object,
    ("apps", "deployments"): _deployment,
    ("apps", "statefulsets"): _stateful_set,
    ("apps", "daemonsets"): _daemon_set,
    ("apps", "replicasets"): _replica_set,
    ("autoscaling", "horizontalpodautoscalers"): _autoscaler,
    ("discovery.k8s.io", "endpointslices"): _endpoint_slice,
    ("networking.k8s.io", "networkpolicies"): _network_policy,
    ("scheduling.k8s.io", "priorityclasses"): _priority_class,
    ("batch", "jobs"): _job,
    ("batch", "cronjobs"): _cron_job,
    ("storage.k8s.io", "storageclasses"): _storage_class,
    ("rbac.authorization.k8s.io", "rolebindings"): _binding,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): _binding,
}


def _new_namespace(obj: Json) -> None:
    finalizers: list[str] = obj.setdefault("spec", {}).setdefault("finalizers", [])
    if "kubernetes" not in finalizers:
        finalizers.append("kubernetes")
    obj["status"] = {"phase": "Active"}
    _namespace(obj)


def _new_pod(obj: Json) -> None:
    spec = section(obj, "spec")
    _defaults(spec, priority=0, preemptionPolicy="PreemptLowerPriority")
    tolerations: list[Json] = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(each.get("key") in (None, key) for each in tolerations):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
    resources = [section(container, "resources") for container in entries(spec, "containers")]
    wanted = any(each.get("requests") or each.get("limits") for each in resources)
    guaranteed = wanted and all(each.get("limits") and each.get("limits") == each.get("requests") for each in resources)
    quality = "Guaranteed" if guaranteed else "Burstable" if wanted else "BestEffort"
    obj["status"] = {"phase": "Pending", "qosClass": quality}


def _new_service(obj: Json) -> None:
    spec = section(obj, "spec")
    if spec.get("type") == "ExternalName":
        return
    if not spec.get("clusterIP"):
        uid = obj["metadata"]["uid"].replace("-", "")
        spec["clusterIP"] = f"10.0.{int(uid[:2], 16)}.{1 + int(uid[2:4], 16) % 254}"
    _defaults(spec, clusterIPs=[spec["clusterIP"]], ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")


def _new_claim(obj: Json) -> None:
    obj["status"] = {"phase": "Pending"}


def _account(obj: Json) -> None:
    """A service account keeps nothing of its secrets but their names."""
    if "secrets" in obj:
        obj["secrets"] = [{"name": each["name"]} if "name" in each else {} for each in entries(obj, "secrets")]


ALWAYS_THERE: Final[dict[tuple[str, str], Json]] = {
    ("rbac.authorization.k8s.io", "roles"): {"rules": None},
    ("rbac.authorization.k8s.io", "clusterroles"): {"rules": None},
}
"""Fields that Go writes even when they hold nothing, where the schema does not say so."""

UPDATED: Final[dict[tuple[str, str], Default]] = {("", "serviceaccounts"): _account}

NEW: Final[dict[tuple[str, str], Default]] = {
    ("", "namespaces"): _new_namespace,
    ("", "pods"): _new_pod,
    ("", "services"): _new_service,
    ("", "serviceaccounts"): _account,
    ("", "persistentvolumeclaims"): _new_claim,
    ("", "persistentvolumes"): _new_claim,
}
