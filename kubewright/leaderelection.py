"""Why this exists: of several copies of a controller one works and the others wait, by a Lease that the leader keeps renewing.

Timing and lease records are client-go's (`tools/leaderelection`, reference client-go.md 2.10), so that both can stand for one lease. What
differs is the end: client-go gives the lease up before the work has ended (E12), so two leaders may work at once. Here the lease is
kept, and renewed, until the work has returned; when it cannot be renewed, the work is told to stop while the lease still holds.

A lease is no lock: a process that is paused for longer than the lease lasts wakes up believing that it leads. Who writes to something
that must never see two leaders sends `Leadership.transitions` along as a fencing token.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .api.models.coordination_v1 import Lease, LeaseSpec
from .clock import Clock, RealClock
from .errors import AlreadyExists, Conflict, KubewrightError, NotFound
from .objects import ObjectMeta

if TYPE_CHECKING:
    from .api.clientset.coordination_v1 import LeaseScope

__all__ = ["LeaderElector", "Leadership", "LeadershipLost", "default_identity"]

log = logging.getLogger("kubewright.leaderelection")

JITTER_FACTOR = 1.2
"""Tries to acquire are up to this share of the retry period later, at random (client-go: JitterFactor)."""

# How soon a stop, or the end of the work, is noticed between two renewals.
_SLICE_SECONDS = 0.2


class LeadershipLost(KubewrightError):
    """The lease could not be renewed, or somebody else holds it, or the work did not end when told to: end the process, so that
    whatever it still does ends with it."""


def default_identity() -> str:
    """Host name and something random: two processes of one host are two candidates."""
    return f"{socket.gethostname()}_{os.getpid()}_{uuid.uuid4()}"


class Leadership:
    """What the work is handed: it must return soon after `stopping` is set."""

    def __init__(self, elector: LeaderElector, identity: str, transitions: int) -> None:
        self._elector = elector
        self.identity = identity
        self.transitions = transitions
        """How often the lease has changed hands: grows with every new leader, so it serves as a fencing token."""
        self.stopping = threading.Event()
        """Set when leadership ends, or the elector is to stop. `controller.run(leadership.stopping)`."""

    def held(self) -> bool:
        """Whether, by this process's clock, nobody else can lead right now."""
        return self._elector.is_leader


