"""`python -m benchmarks` (make bench): measure, print the table of goals, write docs/benchmarks.md.

`--quick` is one round of everything small, to see that it runs; it writes nothing.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import peers, report, workqueue
from benchmarks.runner import ROOT, Figures, Scenario, Variant, run

CLIENTS = Path("benchmarks") / "clients"
NO_STREAM = {"KUBE_FEATURE_WatchListClient": "false"}


def variants(peers_python: Path | None, go: Path | None) -> Iterator[Variant]:
    """Yield what is measured in every scenario. LIST is answered whole at resourceVersion=0 ("full") or in pages."""
    here = peers.python()
    ours = [here, str(CLIENTS / "kubewright_informer.py")]
    bare = [here, str(CLIENTS / "bare_loop.py")]
    yield Variant("kubewright typed", ours, "full")
    yield Variant("kubewright keys", [*ours, "--mode", "keys"], "full")
    yield Variant("kubewright queue", [*ours, "--mode", "queue"], "full")
    yield Variant("kubewright stream", [*ours, "--source", "stream"], "streaming")
    yield Variant("bare typed", bare, "paged")
    yield Variant("bare keys", [*bare, "--mode", "keys"], "paged")
    if go is not None:
        yield Variant("client-go list", [str(go)], "full", NO_STREAM)
        yield Variant("client-go keys", [str(go), "--mode", "keys"], "full", NO_STREAM)
        yield Variant("client-go queue", [str(go), "--mode", "queue"], "full", NO_STREAM)
        yield Variant("client-go paged", [str(go)], "paged", NO_STREAM)
        yield Variant("client-go stream", [str(go)], "streaming")
    if peers_python is not None:
        yield Variant("official", [str(peers_python), str(CLIENTS / "official_informer.py")], "full")
        yield Variant("lightkube", [str(peers_python), str(CLIENTS / "lightkube_watch.py")], "full")


def scenarios(quick: bool, measured: list[Variant]) -> Iterator[Scenario]:
    """Yield kinds and sizes."""
    if quick:
        yield Scenario("1,000 CRs", "cr", 1_000, 2_000, 100, measured)
        yield Scenario("200 Pods", "pod", 200, 1_000, 100, measured)
        return
    yield Scenario("10,000 CRs", "cr", 10_000, 20_000, 1_500, measured)
    yield Scenario("50,000 CRs", "cr", 50_000, 20_000, 1_500, measured)
    yield Scenario("5,000 Pods", "pod", 5_000, 20_000, 1_500, measured)


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small round, nothing is written")
    parser.add_argument("--rounds", type=int, default=3, help="rounds per scenario (default 3)")
    parser.add_argument("--scenario", action="append", help="only these (substring), nothing is written")
    parser.add_argument("--variant", action="append", help="only these (substring), nothing is written")
    parser.add_argument("--no-peers", action="store_true", help="leave the Python peers out")
    args = parser.parse_args()
    rounds = 1 if args.quick else args.rounds
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers go, too
    machine = peers.Machine.here()
    go = peers.client_go()
    peers_python = None if args.no_peers else peers.peers_python()
    measured = [v for v in variants(peers_python, go) if not args.variant or any(w in v.name for w in args.variant)]
    results: dict[str, dict[str, Figures]] = {}
    for scenario in scenarios(args.quick, measured):
        if not args.scenario or any(word in scenario.name for word in args.scenario):
            results[scenario.name] = run(scenario, rounds)
    queues = {} if args.variant or args.scenario else workqueue.measure(1 if args.quick else 5)
    calls = {} if args.variant or args.scenario else workqueue.calls()
    notes = (ROOT / "benchmarks" / "notes.md").read_text()
    text = report.document(results, queues, calls, machine, peers.versions(peers_python, go), rounds, notes)
    print(text)
    if args.quick or args.scenario or args.variant or args.no_peers or go is None:
        print("docs/benchmarks.md was left as it is: this was not a whole run")
        return
    (ROOT / "docs" / "benchmarks.md").write_text(text)
    print("written to docs/benchmarks.md")


if __name__ == "__main__":
    main()
