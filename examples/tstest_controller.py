"""A controller in five steps: it runs a Deployment for every TsTest and keeps the TsTest's status in line.

Run it against any cluster that has the TsTest CRD (schemas/tstest.yaml):

    python -m examples.tstest_controller --kubeconfig ~/.kube/config --workers 2

client-go's sample-controller has the same steps; here they stand in `run`, in their order. TsTest is a custom kind and
Deployment a built-in one: the generated clientset serves both.
"""

from __future__ import annotations

import argparse
import logging
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from generated.clientset import Clientset
from generated.listers.stable_v1 import TsTestLister
from generated.models.stable_v1 import TsTest, TsTestStatus
from kubewright import (
    Condition,
    Deleted,
    LabelSelector,
    NotFound,
    ObjectKey,
    ObjectMeta,
    OwnerReference,
    RateLimitingQueue,
    SharedInformer,
    ShutDown,
    retry_on_conflict,
    wait_for_cache_sync,
)
from kubewright.api.listers.apps_v1 import DeploymentLister
from kubewright.api.models.apps_v1 import Deployment, DeploymentSpec
from kubewright.api.models.core_v1 import Container, PodSpec, PodTemplateSpec

log = logging.getLogger("tstest-controller")


def run(clientset: Clientset, stop: threading.Event, workers: int = 2, sync_timeout: float = 60.0) -> None:
    """Runs the controller until `stop` is set. Raises CacheSyncError when a cache does not fill in time."""
    # 1. The list/watch sources: where the objects come from.
    tstest_source = clientset.stable_v1.tstests.list_watch()
    deployment_source = clientset.apps_v1.deployments.list_watch(label_selector="app.kubernetes.io/managed-by=tstest")

    # 2. The informers: local caches that follow the sources, each with its indexer; listers read them.
    tstests = SharedInformer(tstest_source, model=TsTest, indexers={"image": _images})
    deployments = SharedInformer(deployment_source, model=Deployment)
    controller = TsTestController(clientset, TsTestLister(tstests.cache), DeploymentLister(deployments.cache))

    # 3. The handlers: every change puts the key of a TsTest into a rate-limited queue; nothing else happens there.
    queue = RateLimitingQueue[ObjectKey](name="tstests")

    def enqueue_owner(deployment: Deployment) -> None:
        owner = _controller_of(deployment)
        if owner is not None and owner.kind == "TsTest":
            queue.add(ObjectKey(deployment.metadata.namespace or "", owner.name))

    def enqueue_owner_of_deleted(deleted: Deleted[Deployment]) -> None:
        enqueue_owner(deleted.object)  # the last known state, also when the delete itself was missed

    tstests.add_event_handler(on_key=queue.add)
    deployments.add_event_handler(
        on_add=enqueue_owner,
        on_update=lambda _old, new: enqueue_owner(new),
        on_delete=enqueue_owner_of_deleted,
    )

    # 4. Start, and wait until the caches hold what the server holds.
    tstests.start()
    deployments.start()
    try:
        wait_for_cache_sync(tstests, deployments, timeout=sync_timeout)
        log.info(
            "synced: %d TsTests, %d Deployments", len(controller.tstests.list()), len(controller.deployments.list())
        )

        # 5. The workers: get, reconcile, forget or re-add, done; until the stop signal.
        threads = [threading.Thread(target=_work, args=(controller, queue), name=f"worker-{n}") for n in range(workers)]
        for thread in threads:
            thread.start()
        stop.wait()
        queue.shut_down(drain=True)
        for thread in threads:
            thread.join()
    finally:
        queue.shut_down()
        tstests.stop()
        deployments.stop()
    log.info("stopped")


def _work(controller: TsTestController, queue: RateLimitingQueue[ObjectKey]) -> None:
    while True:
        try:
            key = queue.get()
        except ShutDown:
            return
        try:
            controller.reconcile(key)
        except Exception as error:
            log.warning("reconciling %s failed, will try again: %s", key, error)
            queue.add_rate_limited(key)
        else:
            queue.forget(key)
        finally:
            queue.done(key)


