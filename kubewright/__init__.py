"""kubewright: typed Kubernetes clients, listers, informers and workqueues.

This is the public face; generated packages and programs import from here. Importing it loads neither `kubernetes` nor any
part of the generator.
"""

from __future__ import annotations

from .cache import Cache, HeaderIndexer, IndexFunction, Undecodable, index_by_label, index_by_owner
from .client import DynamicClient, ListWatch, ObjectList, Resource, Watch, WatchEvent, retry_on_conflict
from .clock import Clock, RealClock
from .controller import Controller, Outcome, Requeue, TerminalError, controlled_by
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
from .factory import (
    InformerGroup,
    PartialObject,
    ResourceInformer,
    SharedInformerFactoryBase,
    wait_for_cache_sync,
)
from .handlers import Registration
from .informer import SharedInformer
from .informerstatus import InformerStatus, SourceStatus
from .lister import ClusterLister, Lister, NamespacedLister, NamespaceLister
from .objects import Condition, LabelSelector, ObjectKey, ObjectMeta, OwnerReference
from .workqueue import DelayingQueue, RateLimitingQueue, WorkQueue

__all__ = [
    "AlreadyExists",
    "ApiError",
    "Backoff",
    "BadRequest",
    "BucketRateLimiter",
    "Cache",
    "CacheSyncError",
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
    "wait_for_cache_sync",
]
