"""Why this exists: the subresources that only built-in kinds have, as verbs of the kinds that have them.

client-go writes them by hand (`pod_expansion.go`, `serviceaccount_expansion.go` …); here the generator mixes them in where
discovery names the subresource. exec, attach and port-forward need a bidirectional stream and are not here yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from ..core import codec
from ..core.requests import DryRun, build, write_query
from ..objects import set_origin
from .endpoint import Endpoint
from .writing import CanUpdate

if TYPE_CHECKING:
    from ..api.models.authentication_v1 import TokenRequest

__all__ = [
    "CanApprove",
    "CanBind",
    "CanCreateToken",
    "CanEvict",
    "CanFinalize",
    "CanReadLog",
    "CanResize",
    "CanUpdateEphemeralContainers",
]

T = TypeVar("T")


class CanEvict(Endpoint[T]):
    """pods/eviction: a delete that PodDisruptionBudgets may refuse."""

    def evict(
        self,
        name: str,
        *,
        grace_period_seconds: int | None = None,
        uid: str | None = None,
        dry_run: DryRun = False,
        request_timeout: float | None = None,
    ) -> None:
        """Evicts a pod. Raises TooManyRequests while a PodDisruptionBudget does not allow it, NotFound when it is gone.

        With `uid`, only this very pod. client-go: `PodInterface.EvictV1`.
        """
        options: dict[str, object] = {}
        if grace_period_seconds is not None:
            options["gracePeriodSeconds"] = grace_period_seconds
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        document = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": self._namespace},
            **({"deleteOptions": options} if options else {}),
        }
        request = self._request(
            "create",
            "POST",
            name,
            subresource="eviction",
            query=write_query(dry_run=dry_run),
            body=codec.encode(document),
        )
        self._send(request, request_timeout)


class CanBind(Endpoint[T]):
    """pods/binding: what a scheduler does."""

    def bind(self, name: str, node: str, *, uid: str | None = None, request_timeout: float | None = None) -> None:
        """Assigns a pod to a node, once and for all. Raises Conflict when it has one. client-go: `PodInterface.Bind`."""
        metadata = {"name": name, "namespace": self._namespace, **({"uid": uid} if uid else {})}
        document = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": metadata,
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        request = self._request("create", "POST", name, subresource="binding", body=codec.encode(document))
        self._send(request, request_timeout)


class CanReadLog(Endpoint[T]):
    """pods/log: what a container has written."""

    def log(
        self,
        name: str,
        *,
        container: str | None = None,
        previous: bool = False,
        since_seconds: int | None = None,
        since_time: str | None = None,
        tail_lines: int | None = None,
        limit_bytes: int | None = None,
        timestamps: bool = False,
        request_timeout: float | None = None,
    ) -> str:
        """The log of a pod's container as text (undecodable bytes replaced). client-go: `PodInterface.GetLogs`.

        `container` may be left out when there is one; `previous` reads the instance before the last restart. Options as in
        core/v1 PodLogOptions; `since_time` is RFC 3339. Raises BadRequest while the container waits to start.
        """
        options: dict[str, str | int | bool | None] = {
            "container": container,
            "limitBytes": limit_bytes,
            "previous": previous or None,
            "sinceSeconds": since_seconds,
            "sinceTime": since_time,
            "tailLines": tail_lines,
            "timestamps": timestamps or None,
        }
        query = tuple((k, "true" if v is True else str(v)) for k, v in options.items() if v is not None)
        request = build(
            "get", "GET", self.resource, namespace=self._namespace, name=name, subresource="log", query=query,
            accept="text/plain, application/json, */*",
        )  # fmt: skip
        return self._send(request, request_timeout).body.decode("utf-8", "replace")


class CanUpdateEphemeralContainers(CanUpdate[T]):
    """pods/ephemeralcontainers: debugging containers of a running pod."""

    def update_ephemeral_containers(
        self, obj: T, *, dry_run: DryRun = False, field_manager: str | None = None, request_timeout: float | None = None
    ) -> T:
        """As `update`; only `spec.ephemeral_containers` is taken, and those that are there cannot be changed."""
        return self._replace("update", "ephemeralcontainers", obj, dry_run, field_manager, None, request_timeout)


class CanResize(CanUpdate[T]):
    """pods/resize: resources of a running pod."""

    def update_resize(
        self, obj: T, *, dry_run: DryRun = False, field_manager: str | None = None, request_timeout: float | None = None
    ) -> T:
        """As `update`; only the containers' resources are taken (KEP-1287)."""
        return self._replace("update", "resize", obj, dry_run, field_manager, None, request_timeout)


class CanCreateToken(Endpoint[T]):
    """serviceaccounts/token: tokens that expire."""

    def create_token(
        self,
        name: str,
        *,
        audiences: Sequence[str] = (),
        expiration_seconds: int | None = None,
        request_timeout: float | None = None,
    ) -> TokenRequest:
        """Asks for a token of a service account; `.status.token` has it. client-go: `ServiceAccountInterface.CreateToken`.

        The server may shorten or lengthen `expiration_seconds` (3600 without one) and says so in `.status`.
        """
        from ..api.models.authentication_v1 import TokenRequest

        spec: dict[str, object] = {"audiences": list(audiences)}
        if expiration_seconds is not None:
            spec["expirationSeconds"] = expiration_seconds
        document = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": {}, "spec": spec}
        request = self._request("create", "POST", name, subresource="token", body=codec.encode(document))
        raw = self._send(request, request_timeout).body
        made = codec.decode(TokenRequest, raw)
        set_origin(made, raw)
        return made


class CanApprove(CanUpdate[T]):
    """certificatesigningrequests/approval."""

    def update_approval(
        self, obj: T, *, dry_run: DryRun = False, field_manager: str | None = None, request_timeout: float | None = None
    ) -> T:
        """As `update`; only the Approved and Denied conditions are taken. client-go: `UpdateApproval`."""
        return self._replace("update", "approval", obj, dry_run, field_manager, None, request_timeout)


class CanFinalize(CanUpdate[T]):
    """namespaces/finalize."""

    def finalize(
        self, obj: T, *, dry_run: DryRun = False, field_manager: str | None = None, request_timeout: float | None = None
    ) -> T:
        """As `update`; only `spec.finalizers` is taken: what lets go of a namespace that is being deleted."""
        return self._replace("update", "finalize", obj, dry_run, field_manager, None, request_timeout)
