"""The `kubernetes` package (official Python client): objects, patches, watch, dynamic discovery. Prints what it saw."""

from __future__ import annotations

import json
import sys
from typing import Any

from kubernetes import client, config, watch  # type: ignore[import-untyped]
from kubernetes.dynamic import DynamicClient  # type: ignore[import-untyped]

GROUP, VERSION, PLURAL = "conformance.example.com", "v1", "widgets"


def main(kubeconfig: str, namespace: str) -> list[Any]:
    config.load_kube_config(kubeconfig)
    seen: list[Any] = []
    core, custom = client.CoreV1Api(), client.CustomObjectsApi()
    core.create_namespace({"metadata": {"name": namespace}})
    widget = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": 1}}
    made = custom.create_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL, widget)
    seen.append(["created", made["spec"]])
    version = custom.list_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL)["metadata"]["resourceVersion"]
    custom.patch_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL, "a", {"spec": {"size": 2}})
    status = {"status": {"phase": "Ready"}}
    custom.patch_namespaced_custom_object_status(GROUP, VERSION, namespace, PLURAL, "a", status)
    custom.delete_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL, "a")
    stream = watch.Watch().stream(
        custom.list_namespaced_custom_object,
        GROUP,
        VERSION,
        namespace,
        PLURAL,
        resource_version=version,
        timeout_seconds=20,
    )
    for event in stream:
        seen.append([event["type"], event["object"]["spec"]["size"], event["object"].get("status")])
        if event["type"] == "DELETED":
            break
    try:
        custom.get_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL, "a")
    except client.ApiException as error:
        seen.append(["refused", error.status, json.loads(error.body)["reason"]])
    core.create_namespaced_config_map(
        namespace, client.V1ConfigMap(metadata=client.V1ObjectMeta(name="c"), data={"k": "v"})
    )
    core.patch_namespaced_config_map("c", namespace, {"data": {"k2": "v2"}})
    seen.append(["configmap", core.read_namespaced_config_map("c", namespace).data])
    seen.append(["selected", len(core.list_namespaced_config_map(namespace, field_selector="metadata.name=c").items)])
    dynamic = DynamicClient(client.ApiClient())
    resource = dynamic.resources.get(api_version=f"{GROUP}/{VERSION}", kind="Widget")
    dynamic.create(resource, body=widget, namespace=namespace)
    applied = dynamic.server_side_apply(
        resource, body={**widget, "spec": {"color": "red"}}, namespace=namespace, name="a", field_manager="official"
    )
    seen.append(["applied", applied.spec.to_dict()])
    return seen


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
