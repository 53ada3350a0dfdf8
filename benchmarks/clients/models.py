"""TsTest as a lightkube user and as a kubewright user declare it; the kubewright one is what the generator emits for schemas/tstest.yaml."""

from __future__ import annotations

from kubewright.core.resource import Resource
from kubewright.model import Model
from kubewright.objects import Condition, ObjectMeta


class TsTestSpec(Model, kw_only=True, rename="camel"):
    """Desired state."""

    cron_spec: str | None = None
    image: str | None = None
    deployment_name: str | None = None
    replicas: int | None = None


class TsTestStatus(Model, kw_only=True, rename="camel"):
    """Observed state."""

    ready_replicas: int | None = None
    phase: str | None = None
    conditions: list[Condition] | None = None


class TsTest(Model, kw_only=True, rename="camel"):
    """The sample CRD's kind."""

    api_version: str | None = "stable.example.com/v1"
    kind: str | None = "TsTest"
    metadata: ObjectMeta | None = None
    spec: TsTestSpec | None = None
    status: TsTestStatus | None = None


TSTESTS = Resource(group="stable.example.com", version="v1", kind="TsTest", plural="tstests")
PODS = Resource(group="", version="v1", kind="Pod", plural="pods")
