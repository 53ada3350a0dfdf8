"""The HTTP transport: connections, retries, interruption, errors in words."""

from __future__ import annotations

import gzip
import logging
import threading
from collections.abc import Iterator

import pytest

from kubewright.client import DynamicClient
from kubewright.core.requests import build
from kubewright.core.wire import StopSignal
from kubewright.errors import (
    ApiError,
    ConfigError,
    ConnectionRefused,
    InternalError,
    KubewrightError,
    StreamCut,
    TooManyRequests,
    TransportError,
    TransportTimeout,
)
from kubewright.testing import APIServer
from kubewright.transport import ClientConfig, HttpTransport, Impersonation
from tests.runtime.clients import HastyClock, Namespaces
from tests.runtime.servers import NAMESPACE, Seen, Server, deaf_server, dripping_server, free_port, full_server
from tests.support import eventually, no_leaked_threads

GET = build("get", "GET", Namespaces.resource, name="x")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().running() as made:
        yield made


@pytest.fixture
def clock() -> HastyClock:
    return HastyClock()


@pytest.fixture
def transport(server: Server, clock: HastyClock) -> Iterator[HttpTransport]:
    made = HttpTransport(ClientConfig(server.url), clock=clock)
    yield made
    made.close()


def refusals(count: int, status: int, headers: dict[str, str], server: Server) -> None:
    """The next `count` requests are refused."""
    left = [count]

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if left[0]:
            left[0] -= 1
            return status, headers, b""
        return 200, {}, NAMESPACE

    server.answer = answer


def test_connections_are_kept(server: Server, transport: HttpTransport) -> None:
    for _ in range(5):
        transport.request(GET)
    assert len(server.connections) == 1


