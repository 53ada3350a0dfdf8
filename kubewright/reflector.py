"""Carries out what the watch machine decides: sends lists and watches, hands what comes to a sink, waits, stops.

One reflector, one thread, one scope. All decisions are in `kubewright.core.watching`; here are only the request that is under
way, how to interrupt it from another thread, and how long it may be silent.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable
from typing import Protocol

from .clock import Clock
from .core.backoff import Backoff
from .core.requests import ResourceVersionMatch
from .core.resource import Resource
from .core.streaminglists import StreamingLists
from .core.watching import WatchMachine
from .core.watchsteps import Events, ListStep, Replaced, WaitStep, WatchStep
from .core.wire import ByteStream, StopSignal
from .errors import Gone, TransportTimeout

__all__ = ["Reflector", "Sink", "Source", "streaming_lists_of"]

log = logging.getLogger("kubewright.reflector")

LIST_TIMEOUT = 120.0  # seconds for one page, or for a whole list without a limit
OPEN_TIMEOUT = 60.0  # seconds until the headers of a watch


class Source(Protocol):
    """Where a reflector's objects come from: one kind, in one namespace or in all (None, ""). `client.ListWatch` is one.

    Both calls end early, with any exception or an early end, when `stop` is set.
    """

    @property
    def resource(self) -> Resource: ...

    @property
    def namespace(self) -> str | None: ...

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
        """The body of one list page. Raises ApiError or TransportError."""
        ...

    def watch(
        self,
        *,
        resource_version: str,
        timeout_seconds: int,
        send_initial_events: bool = False,
        allow_bookmarks: bool = True,
        stop: StopSignal,
    ) -> ByteStream:
        """An opened watch. Raises ApiError or TransportError; also the stream raises TransportError."""
        ...


class Sink(Protocol):
    """Who takes what a reflector learns. Called on the reflector's thread."""

    def replaced(self, namespace: str | None, content: Replaced) -> None: ...

    def changed(self, namespace: str | None, events: Events) -> None: ...

    def failed(self, namespace: str | None, error: Exception) -> None: ...


_lists_by_server: weakref.WeakKeyDictionary[object, StreamingLists] = weakref.WeakKeyDictionary()
_lists_lock = threading.Lock()


def streaming_lists_of(source: object) -> StreamingLists:
    """What is known about streaming lists on the server behind `source`: one verdict a transport."""
    server = getattr(source, "transport", source)
    try:
        with _lists_lock:
            known = _lists_by_server.get(server)
            if known is None:
                _lists_by_server[server] = known = StreamingLists()
            return known
    except TypeError:  # a transport that cannot be hashed or weakly referenced: each informer learns for itself
        return StreamingLists()


class Reflector:
    """Keeps a sink in step with a source until stopped.

    `on_request` is called when a request begins, so that whoever watches `deadline` looks again.
    """

    def __init__(
        self,
        source: Source,
        sink: Sink,
        *,
        clock: Clock,
        backoff: Backoff,
        streaming: StreamingLists,
        on_request: Callable[[], None],
    ) -> None:
        resource = source.resource
        self.source = source
        self.machine = WatchMachine(
            api_version=resource.api_version,
            kind=resource.kind,
            where=str(resource),
            streaming=streaming,
            backoff=backoff,
        )
        self.namespace = source.namespace or None
        self.where = f"{resource} in {self.namespace}" if self.namespace else str(resource)
        self._sink = sink
        self._clock = clock
        self._on_request = on_request
        self._stop = StopSignal()
        self._request: StopSignal | None = None
        self._heard_at = 0.0
        self._limit: float | None = None
        self._silent_for: float | None = None
        self.thread = threading.Thread(target=self._run, name=f"kubewright-reflector {self.where}", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Interrupts whatever is under way; from any thread. The thread ends within milliseconds; join it where you may."""
        self._stop.set()

    # --- silence: asked from the informer's clock thread

    def deadline(self) -> float | None:
        """When (Clock.now) the request under way has been silent for too long; None when there is none, or it is cut already."""
        request = self._request
        # What is cut may take its time to end; as long as it were due, the clock thread would cut it again without pause.
        if request is None or request.is_set():
            return None
        limit = self._limit if self._limit is not None else self.machine.silence_limit
        return self._heard_at + limit

    def cut_if_silent(self) -> None:
        """Cuts the request under way when its deadline has passed; the machine then decides as for any broken stream."""
        request, due = self._request, self.deadline()
        now = self._clock.now()
        if request is not None and due is not None and due <= now:
            self._silent_for = now - self._heard_at
            log.warning(
                "%s: the server has been silent for %.0f s, giving up this request", self.where, self._silent_for
            )
            request.set()

    # --- the loop

    def _run(self) -> None:
        machine = self.machine
        while not self._stop.is_set():
            step = machine.next(self._clock.now())
            if isinstance(step, WaitStep):
                self._clock.sleep(self._stop.event, step.seconds)
                continue
            errors = machine.errors
            request = StopSignal()
            forget = self._stop.on_stop(request.set)
            self._silent_for = None
            try:
                if isinstance(step, ListStep):
                    self._list(step, request)
                else:
                    self._watch(step, request)
            except Exception as error:
                if self._stop.is_set():
                    break
                machine.failed(self._reason(error), self._clock.now())
            finally:
                self._request = None
                forget()
            if machine.errors != errors and machine.last_error is not None:
                self._tell(machine.last_error)
        machine.phase = "stopped"

    def _begin(self, request: StopSignal, limit: float) -> None:
        self._heard_at = self._clock.now()
        self._limit = limit
        self._request = request
        self._on_request()

    def _list(self, step: ListStep, request: StopSignal) -> None:
        self._begin(request, LIST_TIMEOUT)
        body = self.source.list(limit=step.limit, continue_=step.continue_, timeout=LIST_TIMEOUT, stop=request)
        if self._stop.is_set():
            return
        content = self.machine.page(body, self._clock.now())
        if content is not None:
            self._sink.replaced(self.namespace, content)

    def _watch(self, step: WatchStep, request: StopSignal) -> None:
        machine, namespace, now = self.machine, self.namespace, self._clock.now
        self._begin(request, OPEN_TIMEOUT)
        stream = self.source.watch(
            resource_version=step.resource_version,
            timeout_seconds=step.timeout_seconds,
            send_initial_events=step.send_initial_events,
            stop=request,
        )
        try:
            self._heard_at = now()
            self._limit = None
            machine.opened(self._heard_at)
            for chunk in stream:
                self._heard_at = now()
                for effect in machine.feed(chunk, self._heard_at):
                    if isinstance(effect, Events):
                        self._sink.changed(namespace, effect)
                    else:
                        self._sink.replaced(namespace, effect)
                if machine.over or request.is_set():
                    break
        finally:
            stream.stop()
        if self._stop.is_set():
            return
        if self._silent_for is not None:
            machine.failed(self._reason(None), now())
        elif not machine.over:
            machine.ended(now())

    def _reason(self, error: Exception | None) -> Exception:
        if self._silent_for is not None:
            return TransportTimeout(f"{self.where}: the server was silent for {self._silent_for:.0f} s")
        return error if error is not None else TransportTimeout(f"{self.where}: interrupted")

    def _tell(self, error: Exception) -> None:
        level = logging.INFO if isinstance(error, Gone) else logging.WARNING  # R21
        self._sink.failed(self.namespace, error)
        log.log(level, "%s: %s: %s", self.where, type(error).__name__, error)
