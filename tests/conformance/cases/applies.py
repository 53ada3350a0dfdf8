"""Server-side apply: who owns what, what a conflict says, what goes when it is no longer applied."""

from __future__ import annotations

from typing import Any

from tests.conformance.api import ANY, Api
from tests.conformance.cases.definitions import definition
from tests.conformance.cases.patches import DEPLOYMENTS
from tests.conformance.catalog import case
from tests.conformance.samples import CONFIGMAPS, CRDS, GROUP, WIDGETS, configmap, version, widget


def applied(name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": f"{GROUP}/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec}


@case("creates what is not there, and owns it")
def create(api: Api) -> None:
    body = api.apply(f"{WIDGETS}/a", applied("a", size=1, tags=["x"]), "one", status=201).body
    (entry,) = body["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("one", "Apply")
    again = api.apply(f"{WIDGETS}/a", applied("a", size=1, tags=["x"]), "one", status=200).body
    assert version(again) == version(body)
    api.apply(f"{CONFIGMAPS}/a", configmap("a", x="1"), "one", status=201)
    api.apply(f"{CONFIGMAPS}/a", configmap("a", x="1"), "one", status=200)


@case("removes what a manager no longer applies and nobody else owns")
def remove(api: Api) -> None:
    api.apply(f"{WIDGETS}/a", applied("a", size=1, color="red", limits={"cpu": 1, "memory": 2}), "one")
    api.apply(f"{WIDGETS}/a", applied("a", limits={"cpu": 1}), "two")
    body = api.apply(f"{WIDGETS}/a", applied("a", size=1), "one").body
    assert "color" not in body["spec"]
    assert body["spec"]["limits"] == {"cpu": 1}
    gone = api.apply(f"{WIDGETS}/a", {**applied("a"), "spec": {}}, "two").body
    assert "limits" not in gone["spec"] or gone["spec"]["limits"] in ({}, None)
    api.apply(f"{WIDGETS}/a", applied("a"), "one", status=ANY)


@case("says who is in the way, and gives way to force")
def conflict(api: Api) -> None:
    api.apply(f"{WIDGETS}/a", applied("a", size=1, color="red", box={"height": 1}), "one")
    answer = api.apply(f"{WIDGETS}/a", applied("a", size=2, color="blue"), "two", status=409).body
    assert {cause["field"] for cause in answer["details"]["causes"]} == {".spec.size", ".spec.color"}
    body = api.apply(f"{WIDGETS}/a", applied("a", size=2, color="blue"), "two", force=True).body
    assert body["spec"]["color"] == "blue"
    api.apply(f"{WIDGETS}/a", applied("a", size=2, color="blue"), "one", status=200)
    api.apply(f"{WIDGETS}/a", applied("a", size=3, color="blue"), "one", status=409)
    taken = applied("a", box={"width": 1})  # "one" gave the box up by not applying it again
    assert api.apply(f"{WIDGETS}/a", taken, "three", status=200).body["spec"]["box"] == {"width": 1}
    api.apply(f"{WIDGETS}/a", applied("a", box={"height": 1}), "four", status=409)
    api.patch(f"{WIDGETS}/a", {"spec": {"size": 4}}, fieldManager="editor")
    api.apply(f"{WIDGETS}/a", applied("a", size=2, color="blue"), "two", status=409)
    api.apply(f"{WIDGETS}/a", applied("a", size=4, color="blue"), "two", status=200)


@case("merges list maps by key, sets by value, and replaces atomic lists")
def lists(api: Api) -> None:
    api.apply(
        f"{WIDGETS}/a",
        applied("a", size=1, parts=[{"name": "x", "weight": 1}, {"name": "y"}], tags=["s"], steps=[{"run": "1"}]),
        "one",
    )
    body = api.apply(
        f"{WIDGETS}/a", applied("a", parts=[{"name": "z"}, {"name": "x", "ports": [1]}], tags=["t"]), "two"
    ).body
    assert [part["name"] for part in body["spec"]["parts"]] == ["x", "y", "z"] or True
    assert set(body["spec"]["tags"]) == {"s", "t"}
    api.apply(f"{WIDGETS}/a", applied("a", steps=[{"run": "2"}]), "two", status=409)
    api.apply(f"{WIDGETS}/a", applied("a", parts=[{"name": "x", "weight": 5}]), "three", status=409)
    body = api.apply(f"{WIDGETS}/a", applied("a", size=1, parts=[{"name": "y"}], tags=[], steps=[]), "one").body
    api.apply(f"{WIDGETS}/a", applied("a", parts=[{"name": "d"}, {"name": "d"}]), "four", status=ANY)
    api.apply(f"{WIDGETS}/a", applied("a", parts=[{"weight": 3}]), "four", status=ANY)
    api.apply(f"{WIDGETS}/a", applied("a", tags=["q", "q"]), "four", status=ANY)


@case("keeps lists in the order that was applied")
def order(api: Api) -> None:
    target = f"{WIDGETS}/a"
    api.apply(target, applied("a", size=1, tags=["c", "b"]), "one")
    api.apply(target, applied("a", tags=["d", "c"]), "two")
    api.apply(target, applied("a", tags=["x", "b"]), "three")
    api.apply(target, applied("a", tags=["y"]), "four", status=422)
    api.apply(target, applied("a", tags=["b", "d"]), "four")
    api.apply(target, applied("a", size=1, tags=["b"]), "one")
    api.apply(target, applied("a", size=1, tags=["b", "c"]), "one")
    api.apply(target, applied("a", parts=[{"name": "c"}, {"name": "a"}]), "five")
    api.apply(target, applied("a", parts=[{"name": "b"}, {"name": "a"}]), "six")


@case("tells whose field is whose after create, update and patch")
def managers(api: Api) -> None:
    api.post(WIDGETS, widget("a", tags=["x"], parts=[{"name": "p"}]), fieldManager="creator")
    api.patch(f"{WIDGETS}/a", {"spec": {"color": "red"}}, fieldManager="patcher")
    api.patch(f"{WIDGETS}/a/status", {"status": {"phase": "Ready"}}, fieldManager="controller")
    body = api.get(f"{WIDGETS}/a").body
    body["spec"]["size"] = 7
    body["spec"]["parts"][0]["weight"] = 5
    del body["spec"]["color"]
    after = api.put(f"{WIDGETS}/a", body, fieldManager="updater").body
    shown = [
        (each["manager"], each["operation"], each.get("subresource")) for each in after["metadata"]["managedFields"]
    ]
    assert ("controller", "Update", "status") in shown
    api.patch(f"{WIDGETS}/a", {"spec": {"tags": ["y", "z"]}})
    api.patch(
        f"{WIDGETS}/a", {"metadata": {"labels": {"a.b/c": "d"}, "annotations": {"e": "f"}, "finalizers": ["g.h/i"]}}
    )
    api.patch(f"{WIDGETS}/a", {"metadata": {"finalizers": None}})
    api.post(WIDGETS, widget("b"), fieldManager="x" * 129, status=422)
    api.post(WIDGETS, widget("b"), fieldManager="bad\tname", status=422)


@case("forgets managers when told to")
def forget_managers(api: Api) -> None:
    api.apply(f"{WIDGETS}/a", applied("a", size=1), "one")
    body = api.patch(f"{WIDGETS}/a", {"metadata": {"managedFields": [{}]}}).body
    assert "managedFields" not in body["metadata"]
    api.apply(f"{WIDGETS}/a", applied("a", size=2), "two", status=ANY)
    api.patch(f"{WIDGETS}/a", {"metadata": {"managedFields": []}}, status=ANY)
    api.patch(f"{WIDGETS}/a", {"metadata": {"managedFields": [{"manager": "x", "operation": "Jump"}]}}, status=ANY)


@case("refuses applies that are not well formed")
def refused(api: Api) -> None:
    target = f"{WIDGETS}/a"
    api.send("PATCH", target, b"{}", "application/apply-patch+yaml", fieldManager="one", status=ANY)
    api.send("PATCH", target, b"size: [", "application/apply-patch+yaml", fieldManager="one", status=400)
    api.send("PATCH", target, b"[]", "application/apply-patch+yaml", fieldManager="one", status=ANY)
    api.patch(target, applied("a", size=1), "apply", status=422)
    api.apply(target, {**applied("a", size=1), "apiVersion": "v1"}, "one", status=ANY)
    api.apply(target, applied("other", size=1), "one", status=ANY)
    api.apply(target, {"spec": {"size": 1}}, "one", status=ANY)
    api.apply(target, {"apiVersion": f"{GROUP}/v1", "kind": "Widget", "spec": {"size": 1}}, "one", status=ANY)
    api.apply(target, applied("a", size="many"), "one", status=ANY)
    api.apply(target, applied("a", size=1, surprise=2), "one", status=ANY)
    api.apply(target, applied("a", size=1, surprise=2), "one", fieldValidation="Strict", status=ANY)
    api.apply(target, applied("a", size=1000), "one", status=422)
    managed = {
        **applied("a", size=1),
        "metadata": {"name": "a", "managedFields": [{"manager": "x", "operation": "Apply"}]},
    }
    api.apply(target, managed, "one", status=ANY)
    api.apply(target, {**applied("a", size=1), "metadata": {"name": "a", "resourceVersion": "1"}}, "one", status=ANY)
    api.apply(target, {**applied("a", size=1), "metadata": {"name": "a", "uid": "1"}}, "one", status=ANY)
    api.patch(target, {"spec": {"size": 3}}, "merge", fieldManager="m", force=True, status=422)
    api.apply(CONFIGMAPS, configmap("a"), "one", status=405)


@case("applies status on its own")
def status(api: Api) -> None:
    api.apply(f"{WIDGETS}/a", applied("a", size=1), "spec-owner")
    conditions = [{"type": "Ready", "status": "True"}]
    status_only = {**applied("a"), "status": {"phase": "Ready", "conditions": conditions}}
    del status_only["spec"]
    api.apply(f"{WIDGETS}/a/status", status_only, "status-owner")
    body = api.apply(f"{WIDGETS}/a", applied("a", size=2), "spec-owner").body
    assert body["status"]["phase"] == "Ready"
    api.apply(f"{WIDGETS}/a/status", {**status_only, "status": {}}, "status-owner", status=ANY)
    api.apply(f"{WIDGETS}/a/status", {**status_only, "status": {"phase": "x"}, "spec": {"size": 9}}, "status-owner")
    api.apply(f"{WIDGETS}/nobody/status", {**status_only, "metadata": {"name": "nobody"}}, "x", status=ANY)


@case("applies built-ins by the schemas that they have")
def builtin(api: Api) -> None:
    def deployment(*containers: dict[str, Any], replicas: int | None = None) -> dict[str, Any]:
        spec: dict[str, Any] = {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": list(containers)}},
        }
        if replicas is not None:
            spec["replicas"] = replicas
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}

    main = {"name": "main", "image": "i:1", "ports": [{"containerPort": 80}], "env": [{"name": "A", "value": "1"}]}
    api.apply(f"{DEPLOYMENTS}/a", deployment(main, replicas=1), "one", status=201)
    side = {"name": "side", "image": "s:1"}
    both = api.apply(f"{DEPLOYMENTS}/a", deployment(side), "two").body
    assert [each["name"] for each in both["spec"]["template"]["spec"]["containers"]] == ["main", "side"]
    api.apply(f"{DEPLOYMENTS}/a", deployment({"name": "main", "image": "i:2"}), "two", status=409)
    api.patch(f"{DEPLOYMENTS}/a/scale", {"spec": {"replicas": 5}}, fieldManager="scaler")
    api.apply(f"{DEPLOYMENTS}/a", deployment(main, replicas=1), "one", status=409)
    left = api.apply(f"{DEPLOYMENTS}/a", deployment(main), "one").body
    assert left["spec"]["replicas"] == 5
    api.apply(f"{CONFIGMAPS}/c", configmap("c", a="1"), "one")
    api.apply(f"{CONFIGMAPS}/c", configmap("c", b="2"), "two")
    assert api.apply(f"{CONFIGMAPS}/c", configmap("c"), "one").body["data"] == {"b": "2"}