def test_many_threads_may_use_it(server: Server, transport: HttpTransport) -> None:
    threads = [threading.Thread(target=transport.request, args=(GET,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(server.seen) == 20


def test_a_closed_transport_connects_anew(transport: HttpTransport) -> None:
    transport.request(GET)
    transport.close()
    assert transport.request(GET).status == 200


def test_header_names_of_answers_are_lower_case(server: Server, transport: HttpTransport) -> None:
    server.answer = lambda seen: (200, {"X-Thing": "Value"}, b"{}")
    assert transport.request(GET).headers["x-thing"] == "Value"


@pytest.mark.parametrize("status", [429, 503, 500])
def test_retry_after_is_waited_for(server: Server, transport: HttpTransport, clock: HastyClock, status: int) -> None:
    # client-go: TestRequestDoWithRetry, C3
    refusals(2, status, {"Retry-After": "7"}, server)
    assert Namespaces(transport).get("x").metadata.name == "x"
    assert clock.slept == [7.0, 7.0]


def test_writes_are_retried_too_with_retry_after(server: Server, transport: HttpTransport) -> None:
    refusals(1, 429, {"Retry-After": "1"}, server)
    namespaces = DynamicClient(transport).cluster(Namespaces.resource)
    namespaces.create({"metadata": {"name": "x"}})
    assert [seen.method for seen in server.seen] == ["POST", "POST"]


def test_retries_are_given_up_after_ten(server: Server, transport: HttpTransport) -> None:
    # client-go: TestRequestMaxRetries
    refusals(99, 429, {"Retry-After": "1"}, server)
    with pytest.raises(TooManyRequests) as caught:
        Namespaces(transport).get("x")
    assert len(server.seen) == 11
    assert caught.value.retry_after == 1.0


def test_without_retry_after_nothing_is_retried(server: Server, transport: HttpTransport) -> None:
    refusals(1, 500, {}, server)
    with pytest.raises(InternalError):
        Namespaces(transport).get("x")
    assert len(server.seen) == 1


def test_a_wait_longer_than_the_timeout_is_not_begun(
    server: Server, transport: HttpTransport, clock: HastyClock
) -> None:
    refusals(1, 429, {"Retry-After": "60"}, server)
    with pytest.raises(TooManyRequests):
        Namespaces(transport).get("x", request_timeout=5)
    assert clock.slept == []


def test_a_read_over_a_dropped_connection_is_repeated() -> None:
    # client-go: TestConnectionResetByPeerIsRetried
    with APIServer() as api:
        transport = api.transport()
        api.faults.drop(path="/namespaces", times=1)
        assert Namespaces(transport).get("default").metadata.name == "default"
        transport.close()


def test_a_write_over_a_dropped_connection_is_not_repeated() -> None:
    with APIServer() as api:
        transport = api.transport()
        api.faults.drop(path="/namespaces", times=1)
        with pytest.raises(StreamCut):
            DynamicClient(transport).cluster(Namespaces.resource).create({"metadata": {"name": "x"}})
        transport.close()


def test_warnings_of_the_server_are_logged(
    server: Server, transport: HttpTransport, caplog: pytest.LogCaptureFixture
) -> None:
    # client-go: TestConfigWarningHandler, C4
    server.answer = lambda seen: (200, {"Warning": '299 - "v1beta1 is deprecated"'}, NAMESPACE)
    with caplog.at_level(logging.WARNING, "kubewright.warnings"):
        Namespaces(transport).get("x")
    assert caplog.messages == ["get namespaces: v1beta1 is deprecated"]


def test_warnings_go_to_a_handler_where_there_is_one(server: Server) -> None:
    heard: list[str] = []
    server.answer = lambda seen: (200, {"Warning": '299 - "one", 299 - "two"'}, NAMESPACE)
    transport = HttpTransport(ClientConfig(server.url, on_warning=heard.append))
    Namespaces(transport).get("x")
    transport.close()
    assert heard == ["one", "two"]


def test_a_warning_handler_that_raises_does_not_undo_what_the_server_did(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(text: str) -> None:
        raise RuntimeError(text)

    server.answer = lambda seen: (200, {"Warning": '299 - "one"'}, NAMESPACE)
    with HttpTransport(ClientConfig(server.url, on_warning=broken)) as transport:
        assert Namespaces(transport).get("x").metadata
    assert "the hook on_warning raised" in caplog.text


def test_a_path_prefix_of_the_server_is_kept(server: Server) -> None:
    transport = HttpTransport(ClientConfig(f"{server.url}/k8s/clusters/c-1/"))
    transport.request(GET)
    transport.close()
    assert server.seen[0].path == "/k8s/clusters/c-1/api/v1/namespaces/x"


def test_impersonation_and_extra_headers_are_sent(server: Server) -> None:
    who = Impersonation(user="jane", groups=("a", "b"), uid="1", extra={"Scopes/x": ("view",)})
    transport = HttpTransport(ClientConfig(server.url, impersonate=who, headers={"X-Mine": "1"}, user_agent="me/1"))
    transport.request(GET)
    transport.close()
    seen = server.seen[0]
    assert seen.groups == ["a", "b"]
    assert seen.headers["impersonate-user"] == "jane"
    assert seen.headers["impersonate-extra-scopes%2fx"].startswith("view")
    assert (seen.headers["x-mine"], seen.headers["user-agent"]) == ("1", "me/1")


def test_the_user_agent_names_program_and_library(server: Server, transport: HttpTransport) -> None:
    # client-go: TestBuildUserAgent
    transport.request(GET)
    program, slash, rest = server.seen[0].headers["user-agent"].partition("/")
    assert program
    assert slash
    assert rest.startswith("kubewright-")


def test_nobody_listening_is_said_in_words() -> None:
    transport = HttpTransport(ClientConfig(f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(ConnectionRefused, match="is the API server running there"):
        transport.request(GET)


def test_an_unknown_host_is_said_in_words() -> None:
    transport = HttpTransport(ClientConfig("http://no-such-host.invalid", proxy=""))
    with pytest.raises(TransportError, match="cannot be resolved"):
        transport.request(GET)


def test_a_server_that_does_not_answer_times_out() -> None:
    with deaf_server() as address:
        transport = HttpTransport(ClientConfig(f"http://{address}"))
        with pytest.raises(TransportTimeout, match="no answer within"):
            transport.request(GET, timeout=0.05)


@pytest.mark.parametrize("head", ["content-length: 500", "transfer-encoding: chunked"])
def test_an_answer_that_comes_byte_by_byte_times_out_as_a_whole(head: str) -> None:
    piece = b"1\r\n \r\n" if "chunked" in head else b" "
    with dripping_server(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode(), piece) as address:
        with HttpTransport(ClientConfig(f"http://{address}")) as transport:
            with pytest.raises(TransportTimeout, match="within the time allowed"):
                transport.request(GET, timeout=0.1)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
def test_an_answer_with_a_time_limit_is_whole(server: Server, compressed: bool, chunked: bool) -> None:
    body = NAMESPACE * 20_000  # many reads
    sent = gzip.compress(body) if compressed else body
    headers = {"content-encoding": "gzip"} if compressed else {}
    if chunked:
        pieces = [sent[at : at + 2048] for at in range(0, len(sent), 2048)]
        sent = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        head = "".join(f"{k}: {v}\r\n" for k, v in {**headers, "transfer-encoding": "chunked"}.items())
        with dripping_server(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + sent, b"") as address:
            with HttpTransport(ClientConfig(f"http://{address}")) as transport:
                assert transport.request(GET, timeout=20).body == body
        return
    server.answer = lambda seen: (200, headers, sent)
    with HttpTransport(ClientConfig(server.url)) as transport:
        assert transport.request(GET, timeout=20).body == body


def test_a_tls_handshake_that_never_ends_times_out() -> None:
    with deaf_server() as address:
        transport = HttpTransport(ClientConfig(f"https://{address}", verify=False, connect_timeout=0.05))
        with pytest.raises(TransportTimeout):
            transport.request(GET, timeout=0.1)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("how", ["request", "stream"])
def test_stop_interrupts_before_there_is_an_answer(scheme: str, how: str) -> None:
    # O6b: the peer's stop() waits for the headers, or for ever in the TLS handshake
    with deaf_server() as address, no_leaked_threads():
        transport = HttpTransport(ClientConfig(f"{scheme}://{address}", verify=False))
        stop = StopSignal()
        raised: list[BaseException] = []

        def call() -> None:
            try:
                if how == "request":
                    transport.request(GET, stop=stop)
                else:
                    transport.stream(GET, stop=stop)
            except BaseException as error:
                raised.append(error)

        caller = threading.Thread(target=call)
        caller.start()
        # Interrupting is only interesting while the call hangs; whenever it comes, the call must end.
        eventually(caller.is_alive)
        threading.Event().wait(0.05)
        stop.set()
        caller.join(5)
        assert not caller.is_alive()
        assert isinstance(raised[0], TransportError)


def test_a_signal_that_is_set_already_sends_nothing(server: Server, transport: HttpTransport) -> None:
    stop = StopSignal()
    stop.set()
    with pytest.raises(StreamCut):
        transport.request(GET, stop=stop)
    with pytest.raises(StreamCut):
        transport.stream(GET, stop=stop)
    assert server.seen == []


def test_a_late_stop_does_not_hurt_the_next_user_of_the_connection(server: Server, transport: HttpTransport) -> None:
    stop = StopSignal()
    stream = transport.stream(GET, stop=stop)
    assert b"".join(stream) == NAMESPACE
    stream.stop()
    stop.set()
    assert transport.request(GET).status == 200


def test_credentials_are_in_no_text() -> None:
    config = ClientConfig(
        "https://h",
        token="s3cret",
        password="s3cret",
        username="u",
        key_data="s3cret",
        headers={"authorization": "s3cret"},
        proxy="http://u:s3cret@p",
        token_provider=lambda: "s3cret",
    )
    assert "s3cret" not in repr(config)
    assert "s3cret" not in repr(HttpTransport(config))
    assert "s3cret" not in repr(HttpTransport(config)._credentials)  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "want http"),
        ("ftp://h", "want http"),
        ("h:6443", "want http"),
        ("https://user:s3cret@h", "credentials do not belong here"),
        ("https://h?x=1", "query"),
        ("https://h:notaport", "port"),
    ],
)
def test_an_impossible_url_is_refused(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        HttpTransport(ClientConfig(url))
    assert "s3cret" not in str(caught.value)


def test_a_token_that_would_write_headers_is_refused() -> None:
    with pytest.raises(KubewrightError, match="cannot stand in a header"):
        HttpTransport(ClientConfig("http://h", token="a\r\nx-evil: 1"))


def test_a_proxy_is_used_with_its_credentials(server: Server) -> None:
    transport = HttpTransport(ClientConfig("http://api.invalid:80", proxy=server.url.replace("//", "//u:pw@")))
    assert transport.request(GET).status == 200
    transport.close()
    assert server.seen[0].path == "http://api.invalid:80/api/v1/namespaces/x"
    assert server.seen[0].headers["proxy-authorization"].startswith("Basic ")


def test_proxies_of_the_environment_are_not_used_for_this_machine(
    server: Server, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert transport.request(GET).status == 200
    assert len(server.seen) == 1


def test_a_redirect_is_an_error_that_says_where_to(server: Server, transport: HttpTransport) -> None:
    server.answer = lambda seen: (302, {"Location": "https://login.example.com/?token=s3cret"}, b"")
    with pytest.raises(ApiError, match=r"redirects to https://login\.example\.com/") as caught:
        Namespaces(transport).get("x")
    assert "s3cret" not in str(caught.value)
    with pytest.raises(ApiError, match="redirects"):
        Namespaces(transport).watch()


def test_an_idle_connection_that_the_server_closed_is_not_used_for_a_write(
    server: Server, transport: HttpTransport
) -> None:
    transport.request(GET)
    server.drop_idle()
    namespaces = DynamicClient(transport).cluster(Namespaces.resource)
    namespaces.create({"metadata": {"name": "x"}})
    assert len(server.connections) == 2


def test_answers_may_be_compressed_where_that_is_asked_for(server: Server) -> None:
    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.headers.get("accept-encoding") == "gzip":
            return 200, {"content-encoding": "gzip"}, gzip.compress(NAMESPACE)
        return 200, {}, NAMESPACE

    server.answer = answer
    for compression in (True, False):
        transport = HttpTransport(ClientConfig(server.url, compression=compression))
        assert Namespaces(transport).get("x").metadata.name == "x"
        transport.close()


def test_an_answer_shorter_than_it_said_is_a_cut() -> None:
    with APIServer() as api:
        transport = api.transport()
        api.faults.cut_after_bytes(120, path="/namespaces", times=None)
        with pytest.raises(StreamCut):
            DynamicClient(transport).cluster(Namespaces.resource).create({"metadata": {"name": "x"}})
        transport.close()


@pytest.mark.parametrize("how", ["request", "stream"])
def test_stop_interrupts_connecting_to_an_address_that_swallows_packets(how: str) -> None:
    with full_server() as address, no_leaked_threads():
        transport = HttpTransport(ClientConfig(f"http://{address}"))
        stop = StopSignal()
        raised: list[BaseException] = []

        def call() -> None:
            try:
                getattr(transport, how)(GET, stop=stop)
            except StreamCut as error:  # and nothing that sounds as if the server were away
                raised.append(error)

        caller = threading.Thread(target=call)
        caller.start()
        threading.Event().wait(0.05)  # whenever it comes, the call must end
        stop.set()
        caller.join(5)
        assert not caller.is_alive()
        assert len(raised) == 1


def test_connecting_to_an_address_that_swallows_packets_times_out() -> None:
    with full_server() as address:
        transport = HttpTransport(ClientConfig(f"http://{address}", connect_timeout=0.05))
        for stop in (None, StopSignal()):
            with pytest.raises(TransportTimeout, match="no connection within"):
                transport.request(GET, stop=stop)
