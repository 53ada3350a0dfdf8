"""From medians to the two things a reader wants: what came out for each client, and whether the goals are met.

Ratios only compare figures of one run on one machine; absolute values are printed for orientation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.peers import Machine
from benchmarks.runner import Figures

Results = Mapping[str, Mapping[str, Figures]]  # scenario -> variant -> figures

COLUMNS = [
    ("synced.wall", "sync s", "{:.2f}"),
    ("synced.cpu", "sync CPU s", "{:.2f}"),
    ("synced.peak_mb", "peak MB", "{:.0f}"),
    ("synced.bytes_per_object", "B/object", "{:,.0f}"),
    ("flood.events_per_second", "events/s", "{:,.0f}"),
    ("flood.cpu_us", "CPU µs/event", "{:.1f}"),
    ("paced.p50_ms", "p50 ms", "{:.2f}"),
    ("paced.p99_ms", "p99 ms", "{:.2f}"),
    ("requests", "requests", "{:.0f}"),
]


@dataclass(frozen=True)
class Goal:
    """One line of the table of goals: `ours / theirs` compared with `limit`."""

    what: str
    scenario: str
    ours: str
    theirs: str
    figure: str
    limit: float
    at_most: bool = True

    def row(self, results: Results) -> list[str] | None:
        """Return the table row; None when one side was not measured."""
        variants = results.get(self.scenario, {})
        ours = variants.get(self.ours, {}).get(self.figure)
        theirs = variants.get(self.theirs, {}).get(self.figure)
        if ours is None or theirs is None or not theirs:
            return None
        ratio = ours / theirs
        met = ratio <= self.limit if self.at_most else ratio >= self.limit
        text = next((fmt for name, _, fmt in COLUMNS if name == self.figure), "{:.2f}")
        return [
            f"{self.what}, {self.scenario}",
            f"{text.format(ours)} ({self.ours})",
            f"{text.format(theirs)} ({self.theirs})",
            f"{ratio:.2f}",
            f"{'≤' if self.at_most else '≥'} {self.limit:.3g}",
            "yes" if met else "**no**",
        ]


def goals() -> Iterator[Goal]:
    """Yield the goals of the project, in its own order."""
    big, small, pods = "50,000 CRs", "10,000 CRs", "5,000 Pods"
    for figure, word in (("synced.cpu", "CPU"), ("synced.wall", "wall")):
        yield Goal(f"sync {word}, typed add handlers", big, "kubewright typed", "client-go list", figure, 0.25)
        yield Goal(f"sync {word} by LIST", big, "kubewright typed", "client-go stream", figure, 0.125)
        yield Goal(f"sync {word}, stream against LIST", big, "kubewright stream", "kubewright typed", figure, 2.5)
        yield Goal(f"sync {word}, key handlers", big, "kubewright keys", "client-go list", figure, 1 / 6)
    yield Goal("memory per object", big, "kubewright typed", "client-go list", "synced.bytes_per_object", 0.75)
    yield Goal("memory per object", pods, "kubewright typed", "client-go list", "synced.bytes_per_object", 0.5)
    yield Goal("peak memory during sync", big, "kubewright typed", "client-go paged", "synced.peak_mb", 1.0)
    for scenario, limit in ((big, 3.0), (pods, 6.0)):
        yield Goal(
            "events/s to a typed handler",
            scenario,
            "kubewright typed",
            "client-go list",
            "flood.events_per_second",
            limit,
            False,
        )
    yield Goal(
        "events/s to a key handler", big, "kubewright keys", "client-go keys", "flood.events_per_second", 6.0, False
    )
    for scenario in (big, pods):
        yield Goal("latency p50", scenario, "kubewright typed", "client-go list", "paced.p50_ms", 1.0)
        yield Goal("latency p99", scenario, "kubewright typed", "client-go list", "paced.p99_ms", 1.2)
    yield Goal("sync CPU", pods, "kubewright typed", "client-go list", "synced.cpu", 0.25)
    yield Goal("sync CPU", pods, "kubewright typed", "official", "synced.cpu", 0.05)
    for peer in ("official", "lightkube"):
        for scenario in (small, big):
            yield Goal("sync wall", scenario, "kubewright typed", peer, "synced.wall", 0.25)
            yield Goal("memory per object", scenario, "kubewright typed", peer, "synced.bytes_per_object", 1 / 3.5)
    for mode in ("typed", "keys"):
        for figure, word in (("synced.cpu", "sync CPU"), ("flood.cpu_us", "CPU per event")):
            yield Goal(f"cost of the promises: {word}", big, f"kubewright {mode}", f"bare {mode}", figure, 1.25)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def scenario_table(variants: Mapping[str, Figures]) -> str:
    """Return what came out for each client of one scenario."""
    rows = [
        [name, *(fmt.format(figures[column]) if column in figures else "-" for column, _, fmt in COLUMNS)]
        for name, figures in variants.items()
    ]
    return table(["client", *(title for _, title, _ in COLUMNS)], rows)


def goal_table(results: Results, queues: Mapping[str, tuple[float, float]]) -> str:
    """Return the goals and what came out."""
    rows = [row for goal in goals() if (row := goal.row(results)) is not None]
    for what in ("1 worker", "4 workers"):
        if what in queues:
            ours, theirs = queues[what]
            ratio = ours / theirs
            rows.append(
                [
                    f"work queue add/get/done, {what}",
                    f"{ours / 1e3:.0f} k/s (kubewright)",
                    f"{theirs / 1e3:.0f} k/s (queue.Queue)",
                    f"{ratio:.2f}",
                    "≥ 1.3",
                    "yes" if ratio >= 1.3 else "**no**",
                ]
            )
    reads = results.get("50,000 CRs", {}).get("kubewright typed", {})
    for figure, what, unit, limit in (
        ("read.get_us", "lister.get", "µs", 10.0),
        ("read.list_ms", "lister.list(selector), 1 % of 50,000", "ms", 10.0),
    ):
        if figure in reads:
            met = "yes" if reads[figure] <= limit else "**no**"
            rows.append([what, f"{reads[figure]:.1f} {unit}", "-", "-", f"≤ {limit:g} {unit}", met])
    return table(["measure", "kubewright", "compared with", "ratio", "goal", "met"], rows)


def document(
    results: Results,
    queues: Mapping[str, tuple[float, float]],
    calls: Mapping[str, float],
    machine: Machine,
    versions: list[str],
    rounds: int,
    notes: str,
) -> str:
    """Return docs/benchmarks.md."""
    parts = [
        "# Benchmarks",
        "Written by `make bench`; do not edit (the notes at the end are `benchmarks/notes.md`).",
        f"{datetime.now(UTC):%Y-%m-%d}; {machine.cpu}, {machine.cores} cores, {machine.system}, load {machine.load:.1f} at the "
        f"start; {', '.join(versions)}. Medians of {rounds} rounds, a fresh process per run, variants in turn. One mock server "
        "process with pre-encoded bytes on loopback, no TLS. Absolute values move with the machine: compare inside one table.",
        "## Goals",
        goal_table(results, queues),
    ]
    for name, variants in results.items():
        parts += [f"## {name}", scenario_table(variants)]
    if queues:
        rows = [
            [what, f"{ours / 1e3:.0f}", f"{theirs / 1e3:.0f}", f"{ours / theirs:.2f}"]
            for what, (ours, theirs) in queues.items()
        ]
        parts += ["## Work queue", "Thousand items per second through add, get, done."]
        parts += [table(["", "WorkQueue", "queue.Queue", "ratio"], rows)]
    if calls:
        parts += [table(["call", "µs"], [[what, f"{cost:.2f}"] for what, cost in calls.items()])]
    return "\n\n".join([*parts, notes.strip()]) + "\n"
