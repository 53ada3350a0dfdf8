"""kubewright's shared informer: `typed` handlers on their own thread, `keys` (a key handler), or `queue` (one that feeds a work queue
with a worker)."""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from harness import SENT, Meter, arguments
from models import PODS, TSTESTS, TsTest

from kubewright import ObjectKey, WorkQueue
from kubewright.client import ListWatch
from kubewright.informer import SharedInformer
from kubewright.transport import ClientConfig, HttpTransport


def model_and_resource(kind: str) -> tuple[Any, Any]:
    """Return what to read as what."""
    if kind == "pod":
        from kubewright.api.models.core_v1 import Pod

        return Pod, PODS
    return TsTest, TSTESTS


def read_costs(lister: Any, keys: list[ObjectKey]) -> dict[str, float]:
    """Microseconds of one get, milliseconds of one list that hits 1 % of the objects."""
    sample = keys[:: max(1, len(keys) // 2000)]
    gets, lists = [], []
    for _ in range(5):
        start = time.perf_counter()
        for key in sample:
            lister(key.namespace).get(key.name)
        gets.append((time.perf_counter() - start) / len(sample) * 1e6)
    for shard in range(20):
        start = time.perf_counter()
        found = lister.list(f"shard=s{shard:02d}")
        lists.append((time.perf_counter() - start) * 1e3)
        assert found
    return {"get_us": statistics.median(gets), "list_ms": statistics.median(lists), "hits": len(found)}


def main() -> None:
    """Run all phases."""
    args = arguments()
    model, resource = model_and_resource(args.kind)
    transport = HttpTransport(ClientConfig(url=args.url))
    informer: Any = SharedInformer(
        ListWatch(transport, resource),
        model,
        streaming=args.source == "stream",
        indexers={"namespace": lambda obj: [obj.metadata.namespace]} if args.mode == "indexed" else None,
    )
    meter = Meter(args)
    keys: list[ObjectKey] = []
    if args.mode in ("keys", "queue"):
        queue: WorkQueue[ObjectKey] = WorkQueue()

        def on_key(key: ObjectKey) -> None:
            if args.mode == "queue":
                queue.add(key)
            if meter.wants_time:
                obj = informer.lister(key.namespace).get(key.name)
                meter.event(obj.metadata.annotations[SENT])
            else:
                meter.event(None)

        def work() -> None:
            while True:
                queue.done(queue.get())

        threading.Thread(target=work, daemon=True).start()
        informer.add_event_handler(on_key=on_key)
    else:

        def on_object(obj: Any) -> None:
            meter.event(obj.metadata.annotations[SENT])

        def on_add(obj: Any) -> None:
            meter.event(None)

        informer.add_event_handler(
            on_add=on_add,
            on_update=lambda old, new: on_object(new),
            on_delete=lambda deleted: meter.event(None),
        )
    meter.begin()
    informer.start()
    meter.run(has_synced=lambda: informer.has_synced)
    lister = informer.lister
    keys = sorted(ObjectKey(obj.metadata.namespace, obj.metadata.name) for obj in lister.list())
    print(json.dumps({"phase": "read", **read_costs(lister, keys)}), flush=True)
    meter.leave()


main()
