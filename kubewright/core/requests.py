"""Why this exists: what a verb sends (method, path, query, headers) is decided here, without I/O, and tested as values.

Options arrive in snake_case with Kubernetes' own words and leave as the query parameters that the API conventions name
(apimachinery `meta/v1` ListOptions, CreateOptions …). Names that would change the meaning of a path are refused before
anything is sent (client-go: TestInvalidSegments).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from ..objects import DeleteOptions, Preconditions
from ..selectors import FieldSelectorLike, LabelSelectorLike, parse_field_selector, parse_label_selector
from .codec import encode
from .resource import Resource
from .wire import Request

__all__ = [
    "CONTENT_TYPES",
    "DryRun",
    "FieldValidation",
    "PatchType",
    "PropagationPolicy",
    "Query",
    "ResourceVersionMatch",
    "build",
    "check_segment",
    "delete_body",
    "list_query",
    "partial_metadata",
    "watch_query",
    "write_query",
]

Query: TypeAlias = tuple[tuple[str, str], ...]
PatchType: TypeAlias = Literal["json", "merge", "strategic", "apply"]
DryRun: TypeAlias = bool | Literal["All"]
FieldValidation: TypeAlias = Literal["Ignore", "Warn", "Strict"]
PropagationPolicy: TypeAlias = Literal["Orphan", "Background", "Foreground"]
ResourceVersionMatch: TypeAlias = Literal["Exact", "NotOlderThan"]

CONTENT_TYPES: dict[PatchType, str] = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",  # JSON is YAML; servers since 1.16 know this type
}
_JSON = "application/json"


def check_segment(value: str, what: str) -> str:
    """A name that may stand in a path. Raises ValueError for what would address something else, as client-go does."""
    if not value:
        raise ValueError(f"{what} may not be empty")
    if value in (".", ".."):
        raise ValueError(f"invalid {what} {value!r}: may not be '.' or '..'")
    for sign in "/%":
        if sign in value:
            raise ValueError(f"invalid {what} {value!r}: may not contain {sign!r}")
    if not value.isprintable():
        raise ValueError(f"invalid {what} {value!r}: may not contain control characters")
    return value


def build(
    verb: str,
    method: str,
    resource: Resource,
    *,
    namespace: str = "",
    name: str | None = None,
    subresource: str | None = None,
    query: Query = (),
    body: bytes | None = None,
    content_type: str = _JSON,
    accept: str = _JSON,
) -> Request:
    """The request of a verb. `name=None` addresses the collection; `namespace=""` all namespaces or a cluster-scoped kind.

    Raises ValueError for a name or namespace that cannot stand in a path ("resource name may not be empty").
    """
    if name is not None:
        check_segment(name, "resource name")
    if namespace:
        check_segment(namespace, "namespace")
    headers = (("accept", accept),) if body is None else (("accept", accept), ("content-type", content_type))
    return Request(
        method=method,
        path=resource.path(namespace or None, name, subresource),
        query=query,
        headers=headers,
        body=body,
        verb=f"{verb}/{subresource}" if subresource else verb,
        resource=resource,
        namespace=namespace,
        name=name or "",
    )


def list_query(
    *,
    label_selector: LabelSelectorLike = None,
    field_selector: FieldSelectorLike = None,
    limit: int | None = None,
    continue_: str | None = None,
    resource_version: str | None = None,
    resource_version_match: ResourceVersionMatch | None = None,
    timeout_seconds: int | None = None,
) -> Query:
    """Query of list and deletecollection. Raises SelectorError for a selector that no server would take."""
    return _query(
        ("labelSelector", str(parse_label_selector(label_selector))),
        ("fieldSelector", str(parse_field_selector(field_selector))),
        ("limit", limit),
        ("continue", continue_),
        ("resourceVersion", resource_version),
        ("resourceVersionMatch", resource_version_match),
        ("timeoutSeconds", timeout_seconds),
    )


def watch_query(
    *,
    label_selector: LabelSelectorLike = None,
    field_selector: FieldSelectorLike = None,
    resource_version: str | None = None,
    resource_version_match: ResourceVersionMatch | None = None,
    timeout_seconds: int | None = None,
    allow_watch_bookmarks: bool = False,
    send_initial_events: bool | None = None,
) -> Query:
    """Query of watch. Streaming lists must say `resourceVersionMatch=NotOlderThan`: it is added where it is missing."""
    if send_initial_events and resource_version_match is None:
        resource_version_match = "NotOlderThan"
    return (
        ("watch", "true"),
        *_query(
            ("labelSelector", str(parse_label_selector(label_selector))),
            ("fieldSelector", str(parse_field_selector(field_selector))),
            ("resourceVersion", resource_version),
            ("resourceVersionMatch", resource_version_match),
            ("timeoutSeconds", timeout_seconds),
            ("allowWatchBookmarks", allow_watch_bookmarks or None),
            ("sendInitialEvents", send_initial_events),
        ),
    )


def write_query(
    *,
    dry_run: DryRun = False,
    field_manager: str | None = None,
    field_validation: FieldValidation | None = None,
    force: bool | None = None,
) -> Query:
    """Query of create, update, patch and apply."""
    return _query(
        ("dryRun", "All" if dry_run else None),
        ("fieldManager", field_manager),
        ("fieldValidation", field_validation),
        ("force", force),
    )


def delete_body(
    *,
    grace_period_seconds: int | None = None,
    propagation_policy: PropagationPolicy | None = None,
    uid: str | None = None,
    resource_version: str | None = None,
    dry_run: DryRun = False,
) -> bytes | None:
    """The DeleteOptions that say this, or None when there is nothing to say."""
    if grace_period_seconds is None and not (propagation_policy or uid or resource_version or dry_run):
        return None
    return encode(
        DeleteOptions(
            grace_period_seconds=grace_period_seconds,
            propagation_policy=propagation_policy,
            preconditions=(
                Preconditions(uid=uid, resource_version=resource_version) if uid or resource_version else None
            ),
            dry_run=["All"] if dry_run else None,
        )
    )


def partial_metadata(*, of_list: bool) -> str:
    """The Accept header that asks for metadata only (the server trims: a cache of it is about ten times smaller)."""
    kind = "PartialObjectMetadataList" if of_list else "PartialObjectMetadata"
    return f"{_JSON};as={kind};g=meta.k8s.io;v=v1"


def _query(*options: tuple[str, str | int | bool | None]) -> Query:
    return tuple((name, _text(value)) for name, value in options if value is not None and value != "")


def _text(value: str | int | bool) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
