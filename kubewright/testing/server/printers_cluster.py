"""Printers of what a cluster is made of around workloads: access, policy, storage, networking, admission."""

from __future__ import annotations

from typing import Any, Final

from kubewright.testing.server.ages import ZERO_TIME, age, human_duration
from kubewright.testing.server.columns import (
    Json,
    Printer,
    access_modes,
    age_of,
    at,
    columns,
    container_names,
    containers,
    count,
    created_at_column,
    join,
    label_selector,
    labels,
    with_more,
)
from kubewright.testing.server.documents import entries, section


def _binding(obj: Json) -> list[Any]:
    subjects = entries(obj, "subjects")

    def named(kind: str) -> list[str]:
        return [str(s.get("name", "")) for s in subjects if s.get("kind") == kind]

    accounts = [f"{s.get('namespace', '')}/{s.get('name', '')}" for s in subjects if s.get("kind") == "ServiceAccount"]
    role = section(obj, "roleRef")
    subject_cells = [", ".join(names) for names in (named("User"), named("Group"), accounts)]
    return [f"{role.get('kind', '')}/{role.get('name', '')}", age_of(obj), *subject_cells]


def _custom_resource_definition(obj: Json) -> list[Any]:
    versions = [
        f"{version.get('name', '')}{'(storage)' if version.get('storage') else ''}"
        for version in entries(obj, "spec", "versions")
        if version.get("served")
    ]
    established = any(
        c.get("type") == "Established" and c.get("status") == "True" for c in entries(obj, "status", "conditions")
    )
    return [
        at(obj, "spec", "scope") or "",
        ",".join(sorted(versions)),
        at(obj, "metadata", "creationTimestamp") or ZERO_TIME,
        at(obj, "spec", "group") or "",
        at(obj, "spec", "names", "kind") or "",
        ",".join(at(obj, "spec", "names", "shortNames") or ()),
        established,
    ]


def _persistent_volume(obj: Json) -> list[Any]:
    claim = section(obj, "spec", "claimRef")
    phase = "Terminating" if at(obj, "metadata", "deletionTimestamp") else at(obj, "status", "phase") or ""
    return [
        at(obj, "spec", "capacity", "storage") or "0",
        access_modes(at(obj, "spec", "accessModes")),
        at(obj, "spec", "persistentVolumeReclaimPolicy") or "",
        phase,
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        at(obj, "spec", "storageClassName") or "",
        at(obj, "spec", "volumeAttributesClassName") or "<unset>",
        at(obj, "status", "reason") or "",
        age_of(obj),
        at(obj, "spec", "volumeMode") or "<unset>",
    ]


def _resource_quota(obj: Json) -> list[Any]:
    hard, used = section(obj, "status", "hard"), section(obj, "status", "used")
    shown = {True: "", False: ""}
    for name in sorted(hard):
        shown[name.startswith("limits.")] += f"{name}: {used.get(name, '0')}/{hard[name]}, "
    return [shown[False].removesuffix(", "), shown[True].removesuffix(", "), age_of(obj)]


def _cron_job(obj: Json) -> list[Any]:
    last = at(obj, "status", "lastScheduleTime")
    suspend = at(obj, "spec", "suspend")
    job = section(obj, "spec", "jobTemplate", "spec")
    return [
        at(obj, "spec", "schedule") or "",
        at(obj, "spec", "timeZone") or "<none>",
        "<unset>" if suspend is None else "True" if suspend else "False",
        len(entries(obj, "status", "active")),
        age(last) if last else "<none>",
        age_of(obj),
        *container_names(entries(job, "template", "spec", "containers")),
        label_selector(job.get("selector")),
    ]


def _autoscaler(obj: Json) -> list[Any]:
    target = section(obj, "spec", "scaleTargetRef")
    minimum = at(obj, "spec", "minReplicas")
    return [
        f"{target.get('kind', '')}/{target.get('name', '')}",
        "<unknown>" if entries(obj, "spec", "metrics") else "<none>",
        "<unset>" if minimum is None else str(minimum),
        count(obj, "spec", "maxReplicas"),
        count(obj, "status", "currentReplicas"),
        age_of(obj),
    ]


