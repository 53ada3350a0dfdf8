"""Why this exists: the verbs that read: get, list, pages, watch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from ..core import codec
from ..core.requests import ResourceVersionMatch, list_query, watch_query
from ..errors import DecodeError, Gone
from ..objects import metadata_of, set_origin
from ..selectors import FieldSelectorLike, LabelSelectorLike
from .calls import open_stream
from .endpoint import Endpoint
from .listwatch import ListWatch
from .results import ObjectList
from .watch import Watch

__all__ = ["PAGE_SIZE", "CanGet", "CanList", "CanWatch", "OnUndecodable"]

T = TypeVar("T")

PAGE_SIZE = 500
"""Objects asked for at once by `pages` (client-go: pager.DefaultPageSize)."""

OnUndecodable = Callable[[bytes, DecodeError], None]
"""Takes the raw document of a list item that does not fit its model, and why."""

# How much longer than the server's own timeout a silent watch is waited for.
_WATCH_GRACE_SECONDS = 30.0


class CanGet(Endpoint[T]):
    """The verb get."""

    def get(self, name: str, *, resource_version: str | None = None, request_timeout: float | None = None) -> T:
        """Reads one object. Raises NotFound and the other ApiErrors, ValueError for an impossible name."""
        query = list_query(resource_version=resource_version)
        return self._read(self._send(self._request("get", "GET", name, query=query), request_timeout).body)


class CanList(Endpoint[T]):
    """The verb list, whole or in pages."""

    def list(
        self,
        *,
        label_selector: LabelSelectorLike = None,
        field_selector: FieldSelectorLike = None,
        limit: int | None = None,
        continue_: str | None = None,
        resource_version: str | None = None,
        resource_version_match: ResourceVersionMatch | None = None,
        timeout_seconds: int | None = None,
        request_timeout: float | None = None,
        on_undecodable: OnUndecodable | None = None,
    ) -> ObjectList[T]:
        """Reads all objects in one consistent answer, or with `limit` one page (then `.continue_` leads to the next).

        An item that does not fit the model raises DecodeError naming it; with `on_undecodable` it is handed over instead
        and left out.
        """
        query = list_query(
            label_selector=label_selector,
            field_selector=field_selector,
            limit=limit,
            continue_=continue_,
            resource_version=resource_version,
            resource_version_match=resource_version_match,
            timeout_seconds=timeout_seconds,
        )
        timeout = _client_side(request_timeout, timeout_seconds)
        page = codec.split_list(self._send(self._request("list", "GET", query=query), timeout).body)
        items = [item for raw in page.raw_items if (item := self._item(bytes(raw), on_undecodable)) is not None]
        return ObjectList(
            items,
            resource_version=page.metadata.resource_version or "",
            continue_=page.metadata.continue_ or "",
            remaining_item_count=page.metadata.remaining_item_count,
        )

    def pages(
        self,
        *,
        label_selector: LabelSelectorLike = None,
        field_selector: FieldSelectorLike = None,
        limit: int = PAGE_SIZE,
        resource_version: str | None = None,
        resource_version_match: ResourceVersionMatch | None = None,
        request_timeout: float | None = None,
        on_undecodable: OnUndecodable | None = None,
    ) -> Iterator[ObjectList[T]]:
        """Reads page by page, so that memory holds one page. All pages show one moment of the server.

        Except when reading takes longer than the server keeps history (minutes): then the rest comes as it is by
        now, each object still at most once (client-go's pager starts over instead, and hands out objects twice).
        """
        token: str | None = None
        seen: set[str] = set()
        while True:
            try:
                page = self.list(
                    label_selector=label_selector,
                    field_selector=field_selector,
                    limit=limit,
                    continue_=token,
                    # A continue token carries its version; saying it again is an error (client-go C11).
                    resource_version=None if token else resource_version,
                    resource_version_match=None if token else resource_version_match,
                    request_timeout=request_timeout,
                    on_undecodable=on_undecodable,
                )
            except Gone as error:
                if token is None:
                    raise
                token = _inconsistent_token(error)
                if token is None:
                    yield self._unseen(seen, label_selector, field_selector, request_timeout, on_undecodable)
                    return
                continue
            seen.update(metadata_of(item).uid or "" for item in page)
            yield page
            token = page.continue_
            if not token:
                return

    def _unseen(
        self,
        seen: set[str],
        label_selector: LabelSelectorLike,
        field_selector: FieldSelectorLike,
        request_timeout: float | None,
        on_undecodable: OnUndecodable | None,
    ) -> ObjectList[T]:
        """The server offered no way on: everything again in one answer, without what was handed out."""
        whole = self.list(
            label_selector=label_selector,
            field_selector=field_selector,
            request_timeout=request_timeout,
            on_undecodable=on_undecodable,
        )
        rest = [item for item in whole if metadata_of(item).uid not in seen]
        return ObjectList(rest, resource_version=whole.resource_version)

    def _item(self, raw: bytes, on_undecodable: OnUndecodable | None) -> T | None:
        try:
            made = codec.decode(self.model, raw)
        except DecodeError as error:
            if on_undecodable is None:
                raise DecodeError(f"item {_who(raw)} of list {self.resource}: {error}", path=error.path) from error
            on_undecodable(raw, error)
            return None
        set_origin(made, raw)
        return made


class CanWatch(Endpoint[T]):
    """The verb watch."""

    def watch(
        self,
        *,
        label_selector: LabelSelectorLike = None,
        field_selector: FieldSelectorLike = None,
        resource_version: str | None = None,
        resource_version_match: ResourceVersionMatch | None = None,
        timeout_seconds: int | None = None,
        allow_watch_bookmarks: bool = False,
        send_initial_events: bool | None = None,
        request_timeout: float | None = None,
    ) -> Watch[T]:
        """Opens a watch; see :class:`Watch` for how it ends. Errors of the request itself are raised here.

        Without `resource_version` the server first sends every object as ADDED, then goes on from there.
        `timeout_seconds`: when the server ends it; a server that is silent for longer than that counts as gone
        (TransportTimeout). `request_timeout`: seconds until the watch is open.
        """
        query = watch_query(
            label_selector=label_selector,
            field_selector=field_selector,
            resource_version=resource_version,
            resource_version_match=resource_version_match,
            timeout_seconds=timeout_seconds,
            allow_watch_bookmarks=allow_watch_bookmarks,
            send_initial_events=send_initial_events,
        )
        request = self._request("watch", "GET", query=query)
        stream = open_stream(
            self._transport,
            request,
            timeout=request_timeout,
            read_timeout=None if timeout_seconds is None else timeout_seconds + _WATCH_GRACE_SECONDS,
        )
        return Watch(stream, self.model, request, resource_version=resource_version or "")

    def list_watch(
        self,
        *,
        label_selector: LabelSelectorLike = None,
        field_selector: FieldSelectorLike = None,
        metadata_only: bool = False,
    ) -> ListWatch:
        """The raw source of this kind for an informer, restricted as this client is (client-go: NewListWatchFromClient)."""
        return ListWatch(
            self._transport,
            self.resource,
            self.namespace or None,
            label_selector=label_selector,
            field_selector=field_selector,
            metadata_only=metadata_only,
        )


def _client_side(request_timeout: float | None, timeout_seconds: int | None) -> float | None:
    # client-go T1: the server's timeout bounds the client too.
    if request_timeout is not None or timeout_seconds is None:
        return request_timeout
    return float(timeout_seconds)


def _inconsistent_token(error: Gone) -> str | None:
    """The token by which the server goes on from the same key at its present version (KEP-365)."""
    metadata = error.status.metadata if error.status is not None else None
    return (metadata.continue_ or None) if metadata is not None else None


def _who(raw: bytes) -> str:
    try:
        metadata = codec.header(raw).metadata
    except DecodeError:
        return "(without readable metadata)"
    return "/".join(part for part in (metadata.namespace, metadata.name) if part)
