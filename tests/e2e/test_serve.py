"""`kubewright serve` as a process: it says where it listens, its kubeconfig works, and a signal ends it cleanly."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from generated.clientset import Clientset
from generated.models.stable_v1 import TsTest, TsTestSpec
from kubewright import ObjectMeta

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_until_a_signal_comes(number: signal.Signals, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig.yaml"
    command = [
        sys.executable,
        "-m",
        "codegen.cli",
        "serve",
        "--crds",
        "schemas/tstest.yaml",
        "--kubeconfig",
        str(kubeconfig),
    ]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("serving on http://127.0.0.1:")
            # The kubeconfig is there before the first line is said.
            with Clientset.from_kubeconfig(kubeconfig) as clientset:
                made = TsTest(metadata=ObjectMeta(name="a"), spec=TsTestSpec(image="nginx"))
                assert clientset.stable_v1.tstests("default").create(made).metadata.uid
        finally:
            process.send_signal(number)
        assert process.wait(timeout=20) == 0
        assert process.stdout.read().endswith("stopped\n")
