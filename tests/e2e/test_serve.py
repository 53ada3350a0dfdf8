"""`kubewright serve` as a process: it says where it listens, its kubeconfig works, and a signal ends it cleanly."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from generated.clientset import Clientset
from generated.models.stable_v1 import TsTest, TsTestSpec
from kubewright import ObjectMeta
from kubewright.core.wire import Request
from kubewright.transport import HttpTransport, load_kubeconfig

REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def serving(kubeconfig: Path, *options: str, end: signal.Signals = signal.SIGTERM) -> Generator[str]:
    """The process while it serves, as the first line it says; checks that the signal ends it cleanly."""
    command = [sys.executable, "-m", "codegen.cli", "serve", "--crds", "schemas/tstest.yaml", *options]
    command += ["--kubeconfig", str(kubeconfig)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            # The kubeconfig is there before the first line is said.
            yield process.stdout.readline()
        finally:
            process.send_signal(end)
        assert process.wait(timeout=20) == 0
        assert process.stdout.read().endswith("stopped\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_until_a_signal_comes(number: signal.Signals, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig.yaml"
    with serving(kubeconfig, end=number) as said, Clientset.from_kubeconfig(kubeconfig) as clientset:
        assert said.startswith("serving on http://127.0.0.1:")
        made = TsTest(metadata=ObjectMeta(name="a"), spec=TsTestSpec(image="nginx"))
        assert clientset.stable_v1.tstests("default").create(made).metadata.uid


def test_serve_goes_on_without_a_crd_that_it_refuses(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: bads.example.com}\n"
        "spec: {group: example.com, scope: Namespaced, names: {plural: bads, kind: Bad}, versions: []}\n"
    )
    kubeconfig = tmp_path / "kubeconfig.yaml"
    with serving(kubeconfig, "--crds", str(bad)) as said, Clientset.from_kubeconfig(kubeconfig) as clientset:
        assert said.startswith("serving on ")
        assert not clientset.stable_v1.tstests("default").list().items


def test_serve_https_and_faults_for_clients_that_are_no_python(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig.yaml"
    with serving(kubeconfig, "--tls", "--fault-path") as said, HttpTransport(load_kubeconfig(kubeconfig)) as transport:
        assert said.startswith("serving on https://127.0.0.1:")
        fault = (("code", "500"), ("path", "/tstests"))
        assert transport.request(Request(method="POST", path="/kubewright/faults/error", query=fault)).status == 200
        lists = Request(method="GET", path="/apis/stable.example.com/v1/tstests")
        assert [transport.request(lists).status for _ in range(2)] == [500, 200]
