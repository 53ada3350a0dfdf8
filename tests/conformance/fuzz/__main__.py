"""Run the differential fuzz by hand and print the report; exit code 1 when something is unexplained."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from kubewright.testing.apiserver import APIServer
from kubewright.testing.envtest import EnvTest
from kubewright.testing.manifests import load_manifests
from tests.conformance.fuzz.kinds import corpus
from tests.conformance.fuzz.setup import install, run

OWN_CRDS = Path(__file__).parents[1] / "crds"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--operations", type=int, default=5000)
    parser.add_argument("--corpus", type=Path, help="folder of projects with CRDs, as one more source of kinds")
    parser.add_argument("--corpus-crds", type=int, default=25, help="how many of them")
    parser.add_argument("--only", default="", help="kinds whose name contains this")
    parser.add_argument("--no-shorten", action="store_true")
    options = parser.parse_args()
    crds = load_manifests(OWN_CRDS)
    if options.corpus:
        crds += corpus(options.corpus, random.Random(options.seed), options.corpus_crds)
    with EnvTest() as real, APIServer() as embedded:
        served, refused = install(embedded, real, crds)
        for words in refused:
            print(f"left out: {words}", flush=True)
        report = run(
            embedded,
            real,
            served,
            only=options.only,
            seed=options.seed,
            operations=options.operations,
            shorten=not options.no_shorten,
            say=lambda line: print(line, flush=True),
        )
    print(report)
    return 1 if report.differences else 0


if __name__ == "__main__":
    sys.exit(main())
