"""`python -m benchmarks.soak` (make soak): thirty minutes of changes and faults on 50,000 objects.

An informer with a typed handler, a key handler, a rate-limited queue and two workers follows an embedded API server in another process
that changes objects and breaks something every few seconds. Every minute the server stands still, and then everything must be equal:
the cache, what the typed handler makes of its events, and the server. Printed: memory, threads, sockets. After stop, threads and
sockets must be what they were before. Exit code 1 when anything of that is not so.
"""

from __future__ import annotations

import argparse
import gc
import logging
import multiprocessing
import os
import sys
import threading
import time
from typing import Any

from benchmarks.soak_server import serve
from generated.models.stable_v1 import TsTest
from kubewright import ObjectKey, RateLimitingQueue, ShutDown
from kubewright.client import ListWatch
from kubewright.core.resource import Resource
from kubewright.informer import SharedInformer
from kubewright.transport import ClientConfig, HttpTransport

TSTESTS = Resource(group="stable.example.com", version="v1", kind="TsTest", plural="tstests")
# After many faults in a row the informer waits up to 60 s before it asks again, as client-go does.
CATCH_UP = 180.0


def resident_mb() -> float:
    """Return the memory of this process."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def open_sockets() -> int:
    """Return how many sockets this process has."""
    count = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            count += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except OSError:
            continue
    return count


class Folded:
    """What a typed handler believes: its events, folded."""

    def __init__(self) -> None:
        self.versions: dict[str, str] = {}
        self.events = 0
        self.wrong: list[str] = []

    def put(self, obj: Any, *, new: bool) -> None:
        key = f"{obj.metadata.namespace}/{obj.metadata.name}"
        self.events += 1
        if new == (key in self.versions):
            self.wrong.append(f"{'add of a known' if new else 'update of an unknown'} object {key}")
        self.versions[key] = obj.metadata.resource_version

    def drop(self, key: str) -> None:
        self.events += 1
        if self.versions.pop(key, None) is None:
            self.wrong.append(f"delete of an unknown object {key}")


def work(queue: RateLimitingQueue[ObjectKey], informer: SharedInformer[TsTest], done: list[int]) -> None:
    """Take keys and read objects, as a controller's worker; every hundredth item fails and comes back."""
    while True:
        try:
            with queue.take() as key:
                if key in informer.cache:
                    informer.cache.resource_version_of(key)
                done[0] += 1
                if done[0] % 100 == 0:
                    queue.add_rate_limited(key)
                else:
                    queue.forget(key)
        except ShutDown:
            return


def main() -> int:
    """Run the soak."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--objects", type=int, default=50_000)
    parser.add_argument("--rate", type=float, default=200, help="changes per second")
    parser.add_argument("--fault-every", type=float, default=10, help="seconds")
    parser.add_argument("--interval", type=float, default=60, help="seconds between two comparisons")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    logging.getLogger("kubewright").setLevel(logging.CRITICAL)

    context = multiprocessing.get_context("spawn")
    pipe, child = context.Pipe()
    options = (child, args.objects, args.rate, args.fault_every, args.seed)
    server = context.Process(target=serve, args=options, daemon=True)
    server.start()
    child.close()  # so that a server that died ends recv() with EOFError
    url = pipe.recv()
    print(f"{args.objects:,} objects, {args.rate:g} changes a second, a fault every {args.fault_every:g} s", flush=True)
    threads_before, sockets_before = threading.active_count(), open_sockets()

    transport = HttpTransport(ClientConfig(url=url))
    informer = SharedInformer(ListWatch(transport, TSTESTS), TsTest, indexers={"image": lambda o: [o.spec.image or ""]})
    folded, done = Folded(), [0]
    queue: RateLimitingQueue[ObjectKey] = RateLimitingQueue(name="soak")
    handler = informer.add_event_handler(
        on_add=lambda obj: folded.put(obj, new=True),
        on_update=lambda old, new: folded.put(new, new=False),
        on_delete=lambda deleted: folded.drop(str(deleted.key)),
    )
    informer.add_event_handler(on_key=queue.add)
    workers = [threading.Thread(target=work, args=(queue, informer, done)) for _ in range(2)]
    informer.start()
    for worker in workers:
        worker.start()
    failures: list[str] = []
    if not informer.wait_synced(CATCH_UP):
        print(f"not synced after {CATCH_UP:g} s: {informer.status()}")
        return 1
    print("minute  memory MB  threads  sockets  changes    events  items done  requests  faults")
    begin, first, last = time.monotonic(), 0.0, 0.0
    while time.monotonic() - begin < args.minutes * 60:
        pipe.send("go")
        time.sleep(args.interval)
        pipe.send("freeze")
        content, changes, faults = pipe.recv()
        limit = time.monotonic() + CATCH_UP
        while time.monotonic() < limit and not (cached(informer) == content == folded.versions and not handler.pending):
            time.sleep(0.2)
        if cached(informer) != content:
            failures.append(f"the cache differs from the server: {difference(cached(informer), content)}")
        if folded.versions != content:
            failures.append(f"the handler's view differs from the server: {difference(folded.versions, content)}")
        failures += folded.wrong
        folded.wrong.clear()
        del content
        gc.collect()
        last = resident_mb()
        first = first or last
        source = informer.status().sources[0]
        print(
            f"{(time.monotonic() - begin) / 60:6.1f} {last:10.1f} {threading.active_count():8} {open_sockets():8} "
            f"{changes:8,} {folded.events:9,} {done[0]:11,} {source.lists + source.watches:9,} {sum(faults.values()):7,}",
            flush=True,
        )
        for failure in failures:
            print(f"  WRONG: {failure}", flush=True)
        if failures:
            print(informer.status().describe())
            break
    start = time.monotonic()
    informer.stop()
    stop_seconds = time.monotonic() - start
    queue.shut_down(drain=True)
    for worker in workers:
        worker.join()
    transport.close()
    threads, sockets = threading.active_count(), open_sockets()
    if (threads, sockets) != (threads_before, sockets_before):
        failures.append(f"left behind: {threads - threads_before} threads, {sockets - sockets_before} sockets")
    print(f"memory {first:.1f} -> {last:.1f} MB ({(last / first - 1) * 100:+.1f} %), stop took {stop_seconds:.2f} s")
    print(f"after stop: {threads} threads ({threads_before} before), {sockets} sockets ({sockets_before} before)")
    print("faults: " + ", ".join(f"{name} {count}" for name, count in sorted(faults.items())))
    print(f"FAILED: {failures}" if failures else "all comparisons were equal")
    pipe.send("stop")
    pipe.recv()
    server.join(10)
    return 1 if failures else 0


def cached(informer: SharedInformer[TsTest]) -> dict[str, str]:
    """Return key -> resourceVersion of the cache."""
    return {str(key): informer.cache.resource_version_of(key) or "" for key in informer.cache.keys()}  # noqa: SIM118


def difference(ours: dict[str, str], theirs: dict[str, str]) -> str:
    """Return the first few keys that differ."""
    keys = sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))
    return f"{len(keys)} keys, such as " + ", ".join(f"{k} {ours.get(k)} != {theirs.get(k)}" for k in keys[:3])


if __name__ == "__main__":
    sys.exit(main())
