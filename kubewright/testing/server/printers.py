"""Columns of built-in kinds, as kubernetes ``pkg/printers/internalversion`` has them.

In the real server every kind has a printer in Go. Here are the kinds that people look at while they test a controller,
with the cells that can be computed from the object alone; a kind that is missing gets name and age.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from kubewright.testing.server import builtins
from kubewright.testing.server.ages import age
from kubewright.testing.server.documents import section

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a Table; a priority above 0 shows only with ``-o wide``."""

    name: str
    type: str
    description: str = ""
    priority: int = 0
    format: str = ""

    def definition(self) -> Json:
        """As it goes into ``columnDefinitions``."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


def _described(field: str) -> str:
    """What the API's own documentation says of a field of ObjectMeta."""
    return str(builtins.schema("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")["properties"][field]["description"])


@cache
def name_column() -> Column:
    """The first column of every table."""
    return Column("Name", "string", _described("name"), format="name")


@cache
def age_column(kind: str = "string") -> Column:
    """Built-in kinds send the age ready to print, CRDs without columns of their own send it as a date."""
    return Column("Age", kind, _described("creationTimestamp"))


@dataclass(frozen=True, slots=True)
class Printer:
    """The columns of a kind after its name, and what is in them."""

    columns: tuple[Column, ...]
    cells: Callable[[Json], list[Any]]


def _at(obj: Json, *path: str) -> Any:
    return section(obj, *path[:-1]).get(path[-1])


def _count(obj: Json, *path: str) -> int:
    value = _at(obj, *path)
    return value if isinstance(value, int) else 0


def _age(obj: Json) -> str:
    return age(_at(obj, "metadata", "creationTimestamp"))


def _join(values: Sequence[Any], empty: str = "<none>") -> str:
    return ",".join(str(value) for value in values if value) or empty


def _labels(labels: Json | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or "<none>"


def _selector(obj: Json) -> str:
    return _labels(_at(obj, "spec", "selector", "matchLabels"))


def _containers(obj: Json) -> tuple[str, str]:
    found: list[Json] = _at(obj, "spec", "template", "spec", "containers") or []
    return _join([c.get("name") for c in found]), _join([c.get("image") for c in found])


def _pod(obj: Json) -> list[Any]:
    containers: list[Json] = _at(obj, "spec", "containers") or []
    states: list[Json] = _at(obj, "status", "containerStatuses") or []
    ready = sum(bool(state.get("ready")) for state in states)
    restarts = sum(int(state.get("restartCount", 0)) for state in states)
    status = _at(obj, "status", "reason") or _at(obj, "status", "phase") or ""
    for state in states:
        waiting = _at(state, "state", "waiting", "reason") or _at(state, "state", "terminated", "reason")
        status = waiting or status
    if _at(obj, "metadata", "deletionTimestamp"):
        status = "Terminating"
    addresses = [ip.get("ip") for ip in _at(obj, "status", "podIPs") or ()]
    return [
        f"{ready}/{len(containers)}",
        status,
        str(restarts),
        _age(obj),
        addresses[0] if addresses else "<none>",
        _at(obj, "spec", "nodeName") or "<none>",
        _at(obj, "status", "nominatedNodeName") or "<none>",
        "<none>",
    ]


def _deployment(obj: Json) -> list[Any]:
    wanted = _count(obj, "spec", "replicas") if _at(obj, "spec", "replicas") is not None else 1
    names, images = _containers(obj)
    return [
        f"{_count(obj, 'status', 'readyReplicas')}/{wanted}",
        _count(obj, "status", "updatedReplicas"),
        _count(obj, "status", "availableReplicas"),
        _age(obj),
        names,
        images,
        _selector(obj),
    ]


def _replica_set(obj: Json) -> list[Any]:
    return [
        _count(obj, "spec", "replicas"),
        _count(obj, "status", "replicas"),
        _count(obj, "status", "readyReplicas"),
        _age(obj),
        *_containers(obj),
        _selector(obj),
    ]


def _stateful_set(obj: Json) -> list[Any]:
    ready = f"{_count(obj, 'status', 'readyReplicas')}/{_count(obj, 'spec', 'replicas')}"
    return [ready, _age(obj), *_containers(obj)]


def _daemon_set(obj: Json) -> list[Any]:
    fields = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    node = _labels(_at(obj, "spec", "template", "spec", "nodeSelector"))
    return [*(_count(obj, "status", f) for f in fields), node, _age(obj), *_containers(obj), _selector(obj)]


def _service(obj: Json) -> list[Any]:
    ports: list[Json] = _at(obj, "spec", "ports") or []
    shown = [
        (
            f"{p.get('port')}:{p['nodePort']}/{p.get('protocol', 'TCP')}"
            if p.get("nodePort")
            else f"{p.get('port')}/{p.get('protocol', 'TCP')}"
        )
        for p in ports
    ]
    return [
        _at(obj, "spec", "type") or "",
        _at(obj, "spec", "clusterIP") or "<none>",
        _join(_at(obj, "spec", "externalIPs") or []),
        _join(shown),
        _age(obj),
        _labels(_at(obj, "spec", "selector")),
    ]


def _endpoints(obj: Json) -> list[Any]:
    found = [
        f"{address.get('ip')}:{port.get('port')}"
        for subset in obj.get("subsets") or ()
        for port in subset.get("ports") or ({"port": ""},)
        for address in subset.get("addresses") or ()
    ]
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return [_join(found[:3]) + more, _age(obj)]


def _event(obj: Json) -> list[Any]:
    about: Json = obj.get("involvedObject") or {}
    last = obj.get("lastTimestamp") or obj.get("eventTime") or _at(obj, "metadata", "creationTimestamp")
    first = obj.get("firstTimestamp") or obj.get("eventTime") or last
    source = _join([_at(obj, "source", "component"), _at(obj, "source", "host")], "")
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
        _at(obj, "metadata", "name"),
    ]


