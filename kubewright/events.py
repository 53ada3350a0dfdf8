"""Why this exists: what a controller did for an object belongs where people look for it, `kubectl describe`, and must never cost the
controller anything: an event is handed over, written by a thread of its own, put together with its like, and dropped before it blocks.

Behaviour is that of client-go's recorder for events.k8s.io/v1 (`tools/events`, reference client-go.md 2.11 V4). Two things differ: notes are
cut to what the server accepts instead of being refused by it, and stopping writes what is still queued (client-go loses it, G3).
"""

from __future__ import annotations

import logging
import random
import socket
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, cast

from .api.models.core_v1 import ObjectReference
from .api.models.events_v1 import Event, EventSeries
from .clock import Clock, RealClock
from .errors import AlreadyExists, ApiError, KubewrightError, NotFound
from .objects import ObjectMeta, metadata_of

if TYPE_CHECKING:
    from .api.clientset import Clientset

__all__ = ["EventRecorder", "EventType", "reference_to"]

log = logging.getLogger("kubewright.events")

EventType = Literal["Normal", "Warning"]

QUEUE_SIZE = 1000
"""Events that may wait; more are dropped (client-go: maxQueuedEvents)."""
MAX_TRIES = 12
RETRY_SECONDS = 10.0
FINISH_SECONDS = 360.0
"""A series without a new event for so long is over (client-go: finishTime)."""
REFRESH_SECONDS = 1800.0
"""How often a series that goes on is written, so that the server does not forget it (client-go: refreshTime)."""
KNOWN_EVENTS = 4096

_NOTE_BYTES = 1024
_WORD_CHARACTERS = 128
_STOP_SECONDS = 5.0


def reference_to(obj: object) -> ObjectReference:
    """An ObjectReference to a model or a document. Raises TypeError for what has no metadata, ValueError for what has no kind."""
    metadata = metadata_of(obj)
    if isinstance(obj, Mapping):
        document = cast("Mapping[str, object]", obj)
        api_version, kind = document.get("apiVersion"), document.get("kind")
    else:
        api_version, kind = getattr(obj, "api_version", None), getattr(obj, "kind", None)
    if not api_version or not kind:
        raise ValueError(f"{metadata.name}: an event needs an object with apiVersion and kind")
    return ObjectReference(
        api_version=str(api_version),
        kind=str(kind),
        name=metadata.name,
        namespace=metadata.namespace,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
    )


