"""The example controller as a user runs it: a process of its own, driven from outside, stopped by a signal."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from generated.clientset import Clientset
from generated.models.stable_v1 import TsTest, TsTestSpec
from kubewright import Conflict, NotFound, ObjectMeta
from kubewright.api.models.apps_v1 import DeploymentStatus
from kubewright.testing import APIServer
from tests.support import eventually

ROOT = Path(__file__).resolve().parents[2]
TSTEST = ROOT / "schemas" / "tstest.yaml"


@contextmanager
def _pods_become_ready(clientset: Clientset) -> Iterator[None]:
    """Plays the Deployment controller, which an API server alone does not have."""
    deployments = clientset.apps_v1.deployments("default")

    def play() -> None:
        for event in watch:
            deployment, wanted = event.object, event.object.spec.replicas
            ready = deployment.status.ready_replicas if deployment.status else None
            if event.type != "DELETED" and (ready or 0) != wanted:
                deployment.status = DeploymentStatus(replicas=wanted, ready_replicas=wanted)
                with suppress(Conflict, NotFound):
                    deployments.update_status(deployment)

    watch = deployments.watch(resource_version="0")
    thread = threading.Thread(target=play)
    thread.start()
    try:
        yield
    finally:
        watch.stop()
        thread.join()


Apply = Callable[[str, int], None]
Delete = Callable[[str], None]


@contextmanager
def _controller(kubeconfig: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "examples.tstest_controller", "--kubeconfig", str(kubeconfig)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[APIServer]:
    with APIServer(crds=[TSTEST]) as running:
        running.write_kubeconfig(tmp_path / "kubeconfig.yaml")
        yield running


def _kubectl(kubeconfig: Path) -> tuple[Apply, Delete]:
    def kubectl(*arguments: str, text: str | None = None) -> None:
        command = ["kubectl", "--kubeconfig", str(kubeconfig), *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def apply(name: str, replicas: int) -> None:
        manifest = (
            f"apiVersion: stable.example.com/v1\nkind: TsTest\nmetadata: {{name: {name}, namespace: default}}\n"
            f"spec: {{image: nginx, replicas: {replicas}}}\n"
        )
        kubectl("apply", "-f", "-", text=manifest)

    return apply, lambda name: kubectl("delete", "ts", name, "-n", "default")


def _clientset(clientset: Clientset) -> tuple[Apply, Delete]:
    tstests = clientset.stable_v1.tstests("default")

    def apply(name: str, replicas: int) -> None:
        try:
            current = tstests.get(name)
        except NotFound:
            tstests.create(TsTest(metadata=ObjectMeta(name=name), spec=TsTestSpec(image="nginx", replicas=replicas)))
        else:
            current.spec.replicas = replicas
            tstests.update(current)

    return apply, tstests.delete


@pytest.mark.parametrize("driver", ["kubectl", "clientset"])
def test_the_controller_owns_a_deployment_keeps_status_in_line_and_stops_on_sigterm(
    driver: str, server: APIServer, tmp_path: Path
) -> None:
    if driver == "kubectl" and shutil.which("kubectl") is None:
        pytest.skip("no kubectl on this machine; the clientset drives the controller in the other case")
    kubeconfig = tmp_path / "kubeconfig.yaml"
    with Clientset.for_url(server.url) as clientset, _pods_become_ready(clientset), _controller(kubeconfig) as process:
        apply, delete = _kubectl(kubeconfig) if driver == "kubectl" else _clientset(clientset)
        tstests = clientset.stable_v1.tstests("default")

        def reports(replicas: int, phase: str) -> bool:
            status = tstests.get("a").status
            return status is not None and (status.ready_replicas, status.phase) == (replicas, phase)

        apply("a", 2)
        eventually(lambda: reports(2, "Ready"), 30, "status follows the create")
        apply("a", 0)
        eventually(lambda: reports(0, "Idle"), 30, "status follows the update")
        owned = clientset.apps_v1.deployments("default").get("a")
        assert [(o.kind, o.name, o.controller) for o in owned.metadata.owner_references or []] == [
            ("TsTest", "a", True)
        ]
        delete("a")

        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=30)
        assert process.returncode == 0, told
        assert "synced" in told
        assert "stopped" in told
        assert "Traceback" not in told, told
