"""Decides what a reflector does next: list, watch, wait. Pure: it sees answers, errors and the time, and does nothing itself.

The reflector asks `next()`, carries the step out, and reports what came of it. Ids are those of reference client-go.md; what
differs from client-go on purpose:

- lists always ask for the most recent state (resourceVersion unset), never for "0" or the last one seen (R1, R2): a cache never
  starts from, or goes back to, a stale state, pages are always possible (R4), and 410 or too-large versions cannot happen there;
- a watch that cannot be opened for want of a server (refused, timed out, 429, 5xx) is opened again from where it was, without a
  relist (client-go: R13 only for refused and 429);
- a streaming list without its end is given up for a list at once, and remembered per server after two (R26 loops for ever);
- after a server was away, or a watch said nothing for minutes, one item is listed first, only to see the version: a server that
  came back with lower ones (a restored etcd) accepts a watch from its future and then says nothing, for ever.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from ..errors import (
    ApiError,
    BadRequest,
    DecodeError,
    Gone,
    Invalid,
    KubewrightError,
    MethodNotAllowed,
    NotFound,
    StreamCut,
    TooManyRequests,
    TransportError,
    Unauthorized,
    UnsupportedMediaType,
)
from .backoff import Backoff
from .codec import split_list
from .events import Batch, GarbledStream, WatchFraming
from .store import Entry, Key, LabelSets, read_entries
from .streaminglists import StreamingLists
from .watchsteps import Events, ListStep, Replaced, WaitStep, WatchStep

__all__ = ["WatchMachine", "is_too_large_resource_version"]

PAGE_SIZE = 500
SHORT_WATCH = 1.0  # seconds; a watch that ends earlier and brought nothing is a failure (R15)
INITIAL_SILENCE = 30.0  # seconds that a streaming list may say nothing before it is given up
WATCH_GRACE = 30.0  # seconds over its own timeout after which a silent watch is cut
MAX_RETRY_AFTER = 600.0  # seconds; what a server may ask for at most
MAX_SHORT_WATCHES = 3  # in a row, then the list is asked again
_NOWHERE = ("", "0")  # versions of servers that have none: a watch from there begins with what exists
BARREN = 240.0  # seconds of watching without an event or a bookmark, then the version is checked


def is_too_large_resource_version(error: Exception) -> bool:
    """Whether the server has not yet seen the version that was asked for (R3; apierrors.IsTooLargeResourceVersion)."""
    return isinstance(error, ApiError) and (
        error.has_cause("ResourceVersionTooLarge") or "Too large resource version" in error.message
    )


class WatchMachine:
    """Keeps one scope (a kind, in all namespaces or one) in step with the server.

    Report what comes of a step: a list page with `page`, an opened watch with `opened`, its chunks with `feed`, its end with
    `ended`, any exception with `failed`. `phase`, `last_error`, `failures` (in a row) and the counters are for people.
    """

    def __init__(
        self,
        *,
        api_version: str = "",
        kind: str = "",
        where: str = "",
        streaming: StreamingLists | None = None,
        backoff: Backoff | None = None,
        page_size: int = PAGE_SIZE,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.streaming = streaming if streaming is not None else StreamingLists.never()
        self.backoff = backoff if backoff is not None else Backoff()
        self.resource_version = ""
        self.phase = "starting"
        self.last_error: Exception | None = None
        self.failures = 0
        self.lists = self.watches = self.events = self.unusable = self.errors = 0
        self._api_version, self._kind, self._where = api_version, kind, where
        self._page_size = page_size
        self._draw = draw
        self._shared = LabelSets()
        self._want_sync = True
        self._plain_list = False  # this time by list, not by stream
        self._whole = False  # without limit: a continue token has expired (R5)
        self._delay = 0.0
        self._pages: list[Entry] = []
        self._continue: str | None = None
        self._streaming_initial: dict[Key, Entry] | None = None
        self._framing = WatchFraming(self._shared, where)
        self._timeout = 0
        self._opened_at: float | None = None
        self._opened_version = ""
        self._progress = False
        self._short = 0
        self._garbled_at: str | None = None
        self._check_version = False  # before the next watch
        self._checking = False
        self._heard = False
        self._barren = 0.0

    # --- what to do

    def next(self, now: float) -> ListStep | WatchStep | WaitStep:
        """The next step. Each must be reported on before the next one is asked for."""
        if self._delay > 0:
            seconds, self._delay = self._delay, 0.0
            self.phase = "waiting"
            return WaitStep(seconds)
        if not self._want_sync:
            if self._check_version:
                self._checking = True
                self.phase = "checking the version"
                self.lists += 1
                return ListStep(1, None)
            return self._watch_step(streaming=False)
        if self._continue is None and not self._plain_list and self.streaming.allowed(now):
            return self._watch_step(streaming=True)
        self.phase = "listing"
        self.lists += 1
        return ListStep(None if self._whole else self._page_size, self._continue)

    def _watch_step(self, *, streaming: bool) -> WatchStep:
        self.phase = "streaming list" if streaming else "watching"
        self.watches += 1
        self._streaming_initial = {} if streaming else None
        self._opened_at = None
        self._opened_version = self.resource_version
        self._progress = self._heard = False
        self._framing = WatchFraming(self._shared, self._where)
        self._timeout = 300 + int(300 * self._draw())  # R10
        return WatchStep("" if streaming else self.resource_version, self._timeout, streaming)

    @property
    def silence_limit(self) -> float:
        """Seconds without a byte after which the open watch is to be cut (R19: client-go has none)."""
        return INITIAL_SILENCE if self._streaming_initial is not None else self._timeout + WATCH_GRACE

    # --- what came of it: lists

    def page(self, body: bytes, now: float) -> Replaced | None:
        """A list page has come: the whole content when it was the last one. Never raises: what is no list has failed."""
        try:
            page = split_list(body)
            if page.kind is not None and page.kind.endswith("Table"):  # R6
                raise DecodeError(f"the server sent a {page.kind}, not a list of objects")
        except DecodeError as error:
            self.failed(error, now)
            return None
        if self._checking:
            self._checking = self._check_version = False
            self._want_sync = _is_lower(page.metadata.resource_version or "", self.resource_version)
            return None
        entries, unusable = read_entries(body, page.raw_items, self._shared, self._api_version, self._kind)
        self._note_unusable(unusable)
        self._pages += entries
        before, self._continue = self._continue, page.metadata.continue_ or None
        if self._continue is not None:
            if self._continue == before:
                self.failed(
                    DecodeError("the server answers a continue token with the same one: the list never ends"), now
                )
            return None
        found, self._pages = self._pages, []
        self._synced(page.metadata.resource_version or "")
        return Replaced(found, self.resource_version)

    def _synced(self, resource_version: str) -> None:
        self._want_sync = self._plain_list = self._whole = False
        self._continue = None
        self._streaming_initial = None
        self.resource_version = resource_version
        self._garbled_at = None
        self._check_version = False
        self._barren = 0.0
        self.phase = "watching"

    # --- what came of it: watches

    def opened(self, now: float) -> None:
        """The server has accepted the watch."""
        self._opened_at = now

    def feed(self, chunk: bytes, now: float) -> list[Replaced | Events]:
        """What a chunk of the watch brought. Look at `over` afterwards."""
        effects: list[Replaced | Events] = []
        for batch in self._framing.feed(chunk):
            if batch.unusable is not None:
                self._note_unusable(batch.unusable)
            if self._streaming_initial is not None:
                self._initial(batch, effects)
            else:
                self._live(batch, effects)
            if batch.error is not None:
                self.failed(batch.error, now)
        return effects

    @property
    def over(self) -> bool:
        """Whether the watch has said its last word (an error): close it."""
        return self._opened_at is None

    def _live(self, batch: Batch, effects: list[Replaced | Events]) -> None:
        if batch.entries:
            self._advance(batch)
            self.events += len(batch.entries)
        if batch.bookmark:
            if _is_lower(batch.bookmark, self._opened_version):
                batch.error = _WentBack(f"the server is at version {batch.bookmark}, before {self._opened_version}")
                return
            self.resource_version = batch.bookmark
        if batch.entries or batch.bookmark:
            self._heard = True
            if self.resource_version != self._opened_version:
                self._progress = True
                self._recovered()
            effects.append(Events(batch.entries, batch.deleted, self.resource_version))

    def _advance(self, batch: Batch) -> None:
        if self.resource_version not in _NOWHERE:
            self.resource_version = batch.entries[-1].resource_version
            return
        # R18: a watch from nowhere starts with the existing objects, in no order of versions; only then come real events.
        last = batch.entries[-1]
        if batch.deleted[-1]:
            self.resource_version = last.resource_version

    def _initial(self, batch: Batch, effects: list[Replaced | Events]) -> None:
        gathered = self._streaming_initial
        assert gathered is not None
        for entry, deleted in zip(batch.entries, batch.deleted, strict=True):
            if deleted:
                gathered.pop(entry.key, None)
            else:
                gathered[entry.key] = entry
        self.events += len(batch.entries)
        if batch.initial_end and batch.bookmark:
            self.streaming.worked()
            self._synced(batch.bookmark)
            self._progress = True
            self._recovered()
            effects.append(Replaced(list(gathered.values()), batch.bookmark))

    def ended(self, now: float) -> None:
        """The watch ended as watches do: the server closed it."""
        self._watch_ended(None, now)

    # --- what came of it: trouble

    def failed(self, error: Exception, now: float) -> None:
        """A step failed, at whatever point. Decides whether to list again, and how long to wait before."""
        opened_at, self._opened_at = self._opened_at, None
        if self._checking:
            self._checking = False
            self._want_sync = not _server_is_away(error)
            self._back_off(error)
        elif self._streaming_initial is not None:
            self._streaming_failed(error, now, opened=opened_at is not None)
        elif self._want_sync:
            self._list_failed(error)
        elif isinstance(error, StreamCut) and opened_at is not None:
            self._opened_at = opened_at
            self._watch_ended(error, now)
        else:
            if opened_at is not None:
                self.backoff.lived(now - opened_at)
            self._watch_failed(error)

    def _list_failed(self, error: Exception) -> None:
        had_pages, self._continue, self._pages = self._continue is not None, None, []
        if isinstance(error, Gone) and had_pages and not self._whole:
            self._note(error)
            self._whole = True  # R5: the rest of the pages has expired; once more, in one piece
            return
        self._whole = self._plain_list = False
        self._back_off(error)

    def _streaming_failed(self, error: Exception, now: float, *, opened: bool) -> None:
        self._streaming_initial = None
        unsupported = isinstance(error, (BadRequest, Invalid, MethodNotAllowed, UnsupportedMediaType))
        if unsupported and not opened:
            self.streaming.refused(now, str(error))
        elif opened:
            self.streaming.broken(now, str(error))
        absent = isinstance(error, (NotFound, Unauthorized, TooManyRequests))
        if absent or (not opened and isinstance(error, TransportError)):
            self._back_off(error)
        else:
            self._note(error)
            self._plain_list = True  # R25: by list, in this same round

    def _watch_failed(self, error: Exception) -> None:
        if isinstance(error, GarbledStream):
            again, self._garbled_at = self._garbled_at == self.resource_version, self.resource_version
            self._want_sync = again or self.resource_version in _NOWHERE
        else:
            self._want_sync = not _server_is_away(error) or self.resource_version in _NOWHERE
            self._check_version = isinstance(error, TransportError)
        self._back_off(error)

    def _watch_ended(self, error: Exception | None, now: float) -> None:
        if self._streaming_initial is not None:
            self.failed(error or StreamCut("the streaming list ended before its end was announced"), now)
            return
        opened_at, self._opened_at = self._opened_at, None
        if self.resource_version in _NOWHERE:
            self._want_sync = (
                True  # such a watch begins with what is there: what was deleted meanwhile it does not tell
            )
        lived = now - opened_at if opened_at is not None else 0.0
        self.backoff.lived(lived)
        self._barren = 0.0 if self._heard else self._barren + lived
        if self._barren >= BARREN:
            self._barren = 0.0
            self._check_version = True
        if self._progress or lived >= SHORT_WATCH:
            self._short = 0
            if error is not None:
                self._note(error)
            else:
                self.failures = 0
            return  # R12: on from the last version, at once
        self._short += 1
        if self._short >= MAX_SHORT_WATCHES:
            self._short = 0
            self._want_sync = True
        self._back_off(error or StreamCut("very short watch: it ended within a second and brought nothing"))

    def _back_off(self, error: Exception) -> None:
        self._note(error)
        asked = error.retry_after if isinstance(error, ApiError) else None
        self._delay = self.backoff.next(min(asked, MAX_RETRY_AFTER) if asked else None)

    def _note(self, error: Exception) -> None:
        self.last_error = error
        self.failures += 1
        self.errors += 1

    def _recovered(self) -> None:
        self.failures = 0
        self._short = 0

    def _note_unusable(self, errors: list[DecodeError]) -> None:
        if errors:
            self.unusable += len(errors)
            self.last_error = errors[-1]


class _WentBack(KubewrightError):
    """The server's versions are lower than they were: what it says now does not continue what it said before."""


def _is_lower(version: str, known: str) -> bool:
    """Whether `version` is before `known`; False where they cannot be compared (KEP-5504 says when they can)."""
    return version.isdigit() and known.isdigit() and int(version) < int(known)


def _server_is_away(error: Exception) -> bool:
    """Whether the server, not the request, is the trouble: then the watch goes on from where it was."""
    if is_too_large_resource_version(error):
        return False
    if isinstance(error, ApiError):
        return error.code == 429 or error.code >= 500
    return isinstance(error, TransportError)