def _endpoint_slice(obj: Json) -> list[Any]:
    ports = [str(p.get("port", p.get("name", "*"))) for p in entries(obj, "ports")]
    addresses = [str(address) for e in entries(obj, "endpoints") for address in e.get("addresses") or ()]
    return [obj.get("addressType", ""), with_more(ports, "<unset>"), with_more(addresses, "<unset>"), age_of(obj)]


def _disruption_budget(obj: Json) -> list[Any]:
    spec = section(obj, "spec")
    cells = [str(spec[key]) if spec.get(key) is not None else "N/A" for key in ("minAvailable", "maxUnavailable")]
    return [*cells, count(obj, "status", "disruptionsAllowed"), age_of(obj)]


def _controller_revision(obj: Json) -> list[Any]:
    owner = next((o for o in entries(obj, "metadata", "ownerReferences") if o.get("controller")), None)
    group = str(owner.get("apiVersion", "")).rpartition("/")[0] if owner else ""
    name = f"{str(owner.get('kind', '')).lower()}{'.' + group if group else ''}/{owner.get('name')}" if owner else ""
    return [name or "<none>", count(obj, "revision"), age_of(obj)]


def _csi_driver(obj: Json) -> list[Any]:
    spec = section(obj, "spec")
    requests = spec.get("tokenRequests")
    return [
        spec.get("attachRequired", True),
        bool(spec.get("podInfoOnMount")),
        bool(spec.get("storageCapacity")),
        "<unset>" if requests is None else ",".join(str(r.get("audience", "")) for r in requests),
        bool(spec.get("requiresRepublish")),
        join(spec.get("volumeLifecycleModes") or []),
        age_of(obj),
    ]


def _signing_request(obj: Json) -> list[Any]:
    seconds = at(obj, "spec", "expirationSeconds")
    types = {c.get("type") for c in entries(obj, "status", "conditions")}
    words = [word for word in ("Approved", "Denied", "Failed") if word in types] or ["Pending"]
    if at(obj, "status", "certificate"):
        words.append("Issued")
    return [
        age_of(obj),
        at(obj, "spec", "signerName") or "<none>",
        at(obj, "spec", "username") or "",
        "<none>" if seconds is None else human_duration(int(seconds)),
        ",".join(words),
    ]


def _ingress_class(obj: Json) -> list[Any]:
    parameters = section(obj, "spec", "parameters")
    group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") else ""
    shown = f"{parameters.get('kind', '')}{group}/{parameters.get('name', '')}" if parameters else "<none>"
    return [at(obj, "spec", "controller") or "", shown, age_of(obj)]


def _ip_address(obj: Json) -> list[Any]:
    parent = section(obj, "spec", "parentRef")
    if not parent:
        return ["<none>"]
    kind = ".".join(part for part in (parent.get("resource", ""), parent.get("group", "")) if part).lower()
    return ["/".join(part for part in (kind, parent.get("namespace", ""), parent.get("name", "")) if part)]


def _flow_schema(obj: Json) -> list[Any]:
    dangling = [c.get("status") for c in entries(obj, "status", "conditions") if c.get("type") == "Dangling"]
    return [
        at(obj, "spec", "priorityLevelConfiguration", "name") or "",
        count(obj, "spec", "matchingPrecedence"),
        at(obj, "spec", "distinguisherMethod", "type") or "<none>",
        age_of(obj),
        (dangling or ["?"])[0],
    ]


def _priority_level(obj: Json) -> list[Any]:
    limited = section(obj, "spec", "limited")
    queuing = section(limited, "limitResponse", "queuing")
    queues = [queuing.get(key, "<none>") for key in ("queues", "handSize", "queueLengthLimit")]
    return [
        at(obj, "spec", "type") or "",
        limited.get("nominalConcurrencyShares", "<none>"),
        *queues,
        age_of(obj),
    ]


def _param_ref(obj: Json) -> str:
    ref = section(obj, "spec", "paramRef")
    if ref.get("name"):
        return f"{ref.get('namespace') or '*'}/{ref['name']}"
    return label_selector(ref["selector"]) if ref.get("selector") is not None else "<unset>"


