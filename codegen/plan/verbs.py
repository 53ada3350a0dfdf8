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


@dataclass(frozen=True, slots=True)
class ClientBases:
    """Bases of the client of all objects, and of that of one namespace (empty for cluster-scoped kinds)."""

    client: tuple[str, ...]
    scope: tuple[str, ...]


def client_bases(verbs: Collection[str], *, namespaced: bool, status: bool, scale: bool) -> ClientBases:
    """The bases for a kind with ``verbs``, with or without the status and scale subresources."""
    extra = ("WithScale",) if scale else ()
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
