"""The embedded server as kubectl sees it. Skipped where there is no kubectl."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kubewright.testing import APIServer

KUBECTL = shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on this machine")

SCHEMAS = Path(__file__).parents[2] / "schemas"
OBJECT = """
apiVersion: stable.example.com/v1
kind: TsTest
metadata: {name: web, labels: {app: web}}
spec: {image: nginx, replicas: 2}
"""

Kubectl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def server() -> Iterator[APIServer]:
    with APIServer([SCHEMAS / "tstest.yaml"]) as running:
        yield running


@pytest.fixture
def kubectl(server: APIServer, tmp_path: Path) -> Iterator[Kubectl]:
    """Run kubectl against the server, with a discovery cache of its own; fails loudly unless told otherwise."""
    config = server.write_kubeconfig(tmp_path / "kubeconfig")

    def run(*arguments: str, stdin: str = "", ok: bool = True) -> subprocess.CompletedProcess[str]:
        assert KUBECTL is not None
        done = subprocess.run(
            [KUBECTL, "--cache-dir", str(tmp_path / "cache"), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "KUBECONFIG": str(config), "HOME": str(tmp_path)},
        )
        assert not ok or done.returncode == 0, done.stderr
        return done

    yield run
    run("delete", "tstests", "--all", "--all-namespaces")


def test_lists_crds_with_scope_and_versions(kubectl: Kubectl) -> None:
    head, row = kubectl("get", "crd").stdout.splitlines()
    assert head.split() == ["NAME", "SCOPE", "VERSIONS", "CREATED", "AT"]
    assert row.split()[:3] == ["tstests.stable.example.com", "Namespaced", "v1(storage)"]


def test_create_commands_send_protobuf_and_are_understood(kubectl: Kubectl) -> None:
    kubectl("create", "deployment", "web", "--image=nginx", "--replicas=0")
    shown = json.loads(kubectl("get", "deployment", "web", "-o", "json").stdout)
    assert shown["spec"]["replicas"] == 0
    assert shown["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx"
    kubectl("scale", "deployment", "web", "--replicas=3")
    assert kubectl("get", "deployment", "web", "--no-headers").stdout.split()[:2] == ["web", "0/3"]


def test_finds_the_kind_in_discovery(kubectl: Kubectl) -> None:
    lines = kubectl("api-resources", "--api-group", "stable.example.com", "--no-headers").stdout.split()
    assert lines == ["tstests", "ts", "stable.example.com/v1", "true", "TsTest"]


def test_apply_creates_then_configures_then_is_unchanged(kubectl: Kubectl) -> None:
    assert kubectl("apply", "-f", "-", stdin=OBJECT).stdout == "tstest.stable.example.com/web created\n"
    changed = OBJECT.replace("replicas: 2", "replicas: 3")
    assert kubectl("apply", "-f", "-", stdin=changed).stdout == "tstest.stable.example.com/web configured\n"
    assert kubectl("apply", "-f", "-", stdin=changed).stdout == "tstest.stable.example.com/web unchanged\n"


def test_get_prints_the_columns_of_the_crd(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=OBJECT)
    head, row = kubectl("get", "ts").stdout.splitlines()
    assert head.split() == ["NAME", "IMAGE", "REPLICAS", "READY", "PHASE", "AGE"]
    assert row.split()[:3] == ["web", "nginx", "2"]


def test_get_yaml_shows_what_the_server_added(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=OBJECT)
    shown = json.loads(kubectl("get", "ts", "web", "-o", "json").stdout)
    assert shown["spec"] == {"image": "nginx", "replicas": 2}
    assert shown["metadata"].keys() >= {"uid", "resourceVersion", "creationTimestamp", "generation"}


def test_selects_by_label(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=OBJECT)
    assert kubectl("get", "ts", "-l", "app=web", "-o", "name").stdout == "tstest.stable.example.com/web\n"
    assert kubectl("get", "ts", "-l", "app!=web", "-o", "name").stdout == ""


def test_watch_prints_a_line_for_every_change(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=OBJECT)
    # the watch ends by itself when the server's deadline is over
    done = kubectl("get", "ts", "-w", "--request-timeout=2s", "--no-headers", ok=False)
    assert done.stdout.split()[:3] == ["web", "nginx", "2"]


def test_describe_shows_the_spec(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=OBJECT)
    assert "Replicas:  2" in kubectl("describe", "ts", "web").stdout


def test_explain_shows_the_descriptions_of_the_crd(kubectl: Kubectl) -> None:
    shown = kubectl("explain", "ts.spec").stdout
    assert "KIND:       TsTest" in shown
    assert "replicas\t<integer>" in shown


def test_misspelled_field_is_refused_before_anything_is_stored(kubectl: Kubectl) -> None:
    done = kubectl("apply", "-f", "-", stdin=OBJECT.replace("image", "imgae"), ok=False)
    assert done.returncode == 1
    assert 'strict decoding error: unknown field "spec.imgae"' in done.stderr


def test_wrong_type_is_refused_with_the_field(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=OBJECT)
    done = kubectl("patch", "ts", "web", "--type=merge", "-p", '{"spec":{"replicas":"two"}}', ok=False)
    assert done.stderr == (
        'The TsTest "web" is invalid: spec.replicas: Invalid value: "string": '
        'spec.replicas in body must be of type integer: "string"\n'
    )


def test_server_side_apply_records_the_field_manager(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "--field-manager=test", "-f", "-", stdin=OBJECT)
    shown = json.loads(kubectl("get", "ts", "web", "-o", "json", "--show-managed-fields").stdout)
    assert [entry["manager"] for entry in shown["metadata"]["managedFields"]] == ["test"]


def test_delete_reports_and_removes(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=OBJECT)
    assert '"web" deleted' in kubectl("delete", "ts", "web").stdout
    assert kubectl("get", "ts", "web", ok=False).stderr == (
        'Error from server (NotFound): tstests.stable.example.com "web" not found\n'
    )


def test_built_in_kinds_print_their_own_columns(kubectl: Kubectl) -> None:
    manifest = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings"},"data":{"a":"1","b":"2"}}'
    kubectl("apply", "-f", "-", stdin=manifest)
    assert kubectl("get", "cm", "settings", "--no-headers").stdout.split()[:2] == ["settings", "2"]
