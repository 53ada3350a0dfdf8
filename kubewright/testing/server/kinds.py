"""What is different about single built-in kinds, as data: the part of a Go strategy that clients notice.

Custom resources all behave alike; each built-in kind has a strategy of its own in kubernetes ``pkg/registry``. The facts
below were read there (1.37): who has a generation, who may be updated without a resourceVersion, who is created by PUT,
whose delete answers with the object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kubewright.testing.server.documents import Json
from kubewright.testing.server.godefaults import ALWAYS_THERE, DECODING, NEW, UPDATED
from kubewright.testing.server.gotypes import forget_empty, round_trip
from kubewright.testing.server.registry import ServedResource

_ADMISSION: Final = frozenset(
    {
        "validatingadmissionpolicies",
        "mutatingadmissionpolicies",
        "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations",
        "mutatingadmissionpolicybindings",
        "validatingadmissionpolicybindings",
    }
)
_WITH_GENERATION: Final = _ADMISSION | {
    "priorityclasses",
    "ingressclasses",
    "networkpolicies",
    "ingresses",
    "endpointslices",
    "poddisruptionbudgets",
    "resourceslices",
    "deviceclasses",
    "horizontalpodautoscalers",
    "flowschemas",
    "prioritylevelconfigurations",
    "daemonsets",
    "statefulsets",
    "deployments",
    "replicasets",
    "jobs",
    "cronjobs",
    "pods",
    "podtemplates",
    "replicationcontrollers",
    "customresourcedefinitions",
}
_CONDITIONAL_UPDATE_ONLY: Final = _ADMISSION | {
    "clustertrustbundles",
    "runtimeclasses",
    "storageversionmigrations",
    "poddisruptionbudgets",
    "csidrivers",
    "csistoragecapacities",
    "volumeattachments",
    "csinodes",
    "leases",
    "leasecandidates",
    "customresourcedefinitions",
}
_CREATED_BY_UPDATE: Final = frozenset(
    {
        "runtimeclasses",
        "rolebindings",
        "clusterrolebindings",
        "roles",
        "clusterroles",
        "leases",
        "leasecandidates",
        "limitranges",
        "events",
        "services",
        "endpoints",
    }
)
_RETURNED_WHEN_DELETED: Final = frozenset(
    {
        "resourceclaimtemplates",
        "resourceslices",
        "resourceclaims",
        "deviceclasses",
        "csidrivers",
        "storageclasses",
        "volumeattachments",
        "csinodes",
        "volumeattributesclasses",
        "resourcequotas",
        "persistentvolumes",
        "serviceaccounts",
        "persistentvolumeclaims",
        "namespaces",
        "pods",
        "services",
        "podtemplates",
    }
)
_PATH_SEGMENT_NAMES: Final = frozenset({"roles", "rolebindings", "clusterroles", "clusterrolebindings"})
_LABEL_NAMES: Final = frozenset({"namespaces", "services"})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the verbs treat one kind."""

    generation: bool = True
    unconditional_update: bool = False
    create_on_update: bool = False
    returns_deleted: bool = False
    names: str = "subdomain"
    """``subdomain``, ``label`` or ``segment``: what a name may look like."""
    collects_garbage: bool = True
    """False: the kind knows no propagation policy (events)."""


def is_namespace(served: ServedResource) -> bool:
    """Whether this is the kind Namespace of the core group."""
    return served.resource.plural == "namespaces" and not served.resource.group


def decoded(obj: Json, served: ServedResource) -> None:
    """What decoding into a Go type does to a built-in object, in place. Raises WrongType."""
    _as_go_type(obj, served)
    default = DECODING.get((served.resource.group, served.resource.plural))
    if default is not None:
        default(obj)


def complete_new(obj: Json, served: ServedResource) -> None:
    """What strategy and admission add to a new built-in object, in place."""
    complete = NEW.get((served.resource.group, served.resource.plural))
    if complete is not None:
        complete(obj)
    _as_go_type(obj, served)


def as_stored(obj: Json, served: ServedResource) -> None:
    """What storage makes of a new built-in object after it was checked, in place: empty lists are none."""
    if served.schema is not None:
        forget_empty(obj, served.schema)


def complete_updated(obj: Json, served: ServedResource) -> None:
    """What strategy does to a built-in object on every update, in place."""
    complete = UPDATED.get((served.resource.group, served.resource.plural))
    if complete is not None:
        complete(obj)
    _as_go_type(obj, served, stored=True)


def zero_object(served: ServedResource) -> Json:
    """What an object looks like that nobody has set anything in: fields it has anyway belong to nobody."""
    obj: Json = {}
    if served.builtin:
        _as_go_type(obj, served)
    return {**obj, "apiVersion": served.resource.api_version, "kind": served.resource.kind}


def _as_go_type(obj: Json, served: ServedResource, *, stored: bool = False) -> None:
    if served.schema is not None:
        always = ALWAYS_THERE.get((served.resource.group, served.resource.plural))
        resource = served.resource
        round_trip(obj, served.schema, resource.api_version, resource.kind, always=always, stored=stored)


CUSTOM: Final = Behaviour()


def behaviour(served: ServedResource) -> Behaviour:
    """The behaviour of a served kind; every custom resource has the same."""
    if not served.builtin:
        return CUSTOM
    plural = served.resource.plural
    names = "segment" if plural in _PATH_SEGMENT_NAMES else "label" if plural in _LABEL_NAMES else "subdomain"
    return Behaviour(
        generation=plural in _WITH_GENERATION,
        unconditional_update=plural not in _CONDITIONAL_UPDATE_ONLY,
        create_on_update=plural in _CREATED_BY_UPDATE,
        returns_deleted=plural in _RETURNED_WHEN_DELETED,
        names=names,
        collects_garbage=plural != "events",
    )
