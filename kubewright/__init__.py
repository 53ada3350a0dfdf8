"""kubewright: typed Kubernetes clients, listers, informers and workqueues.

This is the public face; generated packages and programs import from here. Importing it loads neither `kubernetes` nor any
part of the generator.
"""

from __future__ import annotations

from .clock import Clock, RealClock
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
from .errors import ShutDown
from .objects import Condition, LabelSelector, ObjectKey, ObjectMeta, OwnerReference
from .workqueue import DelayingQueue, RateLimitingQueue, WorkQueue

__all__ = [
    "BucketRateLimiter",
    "Clock",
    "Condition",
    "DelayingQueue",
    "ItemExponentialFailureRateLimiter",
    "ItemFastSlowRateLimiter",
    "LabelSelector",
    "MaxOfRateLimiter",
    "MetricsProvider",
    "ObjectKey",
    "ObjectMeta",
    "OwnerReference",
    "RateLimiter",
    "RateLimitingQueue",
    "RealClock",
    "ShutDown",
    "WithJitterRateLimiter",
    "WithMaxWaitRateLimiter",
    "WorkQueue",
    "default_controller_rate_limiter",
    "default_item_based_rate_limiter",
]
