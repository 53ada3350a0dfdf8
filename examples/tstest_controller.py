"""A controller in five steps: it keeps the status of every TsTest in line with its spec.

Run it against any cluster that has the TsTest CRD (schemas/tstest.yaml):

    python -m examples.tstest_controller --kubeconfig ~/.kube/config --workers 2

client-go's sample-controller has the same steps; here they stand in `run`, in their order.
"""

from __future__ import annotations

import argparse
import logging
import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from generated.clientset import Clientset
from generated.listers.stable_v1 import TsTestLister
from generated.models.stable_v1 import TsTest, TsTestStatus
from kubewright import (
    Condition,
    NotFound,
    ObjectKey,
    RateLimitingQueue,
    SharedInformer,
    ShutDown,
    retry_on_conflict,
    wait_for_cache_sync,
)

log = logging.getLogger("tstest-controller")


def run(clientset: Clientset, stop: threading.Event, workers: int = 2, sync_timeout: float = 60.0) -> None:
    """Runs the controller until `stop` is set. Raises CacheSyncError when the cache does not fill in time."""
    # 1. The list/watch source: where the objects come from.
    source = clientset.stable_v1.tstests.list_watch()

    # 2. The informer: a local cache that follows the source, with an index by image.
    informer = SharedInformer(source, model=TsTest, indexers={"image": _images})
    lister = TsTestLister(informer.cache)

    # 3. The handler: every change puts the object's key into a rate-limited queue; nothing else happens there.
    queue = RateLimitingQueue[ObjectKey](name="tstests")
    informer.add_event_handler(on_key=queue.add)

    # 4. Start, and wait until the cache holds what the server holds.
    informer.start()
    try:
        wait_for_cache_sync(informer, timeout=sync_timeout)
        log.info("synced: %d TsTests", len(lister.list()))

        # 5. Workers: get, reconcile, forget or re-add, done; until the stop signal.
        threads = [
            threading.Thread(target=_work, args=(clientset, lister, queue), name=f"worker-{n}") for n in range(workers)
        ]
        for thread in threads:
            thread.start()
        stop.wait()
        queue.shut_down(drain=True)
        for thread in threads:
            thread.join()
    finally:
        queue.shut_down()
        informer.stop()
    log.info("stopped")


def _images(obj: TsTest) -> list[str]:
    return [obj.spec.image] if obj.spec.image else []


def _work(clientset: Clientset, lister: TsTestLister, queue: RateLimitingQueue[ObjectKey]) -> None:
    while True:
        try:
            key = queue.get()
        except ShutDown:
            return
        try:
            reconcile(clientset, lister, key)
        except Exception:
            log.exception("reconciling %s failed, will try again", key)
            queue.add_rate_limited(key)
        else:
            queue.forget(key)
        finally:
            queue.done(key)


def reconcile(clientset: Clientset, lister: TsTestLister, key: ObjectKey) -> None:
    """Brings the status of one TsTest in line with its spec; does nothing when it is, or when the object is gone."""
    try:
        cached = lister(key.namespace).get(key.name)
    except NotFound:
        log.info("%s is gone", key)
        return
    if _wanted_status(cached) == cached.status:
        return

    def write() -> None:
        # A fresh copy on every try: a conflict means that somebody else wrote in between.
        tstests = clientset.stable_v1.tstests(key.namespace)
        current = tstests.get(key.name)
        wanted = _wanted_status(current)
        if wanted != current.status:
            current.status = wanted
            tstests.update_status(current)
            log.info("%s: phase %s, %s ready", key, wanted.phase, wanted.ready_replicas)

    try:
        retry_on_conflict(write)
    except NotFound:
        log.info("%s was deleted meanwhile", key)


def _wanted_status(obj: TsTest) -> TsTestStatus:
    replicas = obj.spec.replicas or 0
    phase = "Ready" if replicas else "Idle"
    before = {c.type: c for c in (obj.status.conditions if obj.status else None) or []}
    value = "True" if replicas else "False"
    previous = before.get("Ready")
    # The transition time changes only when the condition flips (apimachinery: meta.SetStatusCondition).
    flipped = previous is None or previous.status != value
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if flipped else previous.last_transition_time
    ready = Condition(
        type="Ready",
        status=value,
        reason="ReplicasReady" if replicas else "NoReplicas",
        message=f"{replicas} of {replicas} replicas are ready",
        last_transition_time=since,
        observed_generation=obj.metadata.generation,
    )
    return TsTestStatus(ready_replicas=replicas, phase=phase, conditions=[ready])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Keeps the status of TsTests in line with their spec.")
    parser.add_argument("--kubeconfig", help="default: KUBECONFIG, ~/.kube/config, in-cluster")
    parser.add_argument("--context")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    with Clientset.from_config(kubeconfig=options.kubeconfig, context=options.context) as clientset:
        run(clientset, stop, workers=options.workers)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
