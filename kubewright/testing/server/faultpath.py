"""Faults over HTTP, for clients under test that are no Python: ``POST /kubewright/faults/half_event?path=/tstests``.

Off unless asked for (``APIServer(fault_path=True)``): no client should meet paths that a real server does not have. Names
and arguments are those of ``Faults``; numbers are read as numbers, ``null`` as None.
"""

from __future__ import annotations

import threading
from typing import Final

import msgspec

from kubewright.testing.server.connection import Handler
from kubewright.testing.server.faults import Faults
from kubewright.testing.server.messages import ServerRequest, ServerResponse, StatusError, WatchStream

PREFIX: Final = "/kubewright/faults/"
_NOW: Final = ("clear", "expire_history")
_ARMED: Final = (
    "delay",
    "drop",
    "error",
    "too_many_requests",
    "gone",
    "garbage",
    "cut_after_bytes",
    "cut_after_events",
    "half_event",
    "garbage_event",
    "duplicate_event",
    "gone_event",
    "stop_bookmarks",
)
_LATER: Final = ("cut_streams", "restart")
"""They wait for the loop that is answering this very request: done on a thread of their own, after the answer."""


class WithFaultPath:
    """A handler that answers the fault path itself and hands on everything else."""

    def __init__(self, handler: Handler, faults: Faults) -> None:
        self._handler = handler
        self._faults = faults

    def tick(self) -> None:
        """Hand on the passing of time."""
        self._handler.tick()

    def handle(self, request: ServerRequest, /) -> ServerResponse | WatchStream:
        """Arm the fault that the path names, or answer like the API server."""
        if not request.path.startswith(PREFIX):
            return self._handler.handle(request)
        name = request.path.removeprefix(PREFIX)
        if request.method != "POST" or name not in (*_NOW, *_ARMED, *_LATER):
            known = ", ".join((*_NOW, *_ARMED, *_LATER))
            raise StatusError(404, "NotFound", f"POST {PREFIX}NAME arms a fault; NAME is one of: {known}")
        arguments = {key: _value(text) for key, text in request.query}
        arm = getattr(self._faults, name)
        if name in _LATER:
            threading.Thread(target=arm, kwargs=arguments, name="kubewright-fault").start()
            return ServerResponse(202, b"{}")
        try:
            arm(**arguments)
        except TypeError as error:
            raise StatusError(400, "BadRequest", str(error)) from error
        return ServerResponse(200, msgspec.json.encode({"armed": name, **arguments}))


def _value(text: str) -> int | float | bool | str | None:
    if text in ("null", "true", "false"):
        return {"null": None, "true": True, "false": False}[text]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
