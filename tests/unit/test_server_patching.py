"""JSON, merge and strategic merge patches as pure functions."""

from __future__ import annotations

from typing import Any

import pytest

from kubewright.testing.server.messages import StatusError
from kubewright.testing.server.patching import json_patch, merge_patch
from kubewright.testing.server.registry import Registry, ServedResource
from kubewright.testing.server.strategic import strategic_merge

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("document", "patch", "result"),
    [
        # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ],
)
def test_a_merge_patch_merges_as_the_rfc_says(document: Json, patch: Json, result: Json) -> None:
    before = repr(document)
    assert merge_patch(document, patch) == result
    assert repr(document) == before


@pytest.mark.parametrize(("before", "left"), [(None, {}), ([1], {}), ({"x": 1}, {"c": None})])
def test_a_merge_patch_drops_nulls_within_new_lists_as_the_real_server_does(before: object, left: Json) -> None:
    patch: Json = {"a": [{"b": {"c": None}}, None]}
    assert merge_patch({"a": before}, patch) == {"a": [{"b": left}, None]}


@pytest.mark.parametrize(
    ("document", "operations", "result"),
    [
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
        ({"foo": ["a", "b"]}, [{"op": "add", "path": "/foo/1", "value": "x"}], {"foo": ["a", "x", "b"]}),
        ({"foo": ["a"]}, [{"op": "add", "path": "/foo/-", "value": "x"}], {"foo": ["a", "x"]}),
        ({"foo": ["a", "b"]}, [{"op": "remove", "path": "/foo/0"}], {"foo": ["b"]}),
        ({"a/b": 1, "m~n": 2}, [{"op": "replace", "path": "/a~1b", "value": 3}], {"a/b": 3, "m~n": 2}),
        ({"a/b": 1, "m~n": 2}, [{"op": "remove", "path": "/m~0n"}], {"a/b": 1}),
        ({"a": {"b": 1}, "c": {}}, [{"op": "move", "from": "/a/b", "path": "/c/d"}], {"a": {}, "c": {"d": 1}}),
        ({"a": [1]}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": [1], "b": [1]}),
        ({"a": 1}, [{"op": "test", "path": "/a", "value": 1}], {"a": 1}),
        ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
    ],
)
def test_a_json_patch_does_its_operations_in_order(document: Json, operations: list[Json], result: Json) -> None:
    before = repr(document)
    assert json_patch(document, operations) == result
    assert repr(document) == before


@pytest.mark.parametrize(
    ("operations", "code"),
    [
        ([{"op": "remove", "path": "/nothing"}], 422),
        ([{"op": "add", "path": "/no/where", "value": 1}], 422),
        ([{"op": "test", "path": "/a", "value": 2}], 422),
        ([{"op": "test", "path": "/flag", "value": 1}], 422),
        ([{"op": "add", "path": "/list/7", "value": 1}], 422),
        ([{"op": "remove", "path": "/list/x"}], 422),
        ([{"op": "add", "path": "/a"}], 422),
        ([{"op": "invent", "path": "/a"}], 422),
        ({"op": "add"}, 400),
        (["add"], 400),
    ],
)
def test_a_json_patch_that_does_not_fit_is_refused(operations: object, code: int) -> None:
    with pytest.raises(StatusError) as refused:
        json_patch({"a": 1, "flag": True, "list": [1]}, operations)
    assert refused.value.code == code


@pytest.fixture(scope="module")
def deployments() -> ServedResource:
    served = Registry().lookup("apps", "v1", "deployments")
    assert served is not None
    return served


def pod(*containers: Json, **spec: Any) -> Json:
    return {"spec": {"template": {"spec": {"containers": list(containers), **spec}}}}


def containers(document: Json) -> list[Json]:
    found: list[Json] = document["spec"]["template"]["spec"]["containers"]
    return found


C1: Json = {"name": "one", "image": "1"}
C2: Json = {"name": "two", "image": "2"}


@pytest.mark.parametrize(
    ("patch", "result"),
    [
        ([{"name": "one", "image": "9"}], [{"name": "one", "image": "9"}, C2]),
        ([{"name": "new", "image": "n"}], [{"name": "new", "image": "n"}, C1, C2]),
        ([{"name": "one", "$patch": "delete"}], [C2]),
        ([{"$patch": "replace"}, {"name": "x"}], [{"name": "x"}]),
        ([{"name": "one", "image": None, "args": ["a"]}], [{"name": "one", "args": ["a"]}, C2]),
    ],
)
def test_a_keyed_list_is_merged_by_its_key(deployments: ServedResource, patch: list[Json], result: list[Json]) -> None:
    merged = strategic_merge(pod(C1, C2), pod(*patch), deployments)
    assert sorted(containers(merged), key=str) == sorted(result, key=str)


def test_element_order_is_set_on_request(deployments: ServedResource) -> None:
    patch = pod({"name": "two", "image": "9"})
    patch["spec"]["template"]["spec"]["$setElementOrder/containers"] = [{"name": "two"}, {"name": "one"}]
    merged = strategic_merge(pod(C1, C2), patch, deployments)
    assert [container["name"] for container in containers(merged)] == ["two", "one"]


def test_items_of_a_primitive_list_are_added_and_deleted(deployments: ServedResource) -> None:
    document = {"metadata": {"finalizers": ["a", "b"]}}
    added = strategic_merge(document, {"metadata": {"finalizers": ["c"]}}, deployments)
    assert set(added["metadata"]["finalizers"]) == {"a", "b", "c"}
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}
    assert strategic_merge(document, patch, deployments)["metadata"]["finalizers"] == ["b"]


def test_maps_are_replaced_or_deleted_by_directive(deployments: ServedResource) -> None:
    document = {"metadata": {"labels": {"a": "1"}}}
    replaced = strategic_merge(document, {"metadata": {"labels": {"$patch": "replace", "b": "2"}}}, deployments)
    assert replaced == {"metadata": {"labels": {"b": "2"}}}
    deleted = strategic_merge(document, {"metadata": {"labels": {"$patch": "delete"}}}, deployments)
    assert deleted == {"metadata": {"labels": {}}}


def test_only_retained_keys_stay(deployments: ServedResource) -> None:
    document = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic_merge(document, patch, deployments) == {"spec": {"strategy": {"type": "Recreate"}}}


def test_a_patch_that_lacks_the_key_or_knows_no_directive_is_refused(deployments: ServedResource) -> None:
    for patch in (pod({"image": "x"}), {"$patch": "invent"}):
        with pytest.raises(StatusError):
            strategic_merge(pod(C1), patch, deployments)


def test_the_document_stays_as_it_was(deployments: ServedResource) -> None:
    document = pod(dict(C1), dict(C2))
    strategic_merge(document, pod({"name": "one", "image": "9"}), deployments)
    assert document == pod(C1, C2)