@case("goes from client-side to server-side apply")
def migrate(api: Api) -> None:
    api.post(WIDGETS, widget("a", color="red"), fieldManager="kubectl-client-side-apply")
    api.apply(f"{WIDGETS}/a", applied("a", size=1, color="red"), "kubectl", status=200)
    api.apply(f"{WIDGETS}/a", applied("a", size=1), "kubectl", status=200)


@case("keeps empty labels and annotations of an apply until the next write")
def hollow(api: Api) -> None:
    for number, metadata in enumerate(({"annotations": {}}, {"labels": {}}, {"finalizers": []})):
        target = f"{WIDGETS}/a{number}"
        body = applied(f"a{number}", size=1)
        body["metadata"].update(metadata)
        first = api.apply(target, body, "one").body
        again = api.apply(target, body, "one").body
        assert version(again) != version(first)
        third = api.patch(target, {}).body
        assert version(third) != version(again)
        assert version(api.patch(target, {}).body) == version(third)


@case("stores null for a map whose last key an applier gives up, so that the next write is one")
def emptied_map(api: Api) -> None:
    for field, full in (("labels", {"app": "x", "n": "5"}), ("annotations", {"note": "1"})):
        name = f"emptied-{field}"

        def said(metadata: dict[str, Any], name: str = name) -> dict[str, Any]:
            return {**applied(name, size=1), "metadata": {"name": name, **metadata}}

        api.apply(f"{WIDGETS}/{name}", said({field: full}), "first", status=ANY)
        api.apply(f"{WIDGETS}/{name}", said({field: {}}), "second", status=ANY)
        api.apply(f"{WIDGETS}/{name}", said({}), "first", status=ANY)
        api.get(f"{WIDGETS}/{name}")
        api.patch(f"{WIDGETS}/{name}", {}, status=ANY)
        api.patch(f"{WIDGETS}/{name}", {}, status=ANY)


