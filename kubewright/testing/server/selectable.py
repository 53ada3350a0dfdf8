"""Fields of built-in kinds that a field selector may name, and what is compared with it.

Each kind's strategy in Go computes these values (``ToSelectableFields``); most are plain paths, some are not: an absent
number is ``0``, an absent boolean ``false``, and an Event's source falls back on its controller.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from kubewright.testing.server.documents import Json, entries, section

Value: TypeAlias = Callable[[Json], str]


def path(dotted: str) -> Value:
    """The text, number or boolean at a dotted path; absent ones are empty."""
    *parents, last = dotted.split(".")

    def read(obj: Json) -> str:
        value = section(obj, *parents).get(last)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    return read


def _or(default: str, dotted: str) -> Value:
    read = path(dotted)
    return lambda obj: read(obj) or default


def _event_source(obj: Json) -> str:
    return str(section(obj, "source").get("component") or obj.get("reportingComponent") or "")


def _pod_ip(obj: Json) -> str:
    addresses = entries(obj, "status", "podIPs")
    return str(addresses[0].get("ip", "")) if addresses else path("status.podIP")(obj)


def _plain(*paths: str) -> dict[str, Value]:
    return {each: path(each) for each in paths}


_OBJECT: Final = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")

SELECTABLE: Final[dict[str, dict[str, Value]]] = {
    "pods": {
        **_plain(
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.nominatedNodeName",
        ),
        "spec.host": path("spec.nodeName"),  # its name of long ago
        "spec.hostNetwork": _or("false", "spec.hostNetwork"),
        "status.podIP": _pod_ip,
        "status.podIPs": _pod_ip,
    },
    "events": {
        **_plain(*(f"involvedObject.{name}" for name in _OBJECT), "reason", "reportingComponent", "type"),
        "source": _event_source,
    },
    "events.events.k8s.io": _plain(*(f"regarding.{name}" for name in _OBJECT), "reason", "reportingController", "type"),
    "secrets": _plain("type"),
    "namespaces": _plain("status.phase"),
    "nodes": {"spec.unschedulable": _or("false", "spec.unschedulable")},
    "services": _plain("spec.clusterIP", "spec.type"),
    "replicationcontrollers": {"status.replicas": _or("0", "status.replicas")},
    "replicasets.apps": {"status.replicas": _or("0", "status.replicas")},
    "jobs.batch": {"status.successful": _or("0", "status.succeeded")},
    "resourceslices.resource.k8s.io": _plain("spec.nodeName", "spec.driver", "spec.pool.name"),
    "certificatesigningrequests.certificates.k8s.io": _plain("spec.signerName"),
    "clustertrustbundles.certificates.k8s.io": _plain("spec.signerName"),
    "podcertificaterequests.certificates.k8s.io": _plain("spec.signerName", "spec.podName", "spec.nodeName"),
}
"""``plural.group`` -> field -> how to read it."""
