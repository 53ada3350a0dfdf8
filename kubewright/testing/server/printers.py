"""Printers of workloads and of what belongs to them, as kubernetes ``pkg/printers/internalversion`` has them.

In the real server every kind has a printer in Go; these say the same, as far as the object alone tells it.
"""

from __future__ import annotations

from typing import Any, Final

from kubewright.testing.server.ages import age
from kubewright.testing.server.columns import (
    Json,
    Printer,
    access_modes,
    age_of,
    at,
    columns,
    containers,
    count,
    join,
    labels,
    selector,
    with_more,
)
from kubewright.testing.server.documents import section
from kubewright.testing.server.printers_cluster import CLUSTER_PRINTERS


def _pod(obj: Json) -> list[Any]:
    containers: list[Json] = at(obj, "spec", "containers") or []
    states: list[Json] = at(obj, "status", "containerStatuses") or []
    ready = sum(bool(state.get("ready")) for state in states)
    restarts = sum(int(state.get("restartCount", 0)) for state in states)
    status = at(obj, "status", "reason") or at(obj, "status", "phase") or ""
    for state in states:
        waiting = at(state, "state", "waiting", "reason") or at(state, "state", "terminated", "reason")
        status = waiting or status
    if at(obj, "metadata", "deletionTimestamp"):
        status = "Terminating"
    addresses = [ip.get("ip") for ip in at(obj, "status", "podIPs") or ()]
    return [
        f"{ready}/{len(containers)}",
        status,
        str(restarts),
        age_of(obj),
        addresses[0] if addresses else "<none>",
        at(obj, "spec", "nodeName") or "<none>",
        at(obj, "status", "nominatedNodeName") or "<none>",
        "<none>",
    ]


def _deployment(obj: Json) -> list[Any]:
    wanted = count(obj, "spec", "replicas") if at(obj, "spec", "replicas") is not None else 1
    names, images = containers(obj)
    return [
        f"{count(obj, 'status', 'readyReplicas')}/{wanted}",
        count(obj, "status", "updatedReplicas"),
        count(obj, "status", "availableReplicas"),
        age_of(obj),
        names,
        images,
        selector(obj),
    ]


def _replica_set(obj: Json) -> list[Any]:
    return [
        count(obj, "spec", "replicas"),
        count(obj, "status", "replicas"),
        count(obj, "status", "readyReplicas"),
        age_of(obj),
        *containers(obj),
        selector(obj),
    ]


def _stateful_set(obj: Json) -> list[Any]:
    ready = f"{count(obj, 'status', 'readyReplicas')}/{count(obj, 'spec', 'replicas')}"
    return [ready, age_of(obj), *containers(obj)]


def _daemon_set(obj: Json) -> list[Any]:
    fields = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    node = labels(at(obj, "spec", "template", "spec", "nodeSelector"))
    return [*(count(obj, "status", f) for f in fields), node, age_of(obj), *containers(obj), selector(obj)]


def _service(obj: Json) -> list[Any]:
    ports: list[Json] = at(obj, "spec", "ports") or []
    shown = [
        (
            f"{p.get('port')}:{p['nodePort']}/{p.get('protocol', 'TCP')}"
            if p.get("nodePort")
            else f"{p.get('port')}/{p.get('protocol', 'TCP')}"
        )
        for p in ports
    ]
    return [
        at(obj, "spec", "type") or "",
        at(obj, "spec", "clusterIP") or "<none>",
        join(at(obj, "spec", "externalIPs") or []),
        join(shown),
        age_of(obj),
        labels(at(obj, "spec", "selector")),
    ]


def _endpoints(obj: Json) -> list[Any]:
    found = [
        f"{address.get('ip')}:{port.get('port')}"
        for subset in obj.get("subsets") or ()
        for port in subset.get("ports") or ({"port": ""},)
        for address in subset.get("addresses") or ()
    ]
    return [with_more(found), age_of(obj)]


def _event(obj: Json) -> list[Any]:
    about: Json = obj.get("involvedObject") or {}
    last = obj.get("lastTimestamp") or obj.get("eventTime") or at(obj, "metadata", "creationTimestamp")
    first = obj.get("firstTimestamp") or obj.get("eventTime") or last
    source = join([at(obj, "source", "component"), at(obj, "source", "host")], "")
    return [
        age(last),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        source,
        str(obj.get("message", "")).strip(),
        age(first),
        obj.get("count") or 1,
        at(obj, "metadata", "name"),
    ]


