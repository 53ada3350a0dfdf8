"""A slice of the corpus in the test suite; `make corpus` runs all of it with the type checkers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus import speed
from tests.corpus.projects import corpus_directory
from tests.corpus.run import run_project

# Small projects, each with something that others do not have.
SLICE = (
    "argo-workflows",
    "contour",
    "controller-tools",
    "gateway-api",
    "knative-serving",
    "kubernetes-client-fixtures",
)


@pytest.fixture
def corpus() -> Path:
    directory = corpus_directory()
    if not directory.is_dir():
        pytest.skip(f"THE CORPUS OF REAL CRDS IS MISSING: {directory} (set KUBEWRIGHT_CORPUS)")
    return directory


@pytest.mark.slow
@pytest.mark.parametrize("project", SLICE)
def test_project_generates_imports_and_loses_nothing(project: str, corpus: Path, tmp_path: Path) -> None:
    result = run_project(corpus, project, tmp_path)
    assert result.failures == []
    assert result.planned == result.imported == result.round_trips == result.updates > 0
    assert result.numbered == []


@pytest.mark.parametrize("known", speed.KNOWN, ids=lambda known: known.title)
def test_well_known_crd_has_few_classes_of_its_own(known: speed.Known, corpus: Path) -> None:
    path = speed.find(corpus, known)
    assert path is not None
    assert speed.own_classes(path) <= known.classes