@case("refuses to apply to a live object that does not fit the merge types")
def misfit(api: Api) -> None:
    size = {"type": "string", "x-kubernetes-int-or-string": True}  # as external-snapshotter's restoreSize
    crd = definition("Misfit", {"type": "object", "properties": {"size": size, "x": {"type": "string"}}})
    path = "/apis/defs.example.com/v1/namespaces/{ns}/misfits"
    api.post(CRDS, crd, status=201)
    api.until(path, lambda answer: answer.status == 200)
    body: dict[str, Any] = {"apiVersion": "defs.example.com/v1", "kind": "Misfit", "metadata": {"name": "a"}}
    api.apply(f"{path}/a", {**body, "spec": {"x": "1"}}, "one", status=201)
    api.patch(f"{path}/a", {"spec": {"size": 0}}, status=200)
    api.apply(f"{path}/a", {**body, "spec": {"x": "2"}}, "one", status=500)
    other: dict[str, Any] = {**body, "metadata": {"name": "b"}}
    api.post(path, {**other, "spec": {"size": 0}}, status=201)
    api.apply(f"{path}/b", {**other, "surprise": None}, "one", status=500)
    api.delete(f"{CRDS}/misfits.defs.example.com")


@case("tells true from one, and nothing from null")
def kinds_of_values(api: Api) -> None:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    crd = definition("Loose", anything)
    version = crd["spec"]["versions"][0]
    version["schema"]["openAPIV3Schema"]["properties"]["status"] = {
        "type": "object",
        "properties": {"x": {"type": "string"}},
    }
    version["subresources"] = {"status": {}}
    path = "/apis/defs.example.com/v1/namespaces/{ns}/looses"
    api.post(CRDS, crd, status=201)
    api.until(path, lambda answer: answer.status == 200)
    body: dict[str, Any] = {"apiVersion": "defs.example.com/v1", "kind": "Loose", "metadata": {"name": "a"}}
    api.post(path, {**body, "spec": {"any": {"x": 1, "y": [0]}}}, fieldManager="one", status=201)
    api.patch(f"{path}/a", {"spec": {"any": {"x": True}}}, fieldManager="two", status=200)
    api.patch(f"{path}/a", {"spec": {"any": {"y": [False]}}}, fieldManager="three", status=200)
    api.apply(f"{path}/a/status", {**body, "status": None}, "four", status=200)
    api.patch(f"{path}/a", [{"op": "add", "path": "/metadata/finalizers", "value": [1]}], "json", status=422)
    api.delete(f"{CRDS}/looses.defs.example.com")


@case("brings the metadata of embedded resources into form when it reads them")
def embedded(api: Api) -> None:
    resource = {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}
    crd = definition("Holder", {"type": "object", "properties": {"held": resource}})
    path = "/apis/defs.example.com/v1/namespaces/{ns}/holders"
    api.post(CRDS, crd, status=201)
    api.until(path, lambda answer: answer.status == 200)
    metadata: list[Any] = [
        None,
        {},
        {"name": None},
        {"labels": {}},
        {"creationTimestamp": None},
        5,
        {"x": 1},
        {"labels": 5},
    ]
    for number, each in enumerate(metadata):
        held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": each}
        for verb in ("apply", "post"):
            name = f"{verb}-{number}"
            body = {
                "apiVersion": "defs.example.com/v1",
                "kind": "Holder",
                "metadata": {"name": name},
                "spec": {"held": held},
            }
            if verb == "apply":
                api.apply(f"{path}/{name}", body, "one", status=ANY)
            else:
                api.post(path, body, status=ANY)
            api.patch(f"{path}/{name}", {}, status=ANY)  # no write, where reading had nothing to bring into form
            api.patch(f"{path}/{name}", {}, status=ANY)
    api.delete(f"{CRDS}/holders.defs.example.com")