class LeaderElector:
    """Stands for the lease `name` and runs work while it holds it.

    Args:
        leases: Where the lease is, `clientset.coordination_v1.leases("namespace")`; get, create and update must be allowed.
        identity: Who we are in the lease; must differ between candidates.
        lease_duration: Seconds after which others may take a lease that is not renewed, counted from when *they* saw the last renewal
            (no clocks are compared). client-go's core components use 15, 10 and 2.
        renew_deadline: Seconds without a successful renewal after which the leader stops working; less than `lease_duration`.
        retry_period: Seconds between tries.
        release: Whether to give the lease up at the end, so that another need not wait until it expires.
        grace_period: Seconds that the work may take to end after a stop; the lease is renewed meanwhile.
        on_new_leader: Called with the identity of each new leader that is seen, ourselves included; must be quick.

    Raises ValueError for timings that cannot work. May run again after `run` returned.
    """

    def __init__(
        self,
        leases: LeaseScope,
        name: str,
        *,
        identity: str | None = None,
        lease_duration: float = 15.0,
        renew_deadline: float = 10.0,
        retry_period: float = 2.0,
        release: bool = True,
        grace_period: float = 30.0,
        on_new_leader: Callable[[str], None] | None = None,
        clock: Clock | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        # client-go: TestLeaderElectionConfigValidation
        if not lease_duration > renew_deadline:
            raise ValueError(
                f"lease_duration ({lease_duration}) must be greater than renew_deadline ({renew_deadline})"
            )
        if not renew_deadline > JITTER_FACTOR * retry_period:
            raise ValueError(
                f"renew_deadline ({renew_deadline}) must be greater than {JITTER_FACTOR} x retry_period ({retry_period})"
            )
        if lease_duration != int(lease_duration) or retry_period <= 0:
            raise ValueError("lease_duration must be whole seconds, as leases count them, and retry_period more than 0")
        if identity == "" or not name:
            raise ValueError("the lease's name and the identity may not be empty")
        self.identity = identity or default_identity()
        self.name = name
        self._leases = leases
        self._lease_duration = lease_duration
        self._renew_deadline = renew_deadline
        self._retry_period = retry_period
        self._release = release
        self._grace_period = grace_period
        self._on_new_leader = on_new_leader
        self._clock: Clock = clock or RealClock()
        self._draw = draw
        self._lock = threading.Lock()
        self._observed: Lease | None = None
        self._observed_at = 0.0
        self._reported = ""

    @property
    def leader(self) -> str:
        """Identity of the last leader that was seen; "" while none was."""
        with self._lock:
            return _spec(self._observed).holder_identity or ""

    @property
    def is_leader(self) -> bool:
        """Whether we hold the lease and it has not expired by our own clock."""
        with self._lock:
            return self._is_ours() and self._is_valid(self._clock.now())

    def healthy(self, tolerance: float = 0.0) -> bool:
        """False when we should have stopped leading more than `tolerance` seconds ago (client-go: HealthzAdaptor); for a liveness probe."""
        with self._lock:
            late = self._clock.now() - self._observed_at - self._lease_duration
            return not self._is_ours() or late <= tolerance

    def run(self, work: Callable[[Leadership], object], stop: threading.Event | None = None) -> None:
        """Waits for the lease, runs `work` on a thread of its own while it is held, and gives it up when the work has returned.

        Returns when `stop` was set (before or while leading), or when the work returned by itself. Raises what the work raised, and
        LeadershipLost. One request that hangs delays it by at most half of `renew_deadline`.
        """
        stop = stop or threading.Event()
        if not self._acquire(stop):
            return
        leadership = Leadership(self, self.identity, _spec(self._observed).lease_transitions or 0)
        worker = _Worker(work, leadership, self.name)
        worker.start()
        try:
            self._lead(worker, leadership, stop)
        finally:
            leadership.stopping.set()
        if self._release:
            self._give_up()
        if worker.error is not None:
            raise worker.error

    def _acquire(self, stop: threading.Event) -> bool:
        log.info("%s: waiting for the lease as %s", self.name, self.identity)
        while not stop.is_set():
            if self._try(self._request_timeout()):
                log.info("%s: leading", self.name)
                return True
            self._clock.sleep(stop, self._retry_period * (1 + self._draw() * JITTER_FACTOR))
        return False

    def _lead(self, worker: _Worker, leadership: Leadership, stop: threading.Event) -> None:
        renewed = self._observed_at  # when the lease was asked for: the answer may have come late
        drained_by: float | None = None
        while not worker.finished.is_set():
            now = self._clock.now()
            if drained_by is None and stop.is_set():
                leadership.stopping.set()
                drained_by = now + self._grace_period
            if drained_by is not None and now >= drained_by:
                raise LeadershipLost(
                    f"lease {self.name}: the work still runs {self._grace_period:g} s after it was told to stop; "
                    "the lease is not given up, it expires"
                )
            self._pause(worker.finished, stop if drained_by is None else worker.finished)
            if worker.finished.is_set() or (drained_by is None and stop.is_set()):
                continue
            left = renewed + self._renew_deadline - self._clock.now()
            if left > 0 and self._try(min(self._request_timeout(), left)):
                renewed = self._observed_at
            elif left <= 0 or not self._is_ours():
                self._lost(worker, leadership)

    def _lost(self, worker: _Worker, leadership: Leadership) -> None:
        leadership.stopping.set()
        holder = self.leader
        reason = f"{holder!r} holds it" if holder and holder != self.identity else "it could not be renewed"
        # The lease may hold for a little longer, and the work gets that time to end.
        self._clock.sleep(worker.finished, max(0.0, self._observed_at + self._lease_duration - self._clock.now()))
        still = "" if worker.finished.is_set() else "; the work still runs, so end the process"
        raise LeadershipLost(f"lease {self.name}: {reason}{still}")

    def _pause(self, finished: threading.Event, stop: threading.Event) -> None:
        """One retry period, cut short by either event (looked at every `_SLICE_SECONDS`)."""
        until = self._clock.now() + self._retry_period
        while not finished.is_set():
            left = until - self._clock.now()
            if left <= 0 or self._clock.sleep(stop, min(left, _SLICE_SECONDS)):
                return

    def _request_timeout(self) -> float:
        return max(1.0, self._renew_deadline / 2)

    def _try(self, timeout: float) -> bool:
        """One try to get or keep the lease. Never raises for trouble with the server."""
        try:
            won = self._renew_observed(timeout) or self._acquire_or_renew(timeout)
        except KubewrightError as error:  # also a credential plugin that failed, or an answer of some proxy
            log.warning("%s: no lease this time: %s", self.name, error)
            won = False
        self._report()
        return won

    def _renew_observed(self, timeout: float) -> bool:
        """The leader's usual way: an update of the lease as it last saw it, without reading it first."""
        with self._lock:
            lease, now = self._observed, self._clock.now()
            usable = lease is not None and self._is_ours() and self._is_valid(now)
        if lease is None or not usable:
            return False
        try:
            self._write(lease, timeout)
        except (Conflict, NotFound) as error:
            log.info("%s: somebody touched the lease: %s", self.name, error)
            return False
        return True

    def _acquire_or_renew(self, timeout: float) -> bool:
        try:
            lease = self._leases.get(self.name, request_timeout=timeout)
        except NotFound:
            fresh = Lease(metadata=ObjectMeta(name=self.name), spec=self._record(None))
            started = self._clock.now()
            try:
                self._see(self._leases.create(fresh, request_timeout=timeout), started)
            except AlreadyExists:
                return False
            return True
        with self._lock:
            # Time counts from when *we* saw a change: clocks of others do not matter (E3).
            if self._observed is None or lease.spec != self._observed.spec:
                self._observed_at = self._clock.now()
            self._observed = lease
            if _spec(lease).holder_identity and not self._is_ours() and self._is_valid(self._clock.now()):
                return False
        try:
            self._write(lease, timeout)
        except (Conflict, NotFound):
            return False
        return True

    def _write(self, lease: Lease, timeout: float) -> None:
        lease = Lease(metadata=lease.metadata, spec=self._record(lease))
        started = self._clock.now()
        # Counted from before the request: whoever sees the renewal sees it later than that.
        self._see(self._leases.update(lease, request_timeout=timeout), started)

    def _see(self, lease: Lease, at: float) -> None:
        with self._lock:
            self._observed, self._observed_at = lease, at

    def _record(self, lease: Lease | None) -> LeaseSpec:
        old = _spec(lease)
        now = _timestamp(self._clock.time())
        ours = old.holder_identity == self.identity
        return LeaseSpec(
            holder_identity=self.identity,
            lease_duration_seconds=int(self._lease_duration),
            acquire_time=old.acquire_time if ours else now,
            renew_time=now,
            lease_transitions=(old.lease_transitions or 0) + (0 if ours or lease is None else 1),
            strategy=old.strategy,
            preferred_holder=old.preferred_holder,
        )

    def _give_up(self) -> None:
        """Empties the lease, so that another can take it at once. Tries again on conflict until the renew deadline (client-go 1.37)."""
        until = self._clock.now() + self._renew_deadline
        while self._is_ours() and self._clock.now() < until:
            try:
                lease = self._leases.get(self.name, request_timeout=self._request_timeout())
                if _spec(lease).holder_identity != self.identity:
                    return
                now = _timestamp(self._clock.time())
                spec = LeaseSpec(
                    holder_identity="",
                    lease_duration_seconds=1,
                    acquire_time=now,
                    renew_time=now,
                    lease_transitions=_spec(lease).lease_transitions,
                    strategy=_spec(lease).strategy,
                    preferred_holder=_spec(lease).preferred_holder,
                )
                emptied = Lease(metadata=lease.metadata, spec=spec)
                self._see(self._leases.update(emptied, request_timeout=self._request_timeout()), self._clock.now())
                log.info("%s: gave the lease up", self.name)
            except Conflict:
                continue
            except KubewrightError as error:
                log.warning(
                    "%s: could not give the lease up, it expires in %g s: %s", self.name, self._lease_duration, error
                )
                return

    def _report(self) -> None:
        leader = self.leader
        if leader == self._reported or not leader:
            return
        self._reported = leader
        log.info("%s: the leader is %s", self.name, leader)
        if self._on_new_leader is not None:
            try:
                self._on_new_leader(leader)
            except Exception:
                log.exception("%s: on_new_leader raised", self.name)

    def _is_ours(self) -> bool:
        return _spec(self._observed).holder_identity == self.identity

    def _is_valid(self, now: float) -> bool:
        # Whose lease it is decides how long it lasts; ours lasts as long as we say.
        return now < self._observed_at + (_spec(self._observed).lease_duration_seconds or 0)


class _Worker:
    """The work on its thread, and what became of it."""

    def __init__(self, work: Callable[[Leadership], object], leadership: Leadership, name: str) -> None:
        self._work = work
        self._leadership = leadership
        self._name = name
        self.finished = threading.Event()
        self.error: BaseException | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name=f"kubewright-leading {self._name}", daemon=True).start()

    def _run(self) -> None:
        try:
            self._work(self._leadership)
        except BaseException as error:
            self.error = error
        finally:
            self.finished.set()


def _spec(lease: Lease | None) -> LeaseSpec:
    return lease.spec if lease is not None and lease.spec is not None else LeaseSpec()


def _timestamp(seconds: float) -> str:
    """MicroTime as the API server writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
