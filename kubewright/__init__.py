"""kubewright: typed Kubernetes clients, listers, informers and workqueues.

This is the public face; generated packages and programs import from here. Importing it loads neither `kubernetes` nor any
part of the generator.
"""

from __future__ import annotations

from .cache import Cache, HeaderIndexer, IndexFunction, Undecodable, index_by_label, index_by_owner
from .clock import Clock, RealClock
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
from .errors import CacheSyncError, ShutDown
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
    "Backoff",
    "BucketRateLimiter",
    "Cache",
    "CacheSyncError",
    "Clock",
    "ClusterLister",
    "Condition",
    "DelayingQueue",
    "Deleted",
    "HeaderIndexer",
    "IndexFunction",
    "InformerGroup",
    "InformerStatus",
    "ItemExponentialFailureRateLimiter",
    "ItemFastSlowRateLimiter",
    "LabelSelector",
    "Lister",
    "MaxOfRateLimiter",
    "MetricsProvider",
    "NamespaceLister",
    "NamespacedLister",
    "ObjectKey",
    "ObjectMeta",
    "OwnerReference",
    "PartialObject",
    "RateLimiter",
    "RateLimitingQueue",
    "RealClock",
    "Registration",
    "ResourceInformer",
    "SharedInformer",
    "SharedInformerFactoryBase",
    "ShutDown",
    "SourceStatus",
    "Undecodable",
    "WithJitterRateLimiter",
    "WithMaxWaitRateLimiter",
    "WorkQueue",
    "default_controller_rate_limiter",
    "default_item_based_rate_limiter",
    "index_by_label",
    "index_by_owner",
    "wait_for_cache_sync",
]
