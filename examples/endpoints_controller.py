"""Built-in kinds and a custom one together: publishes, for every TsTest, where its pods can be reached.

For a TsTest `web` the ConfigMap `web-addresses` holds the addresses of the Endpoints `web`, one "ip:port" a line; it is
made, changed and removed as the Endpoints and the TsTest come and go. Four caches feed it: two raw informers (Endpoints,
ConfigMaps), a factory for built-in kinds (Services) and the generated factory for the CRD (TsTests).

    python -m examples.endpoints_controller --kubeconfig ~/.kube/config --namespace default
"""

from __future__ import annotations

import argparse
import logging
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from generated.clientset import Clientset
from generated.informers import SharedInformerFactory
from generated.listers.stable_v1 import TsTestLister
from kubewright import (
    NotFound,
    ObjectKey,
    ObjectMeta,
    OwnerReference,
    RateLimitingQueue,
    SharedInformer,
    ShutDown,
    wait_for_cache_sync,
)
from kubewright.api.informers import SharedInformerFactory as BuiltInInformerFactory
from kubewright.api.listers.core_v1 import ConfigMapLister, EndpointsLister, ServiceLister
from kubewright.api.models.core_v1 import ConfigMap, Endpoints

log = logging.getLogger("endpoints-controller")

SUFFIX = "-addresses"


def run(
    clientset: Clientset,
    stop: threading.Event,
    namespace: str = "default",
    workers: int = 2,
    sync_timeout: float = 60.0,
) -> None:
    """Runs the controller for one namespace until `stop` is set. Raises CacheSyncError when a cache does not fill."""
    # Two raw informers, made by hand over list/watch sources …
    endpoints = SharedInformer(clientset.core_v1.endpoints(namespace).list_watch(), model=Endpoints)
    configmaps = SharedInformer(clientset.core_v1.configmaps(namespace).list_watch(), model=ConfigMap)
    # … one factory for built-in kinds, and the generated one for the CRD. All four share one transport.
    builtins = BuiltInInformerFactory(clientset, namespaces=namespace)
    customs = SharedInformerFactory(clientset, namespaces=namespace)
    services, tstests = builtins.core_v1.services, customs.stable_v1.tstests

    queue = RateLimitingQueue[ObjectKey](name="endpoints")
    endpoints.add_event_handler(on_key=queue.add)
    tstests.informer.add_event_handler(on_key=queue.add)
    services.informer.add_event_handler(on_key=queue.add)
    configmaps.add_event_handler(on_key=lambda key: _enqueue_published(queue, key))

    publisher = Publisher(
        clientset,
        TsTestLister(tstests.informer.cache),
        services.lister,
        EndpointsLister(endpoints.cache),
        ConfigMapLister(configmaps.cache),
    )
    try:
        with builtins, customs:
            endpoints.start()
            configmaps.start()
            wait_for_cache_sync(endpoints, configmaps, builtins, customs, timeout=sync_timeout)  # all four, in one wait
            log.info("synced: %s", ", ".join(f"{len(i.cache)} {i.resource}" for i in (endpoints, configmaps)))
            threads = [threading.Thread(target=_work, args=(publisher, queue)) for _ in range(workers)]
            for thread in threads:
                thread.start()
            stop.wait()
            queue.shut_down(drain=True)
            for thread in threads:
                thread.join()
    finally:
        queue.shut_down()
        endpoints.stop()
        configmaps.stop()
    log.info("stopped")


def _enqueue_published(queue: RateLimitingQueue[ObjectKey], key: ObjectKey) -> None:
    # Somebody changed or removed what we publish: look at the TsTest it belongs to.
    if key.name.endswith(SUFFIX):
        queue.add(ObjectKey(key.namespace, key.name.removesuffix(SUFFIX)))


def _work(publisher: Publisher, queue: RateLimitingQueue[ObjectKey]) -> None:
    while True:
        try:
            with queue.take() as key:
                try:
                    publisher.publish(key)
                except Exception as error:
                    log.warning("publishing %s failed, will try again: %s", key, error)
                    queue.add_rate_limited(key)
                else:
                    queue.forget(key)
        except ShutDown:
            return


@dataclass(frozen=True)
class Publisher:
    """Reads four caches, writes one ConfigMap."""

    clientset: Clientset
    tstests: TsTestLister
    services: ServiceLister
    endpoints: EndpointsLister
    configmaps: ConfigMapLister

    def publish(self, key: ObjectKey) -> None:
        """Makes the ConfigMap of one TsTest say what the Endpoints say. Raises what is worth another try."""
        client = self.clientset.core_v1.configmaps(key.namespace)
        name = key.name + SUFFIX
        try:
            current = self.configmaps(key.namespace).get(name)
        except NotFound:
            current = None
        wanted = self._wanted(key)
        if wanted is None:
            if current is not None and _is_ours(current):
                client.delete(name)
                log.info("%s: removed %s", key, name)
        elif current is None:
            client.create(wanted)
            log.info("%s: published %s", key, name)
        elif current.data != wanted.data:
            current.data = wanted.data
            client.update(current)
            log.info("%s: published %s again", key, name)

    def _wanted(self, key: ObjectKey) -> ConfigMap | None:
        try:
            tstest = self.tstests(key.namespace).get(key.name)
            self.services(key.namespace).get(key.name)
            endpoints = self.endpoints(key.namespace).get(key.name)
        except NotFound:
            return None  # no TsTest, no Service or no Endpoints of that name: nothing to publish
        owner = OwnerReference(
            api_version=tstest.api_version,
            kind=tstest.kind,
            name=key.name,
            uid=tstest.metadata.uid or "",
            controller=True,
        )
        return ConfigMap(
            metadata=ObjectMeta(name=key.name + SUFFIX, owner_references=[owner]),
            data={"addresses": "\n".join(_addresses(endpoints))},
        )


def _is_ours(configmap: ConfigMap) -> bool:
    return any(owner.kind == "TsTest" and owner.controller for owner in configmap.metadata.owner_references or [])


def _addresses(endpoints: Endpoints) -> list[str]:
    return sorted(
        f"{address.ip}:{port.port}"
        for subset in endpoints.subsets or []
        for address in subset.addresses or []
        for port in subset.ports or []
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Publishes the addresses of every TsTest in a ConfigMap.")
    parser.add_argument("--kubeconfig", help="default: KUBECONFIG, ~/.kube/config, in-cluster")
    parser.add_argument("--namespace", default="default")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")

    stop = threading.Event()

    def on_signal(_number: int, _frame: object) -> None:
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    with Clientset.from_config(kubeconfig=options.kubeconfig) as clientset:
        run(clientset, stop, namespace=options.namespace)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
