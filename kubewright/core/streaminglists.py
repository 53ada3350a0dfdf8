"""What is known about a server's streaming lists (KEP-3157), so that one bad experience is not made again by every informer."""

from __future__ import annotations

__all__ = ["StreamingLists"]


class StreamingLists:
    """Whether one server can stream lists (`sendInitialEvents`): assumed until it proves otherwise, then not for a while.

    Shared by all machines that talk to the server. `refused_for`: seconds after a server said that it cannot;
    `doubted_for`: after `doubts` streams in a row that never came to their end.
    """

    __slots__ = ("_broken", "_until", "doubted_for", "doubts", "reason", "refused_for")

    def __init__(self, refused_for: float = 3600.0, doubted_for: float = 600.0, doubts: int = 2) -> None:
        self.refused_for = refused_for
        self.doubted_for = doubted_for
        self.doubts = doubts
        self.reason = ""
        self._broken = 0
        self._until: float | None = None

    @classmethod
    def never(cls) -> StreamingLists:
        """Plain lists only (client-go: WatchListClient=false)."""
        made = cls()
        made._until = float("inf")
        made.reason = "switched off"
        return made

    def allowed(self, now: float) -> bool:
        return self._until is None or now >= self._until

    def refused(self, now: float, why: str) -> None:
        """The server said that it does not know streaming lists."""
        self._until = max(self._until or 0.0, now + self.refused_for)
        self.reason = why

    def broken(self, now: float, why: str) -> None:
        """A stream did not come to its end."""
        self._broken += 1
        if self._broken >= self.doubts:
            self._until = max(self._until or 0.0, now + self.doubted_for)
            self.reason = why

    def worked(self) -> None:
        self._broken = 0
