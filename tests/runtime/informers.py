"""What the informer tests share: a model, an informer that is stopped at the end, a handler that remembers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kubewright.core.backoff import Backoff
from kubewright.core.deltas import Deleted
from kubewright.factory import wait_for_cache_sync
from kubewright.handlers import Registration
from kubewright.informer import SharedInformer
from kubewright.model import Model
from kubewright.objects import ObjectKey, ObjectMeta
from kubewright.reflector import Source
from tests.support import eventually, no_leaked_threads

FAST = Backoff(0.01, jitter=0.0, cap=0.02)


class WidgetSpec(Model):
    size: int | None = None
    color: str | None = None


class Widget(Model):
    api_version: str = "example.com/v1"
    kind: str = "Widget"
    metadata: ObjectMeta | None = None
    spec: WidgetSpec | None = None


def name_of(widget: Widget) -> str:
    assert widget.metadata is not None
    return widget.metadata.name or ""


def size_of(widget: Widget) -> int | None:
    return widget.spec.size if widget.spec is not None else None


class Recorder:
    """A handler that remembers what it was told, and the state that follows from it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.state: dict[ObjectKey, Widget] = {}
        self.unknown: list[ObjectKey] = []
        self.gate = threading.Event()
        self.gate.set()

    def attach(self, made: SharedInformer[Widget], resync_period: float | None = None) -> Registration:
        return made.add_event_handler(
            on_add=self.add, on_update=self.update, on_delete=self.delete, resync_period=resync_period
        )

    def add(self, obj: Widget) -> None:
        self.gate.wait(10)
        self.told.append(f"add {name_of(obj)}")
        self.state[_key(obj)] = obj

    def update(self, old: Widget, new: Widget) -> None:
        self.gate.wait(10)
        self.told.append(f"update {name_of(new)} {size_of(old)}->{size_of(new)}")
        self.state[_key(new)] = new

    def delete(self, deleted: Deleted[Widget]) -> None:
        self.gate.wait(10)
        self.told.append(f"delete {deleted.key.name}")
        self.state.pop(deleted.key, None)
        if deleted.final_state_unknown:
            self.unknown.append(deleted.key)


def _key(obj: Widget) -> ObjectKey:
    assert obj.metadata is not None
    return ObjectKey(obj.metadata.namespace or "", obj.metadata.name or "")


@contextmanager
def informer(source: Source | list[Source], *, start: bool = True, **options: Any) -> Iterator[SharedInformer[Widget]]:
    """An informer of widgets; on leaving it is stopped, and nothing of it may be left."""
    options.setdefault("backoff", FAST)
    with no_leaked_threads():
        made: SharedInformer[Widget] = SharedInformer(source, Widget, **options)
        try:
            if start:
                made.start()
            yield made
        finally:
            made.stop()


@contextmanager
def synced(source: Source | list[Source], **options: Any) -> Iterator[SharedInformer[Widget]]:
    """A running informer whose cache is filled."""
    with informer(source, **options) as made:
        wait_for_cache_sync(made, timeout=10)
        yield made


def settle(predicate: Callable[[], object], what: str = "") -> None:
    eventually(predicate, what=what)
