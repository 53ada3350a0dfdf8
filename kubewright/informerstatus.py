"""What an informer says about itself, and waiting for several of them with reasons instead of silence (I7, R9).

A cache that never fills is the commonest trouble with controllers (a missing CRD, RBAC, TLS); client-go waits for ever and
does not say why. Here the one who waits gets, per informer, the phase, the last error and how often it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .core.resource import Resource
from .core.watching import WatchMachine
from .errors import Forbidden, NotFound, Unauthorized

__all__ = ["InformerStatus", "SourceStatus"]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source of an informer. `namespace` None: all. `phase`: starting, listing, streaming list, watching, waiting, stopped.

    `failures` are those in a row, `errors` all of them; the other counters are requests and events since the start.
    """

    namespace: str | None
    phase: str
    synced: bool
    resource_version: str
    last_error: Exception | None
    failures: int
    errors: int
    lists: int
    watches: int
    events: int
    unusable: int
    streaming: str

    @classmethod
    def of(cls, machine: WatchMachine, namespace: str | None, versions: Mapping[str | None, str]) -> SourceStatus:
        return cls(
            namespace=namespace,
            phase=machine.phase,
            synced=namespace in versions,
            resource_version=versions.get(namespace, ""),
            last_error=machine.last_error,
            failures=machine.failures,
            errors=machine.errors,
            lists=machine.lists,
            watches=machine.watches,
            events=machine.events,
            unusable=machine.unusable,
            streaming=machine.streaming.reason or "on",
        )

    def describe(self) -> str:
        """One line: where, phase, last error, how often, and what to do about it."""
        where = f"namespace {self.namespace}" if self.namespace else "all namespaces"
        text = f"{where}: {self.phase}"
        if self.last_error is not None:
            often = f"{self.errors} failures, {self.failures} in a row; " if self.errors else ""
            text += f"; {often}last: {self.last_error}{_hint(self.last_error)}"
        return text


@dataclass(frozen=True, slots=True)
class InformerStatus:
    """A snapshot of one informer. `state`: not started, started, stopped. `undecodable`: quarantined now (`_total`: ever)."""

    resource: Resource
    state: str
    synced: bool
    objects: int
    undecodable: int
    undecodable_total: int
    index_errors: int
    handler_errors: int
    pending_events: int
    sources: tuple[SourceStatus, ...]

    def describe(self) -> str:
        """Why the cache is not synced, in a line per source that is not."""
        if self.state != "started":
            return f"{self.resource}: {self.state}"
        return "\n".join(f"{self.resource}, {source.describe()}" for source in self.sources if not source.synced)


def _hint(error: Exception) -> str:
    if isinstance(error, NotFound):
        return " (is the CRD installed, with this version served?)"
    if isinstance(error, Forbidden):
        return " (RBAC: the verbs list and watch are needed)"
    if isinstance(error, Unauthorized):
        return " (the credentials are not accepted)"
    return ""
