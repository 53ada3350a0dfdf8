"""Leader election: one works at a time, the others take over when it stops, is cut off or dies."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from kubewright.api.clientset import Clientset
from kubewright.api.models.coordination_v1 import Lease, LeaseSpec
from kubewright.core.wire import Request, Response, StopSignal, Transport
from kubewright.errors import ConfigError, DecodeError, KubewrightError, TransportTimeout
from kubewright.leaderelection import LeaderElector, Leadership, LeadershipLost, default_identity
from kubewright.objects import ObjectMeta
from kubewright.testing import FakeClock, fake_transport
from tests.support import eventually, no_leaked_threads

NAMESPACE = "default"


class Candidate:
    """An elector on its own thread, whose work waits to be told to stop."""

    def __init__(self, clock: FakeClock, transport: Transport, identity: str, **options: Any) -> None:
        leases = Clientset(transport).coordination_v1.leases(NAMESPACE)
        self.elector = LeaderElector(leases, "op", identity=identity, clock=clock, draw=lambda: 0.0, **options)
        self.stop = threading.Event()
        self.leadership: Leadership | None = None
        self.may_end = threading.Event()
        self.may_end.set()
        self.raised: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name=f"candidate {identity}")

    def _work(self, leadership: Leadership) -> None:
        self.leadership = leadership
        leadership.stopping.wait(30)
        self.may_end.wait(30)
        self.leadership = None

    def _run(self) -> None:
        try:
            self.elector.run(self._work, self.stop)
        except BaseException as error:
            self.raised = error

    @property
    def working(self) -> bool:
        return self.leadership is not None


class World:
    """A server, a clock, and candidates that all end with the test."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.transport = fake_transport()
        self.leases = Clientset(self.transport).coordination_v1.leases(NAMESPACE)
        self.candidates: list[Candidate] = []

    def candidate(self, identity: str, transport: Transport | None = None, **options: Any) -> Candidate:
        made = Candidate(self.clock, transport or self.transport, identity, **options)
        self.candidates.append(made)
        made.thread.start()
        return made

    def advance(self, seconds: float) -> None:
        """Lets time pass in small steps, so that everybody acts when their time has come."""
        for _ in range(round(seconds / 0.2)):
            eventually(lambda: self.clock.waiters or not any(each.thread.is_alive() for each in self.candidates))
            self.clock.step(0.2)
            threading.Event().wait(0.003)  # sleepers look at the fake time every two milliseconds

    def until(self, predicate: Callable[[], object], limit: float = 60.0) -> None:
        """Lets time pass until something holds."""
        for _ in range(round(limit / 0.2)):
            if predicate():
                return
            self.advance(0.2)
        raise AssertionError(f"not within {limit} s of fake time")

    @property
    def spec(self) -> LeaseSpec:
        spec = self.leases.get("op").spec
        assert spec is not None
        return spec


@pytest.fixture
def world() -> Iterator[World]:
    with no_leaked_threads():
        made = World()
        yield made
        for candidate in made.candidates:
            candidate.may_end.set()
            candidate.stop.set()
        for _ in range(1000):
            if not any(candidate.thread.is_alive() for candidate in made.candidates):
                return
            made.clock.step(1)
            threading.Event().wait(0.003)
        raise AssertionError("a candidate did not end")