@dataclass(frozen=True)
class TsTestController:
    """What one pass over one TsTest does. Reads from the caches, writes through the clientset."""

    clientset: Clientset
    tstests: TsTestLister
    deployments: DeploymentLister

    def reconcile(self, key: ObjectKey) -> None:
        """Makes the Deployment as the spec says, and the status as the Deployment is. Raises what is worth another try."""
        try:
            tstest = self.tstests(key.namespace).get(key.name)
        except NotFound:
            log.info("%s is gone; its Deployment goes with it (garbage collection)", key)
            return
        if tstest.metadata.deletion_timestamp:
            return
        deployment = self._ensure_deployment(tstest)
        self._ensure_status(key, deployment)

    def _ensure_deployment(self, tstest: TsTest) -> Deployment:
        namespace = tstest.metadata.namespace or ""
        wanted = _wanted_deployment(tstest)
        name = wanted.metadata.name or ""
        client = self.clientset.apps_v1.deployments(namespace)
        try:
            current = self.deployments(namespace).get(name)
        except NotFound:
            log.info("%s/%s: creating its Deployment", namespace, name)
            return client.create(wanted)  # AlreadyExists, of somebody else's, is an error: the key comes back
        owner = _controller_of(current)
        if owner is None or owner.uid != tstest.metadata.uid:
            raise RuntimeError(f"Deployment {namespace}/{name} exists already and is not managed by this TsTest")
        container = current.spec.template.spec.containers[0] if current.spec.template.spec else None
        if current.spec.replicas != tstest.spec.replicas or (container and container.image != _image(tstest)):
            current.spec.replicas = tstest.spec.replicas
            if container:
                container.image = _image(tstest)
            log.info("%s/%s: %s replicas of %s", namespace, name, current.spec.replicas, _image(tstest))
            return client.update(current)  # what the server and others have set survives
        return current

    def _ensure_status(self, key: ObjectKey, deployment: Deployment) -> None:
        tstests = self.clientset.stable_v1.tstests(key.namespace)

        def write() -> None:
            # A fresh copy on every try: a conflict means that somebody else wrote in between.
            current = tstests.get(key.name)
            wanted = _wanted_status(current, deployment)
            if wanted != current.status:
                current.status = wanted
                tstests.update_status(current)
                log.info("%s: %s, %s ready", key, wanted.phase, wanted.ready_replicas)

        try:
            retry_on_conflict(write)
        except NotFound:
            log.info("%s was deleted meanwhile", key)


def _images(tstest: TsTest) -> list[str]:
    return [tstest.spec.image] if tstest.spec.image else []


def _image(tstest: TsTest) -> str:
    return tstest.spec.image or "nginx"


def _controller_of(deployment: Deployment) -> OwnerReference | None:
    return next((owner for owner in deployment.metadata.owner_references or [] if owner.controller), None)


def _wanted_deployment(tstest: TsTest) -> Deployment:
    meta = tstest.metadata
    owner = OwnerReference(
        api_version=tstest.api_version,
        kind=tstest.kind,
        name=meta.name or "",
        uid=meta.uid or "",
        controller=True,
        block_owner_deletion=True,
    )
    labels = {"app.kubernetes.io/managed-by": "tstest", "app.kubernetes.io/instance": meta.name or ""}
    return Deployment(
        metadata=ObjectMeta(name=tstest.spec.deployment_name or meta.name, labels=labels, owner_references=[owner]),
        spec=DeploymentSpec(
            replicas=tstest.spec.replicas,
            selector=LabelSelector(match_labels=labels),
            template=PodTemplateSpec(
                metadata=ObjectMeta(labels=labels),
                spec=PodSpec(containers=[Container(name="main", image=_image(tstest))]),
            ),
        ),
    )


def _wanted_status(tstest: TsTest, deployment: Deployment) -> TsTestStatus:
    wanted = 1 if deployment.spec.replicas is None else deployment.spec.replicas
    ready = (deployment.status.ready_replicas if deployment.status else None) or 0
    complete = ready >= wanted
    before = {c.type: c for c in (tstest.status.conditions if tstest.status else None) or []}
    value = "True" if complete else "False"
    previous = before.get("Ready")
    # The transition time changes only when the condition flips (apimachinery: meta.SetStatusCondition).
    same = previous is not None and previous.status == value
    since = previous.last_transition_time if previous and same else datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = Condition(
        type="Ready",
        status=value,
        reason="AllReplicasReady" if complete else "ReplicasMissing",
        message=f"{ready} of {wanted} replicas are ready",
        last_transition_time=since,
        observed_generation=tstest.metadata.generation,
    )
    phase = "Progressing" if not complete else "Ready" if wanted else "Idle"
    return TsTestStatus(ready_replicas=ready, phase=phase, conditions=[condition])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Keeps the status of TsTests in line with their spec.")
    parser.add_argument("--kubeconfig", help="default: KUBECONFIG, ~/.kube/config, in-cluster")
    parser.add_argument("--context")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")

    stop = threading.Event()

    def on_signal(_number: int, _frame: object) -> None:
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)

    with Clientset.from_config(kubeconfig=options.kubeconfig, context=options.context) as clientset:
        run(clientset, stop, workers=options.workers)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
