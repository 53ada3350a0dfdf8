"""From kubeconfig files and pod files to a connection, by kubectl's rules; exec plugins, tokens, identity providers."""

from __future__ import annotations

import base64
import json
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubewright.client import ClientsetBase
from kubewright.clock import RealClock
from kubewright.core.requests import build
from kubewright.errors import ConfigError
from kubewright.testing import APIServer, FakeClock
from kubewright.transport import ClientConfig, HttpTransport, in_cluster_config, load_config, load_kubeconfig
from kubewright.transport.execplugin import ExecCredentials, ExecPlugin, parse_rfc3339
from tests.runtime.clients import Namespaces
from tests.runtime.servers import NAMESPACE, UNAUTHORIZED, Certificates, Seen, Server, make_certificates

GET = build("get", "GET", Namespaces.resource, name="x")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().running() as made:
        yield made


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No configuration of this machine takes part."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def kubeconfig(
    path: Path,
    *,
    server: str = "http://127.0.0.1:1",
    user: dict[str, Any] | None = None,
    cluster: dict[str, Any] | None = None,
    name: str = "main",
    current: str | None = "main",
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": name, "user": user or {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": f"ns-{name}"}}],
    }
    if current is not None:
        document["current-context"] = current
    path.write_text(json.dumps(document))
    return path


# --- where it is looked for


def test_the_given_file_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "env", server="http://env")))
    given = kubeconfig(tmp_path / "given", server="http://given")
    assert load_config(given).url == "http://given"
    assert load_config().url == "http://env"


def test_the_home_directory_is_looked_at_last(tmp_path: Path) -> None:
    kubeconfig(tmp_path / "home" / ".kube" / "config", server="http://home")
    assert load_config().url == "http://home"


def test_several_files_are_merged_and_the_first_says_which_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # C16: a list was an error; C10: the first file wins (the kubernetes package lets the last one win)
    one = kubeconfig(tmp_path / "one", server="http://one", name="one", current="two")
    two = kubeconfig(tmp_path / "two", server="http://two", name="two", current="one")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'missing'}:{one}:{two}")
    assert load_config().url == "http://two"
    assert load_config(context="one").url == "http://one"
    assert load_config().namespace == "ns-two"


def test_an_empty_file_of_the_list_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").touch()
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'empty'}:{kubeconfig(tmp_path / 'one', server='http://one')}")
    assert load_config().url == "http://one"


def test_the_home_directory_may_be_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubeconfig(tmp_path / "home" / "mine", server="http://mine")
    monkeypatch.setenv("KUBECONFIG", "~/mine")
    assert load_config().url == "http://mine"


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"as": "x", "as-groups": "admins"}, "as-groups must be a list"),
        ({"as": "x", "as-user-extra": {"scope": "view"}}, "as-user-extra: scope must be a list"),
        ({"as": "x", "as-user-extra": "view"}, "as-user-extra must be a mapping"),
        ({"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1", "args": "login"}}, "args must be"),
        ({"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1", "env": {"A": "b"}}}, "env must be"),
        ({"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1", "env": [{"name": "A"}]}}, "env"),
    ],
)
def test_a_value_where_a_list_belongs_is_named_and_not_taken_for_its_letters(
    tmp_path: Path, user: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=f"user 'main'.*{said}"):
        load_kubeconfig(kubeconfig(tmp_path / "config", user=user))


def test_a_context_that_is_no_mapping_is_said(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("current-context: c\ncontexts: [c]\nclusters: []\nusers: []\n")
    with pytest.raises(ConfigError, match="contexts must be a list of mappings"):
        load_kubeconfig(tmp_path / "config")


def test_without_any_file_it_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"home/\.kube/config"):
        load_config()


