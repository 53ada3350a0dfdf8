"""Reads of one kind out of a cache: no network, ever. Generated listers are thin subclasses of these.

As client-go's listers (L1-L5), with two differences: what is handed out is the reader's own copy, and selectors are those of
the server, all of them (C1).
"""

from __future__ import annotations

import builtins
from typing import Generic, TypeVar

from .cache import Cache
from .objects import ObjectKey
from .selectors import LabelSelectorLike

__all__ = ["ClusterLister", "Lister", "NamespaceLister", "NamespacedLister"]

T = TypeVar("T")


class Lister(Generic[T]):
    """All objects of a kind that the cache holds. Methods hand out fresh objects, unordered.

    An object that does not fit its model is left out of lists and raises DecodeError on `get`.
    """

    def __init__(self, cache: Cache[T]) -> None:
        self.cache = cache

    def list(self, label_selector: LabelSelectorLike = None) -> builtins.list[T]:
        """The objects that `label_selector` selects (None: all). Raises SelectorError for a malformed selector."""
        return self.cache.list(label_selector)

    def by_index(self, name: str, value: str) -> builtins.list[T]:
        """The objects for which index `name` has `value`. Raises KubewrightError for an index that does not exist."""
        return self.cache.by_index(name, value)

    def indexed_values(self, name: str) -> builtins.list[str]:
        """The values of index `name` that some object has, sorted."""
        return self.cache.indexed_values(name)

    def keys(self) -> builtins.list[ObjectKey]:
        """The keys of all objects."""
        return self.cache.keys()

    def __len__(self) -> int:
        return len(self.cache)


class NamespaceLister(Generic[T]):
    """The objects of one namespace."""

    def __init__(self, cache: Cache[T], namespace: str) -> None:
        self.cache = cache
        self.namespace = namespace

    def get(self, name: str) -> T:
        """One object. Raises NotFound, as the client does, when the cache has none (L1), DecodeError for a quarantined one."""
        return self.cache.get((self.namespace, name))

    def list(self, label_selector: LabelSelectorLike = None) -> builtins.list[T]:
        """The objects of the namespace that `label_selector` selects (None: all)."""
        return self.cache.list(label_selector, self.namespace)


class NamespacedLister(Lister[T]):
    """Lister of a namespaced kind: `lister("ns").get("name")`, `lister.list()` for all namespaces."""

    def __call__(self, namespace: str) -> NamespaceLister[T]:
        return NamespaceLister(self.cache, namespace)


class ClusterLister(Lister[T]):
    """Lister of a cluster-scoped kind: `lister.get("name")`."""

    def get(self, name: str) -> T:
        """One object. Raises NotFound, as the client does, when the cache has none, DecodeError for a quarantined one."""
        return self.cache.get(("", name))
