"""How long `kubewright generate` takes as a whole process, and how many classes well-known CRDs become."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
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


UNCHANGED_LIMIT = 0.3
CHANGED_LIMIT = 1.5
CORPUS_SECONDS = 300
CORPUS_MB = 1500
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


@dataclass(frozen=True)
class Cost:
    """Of one whole process and the workers that it started: wall clock, CPU, and the memory of the largest one."""

    wall: float
    cpu: float
    peak_mb: float

    @property
    def seconds(self) -> float:
        """What a quiet machine needs at the most: others make the wall clock longer, never the work."""
        return min(self.wall, self.cpu)

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.cpu:.2f} s CPU)"


def generate(paths: Sequence[Path], scratch: Path, *, code: int = 0) -> Cost:
    """One `kubewright generate`, as a process of its own, with output and cache in ``scratch``."""
    scratch.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "codegen.cli",
        "generate",
        *map(str, paths),
        "--output",
        str(scratch / "generated"),
    ]
    environment = {
        "PYTHONPATH": str(REPOSITORY),
        "KUBEWRIGHT_CACHE": str(scratch / "cache"),
        "PATH": "/usr/bin:/bin",
        "HOME": str(scratch),
    }
    begin = time.perf_counter()
    with (scratch / "said.txt").open("wb") as said:
        process = subprocess.Popen(command, cwd=scratch, env=environment, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code:
        raise RuntimeError(f"exit code {process.returncode}: {(scratch / 'said.txt').read_text()[-2000:]}")
    return Cost(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measured(corpus: Path, scratch: Path) -> Iterator[tuple[bool, str]]:
    """(holds, sentence) for every figure of issue 4 that a whole process has to reach."""
    for number, known in enumerate(KNOWN):
        path = find(corpus, known)
        if path is not None and known.seconds:
            cost = generate([path], scratch / f"cold-{number}")
            yield cost.seconds < known.seconds, f"{known.title}: {cost} cold (less than {known.seconds:.0f} s)"
    schemas = scratch / "schemas"
    shutil.copytree(REPOSITORY / "schemas", schemas, ignore=shutil.ignore_patterns("kubernetes"))
    cost = generate([schemas], scratch / "own")
    yield True, f"schemas/: {cost} cold"
    cost = generate([schemas], scratch / "own")
    yield cost.seconds < UNCHANGED_LIMIT, f"schemas/ unchanged: {cost} (less than {UNCHANGED_LIMIT} s)"
    largest = max(schemas.glob("*.yaml"), key=lambda path: path.stat().st_size)
    largest.write_text(largest.read_text().replace("activeDeadlineSeconds:", "activeDeadline:", 1))
    cost = generate([schemas], scratch / "own")
    yield cost.seconds < CHANGED_LIMIT, f"schemas/, one field changed: {cost} (less than {CHANGED_LIMIT} s)"
    # Exit code 1: projects contradict each other, and Helm templates are refused.
    cost = generate([corpus], scratch / "whole", code=1)
    yield (
        cost.seconds < CORPUS_SECONDS and cost.peak_mb < CORPUS_MB,
        f"the whole corpus in one run: {cost} cold, peak memory {cost.peak_mb:.0f} MB "
        f"(less than {CORPUS_SECONDS} s, {CORPUS_MB} MB)",
    )