def _param_kind(obj: Json) -> str:
    kind = section(obj, "spec", "paramKind")
    return f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}" if kind else "<unset>"


def _migration(obj: Json) -> list[Any]:
    resource = section(obj, "spec", "resource")
    name = ".".join(part for part in (resource.get("resource", ""), resource.get("group", "")) if part)
    true = [c.get("type") for c in entries(obj, "status", "conditions") if c.get("status") == "True"]
    return [name, next((t for t in reversed(true) if t in ("Running", "Failed", "Succeeded")), "Unknown")]


def _replication_controller(obj: Json) -> list[Any]:
    counts = [count(obj, *path) for path in (("spec", "replicas"), ("status", "replicas"), ("status", "readyReplicas"))]
    return [*counts, age_of(obj), *containers(obj), labels(at(obj, "spec", "selector"))]


def _taint(obj: Json) -> list[Any]:
    taint = section(obj, "spec", "taint")
    added = taint.get("timeAdded")
    shown = [taint.get(key, "") for key in ("key", "value", "effect")]
    return [*shown, age(added) if added else "", age_of(obj)]


def _storage_class(obj: Json) -> list[Any]:
    return [
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy") or "Delete",
        obj.get("volumeBindingMode") or "Immediate",
        bool(obj.get("allowVolumeExpansion")),
        age_of(obj),
    ]


def _pod_template(obj: Json) -> list[Any]:
    template = section(obj, "template")
    return [*container_names(entries(template, "spec", "containers")), labels(at(template, "metadata", "labels"))]


def _claim_state(obj: Json) -> list[Any]:
    states: list[str] = ["deleted"] if at(obj, "metadata", "deletionTimestamp") else []
    if section(obj, "status", "allocation"):
        states.append("allocated")
        if entries(obj, "status", "reservedFor"):
            states.append("reserved")
    else:
        states.append("pending")
    return [",".join(states), age_of(obj)]


_BINDING: Final = Printer(columns("Role|Age|+Users|+Groups|+ServiceAccounts"), _binding)
_WEBHOOKS: Final = Printer(columns("Webhooks:integer|Age"), lambda o: [len(entries(o, "webhooks")), age_of(o)])
_POLICY_BINDING: Final = Printer(
    columns("PolicyName|ParamRef|Age"), lambda o: [at(o, "spec", "policyName") or "", _param_ref(o), age_of(o)]
)
_ONLY_AGE: Final = Printer(columns("Age"), lambda o: [age_of(o)])

