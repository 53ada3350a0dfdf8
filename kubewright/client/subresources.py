"""Why this exists: verbs that a kind has only when its API has the subresource: status and scale.

client-go's generator guesses status from the Go struct and knows scale only by hand-written markers; here both follow the CRD.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..core import codec
from ..core.requests import DryRun, FieldValidation, write_query
from ..objects import set_origin
from .endpoint import Endpoint
from .results import Scale, ScaleSpec
from .writing import CanPatch, CanUpdate

__all__ = ["StatusVerbs", "WithScale"]

T = TypeVar("T")


class StatusVerbs(CanUpdate[T], CanPatch[T]):
    """Writes that change the status only; the server ignores the rest of what is sent."""

    def update_status(
        self,
        obj: T,
        *,
        dry_run: DryRun = False,
        field_manager: str | None = None,
        field_validation: FieldValidation | None = None,
        request_timeout: float | None = None,
    ) -> T:
        """As `update`, on the status subresource: lossless, and Conflict when the object was changed since it was read."""
        return self._replace("update_status", "status", obj, dry_run, field_manager, field_validation, request_timeout)

    def apply_status(
        self,
        obj: Mapping[str, object] | T,
        *,
        field_manager: str,
        force: bool = False,
        dry_run: DryRun = False,
        field_validation: FieldValidation | None = None,
        request_timeout: float | None = None,
    ) -> T:
        """As `apply`, on the status subresource. The object must exist."""
        return self._apply("status", obj, field_manager, force, dry_run, field_validation, request_timeout)


class WithScale(Endpoint[T]):
    """The scale subresource: what an autoscaler reads and writes."""

    def get_scale(self, name: str, *, request_timeout: float | None = None) -> Scale:
        """Reads how many replicas are wanted and there."""
        request = self._request("get", "GET", name, subresource="scale")
        return _scale(self._send(request, request_timeout).body)

    def update_scale(
        self,
        name: str,
        scale: Scale | int,
        *,
        dry_run: DryRun = False,
        field_manager: str | None = None,
        request_timeout: float | None = None,
    ) -> Scale:
        """Sets how many replicas are wanted: a Scale that was read (Conflict when it changed since), or just the number."""
        if isinstance(scale, int):
            document: object = {
                "apiVersion": "autoscaling/v1",
                "kind": "Scale",
                "metadata": {"name": name, **({"namespace": self._namespace} if self._namespace else {})},
                "spec": codec.to_builtins(ScaleSpec(replicas=scale)),
            }
        else:
            document = scale
        request = self._request(
            "update",
            "PUT",
            name,
            subresource="scale",
            query=write_query(dry_run=dry_run, field_manager=field_manager),
            body=codec.encode(document),
        )
        return _scale(self._send(request, request_timeout).body)


def _scale(raw: bytes) -> Scale:
    made = codec.decode(Scale, raw)
    set_origin(made, raw)
    return made
