"""From a CustomResourceDefinition to a served kind, in the steps and with the refusals of a real server."""

from __future__ import annotations

import copy
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from kubewright.testing.apiserver import build_api
from kubewright.testing.server.api import API
from kubewright.testing.server.messages import ServerRequest, ServerResponse, WatchStream

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
Json = dict[str, Any]


@pytest.fixture
def api() -> API:
    return build_api()


def call(api: API, method: str, target: str, body: object = None, media: str = "application/json") -> ServerResponse:
    path, _, query = target.partition("?")
    payload = b"" if body is None else json.dumps(body).encode()
    answer = api.handle(ServerRequest(method, path, parse_qsl(query), {"content-type": media}, payload))
    assert isinstance(answer, ServerResponse)
    return answer


def crd(kind: str = "Widget", schema: Json | None = None, **spec: Any) -> Json:
    plural = f"{kind.lower()}s"
    shape = {"type": "object", "properties": {"spec": schema or {"type": "object"}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": shape}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": [version],
            **spec,
        },
    }


def causes(answer: ServerResponse) -> list[str]:
    assert answer.status == 422, answer.body
    found = json.loads(answer.body)["details"]["causes"]
    return [f"{cause['field']}: {cause['message']}" for cause in found]


def conditions(document: Json) -> dict[str, str]:
    return {each["type"]: each["status"] for each in document["status"].get("conditions") or ()}


def test_kind_is_served_as_soon_as_the_create_returns(api: API) -> None:
    assert call(api, "POST", CRDS, crd()).status == 201
    assert call(api, "GET", "/apis/example.com/v1/widgets").status == 200


def test_watchers_see_names_accepted_before_established(api: API) -> None:
    stream = api.handle(ServerRequest("GET", CRDS, (("watch", "true"),)))
    assert isinstance(stream, WatchStream)
    call(api, "POST", CRDS, crd())
    seen = [conditions(json.loads(line)["object"]) for line in stream.drain()[0]]
    stream.close()
    assert seen == [
        {},
        {"NamesAccepted": "True", "Established": "False"},
        {"NamesAccepted": "True", "Established": "True"},
    ]


def test_names_that_follow_are_filled_in(api: API) -> None:
    names = json.loads(call(api, "POST", CRDS, crd()).body)["spec"]["names"]
    assert names == {"plural": "widgets", "kind": "Widget", "singular": "widget", "listKind": "WidgetList"}


def test_second_crd_with_the_same_kind_waits_until_the_first_is_gone(api: API) -> None:
    call(api, "POST", CRDS, crd())
    second = crd("Gadget")
    second["spec"]["names"]["kind"] = "Widget"
    call(api, "POST", CRDS, second)
    waiting = json.loads(call(api, "GET", f"{CRDS}/gadgets.example.com").body)
    assert conditions(waiting) == {"NamesAccepted": "False", "Established": "False"}
    assert call(api, "GET", "/apis/example.com/v1/gadgets").status == 404
    call(api, "DELETE", f"{CRDS}/widgets.example.com")
    freed = json.loads(call(api, "GET", f"{CRDS}/gadgets.example.com").body)
    assert conditions(freed) == {"NamesAccepted": "True", "Established": "True"}


def test_changed_schema_applies_to_the_next_write(api: API) -> None:
    document = crd(schema={"type": "object", "properties": {"a": {"type": "string"}}})
    created = json.loads(call(api, "POST", CRDS, document).body)
    document["metadata"]["resourceVersion"] = json.loads(
        call(api, "GET", f"{CRDS}/{created['metadata']['name']}").body
    )["metadata"]["resourceVersion"]
    spec = document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["b"] = {"type": "string", "default": "x"}
    assert call(api, "PUT", f"{CRDS}/widgets.example.com", document).status == 200
    obj = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"a": "1"}}
    made = json.loads(call(api, "POST", "/apis/example.com/v1/namespaces/default/widgets", obj).body)
    assert made["spec"] == {"a": "1", "b": "x"}


def test_version_that_is_served_no_longer_ends_its_watches(api: API) -> None:
    document = crd()
    old = copy.deepcopy(document["spec"]["versions"][0])
    document["spec"]["versions"].append({**old, "name": "v1beta1", "storage": False})
    call(api, "POST", CRDS, document)
    stream = api.handle(ServerRequest("GET", "/apis/example.com/v1beta1/widgets", (("watch", "true"),)))
    assert isinstance(stream, WatchStream)
    patch = [{"op": "replace", "path": "/spec/versions/1/served", "value": False}]
    assert call(api, "PATCH", f"{CRDS}/widgets.example.com", patch, "application/json-patch+json").status == 200
    assert stream.drain()[1]
    assert call(api, "GET", "/apis/example.com/v1beta1/widgets").status == 404


