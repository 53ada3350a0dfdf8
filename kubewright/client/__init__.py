"""The generic typed client: generated clientsets are these classes with names (client-go: `gentype`)."""

from __future__ import annotations

from ..core.requests import DryRun, FieldValidation, PatchType, PropagationPolicy, ResourceVersionMatch
from ..core.resource import PrinterColumn, Resource
from .builtin import (
    CanApprove,
    CanBind,
    CanCreateToken,
    CanEvict,
    CanFinalize,
    CanReadLog,
    CanResize,
    CanUpdateEphemeralContainers,
)
from .calls import WarningHandler
from .clientset import ClientsetBase, Group
from .conflict import DEFAULT_BACKOFF, DEFAULT_RETRY, retry_on_conflict
from .dynamic import Document, DynamicClient, DynamicCluster, DynamicNamespaced, DynamicScope
from .endpoint import Endpoint
from .generic import AllNamespaces, Cluster, ClusterWithStatus, Namespaced, NamespaceScope, WithStatus
from .listwatch import ListWatch
from .reading import PAGE_SIZE, CanGet, CanList, CanWatch, OnUndecodable
from .results import EventType, ObjectList, Scale, ScaleSpec, ScaleStatus, WatchEvent
from .subresources import StatusVerbs, WithScale
from .watch import Watch
from .writing import CanCreate, CanDelete, CanDeleteCollection, CanPatch, CanUpdate, Patch

__all__ = [
    "DEFAULT_BACKOFF",
    "DEFAULT_RETRY",
    "PAGE_SIZE",
    "AllNamespaces",
    "CanApprove",
    "CanBind",
    "CanCreate",
    "CanCreateToken",
    "CanDelete",
    "CanDeleteCollection",
    "CanEvict",
    "CanFinalize",
    "CanGet",
    "CanList",
    "CanPatch",
    "CanReadLog",
    "CanResize",
    "CanUpdate",
    "CanUpdateEphemeralContainers",
    "CanWatch",
    "ClientsetBase",
    "Cluster",
    "ClusterWithStatus",
    "Document",
    "DryRun",
    "DynamicClient",
    "DynamicCluster",
    "DynamicNamespaced",
    "DynamicScope",
    "Endpoint",
    "EventType",
    "FieldValidation",
    "Group",
    "ListWatch",
    "NamespaceScope",
    "Namespaced",
    "ObjectList",
    "OnUndecodable",
    "Patch",
    "PatchType",
    "PrinterColumn",
    "PropagationPolicy",
    "Resource",
    "ResourceVersionMatch",
    "Scale",
    "ScaleSpec",
    "ScaleStatus",
    "StatusVerbs",
    "WarningHandler",
    "Watch",
    "WatchEvent",
    "WithScale",
    "WithStatus",
    "retry_on_conflict",
]
