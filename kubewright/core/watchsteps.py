"""The vocabulary between the watch machine, which decides, and the reflector, which carries out: steps and their effects."""

from __future__ import annotations

from dataclasses import dataclass

from .store import Entry

__all__ = ["Events", "ListStep", "Replaced", "WaitStep", "WatchStep"]


@dataclass(frozen=True, slots=True)
class ListStep:
    """Ask for a list page: all of it when `limit` is None."""

    limit: int | None
    continue_: str | None


@dataclass(frozen=True, slots=True)
class WatchStep:
    """Open a watch. With `send_initial_events` it is a streaming list first."""

    resource_version: str
    timeout_seconds: int
    send_initial_events: bool


@dataclass(frozen=True, slots=True)
class WaitStep:
    """Wait, then ask again."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Replaced:
    """The whole content of the scope, as of `resource_version`."""

    entries: list[Entry]
    resource_version: str


@dataclass(frozen=True, slots=True)
class Events:
    """Events in order, and the version that the scope has reached with them (a bookmark brings only that)."""

    entries: list[Entry]
    deleted: list[bool]
    resource_version: str
