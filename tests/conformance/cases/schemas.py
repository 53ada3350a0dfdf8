"""What the structural schema of a CRD does to an object: prune, default, validate."""

from __future__ import annotations

from typing import Any

from tests.conformance.api import ANY, Api
from tests.conformance.cases.definitions import definition
from tests.conformance.catalog import case
from tests.conformance.samples import CONFIGMAPS, CRDS, WIDGETS, configmap, widget


@case("prunes fields that the schema does not know")
def prune(api: Api) -> None:
    body = widget("a", surprise=1, box={"height": 1, "depth": 2}, parts=[{"name": "p", "extra": True}])
    body["top"] = 1
    stored = api.post(WIDGETS, body).body
    assert "surprise" not in stored["spec"]
    assert stored["spec"]["box"] == {"height": 1}
    assert stored["spec"]["parts"] == [{"name": "p", "weight": 1}]
    assert "top" not in stored


@case("keeps unknown fields where the schema says so")
def preserve(api: Api) -> None:
    free = {"known": "x", "anything": [1, {"deep": None}], "n": 1.5}
    stored = api.post(WIDGETS, widget("a", free=free)).body
    assert stored["spec"]["free"] == free
    api.post(WIDGETS, widget("b", free={"known": 5}), status=422)


@case("fills in defaults, also inside lists and empty objects")
def defaults(api: Api) -> None:
    stored = api.post(WIDGETS, widget("a", parts=[{"name": "p"}, {"name": "q", "weight": 7}])).body
    assert stored["spec"]["mode"] == "auto"
    assert stored["spec"]["placement"] == {"zone": "anywhere"}
    assert [part["weight"] for part in stored["spec"]["parts"]] == [1, 7]
    api.post(WIDGETS, widget("b", placement={"rack": "r1"}))
    api.post(WIDGETS, widget("c", mode=None, placement=None))
    api.post(WIDGETS, widget("d", mode="", placement={"zone": None}))


@case("tells null from absent only where null is allowed")
def nullable(api: Api) -> None:
    assert api.post(WIDGETS, widget("a", note=None)).body["spec"]["note"] is None
    api.post(WIDGETS, widget("b", color=None), status=ANY)
    api.post(WIDGETS, widget("c", tags=None), status=ANY)
    api.post(WIDGETS, widget("d", size=None), status=ANY)
    api.post(WIDGETS, widget("e", parts=[None]), status=ANY)
    api.post(WIDGETS, widget("f", limits={"x": None}), status=ANY)
    api.post(WIDGETS, widget("g", parts=[{"name": None}]), status=ANY)


