"""Whatever happens between a server and an informer, in whatever order: in the end the cache is what the server has.

Machine, store and delta rules run here without threads: hypothesis decides what the server does, what breaks, and how far the
reflector gets in between. `KUBEWRIGHT_LONG=1` makes it 2,000 runs instead of 200.
"""

from __future__ import annotations

import json
import os
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kubewright.core.backoff import Backoff
from kubewright.core.deltas import Change, Kind, apply_event, apply_list
from kubewright.core.store import Entry, Key, Store
from kubewright.core.streaminglists import StreamingLists
from kubewright.core.watching import WatchMachine
from kubewright.core.watchsteps import Events, ListStep, Replaced, WaitStep
from kubewright.core.wire import StopSignal
from kubewright.errors import ConnectionRefused, Forbidden, InternalError, StreamCut, TooManyRequests
from kubewright.objects import ObjectKey
from kubewright.testing.source import ScriptedServer
from kubewright.testing.stream import ScriptedStream

RUNS = 2000 if os.environ.get("KUBEWRIGHT_LONG") else 200
NAMES = ("a", "b", "c", "d")
NAMESPACES = ("one", "two")


class Driver:
    """A reflector without a thread, and a handler that folds what it is told and checks each event on the way."""

    def __init__(self, server: ScriptedServer, namespace: str | None, page_size: int) -> None:
        self.server = server
        self.namespace = namespace
        self.store = Store()
        self.folded: dict[Key, Entry] = {}
        self.ordered = True
        self.now = 0.0
        self.machine = WatchMachine(
            api_version="example.com/v1",
            kind="Widget",
            streaming=StreamingLists(),
            backoff=Backoff(draw=lambda: 0.0),
            page_size=page_size,
            draw=lambda: 0.0,
        )
        self.stream: ScriptedStream | None = None

    def advance(self) -> None:
        """One step of the reflector: read what the open stream has, or begin the next request."""
        self.now += 0.3
        if self.stream is not None:
            self._read(self.stream)
            return
        step = self.machine.next(self.now)
        if isinstance(step, WaitStep):
            self.now += step.seconds
            return
        scope = self.namespace or ""
        try:
            if isinstance(step, ListStep):
                content = self.machine.page(self.server.list_page(scope, step.limit, step.continue_, None), self.now)
                if content is not None:
                    self._apply(content)
                return
            stream = self.server.open_watch(
                scope, step.resource_version, step.send_initial_events, step.timeout_seconds, StopSignal()
            )
        except Exception as error:
            self.machine.failed(error, self.now)
            return
        self.machine.opened(self.now)
        self.stream = stream

    def _read(self, stream: ScriptedStream) -> None:
        chunks, ended, error = stream.take()
        for chunk in chunks:
            for effect in self.machine.feed(chunk, self.now):
                self._apply(effect)
            if self.machine.over:
                break
        if self.machine.over:
            stream.stop()
            self.stream = None
        elif ended:
            self.stream = None
            if error is not None:
                self.machine.failed(error, self.now)
            else:
                self.machine.ended(self.now)

    def _apply(self, effect: Replaced | Events) -> None:
        if isinstance(effect, Replaced):
            self._tell(apply_list(self.store, effect.entries, self.namespace))
            return
        for entry, deleted in zip(effect.entries, effect.deleted, strict=True):
            self._tell(apply_event(self.store, entry, deleted=deleted))

    def _tell(self, changes: Any) -> None:
        for change in changes:
            self._check(change)
            if change.kind is Kind.DELETED:
                del self.folded[change.key]
            else:
                self.folded[change.key] = change.new

    def _check(self, change: Change) -> None:
        """A handler is never told nonsense: adds of what it knows, updates of what it does not, changes that are none."""
        known = self.folded.get(change.key)
        if change.kind is Kind.ADDED:
            assert known is None, f"{change.key} was added twice"
            return
        assert known is change.old, f"{change.key}: the old object is not the one that was told"
        if change.kind is Kind.UPDATED:
            assert change.old is not None
            assert change.new is not None
            assert change.old.uid == change.new.uid, "another uid is another object"
            assert change.old.raw != change.new.raw, f"{change.key}: an update that changes nothing"
            if self.ordered:
                old, new = int(change.old.resource_version), int(change.new.resource_version)
                assert old < new, f"{change.key} went back"

    def settle(self) -> None:
        """Lets the reflector work until nothing more can come."""
        for _ in range(400):
            self.advance()
            if self.stream is not None and self.machine.phase == "watching":
                self.advance()
                if self.stream is not None:
                    return
        raise AssertionError(f"never came to rest: {self.machine.phase}, {self.machine.last_error}")


