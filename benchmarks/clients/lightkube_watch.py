"""lightkube: list, then watch from that version, into a dict (it has no informer): generic resource for TsTest, typed Pod."""

from __future__ import annotations

import threading
from typing import Any

import lightkube
from harness import SENT, Meter, arguments
from lightkube.config.kubeconfig import Cluster, KubeConfig, User
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.core_v1 import Pod


def main() -> None:
    """Run all phases."""
    args = arguments()
    resource: Any = Pod
    if args.kind == "cr":
        resource = create_namespaced_resource("stable.example.com", "v1", "TsTest", "tstests")
    client = lightkube.Client(
        config=KubeConfig.from_one(cluster=Cluster(server=args.url), user=User()), trust_env=False
    )
    meter = Meter(args)
    cache: dict[tuple[str, str], Any] = {}

    def follow() -> None:
        objects = client.list(resource, namespace="*", chunk_size=None)
        for obj in objects:
            cache[(obj.metadata.namespace, obj.metadata.name)] = obj
            meter.event(None)
        for kind, obj in client.watch(resource, namespace="*", resource_version=objects.resourceVersion):
            key = (obj.metadata.namespace, obj.metadata.name)
            if kind == "DELETED":
                cache.pop(key, None)
            else:
                cache[key] = obj
            meter.event(obj.metadata.annotations[SENT] if meter.wants_time else None)

    meter.begin()
    threading.Thread(target=follow, daemon=True).start()
    meter.run()
    meter.leave()


main()
