"""How long `kubewright generate` takes as a whole process, and how many classes well-known CRDs become."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from codegen.config import Config
from codegen.crd import loader
from codegen.crd.inputs import InputFile
from codegen.plan.build import build
from tests.corpus.projects import REPOSITORY


@dataclass(frozen=True)
class Known:
    """A CRD that everybody knows: own classes at most, seconds at most for a cold run (0: not measured)."""

    title: str
    file: str
    classes: int
    seconds: float = 0.0


KNOWN = (
    Known("Prometheus", "prometheus-operator/monitoring.coreos.com_prometheuses.yaml", 60, 2.0),
    Known("Argo Workflow (full)", "argo-workflows/argoproj.io_workflows.yaml", 100, 5.0),
    Known("KServe InferenceService", "kserve/serving.kserve.io_inferenceservices.yaml", 45),
)


def find(corpus: Path, known: Known) -> Path | None:
    """The file, under its name or as the largest one of its project that ends like it."""
    exact = corpus / known.file
    if exact.exists():
        return exact
    tail = exact.name.partition("_")[2]
    others = [path for path in exact.parent.glob("*.yaml") if path.name.endswith(tail)]
    return max(others, key=lambda path: path.stat().st_size, default=None)


def own_classes(path: Path) -> int:
    """Classes of the CRD's models that are not Kubernetes' own."""
    loaded = loader.load([InputFile(path.name, path)])
    return max((len(gv.classes) for gv in build(loaded.crds, Config()).package.group_versions), default=0)


def cold_run(path: Path, scratch: Path) -> float:
    """Seconds of `kubewright generate FILE` in an empty directory with an empty cache."""
    scratch.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "codegen.cli", "generate", str(path), "--output", str(scratch / "generated")],
        cwd=scratch,
        env={
            "PYTHONPATH": str(REPOSITORY),
            "KUBEWRIGHT_CACHE": str(scratch / "cache"),
            "PATH": "/usr/bin:/bin",
            "HOME": str(scratch),
        },
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - begin
