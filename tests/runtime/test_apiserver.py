"""The embedded API server over HTTP: its life, its port, its connections."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kubewright.core.wire import Request
from kubewright.errors import ConfigError, KubewrightError, TransportError
from kubewright.testing import APIServer
from kubewright.testing.server.http import HttpServer
from kubewright.transport import ClientConfig, HttpTransport, load_kubeconfig
from tests.runtime.servers import make_certificates
from tests.support import eventually, no_leaked_threads

TSTEST = Path(__file__).parents[2] / "schemas" / "tstest.yaml"
TSTESTS = "/apis/stable.example.com/v1/namespaces/default/tstests"


@pytest.fixture
def server() -> Iterator[APIServer]:
    with APIServer([TSTEST]) as running:
        yield running


def connect(server: APIServer) -> http.client.HTTPConnection:
    parts = urlsplit(server.url)
    assert parts.hostname is not None
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)


def call(server: APIServer, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
    connection = connect(server)
    try:
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def tstest(name: str) -> dict[str, object]:
    return {
        "apiVersion": "stable.example.com/v1",
        "kind": "TsTest",
        "metadata": {"name": name},
        "spec": {"image": "nginx"},
    }


def test_nothing_is_left_after_stop() -> None:
    with no_leaked_threads():
        with APIServer([TSTEST]) as server:
            port = urlsplit(server.url).port
            watch = connect(server)
            watch.request("GET", f"{TSTESTS}?watch=true")
            response = watch.getresponse()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
        response.close()
        watch.close()


def test_stop_twice_and_start_again_is_allowed() -> None:
    server = APIServer()
    server.start()
    server.stop()
    server.stop()
    with server:
        assert call(server, "GET", "/readyz") == (200, b"ok")


def test_an_unstarted_server_says_how_to_start_it() -> None:
    with pytest.raises(KubewrightError, match="`with` block"):
        _ = APIServer().url


def test_binds_to_loopback_only(server: APIServer) -> None:
    with pytest.raises(ConfigError, match=r"loopback only, not to 0\.0\.0\.0"):
        HttpServer(server.api, host="0.0.0.0")


def test_taken_port_is_named(server: APIServer) -> None:
    port = urlsplit(server.url).port
    assert port is not None
    with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}"):
        APIServer(port=port).start()


def test_refused_crd_stops_the_server_and_says_why() -> None:
    crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x"}}
    server = APIServer([{**crd, "spec": {"group": "example.com"}}])
    with no_leaked_threads(), pytest.raises(KubewrightError, match="must be spec.names.plural"):
        server.start()


def test_token_is_required_when_there_is_one() -> None:
    with APIServer(token="secret") as server:
        assert call(server, "GET", "/api/v1/namespaces")[0] == 401
        assert call(server, "GET", "/api/v1/namespaces", Authorization="Bearer secret")[0] == 200
        assert "secret" in server.kubeconfig_text()


def test_kubeconfig_is_readable_by_its_owner_only(server: APIServer, tmp_path: Path) -> None:
    written = server.write_kubeconfig(tmp_path / "kubeconfig")
    assert written.stat().st_mode & 0o077 == 0


def test_https_with_a_certificate_of_ones_own(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    with APIServer([TSTEST], certificate=made.pair("server"), ca=made.ca) as server:
        assert server.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=str(made.ca))
        connection = http.client.HTTPSConnection("127.0.0.1", urlsplit(server.url).port, timeout=10, context=trusting)
        connection.request("GET", "/readyz")
        assert connection.getresponse().read() == b"ok"
        connection.close()


def test_https_on_request_is_trusted_by_its_own_clients_and_by_no_other(tmp_path: Path) -> None:
    with APIServer([TSTEST], tls=True) as server:
        assert server.url.startswith("https://127.0.0.1:")
        config = load_kubeconfig(server.write_kubeconfig(tmp_path / "kubeconfig"))
        with HttpTransport(config) as transport:
            assert transport.request(Request(method="GET", path="/readyz")).body == b"ok"
        with HttpTransport(ClientConfig(server.url)) as stranger, pytest.raises(TransportError, match="certificate"):
            stranger.request(Request(method="GET", path="/readyz"))


def test_missing_certificate_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot serve HTTPS with certificate .*absent\.pem"):
        APIServer(certificate=(tmp_path / "absent.pem", tmp_path / "key.pem")).start()


def test_kept_alive_connection_serves_many_requests(server: APIServer) -> None:
    connection = connect(server)
    for number in range(3):
        connection.request("POST", TSTESTS, json.dumps(tstest(f"a{number}")), {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert (response.status, response.read()[:1]) == (201, b"{")
    connection.close()


def test_pipelined_requests_are_answered_in_order(server: APIServer) -> None:
    request = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=10) as client:
        client.sendall(request % b"/healthz" + request % b"/nothing" + request % b"/livez")
        received = b""
        while received.count(b"HTTP/1.1") < 3 or not received.endswith(b"ok"):
            received += client.recv(4096)
    assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"200", b"404", b"200"]


def test_chunked_body_in_small_pieces_after_a_continue(server: APIServer) -> None:
    body = json.dumps(tstest("chunked")).encode()
    head = f"POST {TSTESTS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=10) as client:
        client.sendall(f"{head}Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 100 ")
        for start in range(0, len(body), 7):
            piece = body[start : start + 7]
            client.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        client.sendall(b"0\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 201 ")


def test_head_answers_without_a_body(server: APIServer) -> None:
    connection = connect(server)
    connection.request("HEAD", TSTESTS)
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"")
    connection.request("GET", "/healthz")
    assert connection.getresponse().read() == b"ok"
    connection.close()


def test_connection_is_closed_when_the_client_asks_for_it(server: APIServer) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=10) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b""
        while more := client.recv(4096):
            received += more
    assert b"Connection: close" in received
    assert received.endswith(b"ok")


def test_request_that_is_no_http_gets_400_and_the_connection_ends(server: APIServer) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=10) as client:
        client.sendall(b"hello?\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 400 ")
        assert client.recv(4096) == b""


def test_body_beyond_the_limit_is_413(server: APIServer) -> None:
    status, body = call(server, "POST", TSTESTS, {"x": "y" * (3 * 1024 * 1024 + 1)})
    assert status == 413
    assert json.loads(body)["reason"] == "RequestEntityTooLarge"


def test_failure_of_the_server_itself_is_a_500_that_names_it(
    server: APIServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(request: object) -> object:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(server.api, "handle", fail)
    status, body = call(server, "GET", "/api/v1/namespaces")
    assert status == 500
    assert "ZeroDivisionError: oh" in json.loads(body)["message"]
    assert "/api/v1/namespaces" in caplog.text


def test_one_write_reaches_every_watcher(server: APIServer) -> None:
    lines: list[bytes] = []
    watches = [connect(server) for _ in range(20)]
    responses = []
    for watch in watches:
        watch.request("GET", f"{TSTESTS}?watch=true")
        responses.append(watch.getresponse())
    readers = [threading.Thread(target=lambda r=r: lines.append(r.readline())) for r in responses]
    for reader in readers:
        reader.start()
    call(server, "POST", TSTESTS, tstest("a"))
    for reader in readers:
        reader.join(10)
    for watch in watches:
        watch.close()
    assert len(lines) == 20
    assert {json.loads(line)["object"]["metadata"]["name"] for line in lines} == {"a"}


def test_a_watcher_that_does_not_read_delays_nobody(server: APIServer) -> None:
    stuck = socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=10)
    stuck.sendall(b"GET %s?watch=true HTTP/1.1\r\nHost: x\r\n\r\n" % TSTESTS.encode())
    padding = "x" * 100_000
    for number in range(60):
        obj = tstest(f"big-{number}")
        obj["spec"] = {"image": padding}
        assert call(server, "POST", TSTESTS, obj)[0] == 201
    assert call(server, "GET", "/healthz")[0] == 200
    stuck.close()


def test_a_client_that_goes_away_is_forgotten(server: APIServer) -> None:
    client = socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=10)
    client.sendall(b"GET %s?watch=true HTTP/1.1\r\nHost: x\r\n\r\n" % TSTESTS.encode())
    client.recv(4096)
    assert len(server.api.watchers) == 1
    client.close()
    eventually(lambda: len(server.api.watchers) == 0)


def test_crd_with_instances_is_deleted_in_the_order_of_a_real_server(server: APIServer) -> None:
    crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tstests.stable.example.com"
    held = tstest("held")
    held["metadata"] = {"name": "held", "finalizers": ["example.com/wait"]}
    call(server, "POST", TSTESTS, held)
    call(server, "POST", TSTESTS, tstest("free"))
    assert call(server, "DELETE", crd)[0] == 200
    left = json.loads(call(server, "GET", TSTESTS)[1])["items"]
    assert [item["metadata"]["name"] for item in left] == ["held"]
    assert call(server, "GET", crd)[0] == 200
    patch = [{"op": "remove", "path": "/metadata/finalizers"}]
    headers = {"Content-Type": "application/json-patch+json"}
    connection = connect(server)
    connection.request("PATCH", f"{TSTESTS}/held", json.dumps(patch), headers)
    assert connection.getresponse().status == 200
    connection.close()
    assert call(server, "GET", crd)[0] == 404
    assert call(server, "GET", TSTESTS)[0] == 404


def test_refused_crds_are_all_named_and_the_others_are_served(server: APIServer) -> None:
    def crd(plural: str, *, good: bool) -> dict[str, Any]:
        schema = {"openAPIV3Schema": {"type": "object"}} if good else {}
        version = {"name": "v1", "served": True, "storage": True, "schema": schema}
        names = {"plural": plural, "kind": plural.title()}
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.refused.example.com"},
            "spec": {"group": "refused.example.com", "scope": "Cluster", "names": names, "versions": [version]},
        }

    with pytest.raises(KubewrightError) as raised:
        server.install(crd("ones", good=False), crd("twos", good=True), crd("threes", good=False))
    text = str(raised.value)
    assert text.startswith("2 of 3 CustomResourceDefinitions are not served")
    assert "ones.refused.example.com" in text and "threes.refused.example.com" in text
    with server.transport() as transport:
        path = "/apis/refused.example.com/v1/twos"
        assert transport.request(Request(method="GET", path=path)).status == 200