@case("names every field that breaks the schema, in Kubernetes' words")
def invalid(api: Api) -> None:
    wrong: list[dict[str, Any]] = [
        {"size": "three"},
        {"size": 1.5},
        {"size": 0},
        {"size": 101},
        {"size": 3000000000},
        {"size": True},
        {"color": "purple"},
        {"color": 5},
        {"code": "NOPE"},
        {"code": "a"},
        {"code": "abcdefgh-12345"},
        {"code": ""},
        {"ratio": 0},
        {"ratio": -1},
        {"ratio": 0.3},
        {"ratio": "x"},
        {"on": "yes"},
        {"on": 1},
        {"when": "yesterday"},
        {"when": "2026-01-01"},
        {"address": "999.1.1.1"},
        {"port": 1.5},
        {"port": True},
        {"port": []},
        {"limits": {"a": 1, "b": 2, "c": 3, "d": 4}},
        {"limits": {"a": {}}},
        {"limits": []},
        {"tags": ["a", "a"]},
        {"tags": ["a", "b", "c", "d", "e"]},
        {"tags": "a"},
        {"tags": [1]},
        {"parts": [{"name": "p"}, {"name": "p"}]},
        {"parts": [{"weight": 1}]},
        {"parts": [{"name": "p", "weight": "heavy"}]},
        {"parts": ["text"]},
        {"parts": {}},
        {"placement": "text"},
        {"box": [1]},
        {"size": "x", "color": "y", "on": "z", "tags": ["a", "a"]},
        {"template": {"apiVersion": "v1"}},
        {"template": {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": 5}}},
        {"template": {"kind": "Pod", "apiVersion": "v1", "metadata": {"labels": {"a": 1}}}},
        {"template": {"kind": "Pod", "apiVersion": "a/b/c", "metadata": {"name": "Bad_Name!"}}},
        {"template": "text"},
    ]
    for number, spec in enumerate(wrong):
        api.post(WIDGETS, widget(f"a{number}", **spec), status=ANY)
    body = widget("b")
    del body["spec"]
    api.post(WIDGETS, body, status=422)
    api.post(WIDGETS, {**widget("c"), "spec": {}}, status=422)
    api.post(WIDGETS, {**widget("d"), "spec": "text"}, status=422)
    api.post(WIDGETS, {**widget("e"), "spec": []}, status=422)


@case("takes what the schema allows")
def valid(api: Api) -> None:
    api.post(
        WIDGETS,
        widget(
            "a",
            size=100,
            color="blue",
            code="abc-123",
            ratio=1.5,
            on=False,
            when="2026-01-01T00:00:00Z",
            address="10.0.0.1",
            port="http",
            limits={"cpu": 1, "memory": "1Gi"},
            tags=["a", "b"],
            parts=[{"name": "p", "ports": [1, 1]}],
            steps=[{"run": "x"}, {"run": "x"}],
            template={
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "x", "odd": 1},
                "spec": {"anything": [1]},
            },
        ),
        status=201,
    )
    api.post(WIDGETS, widget("b", ratio=2, port=80, size=1.0), status=ANY)


@case("accepts old faults that an update does not touch")
def ratcheting(api: Api) -> None:
    name = "ratchets"
    crd: dict[str, Any] = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{name}.ratchet.example.com"},
        "spec": {
            "group": "ratchet.example.com",
            "scope": "Namespaced",
            "names": {"plural": name, "singular": "ratchet", "kind": "Ratchet", "listKind": "RatchetList"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "spec": {
                                    "type": "object",
                                    "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                                }
                            },
                        }
                    },
                }
            ],
        },
    }
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    path = f"/apis/ratchet.example.com/v1/namespaces/{{ns}}/{name}"
    api.post(crds, crd, status=201)
    api.until(path, lambda answer: answer.status == 200)
    body = {"apiVersion": "ratchet.example.com/v1", "kind": "Ratchet", "metadata": {"name": "x"}, "spec": {"a": "long"}}
    api.post(path, body, status=201)
    properties = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties"
    step = [{"op": "add", "path": f"{properties}/a/maxLength", "value": 2}]
    api.patch(f"{crds}/{name}.ratchet.example.com", step, "json", status=200)
    probe = {**body, "metadata": {"name": "probe"}}

    api.until(path, lambda answer: answer.status == 422, method="POST", body=probe, dryRun="All")
    api.patch(f"{path}/x", {"spec": {"b": "new"}}, status=200)
    api.patch(f"{path}/x", {"metadata": {"labels": {"c": "d"}}}, status=200)
    api.patch(f"{path}/x", {"spec": {"a": "also long"}}, status=422)
    api.patch(f"{path}/x", {"spec": {"a": "ok"}}, status=200)
    api.patch(f"{path}/x", {"spec": {"a": "long"}}, status=422)
    api.delete(f"{crds}/{name}.ratchet.example.com", status=200)


