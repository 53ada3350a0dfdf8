"""Why this exists: the verbs that write: create, update, patch, apply, delete, delete_collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from ..core import codec
from ..core.requests import (
    CONTENT_TYPES,
    DryRun,
    FieldValidation,
    PatchType,
    PropagationPolicy,
    delete_body,
    list_query,
    write_query,
)
from ..selectors import FieldSelectorLike, LabelSelectorLike
from .endpoint import Endpoint

__all__ = ["CanCreate", "CanDelete", "CanDeleteCollection", "CanPatch", "CanUpdate", "Patch"]

T = TypeVar("T")

Patch = Mapping[str, object] | Sequence[Mapping[str, object]] | bytes | str
"""A patch as data, or already as JSON text."""


class CanCreate(Endpoint[T]):
    """The verb create."""

    def create(
        self,
        obj: T,
        *,
        dry_run: DryRun = False,
        field_manager: str | None = None,
        field_validation: FieldValidation | None = None,
        request_timeout: float | None = None,
    ) -> T:
        """Creates the object; returns it as stored. Raises AlreadyExists, Invalid, Forbidden …

        Only what the object says is sent, also when it was read before (from another cluster, say); clear
        `metadata.resource_version` and `uid` then.
        """
        query = write_query(dry_run=dry_run, field_manager=field_manager, field_validation=field_validation)
        request = self._request("create", "POST", query=query, body=self._document(obj))
        return self._read(self._send(request, request_timeout).body)


class CanUpdate(Endpoint[T]):
    """The verb update."""

    def update(
        self,
        obj: T,
        *,
        dry_run: DryRun = False,
        field_manager: str | None = None,
        field_validation: FieldValidation | None = None,
        request_timeout: float | None = None,
    ) -> T:
        """Replaces the stored object; returns it as stored. Raises Conflict when it was changed since it was read.

        Nothing is lost: the document that was read is sent with the typed changes laid over it, so fields that the model
        does not know survive. Without `metadata.resource_version`, most built-in kinds are overwritten whatever they are; custom
        resources answer Invalid.
        """
        return self._replace("update", None, obj, dry_run, field_manager, field_validation, request_timeout)

    def _replace(
        self,
        verb: str,
        subresource: str | None,
        obj: T,
        dry_run: DryRun,
        field_manager: str | None,
        field_validation: FieldValidation | None,
        request_timeout: float | None,
    ) -> T:
        query = write_query(dry_run=dry_run, field_manager=field_manager, field_validation=field_validation)
        name = self._name_of(obj, verb)
        body = self._changed_document(obj)
        request = self._request("update", "PUT", name, subresource=subresource, query=query, body=body)
        return self._read(self._send(request, request_timeout).body)


class CanPatch(Endpoint[T]):
    """The verbs patch and apply (server-side apply is a patch)."""

    def patch(
        self,
        name: str,
        patch: Patch,
        *,
        patch_type: PatchType | None = None,
        subresource: str | None = None,
        dry_run: DryRun = False,
        field_manager: str | None = None,
        field_validation: FieldValidation | None = None,
        force: bool | None = None,
        request_timeout: float | None = None,
    ) -> T:
        """Changes parts of an object without reading it first.

        `patch_type`: "merge" (RFC 7386: null removes), "json" (RFC 6902), "strategic" (built-in kinds only; custom
        resources answer UnsupportedMediaType) or "apply". Unsaid, a mapping is a merge patch and a sequence a JSON patch.
        """
        if patch_type is None:
            patch_type = _patch_type(patch)
        body = patch.encode() if isinstance(patch, str) else patch if isinstance(patch, bytes) else codec.encode(patch)
        query = write_query(
            dry_run=dry_run, field_manager=field_manager, field_validation=field_validation, force=force
        )
        request = self._request(
            "patch",
            "PATCH",
            name,
            subresource=subresource,
            query=query,
            body=body,
            content_type=CONTENT_TYPES[patch_type],
        )
        return self._read(self._send(request, request_timeout).body)

    def apply(
        self,
        obj: Mapping[str, object] | T,
        *,
        field_manager: str,
        force: bool = False,
        dry_run: DryRun = False,
        field_validation: FieldValidation | None = None,
        request_timeout: float | None = None,
    ) -> T:
        """Server-side apply: the fields in `obj` become (or stay) owned by `field_manager`, those that it owned and
        no longer says are removed. Creates the object when it is not there.

        `obj` is a generated apply type, any mapping, or a model (of which what is not None counts). Raises Conflict when
        another manager owns a field with another value; `force=True` takes it over.
        """
        return self._apply(None, obj, field_manager, force, dry_run, field_validation, request_timeout)

    def _apply(
        self,
        subresource: str | None,
        obj: Mapping[str, object] | T,
        field_manager: str,
        force: bool,
        dry_run: DryRun,
        field_validation: FieldValidation | None,
        request_timeout: float | None,
    ) -> T:
        if not field_manager:
            raise ValueError(f"apply {self.resource}: field_manager may not be empty: name the program that applies")
        document = dict(self._identified(cast("Mapping[str, Any]", codec.to_builtins(obj))))
        metadata = dict(cast("Mapping[str, Any]", document.get("metadata") or {}))
        name = metadata.get("name")
        if not isinstance(name, str) or not name:
            raise ValueError(f"apply {self.resource}: metadata.name must be provided")
        # The server refuses managedFields in an apply, and an object that was read has them.
        metadata.pop("managedFields", None)
        document["metadata"] = metadata
        request = self._request(
            "apply",
            "PATCH",
            name,
            subresource=subresource,
            query=write_query(
                dry_run=dry_run, field_manager=field_manager, field_validation=field_validation, force=force
            ),
            body=codec.encode(document),
            content_type=CONTENT_TYPES["apply"],
        )
        return self._read(self._send(request, request_timeout).body)


class CanDelete(Endpoint[T]):
    """The verb delete."""

    def delete(
        self,
        name: str,
        *,
        propagation_policy: PropagationPolicy | None = None,
        grace_period_seconds: int | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
        dry_run: DryRun = False,
        request_timeout: float | None = None,
    ) -> None:
        """Deletes one object; with finalizers it only begins to go. Raises NotFound.

        `uid` and `resource_version` are preconditions: Conflict unless they (still) hold.
        """
        body = delete_body(
            grace_period_seconds=grace_period_seconds,
            propagation_policy=propagation_policy,
            uid=uid,
            resource_version=resource_version,
            dry_run=dry_run,
        )
        self._send(self._request("delete", "DELETE", name, body=body), request_timeout)


class CanDeleteCollection(Endpoint[T]):
    """The verb deletecollection."""

    def delete_collection(
        self,
        *,
        label_selector: LabelSelectorLike = None,
        field_selector: FieldSelectorLike = None,
        propagation_policy: PropagationPolicy | None = None,
        grace_period_seconds: int | None = None,
        dry_run: DryRun = False,
        request_timeout: float | None = None,
    ) -> None:
        """Deletes every selected object; without selectors, all there are in this namespace (or cluster)."""
        body = delete_body(
            grace_period_seconds=grace_period_seconds, propagation_policy=propagation_policy, dry_run=dry_run
        )
        query = list_query(label_selector=label_selector, field_selector=field_selector)
        self._send(self._request("deletecollection", "DELETE", query=query, body=body), request_timeout)


def _patch_type(patch: Patch) -> PatchType:
    if isinstance(patch, Mapping):
        return "merge"
    if isinstance(patch, (bytes, str)):
        raise ValueError("patch: say patch_type= for a patch that is text: merge, json, strategic or apply")
    return "json"
