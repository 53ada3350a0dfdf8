"""One informer per kind for a whole program, made when first asked for: the generated factories stand on this.

client-go's SharedInformerFactory (F1-F6) without its classic trap: an informer that is asked for after `start()` starts by
itself (F2), and each can be stopped alone (F5).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar, cast

from .client import ListWatch
from .clock import Clock, RealClock
from .core.resource import Resource
from .core.wire import Transport
from .errors import CacheSyncError, ConfigError, ShutDown
from .informer import SharedInformer
from .lister import Lister, NamespacedLister
from .model import Model, field
from .objects import ObjectMeta
from .reflector import Source
from .selectors import FieldSelectorLike, LabelSelectorLike

__all__ = ["InformerGroup", "PartialObject", "ResourceInformer", "SharedInformerFactoryBase", "wait_for_cache_sync"]

T = TypeVar("T")
L = TypeVar("L", bound=Lister[Any])


class HasTransport(Protocol):
    """What a factory needs of a clientset."""

    @property
    def transport(self) -> Transport: ...


class PartialObject(Model):
    """Any object, of which only the metadata was asked for (meta/v1 PartialObjectMetadata)."""

    api_version: str = field(name="apiVersion", default="meta.k8s.io/v1")
    kind: str = "PartialObjectMetadata"
    metadata: ObjectMeta | None = None


class ResourceInformer(Generic[T, L]):
    """The informer of one kind and the lister that reads its cache."""

    def __init__(self, informer: SharedInformer[T], lister: L) -> None:
        self.informer = informer
        self.lister = lister

    def stop(self) -> None:
        """Stops this informer only; the factory makes a new one when it is asked again."""
        self.informer.stop()


class InformerGroup:
    """Base of the generated classes that hold the informers of one group-version."""

    def __init__(self, factory: SharedInformerFactoryBase) -> None:
        self._factory = factory


class SharedInformerFactoryBase:
    """Base of generated factories; also usable as it is, with `resource()`.

    `resync_period` (seconds, 0: never) is the default of handlers; `namespaces` None means all, one name or several mean
    those; the selectors go to the server. `transform` gets every object of every kind that is handed out. `informer_options` are
    passed to each SharedInformer (`backoff`, `streaming`, `managed_fields`, `on_undecodable`).
    """

    def __init__(
        self,
        clientset: HasTransport,
        resync_period: float = 0.0,
        namespaces: str | Sequence[str] | None = None,
        label_selector: LabelSelectorLike = None,
        field_selector: FieldSelectorLike = None,
        transform: Callable[[Any], Any] | None = None,
        clock: Clock | None = None,
        **informer_options: Any,
    ) -> None:
        self.transport = clientset.transport
        self.resync_period = resync_period
        self._namespaces = (namespaces,) if isinstance(namespaces, str) else tuple(dict.fromkeys(namespaces or ()))
        if namespaces is not None and not all(self._namespaces):
            raise ConfigError("namespaces: a name is empty; None means all namespaces")
        if namespaces is not None and not self._namespaces:
            raise ConfigError("namespaces: no name is given; None means all namespaces")
        self._label_selector = label_selector
        self._field_selector = field_selector
        self._transform = transform
        self._clock: Clock = clock if clock is not None else RealClock()
        self._options = informer_options
        self._lock = threading.Lock()
        self._made: dict[tuple[Resource, Any], ResourceInformer[Any, Any]] = {}
        self._started = self._stopped = False

    # --- informers

    def informer_for(
        self, resource: Resource, model: type[T], lister_class: Callable[[Any], L]
    ) -> ResourceInformer[T, L]:
        """The informer of `resource` read as `model`, made once (F1); made anew when the one before was stopped alone.

        After `start()` it is started at once. Raises ShutDown after `shutdown()`.
        """
        return self._informer(resource, model, lister_class, metadata_only=False)

    def resource(self, resource: Resource) -> ResourceInformer[dict[str, Any], NamespacedLister[dict[str, Any]]]:
        """The informer of a kind known only at run time; objects are plain dicts. Cluster-scoped: `lister("").get(name)`."""
        return self._informer(resource, dict[str, Any], NamespacedLister[dict[str, Any]], metadata_only=False)

    def metadata(self, resource: Resource) -> ResourceInformer[PartialObject, NamespacedLister[PartialObject]]:
        """An informer that asks only for the metadata of `resource`: small, whatever the objects hold."""
        return self._informer(resource, PartialObject, NamespacedLister[PartialObject], metadata_only=True)

    def _informer(
        self, resource: Resource, model: type[T], lister_class: Callable[[Any], L], *, metadata_only: bool
    ) -> ResourceInformer[T, L]:
        with self._lock:
            if self._stopped:
                raise ShutDown(f"the informer factory is shut down: no informer of {resource} can be had from it")
            known = self._made.get((resource, model))
            if known is not None and not known.informer.is_stopped:
                return cast("ResourceInformer[T, L]", known)
            informer: SharedInformer[T] = SharedInformer(
                self._sources(resource, metadata_only=metadata_only),
                model,
                resync_period=self.resync_period,
                transform=self._transform,
                clock=self._clock,
                **self._options,
            )
            made = ResourceInformer(informer, lister_class(informer.cache))
            self._made[(resource, model)] = made
            if self._started:
                informer.start()
            return made

    def _sources(self, resource: Resource, *, metadata_only: bool) -> list[Source]:
        namespaces: Sequence[str | None] = self._namespaces if resource.namespaced and self._namespaces else (None,)
        return [
            ListWatch(
                self.transport,
                resource,
                namespace,
                label_selector=self._label_selector,
                field_selector=self._field_selector,
                metadata_only=metadata_only,
            )
            for namespace in namespaces
        ]

    @property
    def informers(self) -> list[SharedInformer[Any]]:
        """All informers that have been asked for and not been stopped alone."""
        with self._lock:
            return [made.informer for made in self._made.values() if self._stopped or not made.informer.is_stopped]

    # --- life

    def start(self) -> None:
        """Starts every informer that has been asked for, and from now on each that will be. Idempotent.

        Raises ShutDown after `shutdown()`: a factory runs once (F3).
        """
        with self._lock:
            if self._stopped:
                raise ShutDown("the informer factory is shut down and cannot start again: make a new one")
            self._started = True
            for made in self._made.values():
                if not made.informer.is_stopped:
                    made.informer.start()

    def shutdown(self, timeout: float = 1.0) -> None:
        """Stops all informers at once and waits for them, all in all at most `timeout` seconds. Idempotent (F3)."""
        with self._lock:
            self._stopped = True
            informers = [made.informer for made in self._made.values()]
        started = [informer for informer in informers if informer.signal_stop()]
        deadline = RealClock().now() + timeout
        for informer in started:
            informer.join(max(0.0, deadline - RealClock().now()))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.shutdown()


def wait_for_cache_sync(
    *targets: SharedInformer[Any] | SharedInformerFactoryBase | ResourceInformer[Any, Any], timeout: float
) -> None:
    """Waits until the caches of all informers hold what the server holds.

    Raises CacheSyncError after `timeout` seconds, or as soon as one has been stopped: a line per source that is not synced, with
    its phase, its last error and how often there was one.
    """
    informers: list[SharedInformer[Any]] = []
    for target in targets:
        if isinstance(target, SharedInformerFactoryBase):
            informers += target.informers
        elif isinstance(target, ResourceInformer):
            informers.append(target.informer)
        else:
            informers.append(target)
    real = RealClock()
    deadline = real.now() + timeout
    for informer in informers:
        informer.wait_synced(max(0.0, deadline - real.now()), real)
    raise_if_late(informers, timeout)


def raise_if_late(informers: Sequence[SharedInformer[Any]], timeout: float) -> None:
    """Raises the CacheSyncError of `wait_for_cache_sync` for those that are not synced, after a wait of `timeout` seconds."""
    late = [informer for informer in informers if not informer.has_synced]
    if late:
        reasons = "\n".join("  " + line for informer in late for line in informer.status().describe().splitlines())
        raise CacheSyncError(f"{len(late)} of {len(informers)} caches did not sync within {timeout:g} s:\n{reasons}")