def test_deprecated_version_warns_and_names_a_better_one(api: API) -> None:
    document = crd()
    old = copy.deepcopy(document["spec"]["versions"][0])
    document["spec"]["versions"].append({**old, "name": "v1beta1", "storage": False, "deprecated": True})
    call(api, "POST", CRDS, document)
    headers = dict(call(api, "GET", "/apis/example.com/v1beta1/widgets").headers)
    assert headers["warning"] == '299 - "example.com/v1beta1 Widget is deprecated; use example.com/v1 Widget"'


def test_cel_rules_are_kept_but_said_not_to_be_enforced(api: API) -> None:
    rule = {"rule": "self.a < 5"}
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "x-kubernetes-validations": [rule]}
    headers = dict(call(api, "POST", CRDS, crd(schema=schema)).headers)
    assert "1 x-kubernetes-validations rules of version v1 are served but not enforced" in headers["warning"]


PREFIX = "spec.validation.openAPIV3Schema.properties[spec]"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            {"properties": {"a": {"type": "string"}}},
            [f"{PREFIX}.type: Required value: must not be empty for specified object fields"],
        ),
        ({"type": "array"}, [f"{PREFIX}.items: Required value: must be specified"]),
        (
            {"type": "text"},
            [
                f'{PREFIX}.type: Unsupported value: "text": supported values: '
                '"array", "boolean", "integer", "number", "object", "string"'
            ],
        ),
        (
            {"type": "object", "anyOf": [{"type": "object"}]},
            [f"{PREFIX}.anyOf[0].type: Forbidden: must be empty to be structural"],
        ),
        (
            {"type": "string", "default": 5},
            [f'{PREFIX}.default: Invalid value: "integer":  in body must be of type string: "integer"'],
        ),
        (
            {"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map"},
            [
                f"{PREFIX}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"
            ],
        ),
    ],
)
def test_schema_that_is_not_structural_is_refused_with_its_reasons(api: API, schema: Json, expected: list[str]) -> None:
    assert causes(call(api, "POST", CRDS, crd(schema=schema))) == expected


def test_validation_of_a_field_that_the_structure_does_not_know_is_refused(api: API) -> None:
    document = crd()
    root = document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    root["allOf"] = [{"properties": {"a": {"minimum": 1}}}]
    path = "spec.validation.openAPIV3Schema"
    assert causes(call(api, "POST", CRDS, document)) == [
        f"{path}.properties[a]: Required value: because it is defined in {path}.allOf[0].properties[a]"
    ]


def test_int_or_string_patterns_are_structural(api: API) -> None:
    schema = {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}
    assert call(api, "POST", CRDS, crd(schema={"type": "object", "properties": {"port": schema}})).status == 201


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"group": "nodots"}, 'spec.group: Invalid value: "nodots": should be a domain with at least one dot'),
        (
            {"scope": "Galaxy"},
            'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"',
        ),
        (
            {"preserveUnknownFields": True},
            "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set "
            "x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
        ),
        ({"conversion": {"strategy": "Webhook"}}, "spec.conversion.conversionReviewVersions: Required value"),
    ],
)
def test_frame_that_is_wrong_is_refused_with_its_reason(api: API, change: Json, expected: str) -> None:
    assert expected in causes(call(api, "POST", CRDS, crd(**change)))


def test_group_of_the_community_needs_an_approval(api: API) -> None:
    document = crd(group="thing.k8s.io")
    document["metadata"]["name"] = "widgets.thing.k8s.io"
    (cause,) = causes(call(api, "POST", CRDS, document))
    assert cause.startswith(
        "metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have"
    )
    document["metadata"]["annotations"] = {"api-approved.kubernetes.io": "unapproved, a test"}
    assert call(api, "POST", CRDS, document).status == 201


def test_scope_and_kind_cannot_change_once_established(api: API) -> None:
    call(api, "POST", CRDS, crd())
    patch = {"spec": {"scope": "Cluster", "names": {"kind": "Other"}}}
    answer = call(api, "PATCH", f"{CRDS}/widgets.example.com", patch, "application/merge-patch+json")
    assert causes(answer) == [
        'spec.scope: Invalid value: "Cluster": field is immutable',
        'spec.names.kind: Invalid value: "Other": field is immutable',
    ]