class EventRecorder:
    """Records what `controller` does. Safe to use from many threads; a context manager that ends with `stop`.

    Nothing is written before the first event, and the thread starts with it. `dropped` counts events that found the queue full, `failed`
    those that the server refused or that could not be written in twelve tries.
    """

    def __init__(
        self,
        clientset: Clientset,
        controller: str,
        *,
        instance: str | None = None,
        clock: Clock | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        if not controller:
            raise ValueError(
                "an event recorder needs the name of its controller, such as 'example.com/tstest-controller'"
            )
        self._events = clientset.events_v1.events
        self._controller = controller
        self._instance = (instance or f"{controller}-{socket.gethostname()}")[:_WORD_CHARACTERS]
        self._clock: Clock = clock or RealClock()
        self._draw = draw
        self._ready = threading.Condition()
        self._queue: deque[Event] = deque()
        self._series = _Series()
        self._stopping = threading.Event()
        self._idle = True
        self._thread: threading.Thread | None = None
        self.dropped = 0
        self.failed = 0

    def event(
        self,
        regarding: object,
        type: EventType,  # noqa: A002  # the API's word
        reason: str,
        note: str,
        *,
        action: str = "",
        related: object = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Hands an event over; returns at once and never raises for trouble with the server.

        `reason` is one CamelCase word on why ("FailedMount"), `action` on what was done (unsaid: the reason), `note` a sentence. Events that agree
        in everything but their note become one series with a count. Raises ValueError and TypeError for what can be no event.
        """
        if type not in ("Normal", "Warning"):
            raise ValueError(f"an event is Normal or Warning, not {type!r}")
        if not reason:
            raise ValueError("an event needs a reason: one CamelCase word")
        about = reference_to(regarding)
        now = self._clock.time()
        event = Event(
            metadata=ObjectMeta(
                name=_name(about.name or "", now),
                namespace=about.namespace or "default",
                annotations=dict(annotations) if annotations else None,
            ),
            event_time=_timestamp(now),
            type=type,
            reason=reason[:_WORD_CHARACTERS],
            action=(action or reason)[:_WORD_CHARACTERS],
            note=_cut(note),
            regarding=about,
            related=None if related is None else reference_to(related),
            reporting_controller=self._controller,
            reporting_instance=self._instance,
        )
        with self._ready:
            if self._stopping.is_set() or len(self._queue) >= QUEUE_SIZE:
                self.dropped += 1
                return
            self._queue.append(event)
            self._idle = False
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name=f"kubewright-events {self._controller}", daemon=True
                )
                self._thread.start()
            self._ready.notify_all()

    def flush(self, timeout: float = _STOP_SECONDS) -> bool:
        """Waits until everything that was handed over is written or given up; returns whether it is."""
        until = self._clock.now() + timeout
        with self._ready:
            while not self._idle:
                left = until - self._clock.now()
                if left <= 0:
                    return False
                self._clock.wait(self._ready, left)
            return True

    def stop(self, timeout: float = _STOP_SECONDS) -> None:
        """Takes no more events, tries once more to write those that wait and the last counts of series, and ends the thread. Idempotent.

        After `timeout` seconds it returns anyway; what is not written then is lost, and the log says how much.
        """
        with self._ready:
            self._stopping.set()
            self._ready.notify_all()
            thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        thread.join(timeout)
        if thread.is_alive():
            log.warning("%s: %d events could not be written before the end", self._controller, len(self._queue) + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._queue and not self._stopping.is_set():
                    due = self._series.due
                    left = None if due is None else due - self._clock.now()
                    if left is not None and left <= 0:
                        break
                    self._idle = True
                    self._ready.notify_all()
                    self._clock.wait(self._ready, left)
                event = self._queue.popleft() if self._queue else None
                if event is None and self._stopping.is_set():
                    break
            now = self._clock.now()
            writes = self._series.expire(now) if event is None else self._series.add(event, now)
            for write in writes:
                self._write(write)
        for write in self._series.finish(self._clock.now()):
            self._write(write)
        with self._ready:
            self._idle = True
            self._ready.notify_all()

    def _write(self, event: Event) -> None:
        for attempt in range(MAX_TRIES):
            try:
                self._write_once(event)
                return
            except AlreadyExists:
                return  # an earlier try got through after all
            except ApiError as error:
                # The server looked at it and said no (its namespace may be going away): saying it again would not help.
                log.info("event %s for %s: %s", event.reason, _what(event), error)
                break
            except KubewrightError as error:
                last = attempt + 1 == MAX_TRIES or self._stopping.is_set()
                log.log(
                    logging.WARNING if last else logging.INFO, "event %s for %s: %s", event.reason, _what(event), error
                )
                if last or self._clock.sleep(self._stopping, RETRY_SECONDS * (1 + 0.25 * self._draw())):
                    break
            except Exception:
                log.exception("event %s for %s could not be written", event.reason, _what(event))
                break
        self.failed += 1

    def _write_once(self, event: Event) -> None:
        metadata = event.metadata
        events = self._events(metadata.namespace or "default")
        if event.series is not None:
            series = {"count": event.series.count, "lastObservedTime": event.series.last_observed_time}
            try:
                events.patch(metadata.name or "", {"series": series}, request_timeout=RETRY_SECONDS)
                return
            except NotFound:
                pass  # forgotten by the server (events live for an hour): made anew
        events.create(event, request_timeout=RETRY_SECONDS)


@dataclass(slots=True)
class _Entry:
    event: Event
    last: float
    """When the latest of its like came, monotonic."""
    written: float
    count: int = 1
    written_count: int = 1


class _Series:
    """Puts events of one kind together: the first is written, the second makes it a series, further ones are counted and written now and
    then. Pure but for the clock readings it is given; used by one thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, ...], _Entry] = OrderedDict()
        self.due: float | None = None
        """When `expire` may have something to do, monotonic; None while nothing is known. Never late, sometimes early."""

    def add(self, event: Event, now: float) -> list[Event]:
        """What is to be written because of a new event."""
        writes = self.expire(now) if self.due is not None and self.due <= now else []
        key = _key(event)
        entry = self._known.get(key)
        if entry is None:
            self._known[key] = _Entry(event, now, now)
            if len(self._known) > KNOWN_EVENTS:
                _, oldest = self._known.popitem(last=False)
                if oldest.count > oldest.written_count:
                    writes.append(self._written(oldest, now))
            self.due = now + FINISH_SECONDS if self.due is None else self.due
            return [*writes, event]
        entry.count += 1
        entry.last = now
        self._known.move_to_end(key)
        entry.event.series = EventSeries(count=entry.count, last_observed_time=event.event_time)
        return [*writes, self._written(entry, now)] if entry.count == 2 else writes

    def expire(self, now: float) -> list[Event]:
        """What is to be written because time has passed: final counts of series that are over, counts of those that go on."""
        writes: list[Event] = []
        for key, entry in list(self._known.items()):
            over, stale = now - entry.last >= FINISH_SECONDS, now - entry.written >= REFRESH_SECONDS
            if over:
                del self._known[key]
            if entry.count > entry.written_count and (over or stale):
                writes.append(self._written(entry, now))
            elif stale:
                entry.written = now  # nothing new to say
        ends = [min(e.last + FINISH_SECONDS, e.written + REFRESH_SECONDS) for e in self._known.values()]
        self.due = min(ends, default=None)
        return writes

    def finish(self, now: float) -> list[Event]:
        """What is to be written at the end: the counts that nobody knows yet."""
        return [self._written(entry, now) for entry in self._known.values() if entry.count > entry.written_count]

    @staticmethod
    def _written(entry: _Entry, now: float) -> Event:
        entry.written, entry.written_count = now, entry.count
        return entry.event


def _key(event: Event) -> tuple[str, ...]:
    # client-go: getKey; the note is not part of it
    about, related = event.regarding, event.related
    parts = [event.type, event.action, event.reason, event.reporting_controller, event.reporting_instance]
    for reference in (about, related):
        if reference is not None:
            parts += [reference.api_version, reference.kind, reference.namespace, reference.name, reference.uid]
    return tuple(part or "" for part in parts)


def _name(subject: str, seconds: float) -> str:
    suffix = f".{int(seconds * 1e9):x}{random.getrandbits(16):04x}"
    return subject[: 253 - len(suffix)].rstrip("-.") + suffix


def _cut(note: str) -> str:
    raw = note.encode()
    return note if len(raw) <= _NOTE_BYTES else raw[: _NOTE_BYTES - 3].decode(errors="ignore") + "…"


def _what(event: Event) -> str:
    about = event.regarding
    return f"{about.kind} {about.namespace or ''}/{about.name}" if about is not None else "nothing"


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
