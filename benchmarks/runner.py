"""Runs client programs against the mock server, each in a fresh process, variants round-robin, so that a busy minute hits them all."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
Figures = dict[str, float]


@dataclass(frozen=True)
class Variant:
    """One client in one configuration, on one kind of server."""

    name: str
    command: Sequence[str]
    server: str
    env: dict[str, str] = field(default_factory=dict)
    # How often of all rounds: some peers are too slow to be run as often.
    rounds: int | None = None


@dataclass
class Scenario:
    """A kind and a number of objects, with the servers that the variants need."""

    name: str
    kind: str
    count: int
    flood: int
    paced: int
    variants: Sequence[Variant]


def _control(url: str, path: str) -> Any:
    with urllib.request.urlopen(url + path, timeout=600) as answer:
        return json.load(answer)


@contextmanager
def mock_server(scenario: Scenario, flavour: str) -> Iterator[str]:
    """Run a mock server process; yields its URL. Flavours: full, paged, streaming."""
    command = [sys.executable, "-m", "benchmarks.server", "--kind", scenario.kind, "--count", str(scenario.count)]
    command += ["--flood", str(scenario.flood)]
    if flavour == "paged":
        command.append("--paged")
    elif flavour == "streaming":
        command.append("--streaming")
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().split()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def run_once(scenario: Scenario, variant: Variant, url: str, limit: float = 420.0) -> Figures:
    """Run one client through all phases. A client that fails or hangs gives the figures up to there, and "failed"."""
    command = [*variant.command, "--url", url, "--kind", scenario.kind, "--count", str(scenario.count)]
    command += ["--flood", str(scenario.flood), "--paced", str(scenario.paced)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | variant.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    errors: list[str] = []
    assert process.stdout is not None
    assert process.stderr is not None
    stderr = process.stderr
    drain = threading.Thread(target=lambda: errors.append(stderr.read()), daemon=True)
    drain.start()
    watchdog = threading.Timer(limit, process.kill)
    watchdog.start()
    figures: Figures = {}
    try:
        for line in process.stdout:
            try:
                phase = json.loads(line)
            except ValueError:
                continue
            name = phase.pop("phase")
            if name == "failed":
                break
            figures |= {f"{name}.{key}": value for key, value in phase.items()}
            if name == "synced" and scenario.flood:
                _control(url, "/control/flood")
            elif name == "flood" and scenario.paced:
                _control(url, f"/control/paced?rate=500&events={scenario.paced}")
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
        drain.join()
        stderr.close()
    requests = _control(url, "/control/reset")["requests"]
    figures["requests"] = sum(not request.startswith("/control") for request in requests)
    if "synced.wall" not in figures or (scenario.flood and "flood.cpu_us" not in figures):
        figures["failed"] = 1
        print(f"  {variant.name} failed: {' | '.join(errors).strip()[-600:] or 'hung'}", flush=True)
    return figures


def run(scenario: Scenario, rounds: int) -> dict[str, Figures]:
    """Return the medians of every variant."""
    seen: dict[str, list[Figures]] = {variant.name: [] for variant in scenario.variants}
    with ExitStack() as servers:
        urls = {
            flavour: servers.enter_context(mock_server(scenario, flavour))
            for flavour in sorted({variant.server for variant in scenario.variants})
        }
        for number in range(rounds):
            for variant in scenario.variants:
                if number >= (variant.rounds or rounds):
                    continue
                figures = run_once(scenario, variant, urls[variant.server])
                seen[variant.name].append(figures)
                print(f"  {scenario.name}, round {number + 1}, {variant.name}: {brief(figures)}", flush=True)
    return {name: medians(runs) for name, runs in seen.items()}


def medians(runs: list[Figures]) -> Figures:
    """Return the median of each figure over the runs that have it."""
    good = [figures for figures in runs if "failed" not in figures]
    names = sorted({name for figures in good for name in figures})
    return {name: statistics.median(f[name] for f in good if name in f) for name in names}


def brief(figures: Figures) -> str:
    """Return a line for whoever watches."""
    shown = {
        "synced.wall": "sync {:.2f} s",
        "synced.cpu": "cpu {:.2f} s",
        "synced.bytes_per_object": "{:,.0f} B/object",
        "synced.peak_mb": "peak {:.0f} MB",
        "flood.events_per_second": "{:,.0f} ev/s",
        "flood.cpu_us": "{:.1f} us/ev",
        "paced.p50_ms": "p50 {:.2f}",
        "paced.p99_ms": "p99 {:.2f} ms",
    }
    return ", ".join(text.format(figures[name]) for name, text in shown.items() if name in figures)
