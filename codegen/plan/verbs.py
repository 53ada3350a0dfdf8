"""Which generic classes a kind's clients derive from: a verb that the API does not have is a type error.

The names are those of `kubewright.client`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

ALL_VERBS: Final = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})
_MIXINS: Final = {
    "get": "CanGet",
    "list": "CanList",
    "watch": "CanWatch",
    "create": "CanCreate",
    "update": "CanUpdate",
    "patch": "CanPatch",
    "delete": "CanDelete",
    "deletecollection": "CanDeleteCollection",
}


# Subresources that only built-in kinds have.
_SUBRESOURCES: Final = {
    "approval": "CanApprove",
    "binding": "CanBind",
    "ephemeralcontainers": "CanUpdateEphemeralContainers",
    "eviction": "CanEvict",
    "finalize": "CanFinalize",
    "log": "CanReadLog",
    "resize": "CanResize",
    "token": "CanCreateToken",
}


@dataclass(frozen=True, slots=True)
class ClientBases:
    """Bases of the client of all objects, and of that of one namespace (empty for cluster-scoped kinds)."""

    client: tuple[str, ...]
    scope: tuple[str, ...]


def client_bases(verbs: Collection[str], subresources: Collection[str], *, namespaced: bool) -> ClientBases:
    """The bases for a kind with these verbs and subresources."""
    status = "status" in subresources
    extra: tuple[str, ...] = ("WithScale",) if "scale" in subresources else ()
    extra += tuple(base for name, base in _SUBRESOURCES.items() if name in subresources)
    if not namespaced:
        return ClientBases((*_bases(verbs, "ClusterWithStatus" if status else "Cluster", status), *extra), ())
    everywhere = "Namespaced" if {"list", "watch"} <= set(verbs) else "AllNamespaces"
    return ClientBases((everywhere,), (*_bases(verbs, "WithStatus" if status else "NamespaceScope", status), *extra))


def _bases(verbs: Collection[str], complete: str, status: bool) -> tuple[str, ...]:
    if set(verbs) >= ALL_VERBS:
        return (complete,)
    # StatusVerbs brings update and patch with it.
    own = [mixin for verb, mixin in _MIXINS.items() if verb in verbs and not (status and verb in ("update", "patch"))]
    return (*own, "StatusVerbs") if status else tuple(own)
