"""Paging while the server forgets: nothing is lost, nothing comes twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from kubewright.core.wire import ByteStream, Request, Response, StopSignal, Transport
from kubewright.errors import Gone
from kubewright.testing import APIServer
from tests.runtime.clients import CRD, Gears, gear


@pytest.fixture
def server() -> Iterator[APIServer]:
    with APIServer(crds=[CRD]) as made:
        yield made


@pytest.fixture
def transport(server: APIServer) -> Iterator[Transport]:
    made = server.transport()
    yield made
    made.close()


def fill(transport: Transport) -> None:
    for name in "abcde":
        Gears(transport)("default").create(gear(name))


def expire(server: APIServer, transport: Transport) -> None:
    Gears(transport)("default").create(gear("late"))
    server.faults.expire_history()


def test_an_expired_token_goes_on_from_the_same_place(server: APIServer, transport: Transport) -> None:
    # client-go C11 starts over with a full list; here each object comes once
    fill(transport)
    names: list[str | None] = []
    for page in Gears(transport).pages(limit=2):
        names += [g.metadata.name for g in page]
        if len(names) == 2:
            expire(server, transport)
    assert names == ["a", "b", "c", "d", "e", "late"]


class WithoutWayOn:
    """A server that says 410 and offers no token to go on with (aggregated servers)."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner

    def request(self, request: Request, *, timeout: float | None = None, stop: StopSignal | None = None) -> Response:
        answer = self.inner.request(request, timeout=timeout, stop=stop)
        if answer.status != 410:
            return answer
        status = msgspec.json.decode(answer.body)
        status["metadata"] = {}
        return replace(answer, body=msgspec.json.encode(status))

    def stream(
        self,
        request: Request,
        *,
        timeout: float | None = None,
        read_timeout: float | None = None,
        stop: StopSignal | None = None,
    ) -> ByteStream:
        return self.inner.stream(request, timeout=timeout, read_timeout=read_timeout, stop=stop)

    def close(self) -> None:
        self.inner.close()


def test_without_a_way_on_the_rest_comes_in_one_answer(server: APIServer, transport: Transport) -> None:
    # client-go: TestListPager_List, "expire on second page"
    fill(transport)
    names: list[str | None] = []
    for page in Gears(WithoutWayOn(transport)).pages(limit=2):
        names += [g.metadata.name for g in page]
        if len(names) == 2:
            expire(server, transport)
    assert names == ["a", "b", "c", "d", "e", "late"]


def test_an_expired_first_page_is_an_error(server: APIServer, transport: Transport) -> None:
    fill(transport)
    expire(server, transport)
    with pytest.raises(Gone):
        next(Gears(transport).pages(resource_version="2", resource_version_match="Exact"))


def test_an_empty_collection_is_one_empty_page(transport: Transport) -> None:
    assert [len(page) for page in Gears(transport).pages()] == [0]
