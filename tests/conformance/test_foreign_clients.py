"""Other people's clients on the embedded server: each program prints what it saw, and must see the same on the real one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from kubewright.testing.apiserver import APIServer
from kubewright.testing.envtest import EnvTest
from tests.conformance.rawhttp import Connection, Endpoint

pytestmark = pytest.mark.conformance
CLIENTS = Path(__file__).parent / "clients"


class Both:
    """Runs one program on both servers, in a namespace of its own."""

    def __init__(self, embedded: APIServer, real: EnvTest, folder: Path) -> None:
        self._kubeconfigs = {
            "embedded": embedded.write_kubeconfig(folder / "embedded.yaml"),
            "real": real.write_kubeconfig(folder / "real.yaml"),
        }

    def outputs(self, namespace: str, *command: str | Path) -> tuple[Any, Any]:
        """What the program printed on the embedded server, and on the real one."""
        found: list[Any] = []
        for kubeconfig in self._kubeconfigs.values():
            arguments = [str(each) for each in (*command, kubeconfig, namespace)]
            # Proxies of the machine are not meant for loopback, and not every client knows that.
            environ = {**os.environ, "NO_PROXY": "*", "no_proxy": "*"}
            done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False, env=environ)
            assert done.returncode == 0, f"{arguments}: {done.stderr[-3000:]}"
            found.append(json.loads(done.stdout.splitlines()[-1]))
        return found[0], found[1]


@pytest.fixture(scope="session")
def both(embedded: APIServer, real: EnvTest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(embedded, real, tmp_path_factory.mktemp("kubeconfigs"))


@pytest.fixture(scope="session")
def foreign_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the other clients: they are no dependencies of this project."""
    folder = tmp_path_factory.mktemp("clients") / "venv"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    requirements = str(CLIENTS / "requirements.txt")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True, timeout=600)
    return python


def test_the_official_python_client(both: Both) -> None:
    ours, theirs = both.outputs("client-official", sys.executable, CLIENTS / "official.py")
    assert ours == theirs
    assert [each[0] for each in ours if each[0].isupper()] == ["MODIFIED", "MODIFIED", "DELETED"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_lightkube(both: Both, foreign_python: Path) -> None:
    ours, theirs = both.outputs("client-lightkube", foreign_python, CLIENTS / "lightkube_program.py")
    assert ours == theirs
    assert ["configmaps", [{"k": "v", "k2": "v2"}]] in ours


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_operator_of_kopf(both: Both, foreign_python: Path) -> None:
    ours, theirs = both.outputs("client-kopf", foreign_python, CLIENTS / "kopf_operator.py")
    assert ours == theirs
    assert ["gone"] in ours


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("go") is None, reason="Go is not on this machine")
def test_an_informer_program_of_client_go(both: Both, tmp_path: Path) -> None:
    program = tmp_path / "informer"
    command = ["go", "build", "-mod=readonly", "-buildvcs=false", "-o", str(program), "."]
    subprocess.run(command, cwd=CLIENTS / "informer", check=True, timeout=600, env={**os.environ, "CGO_ENABLED": "0"})
    ours, theirs = both.outputs("client-go", program)
    assert ours == theirs
    assert ours[:2] == [["add", 1], ["queued", True]]


def test_kubectl_of_the_same_version(embedded: APIServer, real: EnvTest, tmp_path: Path) -> None:
    kubectl = real.binaries.kubectl
    if kubectl is None:
        pytest.skip(f"no kubectl beside the servers of {real.binaries.origin}")
    manifest = tmp_path / "widget.yaml"
    manifest.write_text(
        "apiVersion: conformance.example.com/v1\nkind: Widget\n"
        "metadata: {name: a, labels: {app: a}}\nspec: {size: 3, color: red}\n"
    )
    changed = tmp_path / "changed.yaml"
    changed.write_text(manifest.read_text().replace("size: 3", "size: 4"))
    steps = [
        ["create", "namespace", "kubectl-a"],
        ["apply", "-f", str(manifest)],
        ["apply", "-f", str(manifest)],
        ["diff", "-f", str(manifest)],
        ["apply", "-f", str(changed)],
        ["apply", "--server-side", "--force-conflicts", "-f", str(changed)],
        ["apply", "-f", str(tmp_path / "nothing.yaml")],
        ["get", "widgets"],
        ["get", "wd", "a", "-o", "wide"],
        ["get", "widgets", "--show-labels"],
        ["get", "all"],
        ["get", "conformance"],
        ["get", "widget/a", "-o", "jsonpath={.spec}"],
        ["get", "widgets", "--field-selector", "spec.color=red", "-o", "name"],
        ["label", "widget", "a", "tier=front"],
        ["annotate", "widget", "a", "note=x"],
        ["scale", "widget", "a", "--replicas=7"],
        ["patch", "widget", "a", "--type=json", "-p", '[{"op": "replace", "path": "/spec/size", "value": 5}]'],
        ["patch", "widget", "a", "--subresource=status", "--type=merge", "-p", '{"status": {"phase": "Ready"}}'],
        ["explain", "widget.spec"],
        ["explain", "widget.spec.parts", "--recursive"],
        ["create", "configmap", "c", "--from-literal=k=v"],
        ["get", "configmap", "c"],
        ["api-resources", "--api-group=conformance.example.com"],
        ["wait", "widget/a", "--for=jsonpath={.status.phase}=Ready", "--timeout=10s"],
        ["create", "-f", str(manifest)],
        ["delete", "widget", "a"],
        ["delete", "widget", "a"],
        ["delete", "configmap", "--all"],
    ]
    outputs: list[list[str]] = []
    for name, server in (("embedded", embedded), ("real", real)):
        kubeconfig = server.write_kubeconfig(tmp_path / f"{name}.yaml")
        shown: list[str] = []
        for step in steps:
            done = subprocess.run(
                [kubectl, "--cache-dir", str(tmp_path / f"cache-{name}"), "--namespace", "kubectl-a", *step],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
                env={**os.environ, "KUBECONFIG": str(kubeconfig), "HOME": str(tmp_path), "NO_PROXY": "*"},
            )
            shown.append(f"$ kubectl {' '.join(step)}\n{done.returncode}\n{done.stdout}{done.stderr}")
        outputs.append([_without_ages(each) for each in shown])
    different = [f"- {theirs}\n+ {ours}" for ours, theirs in zip(*outputs, strict=True) if ours != theirs]
    assert not different, "\n\n".join(different)


def _without_ages(text: str) -> str:
    text = re.sub(r"\b\d+s\b", "<age>", text)
    text = re.sub(r"/tmp/\S*?(LIVE|MERGED)-\d+", r"\1", text)
    return re.sub(r"[ \t]+\n", "\n", text)


def test_requests_with_the_wrong_token_are_refused_alike(real: EnvTest) -> None:
    with APIServer(token="right") as guarded:
        answers = []
        for endpoint in (Endpoint(guarded.url, "wrong"), Endpoint(real.url, "wrong", str(real.ca_file))):
            connection = Connection(endpoint)
            answers.append(connection.request("GET", "/api/v1/namespaces"))
            connection.close()
    assert answers[0].status == answers[1].status == 401
    assert answers[0].body == answers[1].body