def _job(obj: Json) -> list[Any]:
    conditions = {c.get("type"): c.get("status") for c in _at(obj, "status", "conditions") or ()}
    status = next((s for s in ("Complete", "Failed", "Suspended") if conditions.get(s) == "True"), "Running")
    wanted = _at(obj, "spec", "completions")
    done = f"{_count(obj, 'status', 'succeeded')}/{wanted if wanted is not None else 1}"
    return [status, done, "", _age(obj), *_containers(obj), _selector(obj)]


def _node(obj: Json) -> list[Any]:
    ready = next((c for c in _at(obj, "status", "conditions") or () if c.get("type") == "Ready"), None)
    status = "Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"
    if _at(obj, "spec", "unschedulable"):
        status += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    roles = [key.removeprefix(prefix) for key in _at(obj, "metadata", "labels") or () if key.startswith(prefix)]
    addresses = {a.get("type"): a.get("address") for a in _at(obj, "status", "addresses") or ()}
    info = section(obj, "status", "nodeInfo")
    return [
        status,
        _join(sorted(roles)),
        _age(obj),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", "<none>"),
        addresses.get("ExternalIP", "<none>"),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _ingress(obj: Json) -> list[Any]:
    hosts = [rule.get("host") or "*" for rule in _at(obj, "spec", "rules") or ()]
    balancers: list[Json] = _at(obj, "status", "loadBalancer", "ingress") or []
    return [
        _at(obj, "spec", "ingressClassName") or "<none>",
        _join(hosts, "*"),
        _join([b.get("ip") or b.get("hostname") for b in balancers], ""),
        "80, 443" if _at(obj, "spec", "tls") else "80",
        _age(obj),
    ]


def _claim(obj: Json) -> list[Any]:
    return [
        _at(obj, "status", "phase") or "",
        _at(obj, "spec", "volumeName") or "",
        _at(obj, "status", "capacity", "storage") or "",
        _join(_at(obj, "status", "accessModes") or [], ""),
        _at(obj, "spec", "storageClassName") or "",
        "<unset>",
        _age(obj),
        _at(obj, "spec", "volumeMode") or "<unset>",
    ]


def _columns(text: str) -> tuple[Column, ...]:
    """``Name:type`` pairs; ``+`` in front means wide only; ``Age`` alone is the age column."""
    found: list[Column] = []
    for word in text.split("|"):
        name, _, kind = word.strip().partition(":")
        if name == "Age":
            found.append(Column("Age", "string"))
        else:
            found.append(Column(name.removeprefix("+"), kind or "string", priority=int(name.startswith("+"))))
    return tuple(found)


_TEMPLATE: Final = "+Containers|+Images|+Selector"

PRINTERS: Final[dict[str, Printer]] = {
    "Pod": Printer(
        _columns("Ready|Status|Restarts|Age|+IP|+Node|+Nominated Node|+Readiness Gates"),
        _pod,
    ),
    "Deployment": Printer(_columns(f"Ready|Up-to-date|Available|Age|{_TEMPLATE}"), _deployment),
    "ReplicaSet": Printer(_columns(f"Desired:integer|Current:integer|Ready:integer|Age|{_TEMPLATE}"), _replica_set),
    "StatefulSet": Printer(_columns("Ready|Age|+Containers|+Images"), _stateful_set),
    "DaemonSet": Printer(
        _columns(
            "Desired:integer|Current:integer|Ready:integer|Up-to-date:integer|Available:integer|Node Selector|Age|"
            + _TEMPLATE
        ),
        _daemon_set,
    ),
    "Service": Printer(_columns("Type|Cluster-IP|External-IP|Port(s)|Age|+Selector"), _service),
    "Endpoints": Printer(_columns("Endpoints|Age"), _endpoints),
    "ConfigMap": Printer(
        _columns("Data|Age"), lambda o: [len(o.get("data") or {}) + len(o.get("binaryData") or {}), _age(o)]
    ),
    "Secret": Printer(_columns("Type|Data|Age"), lambda o: [o.get("type", ""), len(o.get("data") or {}), _age(o)]),
    "ServiceAccount": Printer(_columns("Age"), lambda o: [_age(o)]),
    "Namespace": Printer(_columns("Status|Age"), lambda o: [_at(o, "status", "phase") or "", _age(o)]),
    "Node": Printer(
        _columns("Status|Roles|Age|Version|+Internal-IP|+External-IP|+OS-Image|+Kernel-Version|+Container-Runtime"),
        _node,
    ),
    "Event": Printer(
        _columns(
            "Last Seen|Type|Reason|Object|+Subobject|+Source|Message|+First Seen|+Count|+Name",
        ),
        _event,
    ),
    "Job": Printer(_columns(f"Status|Completions|Duration|Age|{_TEMPLATE}"), _job),
    "Ingress": Printer(_columns("Class|Hosts|Address|Ports|Age"), _ingress),
    "PersistentVolumeClaim": Printer(
        _columns("Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|+VolumeMode"), _claim
    ),
    "Lease": Printer(_columns("Holder|Age"), lambda o: [_at(o, "spec", "holderIdentity") or "", _age(o)]),
    "CustomResourceDefinition": Printer(
        (Column("Created At", "date"),),
        lambda o: [_at(o, "metadata", "creationTimestamp") or ""],
    ),
}
