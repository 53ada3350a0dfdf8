"""The benchmarks run: one small round of kubewright and the bare loop. Nothing about times is asserted."""

from __future__ import annotations

import sys

import pytest

from benchmarks.report import scenario_table
from benchmarks.runner import ROOT, Scenario, Variant, run

CLIENTS = ROOT / "benchmarks" / "clients"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cr", "pod"])
def test_every_phase_of_a_benchmark_comes_to_its_end(kind: str) -> None:
    informer = [sys.executable, str(CLIENTS / "kubewright_informer.py")]
    variants = [
        Variant("typed", informer, "full"),
        Variant("keys", [*informer, "--mode", "keys"], "paged"),
        Variant("queue", [*informer, "--mode", "queue"], "paged"),
        Variant("stream", [*informer, "--source", "stream"], "streaming"),
        Variant("bare", [sys.executable, str(CLIENTS / "bare_loop.py")], "paged"),
    ]
    figures = run(Scenario("small", kind, 600, 300, 50, variants), rounds=1)
    for name in ("typed", "keys", "queue", "stream", "bare"):
        assert {"synced.cpu", "flood.cpu_us", "paced.p99_ms"} <= figures[name].keys()
    assert figures["typed"]["requests"] == 3  # two pages and a watch
    assert figures["stream"]["requests"] == 1
    assert "| typed |" in scenario_table(figures)
