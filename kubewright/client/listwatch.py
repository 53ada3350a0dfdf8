"""Why this exists: the raw source that a reflector reads: pages and streams as bytes, nothing decoded, nothing retried.

An informer decides for itself when to try again and what an error means, so nothing is decided here (client-go:
`tools/cache` ListWatch).
"""

from __future__ import annotations

from ..core.requests import ResourceVersionMatch, build, list_query, partial_metadata, watch_query
from ..core.resource import Resource
from ..core.wire import ByteStream, Request, StopSignal, Transport
from ..selectors import FieldSelectorLike, LabelSelectorLike, parse_field_selector, parse_label_selector
from .calls import open_stream, send_once

__all__ = ["ListWatch"]


class ListWatch:
    """Lists and watches one resource in one namespace (None: in all of them, or cluster-scoped), under fixed selectors.

    With `metadata_only` the server sends PartialObjectMetadata instead of whole objects.
    """

    def __init__(
        self,
        transport: Transport,
        resource: Resource,
        namespace: str | None = None,
        label_selector: LabelSelectorLike = None,
        field_selector: FieldSelectorLike = None,
        metadata_only: bool = False,
    ) -> None:
        self.transport = transport
        self.resource = resource
        self.namespace = namespace or ""
        self.label_selector = parse_label_selector(label_selector)
        self.field_selector = parse_field_selector(field_selector)
        self.metadata_only = metadata_only

    def list(
        self,
        *,
        resource_version: str | None = None,
        resource_version_match: ResourceVersionMatch | None = None,
        limit: int | None = None,
        continue_: str | None = None,
        timeout: float | None = None,
        stop: StopSignal | None = None,
    ) -> bytes:
        """One page as the server sent it. `stop` interrupts from any thread (StreamCut). Raises ApiError (with
        `.retry_after`) and TransportError at once: nothing is retried here."""
        query = list_query(
            label_selector=self.label_selector,
            field_selector=self.field_selector,
            limit=limit,
            continue_=continue_,
            resource_version=resource_version,
            resource_version_match=resource_version_match,
        )
        return send_once(self.transport, self._request("list", query, of_list=True), timeout=timeout, stop=stop).body

    def watch(
        self,
        *,
        resource_version: str | None,
        timeout_seconds: int | None = None,
        resource_version_match: ResourceVersionMatch | None = None,
        send_initial_events: bool = False,
        allow_bookmarks: bool = True,
        timeout: float | None = None,
        read_timeout: float | None = None,
        stop: StopSignal | None = None,
    ) -> ByteStream:
        """An open stream of watch events (status 200); `core.answers.lines` cuts it into events.

        `timeout`: seconds until the headers are there; `read_timeout`: seconds of silence allowed afterwards. Raises ApiError
        and TransportError.
        """
        query = watch_query(
            label_selector=self.label_selector,
            field_selector=self.field_selector,
            resource_version=resource_version,
            resource_version_match=resource_version_match,
            timeout_seconds=timeout_seconds,
            allow_watch_bookmarks=allow_bookmarks,
            send_initial_events=True if send_initial_events else None,
        )
        return open_stream(
            self.transport,
            self._request("watch", query, of_list=False),
            timeout=timeout,
            read_timeout=read_timeout,
            stop=stop,
        )

    def _request(self, verb: str, query: tuple[tuple[str, str], ...], *, of_list: bool) -> Request:
        accept = partial_metadata(of_list=of_list) if self.metadata_only else "application/json"
        return build(verb, "GET", self.resource, namespace=self.namespace, query=query, accept=accept)

    def __repr__(self) -> str:
        where = f" in {self.namespace!r}" if self.namespace else ""
        return f"<ListWatch: {self.resource}{where}>"
