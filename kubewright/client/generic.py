"""Why this exists: the classes that generated clients derive from, so that generated code has names and no logic.

A namespaced kind needs two: what is known before the namespace (list and watch over all of them) and what needs it. Then a
verb without its namespace is a type error instead of a request that the server refuses.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from ..core.requests import check_segment
from ..core.resource import Resource
from ..core.wire import Transport
from .endpoint import Endpoint
from .reading import CanGet, CanList, CanWatch
from .subresources import StatusVerbs
from .writing import CanCreate, CanDelete, CanDeleteCollection, CanPatch, CanUpdate

__all__ = ["AllNamespaces", "Cluster", "ClusterWithStatus", "NamespaceScope", "Namespaced", "WithStatus"]

T = TypeVar("T")
S = TypeVar("S", bound=Endpoint[Any])


class NamespaceScope(
    CanGet[T], CanList[T], CanWatch[T], CanCreate[T], CanUpdate[T], CanPatch[T], CanDelete[T], CanDeleteCollection[T]
):
    """All verbs of a kind in one namespace. Kinds with fewer verbs derive from the `Can…` classes instead."""


class WithStatus(NamespaceScope[T], StatusVerbs[T]):
    """All verbs of a kind in one namespace that has the status subresource."""


class AllNamespaces(Endpoint[T], Generic[T, S]):
    """A namespaced kind before its namespace is said: call it with one. Has no verbs of its own."""

    scope: type[S]

    def __init__(
        self,
        transport: Transport,
        *,
        resource: Resource | None = None,
        model: type[T] | None = None,
        scope: type[S] | None = None,
    ) -> None:
        super().__init__(transport, resource=resource, model=model)
        if scope is not None:
            self.scope = scope

    def __call__(self, namespace: str) -> S:
        """The kind in one namespace. Raises ValueError for "": for all namespaces do not call."""
        if not namespace:
            raise ValueError(f"{self.resource}: namespace may not be empty; for all namespaces do not call")
        check_segment(namespace, "namespace")
        return self.scope(self._transport, resource=self.resource, model=self.model, namespace=namespace)


class Namespaced(AllNamespaces[T, S], CanList[T], CanWatch[T]):
    """A namespaced kind: `list`, `pages` and `watch` see all namespaces; call it with one for all the other verbs."""


class Cluster(
    CanGet[T], CanList[T], CanWatch[T], CanCreate[T], CanUpdate[T], CanPatch[T], CanDelete[T], CanDeleteCollection[T]
):
    """All verbs of a cluster-scoped kind."""


class ClusterWithStatus(Cluster[T], StatusVerbs[T]):
    """All verbs of a cluster-scoped kind that has the status subresource."""
