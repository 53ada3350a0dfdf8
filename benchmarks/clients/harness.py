"""What every Python client program of the benchmark shares; imports nothing but the standard library, because each has its own venv.

A client calls `Meter.event(sent)` for every handler call; `Meter` knows which phase it is (initial list, flood, paced) and when each
is over. One JSON line per phase goes to stdout; the runner answers "synced" with a flood and "flood" with a paced run.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable

SENT = "bench.kubewright.dev/sent"


def _status_kib(field: str) -> int:
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field):
                return int(line.split()[1])
    return 0


def arguments() -> argparse.Namespace:
    """Read what the runner passes to every client."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--kind", choices=["cr", "pod"], required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--flood", type=int, required=True)
    parser.add_argument("--paced", type=int, required=True)
    parser.add_argument("--mode", default="typed")
    parser.add_argument("--source", default="list")
    return parser.parse_args()


class Meter:
    """Counts handler calls and takes the times."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._goals = [args.count, args.flood, args.paced]
        self._phase = 0
        self._left = args.count
        self._over = [threading.Event(), threading.Event(), threading.Event()]
        self._marks: list[tuple[float, float]] = []
        self._latencies: list[float] = []
        self.event: Callable[[object], None] = self._count

    def _count(self, sent: object) -> None:
        left = self._left = self._left - 1
        if not left:
            self._mark()
            self._over[self._phase].set()

    def _first(self, sent: object) -> None:
        self._mark()
        self.event = self._count
        self._count(sent)

    def _latency(self, sent: object) -> None:
        self._latencies.append((time.time_ns() - int(str(sent))) / 1e6)
        self._count(sent)

    @property
    def wants_time(self) -> bool:
        """Whether the client should look up the time of sending (the last phase only)."""
        return self._phase == 2

    def _mark(self) -> None:
        self._marks.append((time.perf_counter(), time.process_time()))

    def begin(self) -> None:
        """Call right before the informer starts."""
        gc.collect()
        self._rss = _status_kib("VmRSS")
        self._mark()

    def run(self, has_synced: Callable[[], bool] = lambda: True, limit: float = 300.0) -> None:
        """Go through the phases; call after starting the informer. Ends with the process still running."""
        self._wait(0, limit)
        while not has_synced():
            time.sleep(0.001)
        (wall_0, cpu_0), (wall_1, cpu_1) = self._marks
        peak = _status_kib("VmHWM")
        gc.collect()
        after = _status_kib("VmRSS")
        self._next(1, self._first)
        self._print(
            "synced",
            wall=wall_1 - wall_0,
            cpu=cpu_1 - cpu_0,
            peak_mb=peak / 1024,
            bytes_per_object=(after - self._rss) * 1024 / self._goals[0],
        )
        if not self._goals[1]:
            return
        self._wait(1, limit)
        (wall_0, cpu_0), (wall_1, cpu_1) = self._marks
        self._next(2, self._latency)
        self._print(
            "flood", events_per_second=self._goals[1] / (wall_1 - wall_0), cpu_us=(cpu_1 - cpu_0) / self._goals[1] * 1e6
        )
        if not self._goals[2]:
            return
        self._wait(2, limit)
        latencies = sorted(self._latencies)
        self._print(
            "paced",
            p50_ms=latencies[len(latencies) // 2],
            p99_ms=latencies[int(len(latencies) * 0.99)],
            max_ms=latencies[-1],
        )

    def _next(self, phase: int, event: Callable[[object], None]) -> None:
        self._marks = []
        self._left = self._goals[phase]
        self._phase = phase
        self.event = event

    def _wait(self, phase: int, limit: float) -> None:
        if not self._over[phase].wait(limit):
            self._print("failed", phase=phase, left=self._left)
            self.leave(1)

    def _print(self, phase: str, **figures: float) -> None:
        print(json.dumps({"phase": phase, **figures}), flush=True)

    def leave(self, code: int = 0) -> None:
        """End at once: some of the peers cannot be stopped."""
        sys.stdout.flush()
        os._exit(code)
