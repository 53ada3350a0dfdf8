"""The official Python client on the embedded server: other people's code must not notice which server it talks to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubewright.testing import APIServer

kubernetes = pytest.importorskip("kubernetes")

TSTEST = Path(__file__).parents[2] / "schemas" / "tstest.yaml"
KIND = ("stable.example.com", "v1", "default", "tstests")


@pytest.fixture
def server() -> Iterator[APIServer]:
    with APIServer([TSTEST]) as running:
        yield running


@pytest.fixture
def client(server: APIServer, tmp_path: Path) -> Iterator[Any]:
    path = server.write_kubeconfig(tmp_path / "kubeconfig")
    api_client = kubernetes.config.new_client_from_config(str(path))
    yield api_client
    api_client.close()


def tstest(name: str, **spec: object) -> dict[str, Any]:
    return {
        "apiVersion": "stable.example.com/v1",
        "kind": "TsTest",
        "metadata": {"name": name},
        "spec": {"image": "nginx", **spec},
    }


def test_built_in_kinds_round_trip_through_its_models(client: Any) -> None:
    core = kubernetes.client.CoreV1Api(client)
    made = core.create_namespaced_config_map(
        "default", kubernetes.client.V1ConfigMap(metadata={"name": "a", "labels": {"x": "y"}}, data={"k": "v"})
    )
    assert core.read_namespaced_config_map("a", "default").data == {"k": "v"}
    assert [item.metadata.uid for item in core.list_namespaced_config_map("default", label_selector="x=y").items] == [
        made.metadata.uid
    ]
    patched = core.patch_namespaced_config_map("a", "default", {"data": {"k": "w"}})
    assert patched.data == {"k": "w"}
    core.delete_namespaced_config_map("a", "default")
    with pytest.raises(kubernetes.client.ApiException) as gone:
        core.read_namespaced_config_map("a", "default")
    assert gone.value.status == 404


def test_deployment_gets_the_defaults_that_go_gives_it(client: Any) -> None:
    apps = kubernetes.client.AppsV1Api(client)
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "nginx"}]}}
    made = apps.create_namespaced_deployment(
        "default",
        {"metadata": {"name": "a"}, "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": template}},
    )
    assert made.spec.replicas == 1
    assert made.spec.template.spec.restart_policy == "Always"
    scale = apps.patch_namespaced_deployment_scale("a", "default", {"spec": {"replicas": 3}})
    assert scale.spec.replicas == 3


def test_custom_objects_with_conflict_and_status(client: Any) -> None:
    custom = kubernetes.client.CustomObjectsApi(client)
    made = custom.create_namespaced_custom_object(*KIND, tstest("a"))
    custom.replace_namespaced_custom_object(*KIND, "a", {**made, "spec": {"image": "nginx", "replicas": 2}})
    with pytest.raises(kubernetes.client.ApiException) as stale:
        custom.replace_namespaced_custom_object(*KIND, "a", {**made, "spec": {"image": "other"}})
    assert stale.value.status == 409
    changed = custom.patch_namespaced_custom_object_status(*KIND, "a", {"status": {"readyReplicas": 1}})
    assert changed["status"] == {"readyReplicas": 1}
    assert changed["spec"]["replicas"] == 2


def test_watch_delivers_and_resumes(client: Any) -> None:
    custom = kubernetes.client.CustomObjectsApi(client)
    custom.create_namespaced_custom_object(*KIND, tstest("a"))
    version = custom.list_namespaced_custom_object(*KIND)["metadata"]["resourceVersion"]
    later = threading.Thread(target=lambda: custom.create_namespaced_custom_object(*KIND, tstest("b")))
    watch = kubernetes.watch.Watch()
    later.start()
    for event in watch.stream(
        custom.list_namespaced_custom_object, *KIND, resource_version=version, timeout_seconds=10
    ):
        seen = (event["type"], event["object"]["metadata"]["name"])
        break
    watch.stop()
    later.join()
    assert seen == ("ADDED", "b")


def test_dynamic_client_finds_kinds_by_discovery(client: Any, tmp_path: Path) -> None:
    dynamic = kubernetes.dynamic.DynamicClient(client, cache_file=str(tmp_path / "discovery.json"))
    tstests = dynamic.resources.get(api_version="stable.example.com/v1", kind="TsTest")
    made = tstests.create(body=tstest("a"), namespace="default")
    applied = tstests.server_side_apply(body=tstest("a", replicas=5), namespace="default", field_manager="me")
    assert (made.spec.image, applied.spec.replicas) == ("nginx", 5)
