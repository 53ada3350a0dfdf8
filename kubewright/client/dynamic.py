"""Why this exists: kinds that are known only at run time get the same verbs, over plain dicts."""

from __future__ import annotations

from typing import Any, TypeAlias

from ..core.requests import check_segment
from ..core.resource import Resource
from ..core.wire import Transport
from .generic import ClusterWithStatus, Namespaced, WithStatus
from .subresources import WithScale

__all__ = ["Document", "DynamicClient", "DynamicCluster", "DynamicNamespaced", "DynamicScope"]

Document: TypeAlias = dict[str, Any]
"""A Kubernetes object as plain data, with wire names."""


class DynamicScope(WithStatus[Document], WithScale[Document]):
    """All verbs of a kind known at run time, in one namespace; the server says which it has."""


class DynamicNamespaced(Namespaced[Document, DynamicScope]):
    """A namespaced kind known at run time: `list`, `pages`, `watch` over all namespaces; call it with one for the rest."""

    model = Document
    scope = DynamicScope


class DynamicCluster(ClusterWithStatus[Document], WithScale[Document]):
    """A cluster-scoped kind known at run time."""

    model = Document


class DynamicClient:
    """Clients of kinds that no generated code knows; shares a transport with the generated clientsets."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def transport(self) -> Transport:
        """What carries the requests."""
        return self._transport

    def namespaced(self, resource: Resource) -> DynamicNamespaced:
        """The client of a namespaced kind. Raises ValueError when the resource is cluster-scoped or cannot be a path."""
        if not resource.namespaced:
            raise ValueError(f"{resource} is cluster-scoped: use cluster(resource)")
        return DynamicNamespaced(self._transport, resource=_checked(resource))

    def cluster(self, resource: Resource) -> DynamicCluster:
        """The client of a cluster-scoped kind. Raises ValueError when the resource is namespaced or cannot be a path."""
        if resource.namespaced:
            raise ValueError(f"{resource} is namespaced: use namespaced(resource)")
        return DynamicCluster(self._transport, resource=_checked(resource))

    def resource(self, resource: Resource) -> DynamicNamespaced | DynamicCluster:
        """Whichever of the two fits."""
        return self.namespaced(resource) if resource.namespaced else self.cluster(resource)


def _checked(resource: Resource) -> Resource:
    # What is known only at run time may come from anywhere.
    if resource.group:
        check_segment(resource.group, "API group")
    check_segment(resource.version, "API version")
    check_segment(resource.plural, "resource plural")
    return resource
