"""lightkube: generic resources, apply, list, watch, delete. Prints what it saw."""

from __future__ import annotations

import json
import sys
from typing import Any

from lightkube import ApiError, Client, KubeConfig  # type: ignore[import-not-found]
from lightkube.generic_resource import create_namespaced_resource  # type: ignore[import-not-found]
from lightkube.models.meta_v1 import ObjectMeta  # type: ignore[import-not-found]
from lightkube.resources.core_v1 import ConfigMap, Namespace  # type: ignore[import-not-found]
from lightkube.types import PatchType  # type: ignore[import-not-found]

Widget = create_namespaced_resource("conformance.example.com", "v1", "Widget", "widgets")


def main(kubeconfig: str, namespace: str) -> list[Any]:
    seen: list[Any] = []
    client = Client(config=KubeConfig.from_file(kubeconfig), namespace=namespace, field_manager="lightkube")
    client.create(Namespace(metadata=ObjectMeta(name=namespace)))
    client.create(Widget(metadata=ObjectMeta(name="a"), spec={"size": 1}))
    listed = client.list(Widget)
    names = [item.metadata.name for item in listed]
    seen.append(["listed", names])
    client.patch(Widget, "a", {"spec": {"size": 2}}, patch_type=PatchType.MERGE)
    applied = client.apply(Widget(metadata=ObjectMeta(name="a"), spec={"color": "blue"}), force=True)
    seen.append(["applied", applied["spec"]])
    client.delete(Widget, "a")
    for kind, found in client.watch(Widget, resource_version=listed.resourceVersion, server_timeout=20):
        seen.append([kind, found.spec])
        if kind == "DELETED":
            break
    try:
        client.get(Widget, "a")
    except ApiError as error:
        seen.append(["refused", error.status.code, error.status.reason])
    client.create(ConfigMap(metadata=ObjectMeta(name="c", labels={"x": "y"}), data={"k": "v"}))
    client.patch(ConfigMap, "c", {"data": {"k2": "v2"}})  # a strategic merge patch, lightkube's default
    seen.append(["configmaps", [item.data for item in client.list(ConfigMap, labels={"x": "y"})]])
    return seen


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