@case("ignores, warns of, or refuses unknown and repeated fields as told")
def field_validation(api: Api) -> None:
    for path, body in (
        (WIDGETS, widget("a", surprise=1, parts=[{"name": "p", "extra": 1}])),
        (CONFIGMAPS, {**configmap("a"), "surprise": 1, "metadata": {"name": "a", "odd": 1}}),
    ):
        api.post(path, body, fieldValidation="Strict", dryRun="All", status=400)
        assert api.post(path, body, fieldValidation="Warn", dryRun="All", status=201).header("warning")
        assert not api.post(path, body, fieldValidation="Ignore", dryRun="All", status=201).header("warning")
        api.post(path, body, dryRun="All", status=201)
        api.post(path, body, fieldValidation="Maybe", dryRun="All", status=422)
    repeated = b'{"apiVersion":"conformance.example.com/v1","kind":"Widget","metadata":{"name":"r"},"spec":{"size":1,"size":2,"on":true,"on":false}}'
    api.send("POST", WIDGETS, repeated, "application/json", fieldValidation="Strict", dryRun="All", status=400)
    api.send("POST", WIDGETS, repeated, "application/json", fieldValidation="Warn", dryRun="All", status=201)
    repeated = b'{"metadata":{"name":"r"},"data":{"x":"1","x":"2"}}'
    api.send("POST", CONFIGMAPS, repeated, "application/json", fieldValidation="Strict", dryRun="All", status=400)
    api.send("POST", CONFIGMAPS, repeated, "application/json", fieldValidation="Warn", dryRun="All", status=201)
    api.post(WIDGETS, widget("b"))
    api.patch(f"{WIDGETS}/b", {"spec": {"surprise": 1}}, fieldValidation="Strict", status=ANY)
    api.patch(f"{WIDGETS}/b", {"spec": {"surprise": 1}}, fieldValidation="Warn", status=200)
    api.patch(
        f"{WIDGETS}/b", [{"op": "add", "path": "/spec/odd", "value": 1}], "json", fieldValidation="Strict", status=ANY
    )
    api.post(CONFIGMAPS, configmap("b"))
    api.patch(f"{CONFIGMAPS}/b", {"surprise": 1}, fieldValidation="Strict", status=ANY)
    api.patch(f"{CONFIGMAPS}/b", {"surprise": 1}, "strategic", fieldValidation="Strict", status=ANY)
    api.patch(f"{CONFIGMAPS}/b", {"surprise": 1}, fieldValidation="Warn", status=200)


@case("forgives what did not change, but never a part with a field that the schema does not name")
def ratcheting_needs_names(api: Api) -> None:
    loose: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    listed = {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "any": loose}},
    }
    part: dict[str, Any] = {
        "type": "object",
        "properties": {
            "any": loose,
            "list": listed,
            "atomic": {"type": "array", "items": loose},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
            "x": {"type": "string"},
            "late": {"type": "string"},
        },
    }
    spec: dict[str, Any] = {"type": "object", "properties": {"part": part, "other": {"type": "string"}}}
    crd = definition("Strict", spec)
    target, path = f"{CRDS}/{crd['metadata']['name']}", "/apis/defs.example.com/v1/namespaces/{ns}/stricts"
    api.post(CRDS, crd, status=201)
    api.until(path, lambda answer: answer.status == 200)
    parts: list[dict[str, Any]] = [
        {"x": "a"},
        {"any": {}},
        {"any": {"a": 1}},
        {"list": [{"name": "a"}, {"name": "b"}]},
        {"list": [{"name": "a", "any": {"b": 1}}]},
        {"atomic": [{"a": 1}]},
        {"map": {"a": "b"}},
        {},
    ]
    for number, each in enumerate(parts):
        body = {"apiVersion": "defs.example.com/v1", "kind": "Strict", "metadata": {"name": f"a{number}"}}
        api.post(path, {**body, "spec": {"part": each}}, status=201)
    part["required"] = ["late"]
    api.patch(target, {"spec": {"versions": crd["spec"]["versions"]}}, status=200)
    fresh = {"apiVersion": "defs.example.com/v1", "kind": "Strict", "metadata": {"name": "new"}, "spec": {"part": {}}}
    api.until(path, lambda answer: answer.status == 422, method="POST", body=fresh, dryRun="All")
    for number in range(len(parts)):
        api.patch(f"{path}/a{number}", {}, status=ANY)
        api.patch(f"{path}/a{number}", {"spec": {"other": "o"}}, status=ANY)
        api.patch(f"{path}/a{number}", {"spec": {"part": {"x": "changed"}}}, status=ANY)
    api.delete(target)
