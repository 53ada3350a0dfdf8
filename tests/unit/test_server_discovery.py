"""What clients learn about the server before they use it: discovery, OpenAPI, tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubewright.core.resource import PrinterColumn, Resource
from kubewright.testing.apiserver import build_api
from kubewright.testing.server.ages import human_duration
from kubewright.testing.server.api import API
from kubewright.testing.server.discovery import version_priority
from kubewright.testing.server.jsonpath import find
from kubewright.testing.server.messages import ServerRequest, ServerResponse
from kubewright.testing.server.registry import ServedResource
from kubewright.testing.server.table import table

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@pytest.fixture(scope="module")
def api() -> API:
    return build_api()


def get(api: API, path: str, accept: str = "") -> tuple[int, dict[str, str], Any]:
    answer = api.handle(ServerRequest("GET", path, (), {"accept": accept}))
    assert isinstance(answer, ServerResponse)
    try:
        document = json.loads(answer.body)
    except ValueError:
        document = answer.body
    return answer.status, dict(answer.headers), document


def test_old_discovery_lists_subresources_beside_their_resource(api: API) -> None:
    _, _, found = get(api, "/apis/apps/v1")
    names = [resource["name"] for resource in found["resources"]]
    assert {"deployments", "deployments/scale", "deployments/status"} <= set(names)


def test_aggregated_discovery_answers_who_asks_for_it_and_nobody_else(api: API) -> None:
    _, headers, found = get(api, "/apis", f"{AGGREGATED},application/json")
    assert (headers["content-type"], found["kind"]) == (AGGREGATED, "APIGroupDiscoveryList")
    assert get(api, "/apis", "application/json")[2]["kind"] == "APIGroupList"


def test_discovery_follows_the_registry() -> None:
    api = build_api()
    assert get(api, "/apis/example.com")[0] == 404
    resource = Resource(group="example.com", version="v1", kind="X", plural="xs", verbs=("get", "list"))
    api.registry.install("example.com", "xs", [ServedResource(resource, "v1", builtin=False)])
    assert get(api, "/apis/example.com")[2]["preferredVersion"]["version"] == "v1"
    api.registry.remove("example.com", "xs")
    assert get(api, "/apis/example.com")[0] == 404


def test_versions_are_ordered_as_kubernetes_orders_them() -> None:
    # apimachinery: TestCompareKubeAwareVersionStrings
    mixed = ["v1", "v10", "v2", "v1beta1", "v11alpha2", "foo10", "v3beta1", "v12alpha1", "foo1", "v10beta3"]
    best_first = ["v10", "v2", "v1", "v10beta3", "v3beta1", "v1beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"]
    assert sorted(mixed, key=version_priority, reverse=True) == best_first


def test_everybody_is_told_that_they_may_do_everything(api: API) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    spec = {"resourceAttributes": {"verb": "delete", "resource": "pods"}}
    question = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
    answer = api.handle(
        ServerRequest("POST", path, (), {"content-type": "application/json"}, json.dumps(question).encode())
    )
    assert isinstance(answer, ServerResponse)
    found = json.loads(answer.body)
    assert (answer.status, found["status"]["allowed"], found["spec"]) == (201, True, spec)
    names = [resource["name"] for resource in get(api, "/apis/authorization.k8s.io/v1")[2]["resources"]]
    assert "selfsubjectaccessreviews" in names


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health_is_ok(api: API, path: str) -> None:
    assert get(api, path)[2] == b"ok"


def test_openapi_index_leads_to_documents_with_every_reference_resolved(api: API) -> None:
    _, _, index = get(api, "/openapi/v3")
    assert "api/v1" in index["paths"]
    _, _, document = get(api, "/openapi/v3/apis/coordination.k8s.io/v1")
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    wanted = {part.split('"', 1)[0] for part in text.split("#/components/schemas/")[1:]}
    assert wanted <= set(schemas)


def test_openapi_tells_kubectl_that_patches_take_field_validation(api: API) -> None:
    _, _, document = get(api, "/openapi/v3/api/v1")
    patch = document["paths"]["/api/v1/namespaces/{namespace}/configmaps/{name}"]["patch"]
    assert {parameter["name"] for parameter in patch["parameters"]} >= {"fieldValidation", "dryRun"}


def test_table_has_the_columns_of_the_crd_formatted_by_type() -> None:
    columns = (
        PrinterColumn(name="Ready", type="string", json_path='.status.conditions[?(@.type=="Ready")].status'),
        PrinterColumn(name="Size", type="integer", json_path=".spec.size"),
        PrinterColumn(name="Wide", type="boolean", json_path=".spec.on", priority=1),
    )
    resource = Resource(group="g.io", version="v1", kind="X", plural="xs", printer_columns=columns)
    obj = {
        "metadata": {"name": "a"},
        "spec": {"size": "wrong", "on": True},
        "status": {"conditions": [{"type": "Other", "status": "No"}, {"type": "Ready", "status": "True"}]},
    }
    found = table(ServedResource(resource, "v1", builtin=False), [obj], resource_version="7")
    assert [column["name"] for column in found["columnDefinitions"]] == ["Name", "Ready", "Size", "Wide"]
    assert found["rows"][0]["cells"] == ["a", "True", None, True]
    assert found["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".spec.x", [1]),
        (".spec.list[1].n", ["b"]),
        (".spec.list[-1].n", ["b"]),
        (".spec.list[*].n", ["a", "b"]),
        (".spec.list[0:1].n", ["a"]),
        ('.spec.list[?(@.n=="b")].v', [2]),
        (".spec.list[?(@.v>1)].n", ["b"]),
        (r".metadata.labels.example\.com/x", ["y"]),
        (".metadata.labels['example.com/x']", []),  # a path: its dots want a backslash
        (r".metadata.labels['example\.com/x']", ["y"]),
        ("..n", ["a", "b"]),
        (".spec.nothing.below", []),
        (".spec.[broken", []),
    ],
)
def test_jsonpath_finds_what_client_go_finds(path: str, expected: list[object]) -> None:
    obj: dict[str, Any] = {
        "metadata": {"labels": {"example.com/x": "y"}},
        "spec": {"x": 1, "list": [{"n": "a", "v": 1}, {"n": "b", "v": 2}]},
    }
    assert find(obj, path) == expected


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (125, "2m5s"),
        (600, "10m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 120, "3h2m"),
        (9 * 3600, "9h"),
        (50 * 3600, "2d2h"),
        (9 * 86400, "9d"),
        (800 * 86400, "2y70d"),
        (3000 * 86400, "8y"),
        (-5, "<invalid>"),
    ],
)
def test_age_reads_as_kubectl_writes_it(seconds: int, text: str) -> None:
    # apimachinery: TestHumanDuration
    assert human_duration(seconds) == text
