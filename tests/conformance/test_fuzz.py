"""The differential fuzz as a test: no unexplained difference between the servers, for a fixed seed and for a new one each time."""

from __future__ import annotations

import random

import pytest

from kubewright.testing.apiserver import APIServer
from kubewright.testing.envtest import EnvTest
from kubewright.testing.manifests import load_manifests
from tests.conformance.conftest import CRDS
from tests.conformance.fuzz.compare import Report
from tests.conformance.fuzz.kinds import corpus, plain
from tests.conformance.fuzz.setup import install, run
from tests.conformance.test_crd_corpus import CORPUS

pytestmark = pytest.mark.conformance


def fuzzed(embedded: APIServer, real: EnvTest, *, seed: int, operations: int, corpus_crds: int = 0) -> Report:
    """A run over the suite's kinds, the built-ins and some CRDs of the collection where there is one."""
    crds = load_manifests(*CRDS)
    if corpus_crds and CORPUS.is_dir():
        collected = corpus(CORPUS, random.Random(seed), corpus_crds)
        known = {crd["metadata"]["name"] for crd in crds}
        crds += [crd for crd in collected if crd["metadata"]["name"] not in known]
    served, _ = install(embedded, real, [plain(crd) for crd in crds])
    return run(embedded, real, served, seed=seed, operations=operations)


@pytest.mark.timeout(600)
def test_a_short_run_finds_no_difference(embedded: APIServer, real: EnvTest) -> None:
    report = fuzzed(embedded, real, seed=1, operations=300)
    assert not report.differences, str(report)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "seed", [pytest.param(2, id="fixed seed"), pytest.param(7008, id="another"), pytest.param(None, id="new seed")]
)
def test_a_long_run_finds_no_difference(embedded: APIServer, real: EnvTest, seed: int | None) -> None:
    chosen = random.randrange(2**31) if seed is None else seed
    report = fuzzed(embedded, real, seed=chosen, operations=2500, corpus_crds=25)
    assert not report.differences, str(report)
