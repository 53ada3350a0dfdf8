"""TLS: whom we trust, who we are, and certificates that change while the program runs."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubewright.core.requests import build
from kubewright.core.wire import StopSignal
from kubewright.errors import ConfigError, TransportError
from kubewright.testing import FakeClock
from kubewright.transport import ClientConfig, HttpTransport
from tests.runtime.clients import Namespaces
from tests.runtime.servers import Certificates, Server, make_certificates
from tests.support import eventually, no_leaked_threads

GET = build("get", "GET", Namespaces.resource, name="x")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def server(certificates: Certificates) -> Iterator[Server]:
    with Server(certificates.server_context()).running() as made:
        yield made


@pytest.fixture
def strict(certificates: Certificates) -> Iterator[Server]:
    """A server that wants to see a client certificate."""
    with Server(certificates.server_context(ask_for_client=True)).running() as made:
        yield made


def ask(config: ClientConfig) -> int:
    transport = HttpTransport(config)
    try:
        return transport.request(GET).status
    finally:
        transport.close()


def test_a_ca_from_a_file_or_from_data_is_trusted(server: Server, certificates: Certificates) -> None:
    assert ask(ClientConfig(server.url, ca_file=str(certificates.ca))) == 200
    assert ask(ClientConfig(server.url, ca_data=certificates.ca.read_text())) == 200


def test_an_unknown_ca_is_refused_with_what_to_check(server: Server) -> None:
    with pytest.raises(TransportError, match="check the CA of the cluster"):
        ask(ClientConfig(server.url))


def test_a_certificate_of_another_name_is_refused(server: Server, certificates: Certificates) -> None:
    url = server.url.replace("127.0.0.1", "localhost")
    with pytest.raises(TransportError, match="Hostname mismatch"):
        ask(ClientConfig(url, ca_file=str(certificates.ca)))


def test_another_name_can_be_expected(server: Server, certificates: Certificates) -> None:
    url = server.url.replace("127.0.0.1", "localhost")
    assert ask(ClientConfig(url, ca_file=str(certificates.ca), tls_server_name="api.internal")) == 200


def test_verification_can_be_switched_off(server: Server) -> None:
    assert ask(ClientConfig(server.url, verify=False)) == 200


def test_the_system_s_cas_are_not_loaded_when_there_is_one(
    server: Server, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(self: ssl.SSLContext, purpose: object = None) -> None:
        raise AssertionError("loading the system's CAs costs 20 ms")

    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", load)
    assert ask(ClientConfig(server.url, ca_file=str(certificates.ca))) == 200


def test_a_client_certificate_from_files_or_from_data_is_shown(strict: Server, certificates: Certificates) -> None:
    cert, key = certificates.pair("client-one")
    ca = str(certificates.ca)
    assert ask(ClientConfig(strict.url, ca_file=ca, cert_file=str(cert), key_file=str(key))) == 200
    assert ask(ClientConfig(strict.url, ca_file=ca, cert_data=cert.read_text(), key_data=key.read_text())) == 200
    assert [seen.client for seen in strict.seen] == ["client-one", "client-one"]


def test_no_client_certificate_where_one_is_wanted_is_said(strict: Server, certificates: Certificates) -> None:
    with pytest.raises(TransportError):
        ask(ClientConfig(strict.url, ca_file=str(certificates.ca)))


def test_a_certificate_without_its_key_is_a_mistake_in_the_configuration(certificates: Certificates) -> None:
    with pytest.raises(ConfigError, match="key is missing"):
        ask(ClientConfig("https://h", cert_file=str(certificates.pair("client-one")[0]), proxy=""))


@pytest.mark.parametrize("field", ["ca_file", "cert_file", "key_file"])
def test_a_file_that_is_missing_is_named(field: str) -> None:
    with pytest.raises(ConfigError, match="no-such-file"):
        ask(ClientConfig("https://h", proxy="", **{field: "/no-such-file"}))  # type: ignore[arg-type]


def test_a_file_that_holds_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("nonsense")
    with pytest.raises(ConfigError, match=r"ca\.crt: holds no usable PEM"):
        ask(ClientConfig("https://h", proxy="", ca_file=str(tmp_path / "ca.crt")))


def test_a_rotated_client_certificate_comes_into_use(
    strict: Server, certificates: Certificates, tmp_path: Path
) -> None:
    # client-go C7
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"

    def install(name: str) -> None:
        for source, target in zip(certificates.issue(name), (cert, key), strict=True):
            target.write_text(source.read_text())

    clock = FakeClock()
    install("before")
    config = ClientConfig(strict.url, ca_file=str(certificates.ca), cert_file=str(cert), key_file=str(key))
    transport = HttpTransport(config, clock=clock)
    transport.request(GET)
    install("after")
    transport.request(GET)
    clock.step(61)
    transport.request(GET)
    transport.close()
    assert [seen.client for seen in strict.seen] == ["before", "before", "after"]


def test_files_in_the_middle_of_a_rotation_do_not_stop_the_program(
    strict: Server, certificates: Certificates, tmp_path: Path
) -> None:
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    for source, target in zip(certificates.pair("client-one"), (cert, key), strict=True):
        target.write_text(source.read_text())
    clock = FakeClock()
    config = ClientConfig(strict.url, ca_file=str(certificates.ca), cert_file=str(cert), key_file=str(key))
    transport = HttpTransport(config, clock=clock)
    transport.request(GET)
    key.write_text("half a k")
    clock.step(61)
    assert transport.request(GET).status == 200
    transport.close()


def test_stop_ends_a_read_over_tls_at_once(server: Server, certificates: Certificates) -> None:
    # recipes 5: shutting down wakes the reader, closing does not
    gate = threading.Event()

    def answer(seen: object) -> tuple[int, dict[str, str], bytes]:
        gate.wait(20)
        return 200, {}, b"{}"

    server.answer = answer
    transport = HttpTransport(ClientConfig(server.url, ca_file=str(certificates.ca)))
    with no_leaked_threads():
        stop = StopSignal()
        raised: list[BaseException] = []

        def call() -> None:
            try:
                transport.stream(GET, stop=stop)
            except TransportError as error:
                raised.append(error)

        caller = threading.Thread(target=call)
        caller.start()
        eventually(lambda: server.seen)  # sent, so the answer is being waited for
        stop.set()
        caller.join(5)
        gate.set()
        assert not caller.is_alive()
        assert raised
        transport.close()


def test_no_private_key_is_left_in_a_temporary_file(
    strict: Server, certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    cert, key = certificates.pair("client-one")
    ca = str(certificates.ca)
    assert ask(ClientConfig(strict.url, ca_file=ca, cert_data=cert.read_text(), key_data=key.read_text())) == 200
    assert list(tmp_path.iterdir()) == []


# Python 3.11 leaves a TLS socket to the collector when its connection ends between wrapping and handshake.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_stop_at_any_moment_is_a_transport_error_and_nothing_else(server: Server, certificates: Certificates) -> None:
    server.answer = lambda seen: (200, {}, b"x" * 2_000_000)
    transport = HttpTransport(ClientConfig(server.url, ca_file=str(certificates.ca)))
    raised: list[BaseException] = []
    for n in range(60):
        stop = StopSignal()

        def call(stop: StopSignal = stop) -> None:
            try:
                transport.request(GET, stop=stop)
            except TransportError:
                pass
            except BaseException as error:
                raised.append(error)

        caller = threading.Thread(target=call)
        caller.start()
        threading.Event().wait(n * 0.0003)  # whatever it does by then
        stop.set()
        caller.join(10)
        assert not caller.is_alive()
    transport.close()
    assert raised == []
