"""kubewright: typed Kubernetes clients, listers, informers and workqueues.

This is the public face; generated packages and programs import from here. Importing it loads neither `kubernetes` nor any
part of the generator; each name is loaded when it is first asked for (PEP 562), so a program that only needs a client does not
pay for informers and controllers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cache import (
        Cache,
        HeaderIndexer,
        IndexFunction,
        Undecodable,
        index_by_label,
        index_by_owner,
    )
    from .client import (
        DynamicClient,
        ListWatch,
        ObjectList,
        Resource,
        Watch,
        WatchEvent,
        retry_on_conflict,
    )
    from .clock import (
        Clock,
        RealClock,
    )
    from .controller import (
        Controller,
        Outcome,
        Requeue,
        TerminalError,
        controlled_by,
    )
    from .core.backoff import Backoff
    from .core.deltas import Deleted
    from .core.queuemetrics import MetricsProvider
    from .core.ratelimits import (
        BucketRateLimiter,
        ItemExponentialFailureRateLimiter,
        ItemFastSlowRateLimiter,
        MaxOfRateLimiter,
        RateLimiter,
        WithJitterRateLimiter,
        WithMaxWaitRateLimiter,
        default_controller_rate_limiter,
        default_item_based_rate_limiter,
    )
    from .errors import (
        AlreadyExists,
        ApiError,
        BadRequest,
        CacheSyncError,
        ConfigError,
        Conflict,
        ConnectionRefused,
        DecodeError,
        Forbidden,
        Gone,
        InternalError,
        Invalid,
        KubewrightError,
        MethodNotAllowed,
        NotFound,
        ServerTimeout,
        ServiceUnavailable,
        ShutDown,
        StreamCut,
        TooManyRequests,
        TransportError,
        TransportTimeout,
        Unauthorized,
        UnsupportedMediaType,
    )
    from .events import EventRecorder
    from .factory import (
        InformerGroup,
        PartialObject,
        ResourceInformer,
        SharedInformerFactoryBase,
        wait_for_cache_sync,
    )
    from .handlers import Registration
    from .informer import SharedInformer
    from .informerstatus import (
        InformerStatus,
        SourceStatus,
    )
    from .leaderelection import (
        LeaderElector,
        Leadership,
        LeadershipLost,
    )
    from .lister import (
        ClusterLister,
        Lister,
        NamespacedLister,
        NamespaceLister,
    )
    from .objects import (
        Condition,
        LabelSelector,
        ObjectKey,
        ObjectMeta,
        OwnerReference,
    )
    from .validation.causes import Cause
    from .validation.explicit import (
        unknown_fields,
        validate,
    )
    from .workqueue import (
        DelayingQueue,
        RateLimitingQueue,
        WorkQueue,
    )

__all__ = [
    "AlreadyExists",
    "ApiError",
    "Backoff",
    "BadRequest",
    "BucketRateLimiter",
    "Cache",
    "CacheSyncError",
    "Cause",
    "Clock",
    "ClusterLister",
    "Condition",
    "ConfigError",
    "Conflict",
    "ConnectionRefused",
    "Controller",
    "DecodeError",
    "DelayingQueue",
    "Deleted",
    "DynamicClient",
    "EventRecorder",
    "Forbidden",
    "Gone",
    "HeaderIndexer",
    "IndexFunction",
    "InformerGroup",
    "InformerStatus",
    "InternalError",
    "Invalid",
    "ItemExponentialFailureRateLimiter",
    "ItemFastSlowRateLimiter",
    "KubewrightError",
    "LabelSelector",
    "LeaderElector",
    "Leadership",
    "LeadershipLost",
    "ListWatch",
    "Lister",
    "MaxOfRateLimiter",
    "MethodNotAllowed",
    "MetricsProvider",
    "NamespaceLister",
    "NamespacedLister",
    "NotFound",
    "ObjectKey",
    "ObjectList",
    "ObjectMeta",
    "Outcome",
    "OwnerReference",
    "PartialObject",
    "RateLimiter",
    "RateLimitingQueue",
    "RealClock",
    "Registration",
    "Requeue",
    "Resource",
    "ResourceInformer",
    "ServerTimeout",
    "ServiceUnavailable",
    "SharedInformer",
    "SharedInformerFactoryBase",
    "ShutDown",
    "SourceStatus",
    "StreamCut",
    "TerminalError",
    "TooManyRequests",
    "TransportError",
    "TransportTimeout",
    "Unauthorized",
    "Undecodable",
    "UnsupportedMediaType",
    "Watch",
    "WatchEvent",
    "WithJitterRateLimiter",
    "WithMaxWaitRateLimiter",
    "WorkQueue",
    "controlled_by",
    "default_controller_rate_limiter",
    "default_item_based_rate_limiter",
    "index_by_label",
    "index_by_owner",
    "retry_on_conflict",
    "unknown_fields",
    "validate",
    "wait_for_cache_sync",
]

_NAMES_OF = {
    "cache": (
        "Cache",
        "HeaderIndexer",
        "IndexFunction",
        "Undecodable",
        "index_by_label",
        "index_by_owner",
    ),
    "client": (
        "DynamicClient",
        "ListWatch",
        "ObjectList",
        "Resource",
        "Watch",
        "WatchEvent",
        "retry_on_conflict",
    ),
    "clock": (
        "Clock",
        "RealClock",
    ),
    "controller": (
        "Controller",
        "Outcome",
        "Requeue",
        "TerminalError",
        "controlled_by",
    ),
    "core.backoff": ("Backoff",),
    "core.deltas": ("Deleted",),
    "core.queuemetrics": ("MetricsProvider",),
    "core.ratelimits": (
        "BucketRateLimiter",
        "ItemExponentialFailureRateLimiter",
        "ItemFastSlowRateLimiter",
        "MaxOfRateLimiter",
        "RateLimiter",
        "WithJitterRateLimiter",
        "WithMaxWaitRateLimiter",
        "default_controller_rate_limiter",
        "default_item_based_rate_limiter",
    ),
    "errors": (
        "AlreadyExists",
        "ApiError",
        "BadRequest",
        "CacheSyncError",
        "ConfigError",
        "Conflict",
        "ConnectionRefused",
        "DecodeError",
        "Forbidden",
        "Gone",
        "InternalError",
        "Invalid",
        "KubewrightError",
        "MethodNotAllowed",
        "NotFound",
        "ServerTimeout",
        "ServiceUnavailable",
        "ShutDown",
        "StreamCut",
        "TooManyRequests",
        "TransportError",
        "TransportTimeout",
        "Unauthorized",
        "UnsupportedMediaType",
    ),
    "events": ("EventRecorder",),
    "factory": (
        "InformerGroup",
        "PartialObject",
        "ResourceInformer",
        "SharedInformerFactoryBase",
        "wait_for_cache_sync",
    ),
    "handlers": ("Registration",),
    "informer": ("SharedInformer",),
    "informerstatus": (
        "InformerStatus",
        "SourceStatus",
    ),
    "leaderelection": (
        "LeaderElector",
        "Leadership",
        "LeadershipLost",
    ),
    "lister": (
        "ClusterLister",
        "Lister",
        "NamespaceLister",
        "NamespacedLister",
    ),
    "objects": (
        "Condition",
        "LabelSelector",
        "ObjectKey",
        "ObjectMeta",
        "OwnerReference",
    ),
    "validation.causes": ("Cause",),
    "validation.explicit": (
        "unknown_fields",
        "validate",
    ),
    "workqueue": (
        "DelayingQueue",
        "RateLimitingQueue",
        "WorkQueue",
    ),
}
_HOME_OF = {name: module for module, names in _NAMES_OF.items() for name in names}


if not TYPE_CHECKING:  # or a checker would believe every name

    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f".{home}", __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