def _job(obj: Json) -> list[Any]:
    conditions = {c.get("type"): c.get("status") for c in at(obj, "status", "conditions") or ()}
    status = next((s for s in ("Complete", "Failed", "Suspended") if conditions.get(s) == "True"), "Running")
    wanted = at(obj, "spec", "completions")
    done = f"{count(obj, 'status', 'succeeded')}/{wanted if wanted is not None else 1}"
    return [status, done, "", age_of(obj), *containers(obj), selector(obj)]


def _node(obj: Json) -> list[Any]:
    ready = next((c for c in at(obj, "status", "conditions") or () if c.get("type") == "Ready"), None)
    status = "Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"
    if at(obj, "spec", "unschedulable"):
        status += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    roles = [key.removeprefix(prefix) for key in at(obj, "metadata", "labels") or () if key.startswith(prefix)]
    addresses = {a.get("type"): a.get("address") for a in at(obj, "status", "addresses") or ()}
    info = section(obj, "status", "nodeInfo")
    return [
        status,
        join(sorted(roles)),
        age_of(obj),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", "<none>"),
        addresses.get("ExternalIP", "<none>"),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _ingress(obj: Json) -> list[Any]:
    hosts = [rule.get("host") or "*" for rule in at(obj, "spec", "rules") or ()]
    balancers: list[Json] = at(obj, "status", "loadBalancer", "ingress") or []
    return [
        at(obj, "spec", "ingressClassName") or "<none>",
        join(hosts, "*"),
        join([b.get("ip") or b.get("hostname") for b in balancers], ""),
        "80, 443" if at(obj, "spec", "tls") else "80",
        age_of(obj),
    ]


def _claim(obj: Json) -> list[Any]:
    return [
        at(obj, "status", "phase") or "",
        at(obj, "spec", "volumeName") or "",
        at(obj, "status", "capacity", "storage") or "",
        access_modes(at(obj, "status", "accessModes")),
        at(obj, "spec", "storageClassName") or "",
        "<unset>",
        age_of(obj),
        at(obj, "spec", "volumeMode") or "<unset>",
    ]


_TEMPLATE: Final = "+Containers|+Images|+Selector"

PRINTERS: Final[dict[str, Printer]] = {
    "Pod": Printer(
        columns("Ready|Status|Restarts|Age|+IP|+Node|+Nominated Node|+Readiness Gates"),
        _pod,
    ),
    "Deployment": Printer(columns(f"Ready|Up-to-date|Available|Age|{_TEMPLATE}"), _deployment),
    "ReplicaSet": Printer(columns(f"Desired:integer|Current:integer|Ready:integer|Age|{_TEMPLATE}"), _replica_set),
    "StatefulSet": Printer(columns("Ready|Age|+Containers|+Images"), _stateful_set),
    "DaemonSet": Printer(
        columns(
            "Desired:integer|Current:integer|Ready:integer|Up-to-date:integer|Available:integer|Node Selector|Age|"
            + _TEMPLATE
        ),
        _daemon_set,
    ),
    "Service": Printer(columns("Type|Cluster-IP|External-IP|Port(s)|Age|+Selector"), _service),
    "Endpoints": Printer(columns("Endpoints|Age"), _endpoints),
    "ConfigMap": Printer(
        columns("Data|Age"), lambda o: [len(o.get("data") or {}) + len(o.get("binaryData") or {}), age_of(o)]
    ),
    "Secret": Printer(columns("Type|Data|Age"), lambda o: [o.get("type", ""), len(o.get("data") or {}), age_of(o)]),
    "ServiceAccount": Printer(columns("Age"), lambda o: [age_of(o)]),
    "Namespace": Printer(columns("Status|Age"), lambda o: [at(o, "status", "phase") or "", age_of(o)]),
    "Node": Printer(
        columns("Status|Roles|Age|Version|+Internal-IP|+External-IP|+OS-Image|+Kernel-Version|+Container-Runtime"),
        _node,
    ),
    "Event": Printer(
        columns(
            "Last Seen|Type|Reason|Object|+Subobject|+Source|Message|+First Seen|+Count|+Name::name",
        ),
        _event,
        named=False,
    ),
    "Job": Printer(columns(f"Status|Completions|Duration|Age|{_TEMPLATE}"), _job),
    "Ingress": Printer(columns("Class|Hosts|Address|Ports|Age"), _ingress),
    "PersistentVolumeClaim": Printer(
        columns("Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|+VolumeMode"), _claim
    ),
    "Lease": Printer(columns("Holder|Age"), lambda o: [at(o, "spec", "holderIdentity") or "", age_of(o)]),
    **CLUSTER_PRINTERS,
}
