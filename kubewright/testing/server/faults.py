"""Faults on demand: what networks and API servers do on bad days, so that a test can have them on a good one.

A fault is armed from the test (``server.faults.cut_after_events(3)``) and hits the next requests or watch events that
match, as often as asked, then it is spent. Watch faults also hit watches that are already open: the interesting client
is the one that has been running for a while. Several armed faults are used up in the order in which they were armed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import msgspec

from kubewright.testing.server.messages import ServerRequest, ServerResponse, StatusError

_Event: TypeAlias = Literal["cut", "half", "garbage", "duplicate", "gone", "swallow bookmark"]

GONE_MESSAGE = "The resourceVersion for the provided watch is too old."


@dataclass(slots=True)
class Verdict:
    """What is to happen to one request; everything unset = nothing."""

    delay: float = 0.0
    drop: bool = False
    response: ServerResponse | None = None
    cut_after_bytes: int | None = None


@dataclass(slots=True, eq=False)
class _Armed:
    """One armed fault and how often it is still to strike."""

    path: str
    method: str
    watch: bool | None
    times: int | None
    verdict: Verdict | None = None
    event: _Event | None = None
    after: int = 0
    seen: dict[int, int] = field(default_factory=dict[int, int])

    def matches(self, request: ServerRequest) -> bool:
        return (
            (not self.path or self.path in request.path)
            and (not self.method or self.method == request.method)
            and (self.watch is None or self.watch == request.flag("watch"))
        )


class Operations(Protocol):
    """What a fault needs the whole server for."""

    def refuse(self) -> None: ...
    def accept(self) -> None: ...
    def cut_streams(self) -> int: ...
    def expire_history(self) -> None: ...
    def restart(self, revision: int) -> None: ...


class Faults:
    """Arm faults from any thread. Common arguments:

    path: strike only requests whose path contains this (``"/tstests"``); empty = every path.
    method: strike only this HTTP method; empty = every method.
    times: how often to strike before the fault is spent; None = until ``clear``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[_Armed] = []
        self._server: Operations | None = None

    def bind(self, server: Operations) -> None:
        """Connect with the server that the whole-server faults act on (done by ``APIServer``)."""
        self._server = server

    # requests

    def delay(self, seconds: float, *, path: str = "", method: str = "", times: int | None = 1) -> None:
        """Wait before looking at a request."""
        self._arm(_Armed(path, method, None, times, Verdict(delay=seconds)))

    def drop(self, *, path: str = "", method: str = "", times: int | None = 1) -> None:
        """Close the connection without an answer. The request is not executed."""
        self._arm(_Armed(path, method, None, times, Verdict(drop=True)))

    def error(
        self,
        code: int = 500,
        reason: str = "InternalError",
        message: str = "fault on demand",
        *,
        retry_after: int | None = None,
        path: str = "",
        method: str = "",
        watch: bool | None = None,
        times: int | None = 1,
    ) -> None:
        """Answer with a Status instead of executing the request; ``retry_after`` in whole seconds."""
        details = {} if retry_after is None else {"retryAfterSeconds": retry_after}
        headers = () if retry_after is None else (("Retry-After", str(retry_after)),)
        response = StatusError(code, reason, message, details=details, headers=headers).response()
        self._arm(_Armed(path, method, watch, times, Verdict(response=response)))

    def too_many_requests(
        self, retry_after: int = 1, *, path: str = "", method: str = "", times: int | None = 1
    ) -> None:
        """429 with Retry-After, as API priority and fairness sends it."""
        message = "Too many requests, please try again later."
        self.error(429, "TooManyRequests", message, retry_after=retry_after, path=path, method=method, times=times)

    def gone(self, *, path: str = "", watch: bool | None = None, times: int | None = 1) -> None:
        """Answer lists and watches with 410 as the HTTP status."""
        self.error(410, "Expired", GONE_MESSAGE, path=path, method="GET", watch=watch, times=times)

    def garbage(self, *, path: str = "", method: str = "", times: int | None = 1) -> None:
        """Answer 200 with a body that is not JSON."""
        response = ServerResponse(200, b"<html>definitely not JSON</html>")
        self._arm(_Armed(path, method, None, times, Verdict(response=response)))

    def cut_after_bytes(self, count: int, *, path: str = "", method: str = "", times: int | None = 1) -> None:
        """Execute the request and break the connection after ``count`` bytes of the body."""
        self._arm(_Armed(path, method, False, times, Verdict(cut_after_bytes=count)))

    # watch events

    def cut_after_events(self, count: int = 0, *, path: str = "", times: int | None = 1) -> None:
        """Break a watch after ``count`` more events (0: instead of the next one)."""
        self._arm(_Armed(path, "", True, times, event="cut", after=count))

    def half_event(self, *, after: int = 0, path: str = "", times: int | None = 1) -> None:
        """After ``after`` more events, send the first half of the next one and break the connection."""
        self._arm(_Armed(path, "", True, times, event="half", after=after))

    def garbage_event(self, *, after: int = 0, path: str = "", times: int | None = 1) -> None:
        """After ``after`` more events, send a line that is not JSON in front of the next one."""
        self._arm(_Armed(path, "", True, times, event="garbage", after=after))

    def duplicate_event(self, *, after: int = 0, path: str = "", times: int | None = 1) -> None:
        """After ``after`` more events, send the next one twice."""
        self._arm(_Armed(path, "", True, times, event="duplicate", after=after))

    def gone_event(self, *, after: int = 0, path: str = "", times: int | None = 1) -> None:
        """After ``after`` more events, send an ERROR event with 410 instead of the next one, and end the watch."""
        self._arm(_Armed(path, "", True, times, event="gone", after=after))

    def stop_bookmarks(self, *, path: str = "", times: int | None = None) -> None:
        """Swallow bookmarks, also the one that ends the initial events of a streaming list."""
        self._arm(_Armed(path, "", True, times, event="swallow bookmark"))

    # the whole server

    def cut_streams(self) -> int:
        """Break every watch that is open now; returns how many there were."""
        return self._operations().cut_streams()

    def expire_history(self) -> None:
        """Forget all past revisions, as etcd's compaction does: watches and pages from before get 410."""
        self._operations().expire_history()

    def restart(self, revision: int = 1) -> None:
        """Come back like a server whose etcd was restored from a backup: all connections cut, no history, and the
        revision counter at ``revision``, possibly lower than what clients have seen."""
        self._operations().restart(revision)

    def refuse(self) -> None:
        """Refuse connections, and cut those there are, until ``accept``."""
        self._operations().refuse()

    def accept(self) -> None:
        """Take connections again, on the same port."""
        self._operations().accept()

    def clear(self) -> None:
        """Disarm every fault that is not spent."""
        with self._lock:
            self._faults = []

    # what the connections ask

    @property
    def armed(self) -> bool:
        """Whether there is anything to ask about: almost always not, and then it costs nothing."""
        return bool(self._faults)

    def on_request(self, request: ServerRequest) -> Verdict | None:
        """The armed faults that strike this request, as one verdict."""
        combined: Verdict | None = None
        with self._lock:
            for fault in list(self._faults):
                verdict = fault.verdict
                if verdict is None or not fault.matches(request):
                    continue
                self._spend(fault)
                combined = combined or Verdict()
                combined.delay += verdict.delay
                if verdict.delay > 0:
                    continue
                # one outcome a request; a delay may come before it
                combined.drop, combined.response = verdict.drop, verdict.response
                combined.cut_after_bytes = verdict.cut_after_bytes
                break
        return combined

    def on_events(self, request: ServerRequest, lines: Sequence[bytes]) -> tuple[list[bytes], bool]:
        """What really goes out instead of these events, and whether the connection breaks after it."""
        sent: list[bytes] = []
        with self._lock:
            for line in lines:
                fault = self._on_event(request, line)
                if fault is None:
                    sent.append(line)
                    continue
                sent += _DISTORT[fault](line)
                if fault in ("cut", "half", "gone"):
                    return sent, True
        return sent, False

    def _on_event(self, request: ServerRequest, line: bytes) -> _Event | None:
        struck: _Event | None = None
        for fault in list(self._faults):
            if fault.event is None or not fault.matches(request):
                continue
            if fault.event == "swallow bookmark":
                if not line.startswith(b'{"type":"BOOKMARK"'):
                    continue
            else:
                seen = fault.seen.get(id(request), 0)
                fault.seen[id(request)] = seen + 1
                if seen < fault.after:
                    continue
            if struck is None:
                struck = fault.event
                self._spend(fault)
        return struck

    def _spend(self, fault: _Armed) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._faults = [other for other in self._faults if other is not fault]

    def _arm(self, fault: _Armed) -> None:
        with self._lock:
            self._faults = [*self._faults, fault]

    def _operations(self) -> Operations:
        if self._server is None:
            raise RuntimeError("this fault needs a running server: use the faults of an APIServer")
        return self._server


def _gone(line: bytes) -> list[bytes]:
    status = StatusError(410, "Expired", GONE_MESSAGE).status()
    return [msgspec.json.encode({"type": "ERROR", "object": status}) + b"\n"]


_DISTORT: dict[_Event, Callable[[bytes], list[bytes]]] = {
    "cut": lambda line: [],
    "half": lambda line: [line[: len(line) // 2]],
    "garbage": lambda line: [b"}{ this is not JSON\n", line],
    "duplicate": lambda line: [line, line],
    "gone": _gone,
    "swallow bookmark": lambda line: [],
}
