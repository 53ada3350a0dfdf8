"""What kubewright's clients read: the generated model of the sample CRD, Pods, and where they are."""

from __future__ import annotations

from generated.models.stable_v1 import TsTest
from kubewright.core.resource import Resource

__all__ = ["PODS", "TSTESTS", "TsTest"]

TSTESTS = Resource(group="stable.example.com", version="v1", kind="TsTest", plural="tstests")
PODS = Resource(group="", version="v1", kind="Pod", plural="pods")