CLUSTER_PRINTERS: Final[dict[str, Printer]] = {
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "CustomResourceDefinition": Printer(
        (
            *columns("Scope|Versions"),
            created_at_column(),
            *columns("+Group|+Kind|+ShortNames|+Established:boolean"),
        ),
        _custom_resource_definition,
    ),
    "PersistentVolume": Printer(
        columns(
            "Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age|+VolumeMode"
        ),
        _persistent_volume,
    ),
    "ResourceQuota": Printer(columns("Request|Limit|Age"), _resource_quota),
    "CronJob": Printer(
        columns("Schedule|Timezone|Suspend:boolean|Active:integer|Last Schedule|Age|+Containers|+Images|+Selector"),
        _cron_job,
    ),
    "HorizontalPodAutoscaler": Printer(columns("Reference|Targets|MinPods|MaxPods|Replicas|Age"), _autoscaler),
    "EndpointSlice": Printer(columns("AddressType|Ports|Endpoints|Age"), _endpoint_slice),
    "NetworkPolicy": Printer(
        columns("Pod-Selector|Age"), lambda o: [label_selector(at(o, "spec", "podSelector")), age_of(o)]
    ),
    "PodDisruptionBudget": Printer(
        columns("Min Available|Max Unavailable|Allowed Disruptions:integer|Age"), _disruption_budget
    ),
    "ControllerRevision": Printer(columns("Controller|Revision|Age"), _controller_revision),
    "CSIDriver": Printer(
        columns(
            "AttachRequired:boolean|PodInfoOnMount:boolean|StorageCapacity:boolean|TokenRequests|"
            "RequiresRepublish:boolean|Modes|Age"
        ),
        _csi_driver,
    ),
    "CSINode": Printer(columns("Drivers:integer|Age"), lambda o: [len(entries(o, "spec", "drivers")), age_of(o)]),
    "StorageClass": Printer(
        columns("Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age"), _storage_class
    ),
    "VolumeAttachment": Printer(
        columns("Attacher::name|PV|Node|Attached:boolean|Age"),
        lambda o: [
            at(o, "spec", "attacher") or "",
            at(o, "spec", "source", "persistentVolumeName") or "",
            at(o, "spec", "nodeName") or "",
            bool(at(o, "status", "attached")),
            age_of(o),
        ],
    ),
    "VolumeAttributesClass": Printer(columns("DriverName|Age"), lambda o: [o.get("driverName", ""), age_of(o)]),
    "CertificateSigningRequest": Printer(
        columns("Age|SignerName|Requestor|RequestedDuration|Condition"), _signing_request
    ),
    "ClusterTrustBundle": Printer(columns("SignerName"), lambda o: [at(o, "spec", "signerName") or "<none>"]),
    "IngressClass": Printer(columns("Controller|Parameters|Age"), _ingress_class),
    "IPAddress": Printer(columns("ParentRef"), _ip_address),
    "ServiceCIDR": Printer(columns("CIDRs|Age"), lambda o: [",".join(at(o, "spec", "cidrs") or ()), age_of(o)]),
    "RuntimeClass": Printer(columns("Handler|Age"), lambda o: [o.get("handler", ""), age_of(o)]),
    "PriorityClass": Printer(
        columns("Value:integer|Global-Default:boolean|Age|PreemptionPolicy"),
        lambda o: [count(o, "value"), bool(o.get("globalDefault")), age_of(o), o.get("preemptionPolicy", "")],
    ),
    "FlowSchema": Printer(columns("PriorityLevel|MatchingPrecedence|DistinguisherMethod|Age|MissingPL"), _flow_schema),
    "PriorityLevelConfiguration": Printer(
        columns("Type|NominalConcurrencyShares|Queues|HandSize|QueueLengthLimit|Age"), _priority_level
    ),
    "MutatingWebhookConfiguration": _WEBHOOKS,
    "ValidatingWebhookConfiguration": _WEBHOOKS,
    "ValidatingAdmissionPolicy": Printer(
        columns("Validations:integer|ParamKind|Age"),
        lambda o: [len(entries(o, "spec", "validations")), _param_kind(o), age_of(o)],
    ),
    "MutatingAdmissionPolicy": Printer(
        columns("Mutations:integer|ParamKind|Age"),
        lambda o: [len(entries(o, "spec", "mutations")), _param_kind(o), age_of(o)],
    ),
    "ValidatingAdmissionPolicyBinding": _POLICY_BINDING,
    "MutatingAdmissionPolicyBinding": _POLICY_BINDING,
    "PodTemplate": Printer(columns("Containers|Images|Pod Labels"), _pod_template),
    "ReplicationController": Printer(
        columns("Desired:integer|Current:integer|Ready:integer|Age|+Containers|+Images|+Selector"),
        _replication_controller,
    ),
    "DeviceClass": _ONLY_AGE,
    "ResourceClaimTemplate": _ONLY_AGE,
    "ResourceClaim": Printer(columns("State|Age"), _claim_state),
    "ResourceSlice": Printer(
        columns("Node|Driver|Pool|Age"),
        lambda o: [
            at(o, "spec", "nodeName") or "",
            at(o, "spec", "driver") or "",
            at(o, "spec", "pool", "name") or "",
            age_of(o),
        ],
    ),
    "DeviceTaintRule": Printer(columns("Key|Value|Effect|TimeAdded|Age"), _taint),
    "StorageVersionMigration": Printer(columns("Resource|Status"), _migration),
}


def default_printer() -> Printer:
    """What kinds without a printer of their own show."""
    return Printer((created_at_column(),), lambda o: [at(o, "metadata", "creationTimestamp") or ZERO_TIME])
