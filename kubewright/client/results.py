"""Why this exists: the shapes that reading verbs return: a page of objects, a watch event, a scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar, overload

from ..model import Model, field
from ..objects import ObjectMeta

__all__ = ["EventType", "ObjectList", "Scale", "ScaleSpec", "ScaleStatus", "WatchEvent"]

T = TypeVar("T")

EventType = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]


class ObjectList(Sequence[T]):
    """What `list` returns: a sequence of objects that also knows where in the server's history it was taken.

    `resource_version` is the version to watch from; `continue_` is not empty when more pages follow, `remaining_item_count`
    (when the server told) says how many objects.
    """

    __slots__ = ("continue_", "items", "remaining_item_count", "resource_version")

    def __init__(
        self,
        items: Sequence[T],
        *,
        resource_version: str = "",
        continue_: str = "",
        remaining_item_count: int | None = None,
    ) -> None:
        self.items = items
        self.resource_version = resource_version
        self.continue_ = continue_
        self.remaining_item_count = remaining_item_count

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.items[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __repr__(self) -> str:
        more = f", continue_={self.continue_!r}" if self.continue_ else ""
        return f"ObjectList({len(self.items)} items, resource_version={self.resource_version!r}{more})"


class WatchEvent(NamedTuple, Generic[T]):
    """One change; unpacks to `(type, object)`. The object of a BOOKMARK has metadata only."""

    type: EventType
    object: T


class ScaleSpec(Model, kw_only=True):
    """How many replicas are wanted."""

    replicas: int | None = None


class ScaleStatus(Model, kw_only=True):
    """How many replicas there are, and the selector (as text) that finds their pods."""

    replicas: int | None = None
    selector: str | None = None


class Scale(Model, kw_only=True):
    """The scale subresource of any kind that has one (autoscaling/v1 Scale)."""

    api_version: str = field(name="apiVersion", default="autoscaling/v1")
    kind: str = "Scale"
    metadata: ObjectMeta | None = None
    spec: ScaleSpec | None = None
    status: ScaleStatus | None = None
