"""First reads from many threads at once: where decoders are built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# msgspec 0.22 crashed the process (a segmentation fault) when two threads built decoders that share a Struct.
SCRIPT = """
import sys, threading
from typing import Any
sys.setswitchinterval(1e-6)
from kubewright.core import codec
from kubewright.api.models import apps_v1, batch_v1, core_v1

kinds = [apps_v1.Deployment, apps_v1.StatefulSet, apps_v1.DaemonSet, apps_v1.ReplicaSet, batch_v1.Job, batch_v1.CronJob,
         core_v1.Pod, core_v1.PodTemplate]
raw = b'{"metadata":{"name":"a"},"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}}'
gate = threading.Barrier(len(kinds))
seen = []

def read(kind):
    gate.wait()
    document = codec.decode(dict[str, Any], raw)
    seen.append((codec.decode(kind, raw).metadata.name, codec.from_builtins(kind, document).metadata.name))

threads = [threading.Thread(target=read, args=(kind,)) for kind in kinds]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert seen == [("a", "a")] * len(kinds), seen
"""


@pytest.mark.parametrize("_run", range(5))
def test_the_first_reads_of_many_kinds_may_come_from_many_threads_at_once(_run: int) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