class Cuttable:
    """A transport that can be cut off from the server."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.cut = False
        self.error: KubewrightError = TransportTimeout("cut off")
        self.requests: list[str] = []

    def request(self, request: Request, *, timeout: float | None = None, stop: StopSignal | None = None) -> Response:
        if self.cut:
            raise self.error
        self.requests.append(request.method)
        return self.inner.request(request, timeout=timeout, stop=stop)

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        return self.inner.stream(*args, **kwargs)

    def close(self) -> None:
        self.inner.close()


def test_the_first_makes_the_lease_and_leads(world: World) -> None:
    # client-go: TestTryAcquireOrRenewLeases, "acquire from no object"
    one = world.candidate("one")
    eventually(lambda: one.working)
    spec = world.spec
    assert (spec.holder_identity, spec.lease_duration_seconds, spec.lease_transitions) == ("one", 15, 0)
    assert spec.acquire_time == spec.renew_time
    assert one.elector.is_leader
    assert one.elector.leader == "one"


def test_a_lease_without_holder_is_taken_at_once(world: World) -> None:
    # client-go: "acquire from unled object"
    world.leases.create(Lease(metadata=ObjectMeta(name="op", labels={"keep": "me"}), spec=LeaseSpec()))
    one = world.candidate("one")
    eventually(lambda: one.working)
    assert world.spec.lease_transitions == 1
    assert world.leases.get("op").metadata.labels == {"keep": "me"}


def test_a_held_lease_is_waited_for_by_our_own_clock(world: World) -> None:
    # client-go: "don't acquire from led, unacked object", E3: the times in the lease are somebody else's
    held = LeaseSpec(
        holder_identity="other",
        lease_duration_seconds=15,
        renew_time="2001-01-01T00:00:00.000000Z",
        acquire_time="2001-01-01T00:00:00.000000Z",
        lease_transitions=4,
    )
    world.leases.create(Lease(metadata=ObjectMeta(name="op"), spec=held))
    one = world.candidate("one")
    world.until(lambda: one.elector.leader == "other")
    world.advance(12)
    assert not one.working
    world.until(lambda: one.working, limit=6)
    # client-go: "acquire from led object": a new term
    assert world.spec.lease_transitions == 5
    assert one.leadership is not None
    assert one.leadership.transitions == 5


def test_the_leader_renews_without_reading_first(world: World) -> None:
    # E4; client-go: TestFastPathLeaderElection
    transport = Cuttable(world.transport)
    one = world.candidate("one", transport)
    eventually(lambda: one.working)
    transport.requests.clear()
    before = world.spec
    world.until(lambda: transport.requests.count("PUT") >= 3)
    assert set(transport.requests) == {"PUT"}
    after = world.spec
    assert (after.acquire_time, after.lease_transitions) == (before.acquire_time, before.lease_transitions)
    assert (after.renew_time or "") > (before.renew_time or "")


def test_somebody_touching_the_lease_does_not_end_leadership(world: World) -> None:
    one = world.candidate("one")
    eventually(lambda: one.working)
    world.leases.patch("op", {"metadata": {"labels": {"touched": "yes"}}})
    world.advance(20)
    assert one.working
    assert world.leases.get("op").metadata.labels == {"touched": "yes"}


def test_only_one_of_many_works(world: World) -> None:
    candidates = [world.candidate(f"c{n}") for n in range(4)]
    for _ in range(30):
        world.advance(1)
        assert sum(candidate.working for candidate in candidates) <= 1
    assert sum(candidate.working for candidate in candidates) == 1


def test_the_lease_is_given_up_only_when_the_work_has_ended(world: World) -> None:
    # E12: client-go releases first and never waits
    one = world.candidate("one")
    eventually(lambda: one.working)
    two = world.candidate("two")
    one.may_end.clear()
    one.stop.set()
    world.advance(20)  # longer than a lease lasts: it is renewed while the work ends
    assert one.working
    assert not two.working
    one.may_end.set()
    world.until(lambda: two.working, limit=5)  # given up, so nobody waits for it to expire
    assert world.spec.lease_transitions == 1
    assert one.raised is None


def test_a_given_up_lease_is_empty(world: World) -> None:
    # client-go: TestReleaseLeaseLeases, E5
    one = world.candidate("one")
    eventually(lambda: one.working)
    one.stop.set()
    world.until(lambda: not one.thread.is_alive())
    assert (world.spec.holder_identity or "", world.spec.lease_duration_seconds) == ("", 1)
    assert not one.elector.is_leader


def test_without_release_the_lease_expires_by_itself(world: World) -> None:
    one = world.candidate("one", release=False)
    eventually(lambda: one.working)
    one.stop.set()
    world.until(lambda: not one.thread.is_alive())
    assert world.spec.holder_identity == "one"


def test_a_leader_that_is_cut_off_stops_before_another_starts(world: World) -> None:
    transport = Cuttable(world.transport)
    one = world.candidate("one", transport)
    eventually(lambda: one.working)
    two = world.candidate("two")
    world.until(lambda: two.elector.leader == "one")
    transport.cut = True
    for _ in range(200):
        world.advance(0.2)
        assert not (one.working and two.working)
        if two.working:
            break
    assert two.working
    assert isinstance(one.raised, LeadershipLost)
    assert "could not be renewed" in str(one.raised)


def test_a_short_cut_is_survived(world: World) -> None:
    transport = Cuttable(world.transport)
    one = world.candidate("one", transport)
    eventually(lambda: one.working)
    transport.cut = True
    world.advance(6)
    transport.cut = False
    world.advance(20)
    assert one.working
    assert one.leadership is not None
    assert not one.leadership.stopping.is_set()


@pytest.mark.parametrize(
    "error", [ConfigError("credential plugin 'login' ended with exit code 1"), DecodeError("<html>")], ids=repr
)
def test_any_trouble_on_the_way_to_the_lease_is_survived_as_a_short_cut_is(
    world: World, error: KubewrightError
) -> None:
    transport = Cuttable(world.transport)
    transport.error = error
    transport.cut = True
    one = world.candidate("one", transport)
    world.advance(4)
    transport.cut = False
    world.until(lambda: one.working, limit=10)
    transport.cut = True
    world.advance(6)
    transport.cut = False
    world.advance(20)
    assert one.raised is None
    assert one.leadership is not None
    assert not one.leadership.stopping.is_set()


def test_a_lease_whose_answer_came_late_is_not_outlived(world: World) -> None:
    class Late(Cuttable):
        def request(
            self, request: Request, *, timeout: float | None = None, stop: StopSignal | None = None
        ) -> Response:
            answer = super().request(request, timeout=timeout, stop=stop)
            if request.method == "POST":
                world.clock.step(4.9)  # less than a request may take
                self.cut = True
            return answer

    one = world.candidate("one", Late(world.transport))
    eventually(lambda: one.working)
    leadership = one.leadership
    assert leadership is not None
    one.may_end.clear()
    world.until(leadership.stopping.is_set)
    assert leadership.held()


def test_another_holder_ends_leadership_at_once(world: World) -> None:
    one = world.candidate("one")
    eventually(lambda: one.working)
    world.leases.patch("op", {"spec": {"holderIdentity": "usurper"}})
    world.until(lambda: not one.working, limit=5)
    world.until(lambda: one.raised is not None)
    assert "'usurper' holds it" in str(one.raised)


def test_work_that_does_not_end_is_said_and_its_lease_not_given_up(world: World) -> None:
    one = world.candidate("one", grace_period=5)
    eventually(lambda: one.working)
    one.may_end.clear()
    one.stop.set()
    world.until(lambda: one.raised is not None)
    assert "still runs 5 s after it was told to stop" in str(one.raised)
    assert world.spec.holder_identity == "one"


def test_a_server_in_trouble_is_waited_for(world: World) -> None:
    transport = Cuttable(world.transport)
    transport.cut = True
    one = world.candidate("one", transport)
    world.advance(10)
    transport.cut = False
    world.until(lambda: one.working, limit=5)


def test_a_stop_before_leading_just_returns(world: World) -> None:
    world.leases.create(
        Lease(metadata=ObjectMeta(name="op"), spec=LeaseSpec(holder_identity="other", lease_duration_seconds=15))
    )
    one = world.candidate("one")
    one.stop.set()
    world.until(lambda: not one.thread.is_alive())
    assert one.raised is None
    assert world.spec.holder_identity == "other"


def test_work_that_returns_by_itself_gives_the_lease_up(world: World) -> None:
    elector = LeaderElector(world.leases, "op", identity="one", clock=world.clock)
    with ticking(world.clock):
        elector.run(lambda leadership: None)
    assert not world.spec.holder_identity


def test_what_the_work_raises_comes_out(world: World) -> None:
    def work(leadership: Leadership) -> None:
        raise LookupError("lost my keys")

    elector = LeaderElector(world.leases, "op", identity="one", clock=world.clock)
    with ticking(world.clock), pytest.raises(LookupError, match="lost my keys"):
        elector.run(work)
    assert not world.spec.holder_identity


@contextmanager
def ticking(clock: FakeClock) -> Iterator[None]:
    """Time that passes by itself."""
    over = threading.Event()

    def tick() -> None:
        while not over.wait(0.002):
            clock.step(0.2)

    with ExitStack() as stack:
        thread = threading.Thread(target=tick)
        thread.start()
        stack.callback(thread.join)
        stack.callback(over.set)
        yield


def test_new_leaders_are_told_once_each(world: World) -> None:
    told: list[str] = []
    one = world.candidate("one")
    eventually(lambda: one.working)
    two = world.candidate("two", on_new_leader=told.append)
    world.until(lambda: told == ["one"])
    one.stop.set()
    world.until(lambda: two.working)
    assert told == ["one", "two"]


def test_a_leader_that_should_have_stopped_is_unhealthy(world: World) -> None:
    # client-go: TestLeaderElectionHealthChecker, E10
    transport = Cuttable(world.transport)
    one = world.candidate("one", transport)
    eventually(lambda: one.working)
    assert one.elector.healthy()
    assert LeaderElector(world.leases, "op", identity="bystander", clock=world.clock).healthy()
    one.may_end.clear()
    transport.cut = True
    world.until(lambda: not one.elector.healthy(), limit=30)
    assert one.elector.healthy(tolerance=600)


@pytest.mark.parametrize(
    "options",
    # client-go: TestLeaderElectionConfigValidation
    [
        {"lease_duration": 10, "renew_deadline": 10},
        {"renew_deadline": 2.4, "retry_period": 2},
        {"retry_period": 0},
        {"lease_duration": 15.5},
        {"identity": ""},
    ],
)
def test_timings_that_cannot_work_are_refused(world: World, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        LeaderElector(world.leases, "op", **options)


def test_identities_differ_within_one_process() -> None:
    assert default_identity() != default_identity()
