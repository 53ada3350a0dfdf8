"""The objects that are measured with: as big and as shaped as what an API server sends, and cheap to make by the ten thousand.

One compact JSON document per kind with numbered holes, as Go emits it (managedFields included). Sizes: about 1.2 kB for a custom
resource (TsTest, the sample CRD), 4.5 kB for a Pod; `SIZES` says what came out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

SENT = "bench.kubewright.dev/sent"
# As wide as a time in nanoseconds, so that the paced events can be made by replacing bytes.
NO_TIME = "0000000000000000000"


def _managed(manager: str, operation: str, fields: dict[str, Any], subresource: str = "") -> dict[str, Any]:
    entry: dict[str, Any] = {
        "manager": manager,
        "operation": operation,
        "apiVersion": "v1",
        "time": "2026-11-24T10:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    return entry | ({"subresource": subresource} if subresource else {})


def _tstest() -> dict[str, Any]:
    return {
        "apiVersion": "stable.example.com/v1",
        "kind": "TsTest",
        "metadata": {
            "name": "@NAME@",
            "namespace": "@NS@",
            "uid": "@UID@",
            "resourceVersion": "@RV@",
            "generation": 3,
            "creationTimestamp": "2026-11-24T09:59:58Z",
            "labels": {"app.kubernetes.io/name": "tstest", "shard": "@SHARD@"},
            "annotations": {SENT: NO_TIME},
            "managedFields": [
                _managed(
                    "kubectl-client-side-apply",
                    "Update",
                    {"f:metadata": {"f:labels": {".": {}, "f:shard": {}}}, "f:spec": {".": {}, "f:image": {}}},
                ),
                _managed("tstest-controller", "Update", {"f:status": {".": {}, "f:readyReplicas": {}}}, "status"),
            ],
        },
        "spec": {
            "cronSpec": "*/5 * * * *",
            "image": "registry.example.com/team/nginx:1.27.@SHARD@",
            "deploymentName": "@NAME@-deployment",
            "replicas": 3,
        },
        "status": {
            "readyReplicas": 3,
            "phase": "Running",
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "MinimumReplicasAvailable",
                    "message": "deployment has 3 of 3 replicas available",
                    "lastTransitionTime": "2026-11-24T10:00:00Z",
                    "observedGeneration": 3,
                }
            ],
        },
    }


def _env(count: int) -> list[dict[str, Any]]:
    return [{"name": f"SETTING_{i}", "value": f"value-of-setting-{i}"} for i in range(count)]


def _container(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": f"registry.example.com/team/{name}:1.27.@SHARD@",
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [
            *_env(1),
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}},
        ],
        "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "volumeMounts": [
            {
                "name": "kube-api-access-x2x4z",
                "readOnly": True,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            }
        ],
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }


def _container_status(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "state": {"running": {"startedAt": "2026-11-24T10:00:00Z"}},
        "lastState": {},
        "ready": True,
        "restartCount": 0,
        "image": f"registry.example.com/team/{name}:1.27.@SHARD@",
        "imageID": f"registry.example.com/team/{name}@sha256:" + "3f" * 32,
        "containerID": "containerd://" + "a7" * 32,
        "started": True,
    }


def _pod() -> dict[str, Any]:
    names = ["app", "proxy"]
    return {
        "metadata": {
            "name": "@NAME@",
            "generateName": "app-6d4cf56db6-",
            "namespace": "@NS@",
            "uid": "@UID@",
            "resourceVersion": "@RV@",
            "creationTimestamp": "2026-11-24T09:59:58Z",
            "labels": {"app": "app", "pod-template-hash": "6d4cf56db6", "shard": "@SHARD@"},
            "annotations": {SENT: NO_TIME},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "ReplicaSet",
                    "name": "app-6d4cf56db6",
                    "uid": "7d5b0d3e-0000-4000-8000-000000000001",
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
            "managedFields": [
                _managed(
                    "kube-controller-manager",
                    "Update",
                    {
                        "f:metadata": {
                            "f:generateName": {},
                            "f:labels": {".": {}, "f:app": {}},
                            "f:ownerReferences": {".": {}},
                        },
                        "f:spec": {
                            "f:containers": {
                                f'k:{{"name":"{name}"}}': {
                                    ".": {},
                                    "f:image": {},
                                    "f:livenessProbe": {".": {}, "f:httpGet": {".": {}, "f:path": {}}},
                                }
                                for name in names
                            },
                            "f:restartPolicy": {},
                        },
                    },
                ),
                _managed("kubelet", "Update", {"f:status": {"f:conditions": {}, "f:podIP": {}}}, "status"),
            ],
        },
        "spec": {
            "volumes": [
                {
                    "name": "kube-api-access-x2x4z",
                    "projected": {
                        "sources": [
                            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                        ],
                        "defaultMode": 420,
                    },
                }
            ],
            "containers": [_container(name) for name in names],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "default",
            "nodeName": "node-@SHARD@",
            "securityContext": {},
            "schedulerName": "default-scheduler",
            "tolerations": [
                {
                    "key": "node.kubernetes.io/not-ready",
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": 300,
                }
            ],
            "priority": 0,
            "enableServiceLinks": True,
        },
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": t, "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-11-24T10:00:00Z"}
                for t in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
            ],
            "hostIP": "10.0.0.1",
            "podIP": "10.1.0.1",
            "podIPs": [{"ip": "10.1.0.1"}],
            "startTime": "2026-11-24T09:59:58Z",
            "containerStatuses": [_container_status(name) for name in names],
            "qosClass": "Burstable",
        },
    }


@dataclass(frozen=True)
class Kind:
    """A kind that the mock server serves."""

    name: str
    api_version: str
    list_path: str
    document: dict[str, Any]
    in_list_has_type: bool

    def template(self, *, in_list: bool) -> bytes:
        """Return the document with holes; items of a list of a built-in kind carry no apiVersion and kind."""
        head = {} if in_list and not self.in_list_has_type else {"apiVersion": self.api_version, "kind": self.name}
        return json.dumps(head | self.document, separators=(",", ":")).encode()


KINDS = {
    "cr": Kind("TsTest", "stable.example.com/v1", "/apis/stable.example.com/v1/tstests", _tstest(), True),
    "pod": Kind("Pod", "v1", "/api/v1/pods", _pod(), False),
}


def fill(template: bytes, number: int, resource_version: int) -> bytes:
    """Return object `number` at `resource_version`; 50 namespaces, 100 shards."""
    return (
        template.replace(b"@NAME@", b"object-%06d" % number)
        .replace(b"@NS@", b"team-%02d" % (number % 50))
        .replace(b"@UID@", b"8b1f4c52-0000-4000-8000-%012d" % number)
        .replace(b"@RV@", b"%d" % resource_version)
        .replace(b"@SHARD@", b"s%02d" % (number % 100))
    )


def main() -> None:
    """Print the size of one object of each kind."""
    for name, kind in KINDS.items():
        print(name, len(fill(kind.template(in_list=False), 1, 100_000)), "bytes")


if __name__ == "__main__":
    main()