def test_inside_a_pod_the_service_account_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # client-go C9
    files = tmp_path / "sa"
    files.mkdir()
    for name, text in (("token", "t\n"), ("ca.crt", "pem"), ("namespace", "here\n")):
        (files / name).write_text(text)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    config = in_cluster_config(directory=files)
    assert (config.url, config.namespace) == ("https://[fd00::1]:443", "here")
    assert config.token_file == str(files / "token")
    (files / "token").unlink()
    with pytest.raises(ConfigError, match="automountServiceAccountToken"):
        in_cluster_config(directory=files)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("{", "line 1"),
        ("[]", "cannot be read"),
        ('{"current-context": "x", "contexts": []}', "there is no context 'x', there are: none"),
        ('{"contexts": [{"name": "a", "context": {}}]}', "no current-context is set; pass context=, there are: a"),
        ('{"current-context": "a", "contexts": [{"name": "a", "context": {}}]}', "names no cluster"),
        (
            '{"current-context":"a","contexts":[{"name":"a","context":{"cluster":"c"}}],"clusters":[{"name":"c","cluster":{}}]}',
            "has no server",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        load_kubeconfig(path)
    assert str(path) in str(caught.value)


def test_no_error_quotes_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text('{"users": [{"name": "a", "user": {"token": "s3cret"}}, {"token": "s3cret"}], "clusters": 3')
    with pytest.raises(ConfigError) as caught:
        load_kubeconfig(path)
    assert "s3cret" not in str(caught.value)


def test_a_clientset_is_made_from_a_file(tmp_path: Path) -> None:
    with APIServer(token="abc") as api:
        path = api.write_kubeconfig(tmp_path / "kc.yaml")
        with ClientsetBase.from_kubeconfig(path) as clientset:
            assert Namespaces(clientset.transport).get("default").metadata.name == "default"


# --- what it says


def test_all_of_a_cluster_is_read(tmp_path: Path) -> None:
    path = kubeconfig(
        tmp_path / "conf" / "config",
        server="https://h:6443/",
        cluster={
            "certificate-authority": "ca.crt",
            "certificate-authority-data": base64.b64encode(b"PEM").decode(),
            "tls-server-name": "n",
            "proxy-url": "http://proxy",
            "insecure-skip-tls-verify": True,
        },
        user={
            "client-certificate": "../c.crt",
            "client-key": "/k.key",
            "as": "jane",
            "as-groups": ["g"],
            "as-uid": "7",
        },
    )
    config = load_kubeconfig(path)
    assert config.url == "https://h:6443"
    assert config.ca_file == str(tmp_path / "conf" / "ca.crt")  # relative to the file, as kubectl
    assert config.cert_file == str(tmp_path / "c.crt")
    assert config.key_file == "/k.key"
    assert (config.ca_data, config.tls_server_name, config.proxy, config.verify) == ("PEM", "n", "http://proxy", False)
    assert config.impersonate is not None
    assert (config.impersonate.user, config.impersonate.groups, config.impersonate.uid) == ("jane", ("g",), "7")


def test_data_that_is_no_base64_is_named(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config", cluster={"certificate-authority-data": "%%%"})
    with pytest.raises(ConfigError, match="certificate-authority-data"):
        load_kubeconfig(path)


def send(config: ClientConfig, clock: FakeClock | None = None) -> HttpTransport:
    transport = HttpTransport(config, clock=clock)
    transport.request(GET)
    return transport


def test_user_and_password_are_sent(tmp_path: Path, server: Server) -> None:
    path = kubeconfig(tmp_path / "config", server=server.url, user={"username": "u", "password": "p"})
    send(load_kubeconfig(path)).close()
    assert server.seen[0].headers["authorization"] == "Basic " + base64.b64encode(b"u:p").decode()


# --- tokens that change


def test_a_token_file_is_read_again_every_minute(tmp_path: Path, server: Server) -> None:
    # client-go C7; C16: the peer never reads it again
    file = tmp_path / "token"
    file.write_text("one\n")
    path = kubeconfig(tmp_path / "config", server=server.url, user={"tokenFile": "token"})
    clock = FakeClock()
    transport = send(load_kubeconfig(path), clock)
    file.write_text("two")
    transport.request(GET)
    clock.step(60)
    transport.request(GET)
    file.unlink()  # in the middle of a rotation
    clock.step(60)
    transport.request(GET)
    transport.close()
    assert [seen.headers["authorization"] for seen in server.seen] == [
        "Bearer one",
        "Bearer one",
        "Bearer two",
        "Bearer two",
    ]


def only(token: str) -> Any:
    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        good = seen.headers.get("authorization") == f"Bearer {token}"
        return (200, {}, NAMESPACE) if good else (401, {}, UNAUTHORIZED)

    return answer


@pytest.mark.parametrize("how", ["request", "stream"])
def test_a_401_makes_it_read_the_token_file_at_once(tmp_path: Path, server: Server, how: str) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    transport = HttpTransport(ClientConfig(server.url, token_file=str(file)), clock=FakeClock())
    transport.request(GET)
    file.write_text("new")
    server.answer = only("new")
    if how == "request":
        assert transport.request(GET).status == 200
    else:
        stream = transport.stream(GET)
        assert stream.status == 200
        stream.stop()
    transport.close()


def test_a_401_that_stays_is_reported_after_one_more_try(tmp_path: Path, server: Server) -> None:
    (tmp_path / "token").write_text("bad")
    server.answer = only("good")
    transport = HttpTransport(ClientConfig(server.url, token_file=str(tmp_path / "token")))
    assert transport.request(GET).status == 401
    assert len(server.seen) == 1  # the file has nothing new to offer
    transport.close()


def test_a_missing_token_file_is_named(server: Server) -> None:
    transport = HttpTransport(ClientConfig(server.url, token_file="/no-such-token"))
    with pytest.raises(ConfigError, match="/no-such-token"):
        transport.request(GET)


def test_a_token_can_come_from_a_function(server: Server) -> None:
    tokens = iter(["a", "b"])
    transport = send(ClientConfig(server.url, token_provider=lambda: next(tokens)))
    transport.request(GET)
    transport.close()
    assert [seen.headers["authorization"] for seen in server.seen] == ["Bearer a", "Bearer b"]


def test_what_a_token_function_raises_is_an_error_of_the_configuration(server: Server) -> None:
    def away() -> str:
        raise OSError("no metadata server")

    with HttpTransport(ClientConfig(server.url, token_provider=away)) as transport:
        with pytest.raises(ConfigError, match="token_provider raised OSError: no metadata server"):
            transport.request(GET)


# --- exec plugins

PLUGIN = """#!{python}
import json, os, pathlib, sys
here = pathlib.Path(__file__).parent
runs = here / "runs"
count = len(runs.read_text().splitlines()) if runs.exists() else 0
with runs.open("a") as log:
    log.write(os.environ["KUBERNETES_EXEC_INFO"] + chr(10))
status = json.loads((here / "status.json").read_text())
if "token" in status:
    status["token"] = status["token"].replace("COUNT", str(count + 1)).replace("WHO", os.environ.get("WHO", "") + "".join(sys.argv[1:]))
print(json.dumps({{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}}))
"""


class Plugin:
    """A credential plugin on disk that notes each of its runs."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self.directory = directory
        self.path = directory / "plugin"
        self.path.write_text(PLUGIN.format(python=sys.executable))
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)
        self.says(token="t-COUNT")

    def says(self, **status: str) -> None:
        (self.directory / "status.json").write_text(json.dumps(status))

    @property
    def runs(self) -> list[dict[str, Any]]:
        file = self.directory / "runs"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def section(self, **more: Any) -> dict[str, Any]:
        return {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": str(self.path),
                "interactiveMode": "Never",
                **more,
            }
        }


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path / "plugin")


def test_a_plugin_without_expiry_runs_once(tmp_path: Path, server: Server, plugin: Plugin) -> None:
    # C16: ten requests, ten runs
    transport = send(load_kubeconfig(kubeconfig(tmp_path / "config", server=server.url, user=plugin.section())))
    for _ in range(9):
        transport.request(GET)
    transport.close()
    assert len(plugin.runs) == 1
    assert {seen.headers["authorization"] for seen in server.seen} == {"Bearer t-1"}


def test_threads_that_need_a_token_at_once_run_the_plugin_once(tmp_path: Path, server: Server, plugin: Plugin) -> None:
    config = load_kubeconfig(kubeconfig(tmp_path / "config", server=server.url, user=plugin.section()))
    transport = HttpTransport(config)
    threads = [threading.Thread(target=transport.request, args=(GET,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    transport.close()
    assert len(plugin.runs) == 1
    assert len(server.seen) == 8


@pytest.mark.parametrize("expiry", ["2027-01-15T08:10:00.123456789+00:10", "2027-01-15T08:00:00Z"])
def test_a_plugin_runs_again_when_its_token_expires(
    tmp_path: Path, server: Server, plugin: Plugin, expiry: str
) -> None:
    # C16: offsets and fractions crashed
    clock = FakeClock(start=parse_rfc3339("2027-01-15T07:00:00Z"))
    plugin.says(token="t-COUNT", expirationTimestamp=expiry)
    path = kubeconfig(tmp_path / "config", server=server.url, user=plugin.section())
    transport = send(load_kubeconfig(path, clock=clock), clock)
    clock.step(1800)
    transport.request(GET)
    clock.step(1800)
    transport.request(GET)
    transport.close()
    assert [seen.headers["authorization"] for seen in server.seen] == ["Bearer t-1", "Bearer t-1", "Bearer t-2"]


def test_a_401_makes_the_plugin_run_again(tmp_path: Path, server: Server, plugin: Plugin) -> None:
    path = kubeconfig(tmp_path / "config", server=server.url, user=plugin.section())
    transport = send(load_kubeconfig(path))
    server.answer = only("t-2")
    assert transport.request(GET).status == 200
    transport.close()


def test_a_plugin_gets_its_arguments_environment_and_cluster(tmp_path: Path, server: Server, plugin: Plugin) -> None:
    plugin.says(token="WHO")
    (tmp_path / "ca.crt").write_text("PEM")
    path = kubeconfig(
        tmp_path / "config",
        server=server.url,
        cluster={
            "certificate-authority": "ca.crt",
            "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}],
        },
        user=plugin.section(args=["-a"], env=[{"name": "WHO", "value": "me"}], provideClusterInfo=True),
    )
    send(load_kubeconfig(path)).close()
    assert server.seen[0].headers["authorization"] == "Bearer me-a"
    assert plugin.runs[0]["spec"] == {
        "interactive": False,
        "cluster": {
            "server": server.url,
            "certificate-authority-data": base64.b64encode(b"PEM").decode(),
            "config": {"audience": "x"},
        },
    }


def test_a_plugin_beside_the_kubeconfig_is_found_by_its_relative_path(
    tmp_path: Path, server: Server, plugin: Plugin
) -> None:
    path = kubeconfig(tmp_path / "config", server=server.url, user=plugin.section(command="./plugin/plugin"))
    send(load_kubeconfig(path)).close()
    assert len(plugin.runs) == 1


def test_a_plugin_may_give_a_client_certificate(tmp_path: Path, plugin: Plugin) -> None:
    # C16: they were ignored
    folder = tmp_path / "certificates"
    folder.mkdir()
    certificates: Certificates = make_certificates(folder)
    cert, key = certificates.pair("client-one")
    plugin.says(clientCertificateData=cert.read_text(), clientKeyData=key.read_text())
    with Server(certificates.server_context(ask_for_client=True)).running() as server:
        path = kubeconfig(
            tmp_path / "config",
            server=server.url,
            cluster={"certificate-authority": str(certificates.ca)},
            user=plugin.section(),
        )
        send(load_kubeconfig(path)).close()
        assert server.seen[0].client == "client-one"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import sys; sys.stderr.write('login first'); sys.exit(3)", "ended with exit code 3: login first"),
        ("print('s3cret')", "printed something that is no ExecCredential"),
        ('print(\'{"apiVersion":"x","kind":"ExecCredential"}\')', "wanted ExecCredential of"),
        (
            'print(\'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}\')',
            "neither a token nor a client certificate",
        ),
    ],
)
def test_a_plugin_that_fails_is_an_error_with_its_words(
    tmp_path: Path, server: Server, plugin: Plugin, body: str, words: str
) -> None:
    plugin.path.write_text(f"#!{sys.executable}\n{body}\n")
    path = kubeconfig(tmp_path / "config", server=server.url, user=plugin.section())
    with pytest.raises(ConfigError, match=words) as caught:
        send(load_kubeconfig(path))
    assert "s3cret" not in str(caught.value)
    assert server.seen == []


def test_a_plugin_that_is_not_installed_comes_with_its_hint(tmp_path: Path, server: Server, plugin: Plugin) -> None:
    section = plugin.section(command="no-such-plugin", installHint="get it from the mountain")
    with pytest.raises(ConfigError, match="get it from the mountain"):
        send(load_kubeconfig(kubeconfig(tmp_path / "config", server=server.url, user=section)))


def test_a_plugin_that_hangs_is_given_up(tmp_path: Path, server: Server, plugin: Plugin) -> None:
    plugin.path.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    made = ExecPlugin(
        command=str(plugin.path),
        api_version="client.authentication.k8s.io/v1",
        interactive="Never",
        timeout=0.2,
    )
    with pytest.raises(ConfigError, match="gave no answer within"):
        send(ClientConfig(server.url, credentials=ExecCredentials(made, RealClock())))


def test_a_removed_protocol_version_is_said(tmp_path: Path, plugin: Plugin) -> None:
    section = plugin.section(apiVersion="client.authentication.k8s.io/v1alpha1")
    with pytest.raises(ConfigError, match="update the plugin"):
        load_kubeconfig(kubeconfig(tmp_path / "config", user=section))


# --- identity providers


def jwt(expires: float, name: str) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'exp': expires, 'sub': name})}.c2ln"


def test_an_expired_oidc_token_is_refreshed_and_written_back(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # C16: no OIDC
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the provider of this test has no TLS
    fresh = jwt(4_000_000_000, "fresh")
    with Server().running() as issuer:

        def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
            if seen.path.startswith("/.well-known"):
                return 200, {}, json.dumps({"token_endpoint": f"{issuer.url}/token"}).encode()
            new = {"id_token": fresh, "refresh_token": "r2", "access_token": "a", "token_type": "bearer"}
            return 200, {}, json.dumps(new).encode()

        issuer.answer = answer
        user = {
            "auth-provider": {
                "name": "oidc",
                "config": {
                    "client-id": "id",
                    "client-secret": "secret",
                    "id-token": jwt(1_000_000_000, "stale"),
                    "refresh-token": "r1",
                    "idp-issuer-url": issuer.url,
                },
            }
        }
        path = kubeconfig(tmp_path / "config", server=server.url, user=user)
        transport = send(load_kubeconfig(path))
        transport.request(GET)
        transport.close()
    assert {seen.headers["authorization"] for seen in server.seen} == {f"Bearer {fresh}"}
    assert len([seen for seen in issuer.seen if seen.path == "/token"]) == 1
    assert "r2" in path.read_text()


def test_a_provider_that_gives_no_token_is_named(tmp_path: Path, server: Server) -> None:
    user = {"auth-provider": {"name": "azure", "config": {}}}
    with pytest.raises(ConfigError, match="auth-provider 'azure' gave no token"):
        send(load_kubeconfig(kubeconfig(tmp_path / "config", server=server.url, user=user)))


@pytest.mark.parametrize("text", ["", "yesterday", "2027-01-15", "2027-01-15T08:00:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="RFC 3339"):
        parse_rfc3339(text)
