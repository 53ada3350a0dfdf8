"""Watches: from stored events to what one client sees, with bookmarks, initial events and errors in the stream.

A watcher sees the world through its selection, so an object that begins to match is an ADDED and one that ceases to
match a DELETED, whatever happened in storage (apiserver ``pkg/storage/cacher``). Where several watchers want the same
bytes, the line is encoded once.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from kubewright.testing.server import statuses
from kubewright.testing.server.listing import initial_events, parse_revision
from kubewright.testing.server.messages import ServerRequest, StatusError, WatchStream
from kubewright.testing.server.represent import Representation, decode, encode
from kubewright.testing.server.selection import Selection
from kubewright.testing.server.store import Collection, Entry, Storage, StoredEvent, prefix_range

BOOKMARK_PERIOD = 60.0
"""Seconds between bookmarks of a quiet watch: about once a minute, as the real server."""
BOOKMARK_BEFORE_END = 2.0
"""A last bookmark comes this many seconds before ``timeoutSeconds`` is over."""

_encode = msgspec.json.encode


def event_line(kind: str, raw: bytes) -> bytes:
    """One event as it goes over the wire."""
    return b'{"type":"%s","object":%s}\n' % (kind.encode(), raw)


class Watcher:
    """One watch: subscribes a stream to a collection through a selection. Methods expect the storage's lock."""

    def __init__(self, stream: WatchStream, selected: Selection, shown: Representation, *, bookmarks: bool) -> None:
        self.stream = stream
        self._selected = selected
        self._shown = shown
        self._bookmarks = bookmarks
        self._next_bookmark = float("inf")
        self._everything = shown.plain and not selected.name and not selected.namespace and not selected.has_selectors
        self.collection: Collection | None = None

    def start(self, storage: Storage, collection: Collection, request: ServerRequest, now: float) -> None:
        """Send what lies before now, then subscribe. Errors of the past go into the stream, as the real server does."""
        try:
            initial, after = self._starting_point(storage, collection, request)
        except StatusError as error:
            if error.code == 500:
                raise
            self.stream.feed([event_line("ERROR", _encode(error.status()))])
            self.stream.end()
            return
        lines: list[bytes] = []
        if initial:
            first, last = prefix_range(self._selected.namespace)
            for key in collection.between(first, last):
                entry = collection.entries[key]
                if self._selected.matches(entry):
                    lines.append(event_line("ADDED", self._shown.event_object(entry)))
            if self._bookmarks:
                mark = self._shown.bookmark(storage.revision, initial_events_end=True)
                lines.append(event_line("BOOKMARK", mark))
        else:
            for event in collection.events_after(after):
                line = self._line(event)
                if line is not None:
                    lines.append(line)
        self.stream.feed(lines)
        self.collection = collection
        self.stream.on_close = storage.watch(collection, self._tell)
        self._schedule(now)

    def _starting_point(self, storage: Storage, collection: Collection, request: ServerRequest) -> tuple[bool, int]:
        """Whether the current objects come first, and otherwise after which revision to begin."""
        version = request.param("resourceVersion")
        wanted = parse_revision(version)
        if initial_events(request):
            if wanted > storage.revision:
                raise statuses.too_large_resource_version(wanted, storage.revision)
            return True, 0
        if wanted == 0:
            return False, storage.revision
        if wanted < collection.oldest:
            raise statuses.expired(f"too old resource version: {wanted} ({collection.oldest})")
        return False, wanted

    def _tell(self, event: StoredEvent) -> None:
        line = self._line(event)
        if line is not None:
            self.stream.feed([line])

    def _line(self, event: StoredEvent) -> bytes | None:
        """The event as this watcher sees it, or None when it concerns nothing it selects."""
        if self._everything:
            if self._shown.served is event.new.written_as:
                if event.line is None:
                    event.line = event_line(event.type, event.new.raw)
                return event.line
            return event_line(event.type, self._shown.event_object(event.new))
        before = event.old is not None and self._selected.matches(event.old)
        after = event.type != "DELETED" and self._selected.matches(event.new)
        if after:
            return event_line("MODIFIED" if before else "ADDED", self._shown.event_object(event.new))
        if not before or event.old is None:
            return None
        if event.type == "DELETED":
            return event_line("DELETED", self._shown.event_object(event.new))
        return event_line("DELETED", self._shown.event_object(_as_of(event.old, event.revision)))

    def tick(self, storage: Storage, now: float) -> bool:
        """Send a bookmark when one is due, end the watch when its time is over; False when it is over."""
        deadline = self.stream.deadline
        if deadline is not None and now >= deadline:
            self.stream.end()
            return False
        if self._bookmarks and now >= self._next_bookmark:
            self.stream.feed([event_line("BOOKMARK", self._shown.bookmark(storage.revision))])
            self._schedule(now)
        return True

    def _schedule(self, now: float) -> None:
        following = now + BOOKMARK_PERIOD
        deadline = self.stream.deadline
        if deadline is not None:
            last = deadline - BOOKMARK_BEFORE_END
            following = min(following, last) if now < last else float("inf")
        self._next_bookmark = following


def _as_of(entry: Entry, revision: int) -> Entry:
    """The last state that matched, under the revision at which it ceased to."""
    obj = decode(entry.raw)
    obj["metadata"]["resourceVersion"] = str(revision)
    return Entry(entry.namespace, entry.name, entry.uid, revision, entry.labels, encode(obj), entry.written_as)


class Watchers:
    """All running watches: what the server's tick walks through and its shutdown ends."""

    def __init__(self, storage: Storage, now: Callable[[], float]) -> None:
        self._storage = storage
        self._now = now
        self._running: dict[int, Watcher] = {}
        self.bookmarks_stopped = False
        """A fault on demand: no watch gets a bookmark any more."""

    def __len__(self) -> int:
        return len(self._running)

    def open(
        self, collection: Collection, selected: Selection, shown: Representation, request: ServerRequest
    ) -> WatchStream:
        """Begin a watch; raises 500 for a malformed resourceVersion. The caller holds the lock."""
        seconds = _seconds(request.param("timeoutSeconds"))
        now = self._now()
        stream = WatchStream(now + seconds if seconds else None)
        bookmarks = request.flag("allowWatchBookmarks") and not self.bookmarks_stopped
        watcher = Watcher(stream, selected, shown, bookmarks=bookmarks)
        watcher.start(self._storage, collection, request, now)
        forget = stream.on_close
        if forget is None:
            return stream
        self._running[id(stream)] = watcher

        def close() -> None:
            self._running.pop(id(stream), None)
            forget()

        stream.on_close = close
        return stream

    def tick(self) -> None:
        """Bookmarks and ends that are due."""
        now = self._now()
        with self._storage.lock:
            for watcher in list(self._running.values()):
                if not watcher.tick(self._storage, now):
                    watcher.stream.close_source()

    def end_all(self) -> None:
        """End every watch normally (the server stops)."""
        for watcher in list(self._running.values()):
            watcher.stream.end()
            watcher.stream.close_source()

    def end_for(self, collection: Collection) -> None:
        """End all watches of a resource."""
        for watcher in list(self._running.values()):
            if watcher.collection is collection:
                watcher.stream.end()
                watcher.stream.close_source()


def _seconds(text: str) -> float:
    if not text:
        return 0.0
    try:
        return float(int(text))
    except ValueError:
        reason = f"strconv.ParseInt: parsing {statuses.quote(text)}: invalid syntax"
        raise statuses.bad_request(reason) from None
