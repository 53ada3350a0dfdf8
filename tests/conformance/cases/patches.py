"""Patches: JSON, merge, strategic."""

from __future__ import annotations

from typing import Any

from tests.conformance.api import ANY, Api
from tests.conformance.catalog import case
from tests.conformance.samples import CONFIGMAPS, WIDGETS, configmap, version, widget

DEPLOYMENTS = "/apis/apps/v1/namespaces/{ns}/deployments"


def deployment(name: str, *containers: dict[str, Any]) -> dict[str, Any]:
    labels = {"app": name}
    pods = list(containers) or [{"name": "main", "image": "nginx:1", "ports": [{"containerPort": 80}]}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": pods}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }


@case("merges: null removes, lists are replaced")
def merge(api: Api) -> None:
    api.post(WIDGETS, widget("a", color="red", tags=["x", "y"], limits={"cpu": 1, "memory": "2Gi"}))
    body = api.patch(f"{WIDGETS}/a", {"spec": {"color": None, "tags": ["z"], "limits": {"cpu": 2}}}).body
    assert body["spec"]["tags"] == ["z"]
    assert body["spec"]["limits"] == {"cpu": 2, "memory": "2Gi"}
    assert "color" not in body["spec"]
    api.patch(f"{WIDGETS}/a", {"spec": {"limits": None}})
    api.patch(f"{WIDGETS}/a", {"spec": {"placement": None}})
    api.patch(f"{WIDGETS}/a", {"metadata": {"labels": {"a": "b", "c": None}}})
    api.patch(f"{WIDGETS}/a", {"spec": {"note": None}})
    api.patch(f"{WIDGETS}/a", {"spec": None}, status=422)
    api.patch(f"{WIDGETS}/a", {"spec": {"size": None}}, status=422)
    api.patch(f"{WIDGETS}/a", [], status=400)
    api.post(CONFIGMAPS, configmap("a", x="1", y="2"))
    assert api.patch(f"{CONFIGMAPS}/a", {"data": {"x": None, "z": "3"}}).body["data"] == {"y": "2", "z": "3"}
    api.patch(f"{CONFIGMAPS}/a", {"data": {"x": 5}}, status=ANY)


@case("patches by JSON pointer")
def json_patch(api: Api) -> None:
    api.post(WIDGETS, widget("a", tags=["x", "y"], limits={"a/b": 1, "c~d": 2}))
    target = f"{WIDGETS}/a"
    steps = [
        {"op": "test", "path": "/spec/tags/0", "value": "x"},
        {"op": "add", "path": "/spec/tags/-", "value": "z"},
        {"op": "add", "path": "/spec/tags/0", "value": "w"},
        {"op": "remove", "path": "/spec/tags/1"},
        {"op": "replace", "path": "/spec/size", "value": 7},
        {"op": "replace", "path": "/spec/limits/a~1b", "value": 5},
        {"op": "remove", "path": "/spec/limits/c~0d"},
        {"op": "copy", "from": "/spec/size", "path": "/spec/limits/copy"},
        {"op": "move", "from": "/spec/limits/copy", "path": "/spec/limits/moved"},
        {"op": "add", "path": "/metadata/labels", "value": {"a": "b"}},
    ]
    body = api.patch(target, steps, "json").body
    assert body["spec"]["tags"] == ["w", "y", "z"]
    assert body["spec"]["limits"] == {"a/b": 5, "moved": 7}
    assert api.patch(target, [], "json").body == body


@case("refuses JSON patches that do not fit")
def json_patch_refused(api: Api) -> None:
    api.post(WIDGETS, widget("a", tags=["x"]))
    api.post(CONFIGMAPS, configmap("a", x="1"))
    for steps in (
        [{"op": "test", "path": "/spec/size", "value": 99}],
        [{"op": "test", "path": "/spec/nothing", "value": 99}],
        [{"op": "remove", "path": "/spec/nothing"}],
        [{"op": "replace", "path": "/spec/nothing", "value": 1}],
        [{"op": "add", "path": "/nowhere/deep", "value": 1}],
        [{"op": "add", "path": "/spec/tags/7", "value": "q"}],
        [{"op": "jump", "path": "/spec"}],
        [{"op": "copy", "from": "/spec/nothing", "path": "/spec/x"}],
        [{"path": "/spec"}],
        [{"op": "replace", "path": "/spec/size", "value": "text"}],
        [{"op": "remove", "path": "/spec/size"}],
        [{"op": "remove", "path": "/metadata"}],
        [{"op": "replace", "path": "/metadata/name", "value": "b"}],
        {"op": "test"},
        "text",
    ):
        api.patch(f"{WIDGETS}/a", steps, "json", status=ANY)
        api.patch(f"{CONFIGMAPS}/a", steps, "json", status=ANY)


@case("takes a resourceVersion in a patch as a condition")
def conditional(api: Api) -> None:
    first = api.post(WIDGETS, widget("a")).body
    api.patch(f"{WIDGETS}/a", {"metadata": {"resourceVersion": version(first)}, "spec": {"size": 2}}, status=200)
    api.patch(f"{WIDGETS}/a", {"metadata": {"resourceVersion": version(first)}, "spec": {"size": 3}}, status=409)
    api.post(CONFIGMAPS, configmap("a"))
    api.patch(f"{CONFIGMAPS}/a", {"metadata": {"resourceVersion": "1"}, "data": {"x": "y"}}, status=409)
    api.patch(f"{CONFIGMAPS}/a", {"metadata": {"uid": "00000000-0000-0000-0000-000000000000"}}, status=422)


@case("knows which patch types a resource takes")
def patch_types(api: Api) -> None:
    api.post(WIDGETS, widget("a"))
    api.patch(f"{WIDGETS}/a", {"spec": {"size": 2}}, "strategic", status=415)
    api.send("PATCH", f"{WIDGETS}/a", b"{}", "application/json", status=415)
    api.send("PATCH", f"{WIDGETS}/a", b"{}", "", status=415)
    api.post(CONFIGMAPS, configmap("a"))
    api.send("PATCH", f"{CONFIGMAPS}/a", b"{}", "application/json", status=415)
    api.send("PATCH", f"{WIDGETS}/a", b"{", "application/merge-patch+json", status=400)
    api.send("PATCH", f"{CONFIGMAPS}/a", b"{", "application/merge-patch+json", status=400)
    api.send("PATCH", f"{CONFIGMAPS}/a", b"{", "application/strategic-merge-patch+json", status=400)
    api.send("PATCH", f"{CONFIGMAPS}/a", b"{", "application/json-patch+json", status=400)


@case("merges built-ins strategically: lists by key, sets, deletions")
def strategic(api: Api) -> None:
    target = f"{DEPLOYMENTS}/a"
    first: dict[str, Any] = {
        "name": "one",
        "image": "a:1",
        "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}],
    }
    api.post(DEPLOYMENTS, deployment("a", first, {"name": "two", "image": "b:1"}))

    def containers(patch: object) -> list[dict[str, Any]]:
        spec = {"template": {"spec": {"containers": patch}}}
        found = api.patch(target, {"spec": spec}, "strategic").body["spec"]["template"]["spec"]["containers"]
        return [{key: each.get(key) for key in ("name", "image")} for each in found]

    assert containers([{"name": "two", "image": "b:2"}]) == [
        {"name": "one", "image": "a:1"},
        {"name": "two", "image": "b:2"},
    ]
    assert len(containers([{"name": "three", "image": "c:1"}])) == 3
    assert len(containers([{"name": "three", "$patch": "delete"}])) == 2
    containers([{"name": "one", "env": [{"name": "Y", "value": "5"}, {"name": "X", "$patch": "delete"}]}])
    containers([{"name": "one", "env": [{"$patch": "replace"}, {"name": "Z", "value": "9"}]}])
    containers([{"name": "one", "env": None}])
    containers([{"name": "one", "args": ["a", "b"]}])
    containers([{"name": "one", "args": ["c"]}])
    api.patch(
        target,
        {"spec": {"template": {"spec": {"$setElementOrder/containers": [{"name": "two"}, {"name": "one"}]}}}},
        "strategic",
    )
    api.patch(target, {"metadata": {"finalizers": ["example.com/a"]}}, "strategic")
    api.patch(target, {"metadata": {"finalizers": ["example.com/b"]}}, "strategic")
    api.patch(target, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a"]}}, "strategic")
    api.patch(target, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/b"]}}, "strategic")
    api.patch(target, {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}, "strategic")
    api.patch(target, {"spec": {"template": {"spec": {"containers": [{"image": "no-key"}]}}}}, "strategic", status=ANY)
    api.patch(target, {"metadata": {"labels": {"$patch": "replace", "only": "me"}}}, "strategic")
    api.patch(target, {"metadata": {"labels": {"$patch": "delete"}}}, "strategic")
    api.patch(
        target,
        {"spec": {"template": {"spec": {"containers": [{"name": "one", "$patch": "jump"}]}}}},
        "strategic",
        status=ANY,
    )
    api.patch(f"{DEPLOYMENTS}/nobody", {}, "strategic", status=404)


@case("says in patches what does not fit, and tests what is not there")
def misfits(api: Api) -> None:
    api.post(CONFIGMAPS, configmap("fit", x="1"))
    for value in ("text", True, 5, [1], {"a": {"b": 1}}, {"a": 1}, {"a": True}, {"a": [1]}):
        for field in ("data", "binaryData"):
            api.patch(f"{CONFIGMAPS}/fit", {field: value}, "strategic", status=ANY, dryRun="All")
            api.patch(f"{CONFIGMAPS}/fit", {field: value}, status=ANY, dryRun="All")
    roles = CONFIGMAPS.replace("/api/v1/", "/apis/rbac.authorization.k8s.io/v1/").replace("configmaps", "roles")
    api.post(
        roles, {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "fit"}}, status=201
    )
    rules: list[Any] = [True, "x", 5, [], [True], ["x"], [1], [{"verbs": 1}], [{"verbs": ["get"], "apiGroups": {}}]]
    for value in rules:
        api.patch(f"{roles}/fit", {"rules": value}, "strategic", status=ANY, dryRun="All")
        api.patch(f"{roles}/fit", {"rules": value}, status=ANY, dryRun="All")
    both = {"z": "x-1", "a": "YQ"}
    for patch, kind in (
        ({"binaryData": both}, "merge"),
        ([{"op": "add", "path": "/binaryData", "value": both}], "json"),
    ):
        api.patch(f"{CONFIGMAPS}/fit", patch, kind, status=422)
    for target in ("/data/none", "/none/at/all", "/binaryData/none", "/none", "/metadata/labels/x", "/data/x"):
        for expected in (None, "1"):
            steps = [{"op": "test", "path": target, "value": expected}]
            api.patch(f"{CONFIGMAPS}/fit", steps, "json", status=ANY)