OPERATIONS = st.sampled_from(
    [
        *["put"] * 6,
        *["delete"] * 2,
        "recreate",
        *["advance"] * 6,
        "end",
        "cut",
        "half event",
        "expire",
        "miss",
        "restart",
        "duplicate",
        "replay",
        "garbage",
        "unusable",
        "error event",
        "bookmark",
        "tick",
        "refuse watch",
        "refuse list",
        "busy",
        "streaming changes",
    ]
)
STEPS = st.lists(
    st.tuples(OPERATIONS, st.sampled_from(NAMES), st.sampled_from(NAMESPACES), st.integers(0, 3)), max_size=60
)


def perform(server: ScriptedServer, drivers: list[Driver], step: tuple[str, str, str, int]) -> None:
    operation, name, namespace, number = step
    exists = ObjectKey(namespace, name) in server.objects()
    if operation == "put":
        (server.modify if exists else server.add)(name, namespace, spec={"size": number})
    elif operation == "delete" and exists:
        server.delete(name, namespace)
    elif operation == "recreate" and exists:
        server.delete(name, namespace)
        server.add(name, namespace, spec={"size": number})
    elif operation == "advance":
        for driver in drivers:
            for _ in range(number + 1):
                driver.advance()
    elif operation == "end":
        server.end_streams()
    elif operation == "cut":
        server.cut_streams()
    elif operation == "half event":
        server.send(b'{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1')
        server.cut_streams()
    elif operation == "expire":
        server.expire()
    elif operation == "miss":  # something happens while nobody watches, and history forgets it
        server.cut_streams()
        if exists and number < 2:
            server.delete(name, namespace, silent=True)
        if not exists or number == 1:
            server.add(name, namespace, silent=True)
        server.expire()
    elif operation == "restart":
        server.heal()
        for driver in drivers:
            driver.ordered = False  # numbers begin anew: older ones may come
            driver.settle()  # what is on the wire belongs to the time before
        server.restart(first_version=number)
        # A server that comes back numbered lower, and is beyond the version we know when we ask, looks like one that never
        # went: nobody can tell. So the reflectors come back first.
        while any(driver.machine.resource_version == server.resource_version for driver in drivers):
            server.tick()
            server.expire()
        server.heal()
        for driver in drivers:
            driver.settle()
    elif operation in ("duplicate", "replay"):
        lines = server.history(1 if operation == "duplicate" else number + 2)
        if operation == "replay":
            for driver in drivers:
                driver.ordered = False
        for where, line in lines:
            server.send(line, where)
    elif operation == "garbage":
        server.send(b"<html>\n")
        server.end_streams()
    elif operation == "unusable":
        server.send_event("MODIFIED", {"metadata": {}})
    elif operation == "error event":
        server.send_event("ERROR", {"kind": "Status", "code": (410, 500, 429, 403)[number], "message": "trouble"})
        server.end_streams()
    elif operation == "bookmark":
        server.bookmark()
    elif operation == "tick":
        server.tick()
    elif operation == "refuse watch":
        server.fail(
            "watch",
            (ConnectionRefused("x"), InternalError("x", code=500), Forbidden("x", code=403), StreamCut("x"))[number],
        )
    elif operation == "refuse list":
        server.fail(
            "list",
            (ConnectionRefused("x"), InternalError("x", code=500), Forbidden("x", code=403), StreamCut("x"))[number],
        )
    elif operation == "busy":
        server.fail("watch", TooManyRequests("x", code=429, retry_after=5.0))
    elif operation == "streaming changes":
        server.streaming = ("supported", "refused", "unfinished", "supported")[number]


def content(store: Store) -> dict[Key, Any]:
    return {entry.key: json.loads(entry.raw) for entry in store}


@settings(max_examples=RUNS, deadline=None)
@given(steps=STEPS, page_size=st.integers(1, 5), first=st.integers(0, 3))
def test_the_cache_ends_as_the_server_is_whatever_happens(
    steps: list[tuple[str, str, str, int]], page_size: int, first: int
) -> None:
    # client-go: TestHammerController, TestRealFIFO_detectLineJumpers
    server = ScriptedServer(first_version=1)
    for name in NAMES[:first]:
        server.add(name, "one")
    drivers = [Driver(server, None, page_size), Driver(server, "two", page_size)]
    for step in steps:
        perform(server, drivers, step)
    server.heal()
    server.cut_streams()  # whoever has a garbled or half event in front of it begins anew
    for driver in drivers:
        driver.settle()
        wanted = {tuple(key): obj for key, obj in server.objects(driver.namespace).items()}
        assert content(driver.store) == wanted
        assert {key: json.loads(entry.raw) for key, entry in driver.folded.items()} == wanted
