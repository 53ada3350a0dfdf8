"""kubewright: typed Kubernetes clients, listers, informers and workqueues.

This is the public face; generated packages and programs import from here. Importing it loads neither `kubernetes` nor any
part of the generator.
"""

from __future__ import annotations

from .objects import Condition, LabelSelector, ObjectKey, ObjectMeta, OwnerReference

__all__ = ["Condition", "LabelSelector", "ObjectKey", "ObjectMeta", "OwnerReference"]
