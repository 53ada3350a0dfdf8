"""CustomResourceDefinitions: what is accepted, what installs, what happens on change and removal."""

from __future__ import annotations

import copy
from typing import Any

from tests.conformance.api import ANY, Api
from tests.conformance.catalog import case
from tests.conformance.rawhttp import Answer
from tests.conformance.samples import CRDS, GROUP, OLD_WIDGETS, WIDGETS, widget


def definition(kind: str, spec_schema: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """A small valid CRD in the group defs.example.com."""
    plural = f"{kind.lower()}s"
    properties = {"spec": spec_schema or {"type": "object", "properties": {"x": {"type": "string"}}}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
    }
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.defs.example.com"},
        "spec": {"group": "defs.example.com", "scope": "Namespaced", "names": names, "versions": [version], **spec},
    }


def established(answer: Answer) -> bool:
    conditions = answer.body.get("status", {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


@case("establishes a CRD, serves its kind, and stops when it is deleted")
def install(api: Api) -> None:
    crd = definition("Inst")
    path = "/apis/defs.example.com/v1/namespaces/{ns}/insts"
    api.get(path, status=404)
    api.post(CRDS, crd, status=201)
    api.until(f"{CRDS}/insts.defs.example.com", established)
    api.until(path, lambda answer: answer.status == 200)
    body = api.get(f"{CRDS}/insts.defs.example.com").body
    assert body["status"]["storedVersions"] == ["v1"]
    api.post(path, {"apiVersion": "defs.example.com/v1", "kind": "Inst", "metadata": {"name": "a"}, "spec": {"x": "y"}})
    api.delete(f"{CRDS}/insts.defs.example.com", status=200)
    api.until(path, lambda answer: answer.status == 404)
    api.until(f"{CRDS}/insts.defs.example.com", lambda answer: answer.status == 404)
    api.post(CRDS, crd, status=201)
    api.until(path, lambda answer: answer.status == 200)
    assert api.get(path).body["items"] == []
    api.delete(f"{CRDS}/insts.defs.example.com", status=200)


@case("fills in the names that a CRD leaves out")
def default_names(api: Api) -> None:
    crd = definition("Named")
    crd["spec"]["names"] = {"plural": "nameds", "kind": "Named"}
    names = api.post(CRDS, crd, status=201).body["spec"]["names"]
    assert (names["singular"], names["listKind"]) == ("named", "NamedList")
    api.until(f"{CRDS}/nameds.defs.example.com", established)
    api.delete(f"{CRDS}/nameds.defs.example.com")


@case("serves all versions of one object")
def versions(api: Api) -> None:
    api.post(
        OLD_WIDGETS,
        {
            "apiVersion": f"{GROUP}/v1beta1",
            "kind": "Widget",
            "metadata": {"name": "old"},
            "spec": {"size": 1, "odd": 2},
        },
        status=201,
    )
    new = api.get(f"{WIDGETS}/old").body
    assert new["apiVersion"] == f"{GROUP}/v1"
    assert api.get(f"{OLD_WIDGETS}/old").body["apiVersion"] == f"{GROUP}/v1beta1"
    api.post(WIDGETS, widget("new", color="red"))
    assert {item["apiVersion"] for item in api.get(OLD_WIDGETS).body["items"]} == {f"{GROUP}/v1beta1"}
    with api.watch(OLD_WIDGETS, resourceVersion="0") as watch:
        assert {event["object"]["apiVersion"] for event in watch.take(2)} == {f"{GROUP}/v1beta1"}
    api.patch(f"{OLD_WIDGETS}/new", {"spec": {"size": 9}})
    assert api.get(f"{WIDGETS}/new").body["spec"]["size"] == 9


@case("refuses definitions that are not structural, with the reasons")
def not_structural(api: Api) -> None:
    schemas: list[dict[str, Any]] = [
        {"properties": {"x": {"type": "string"}}},
        {"type": "object", "properties": {"x": {}}},
        {"type": "object", "properties": {"x": {"type": "text"}}},
        {"type": "object", "properties": {"x": {"type": "array"}}},
        {"type": "object", "properties": {"x": {"type": "array", "items": {}}}},
        {"type": "object", "additionalProperties": False},
        {"type": "object", "properties": {"x": {"type": "string"}}, "additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"x": {"$ref": "#/definitions/x"}}},
        {"type": "object", "anyOf": [{"properties": {"y": {"type": "string"}}}]},
        {"type": "object", "allOf": [{"type": "object"}]},
        {"type": "object", "oneOf": [{"description": "x"}]},
        {"type": "object", "not": {"default": {}}},
        {"type": "object", "properties": {"x": {"x-kubernetes-int-or-string": True, "type": "integer"}}},
        {"type": "object", "properties": {"x": {"type": "string", "x-kubernetes-preserve-unknown-fields": True}}},
        {"type": "object", "properties": {"x": {"type": "object", "x-kubernetes-preserve-unknown-fields": False}}},
        {"type": "object", "properties": {"x": {"type": "object", "x-kubernetes-embedded-resource": True}}},
        {"type": "object", "properties": {"x": {"type": "string", "x-kubernetes-list-type": "set"}}},
        {
            "type": "object",
            "properties": {"x": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "bag"}},
        },
        {
            "type": "object",
            "properties": {"x": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "map"}},
        },
        {
            "type": "object",
            "properties": {
                "x": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["k"],
                    "items": {"type": "object", "properties": {"k": {"type": "string"}}},
                }
            },
        },
        {"type": "object", "properties": {"x": {"type": "array", "uniqueItems": True, "items": {"type": "string"}}}},
        {"type": "object", "properties": {"x": {"type": "string", "default": 5}}},
        {
            "type": "object",
            "properties": {"x": {"type": "object", "default": {"y": 1}, "properties": {"z": {"type": "string"}}}},
        },
        {"type": "object", "properties": {"x": {"type": "string", "pattern": "(["}}},
        {"type": "object", "properties": {"x": {"type": "string", "maxLength": -1}}},
        {"type": "object", "properties": {"x": {"type": "string", "format": "made-up"}}},
        {"type": "object", "properties": {"x": {"type": "string", "nullable": True, "default": None}}},
        {"type": "object", "properties": {"x": {"type": "string", "default": None}}},
        {"type": "object", "required": ["nothing"]},
        {"type": "object", "patternProperties": {"x": {"type": "string"}}},
        {"type": "object", "dependencies": {"x": ["y"]}},
        {"type": "object", "definitions": {"x": {"type": "string"}}},
        {"type": "object", "id": "x"},
        {"type": "object", "properties": {"x": {"type": "string", "enum": []}}},
        {"type": "object", "properties": {"x": {"type": "string", "enum": ["a", "a"]}}},
        {"type": "object", "x-kubernetes-map-type": "set"},
        {"type": "object", "properties": {"x": {"type": "string", "x-kubernetes-validations": [{"rule": ""}]}}},
    ]
    for number, schema in enumerate(schemas):
        answer = api.post(CRDS, definition(f"Ns{number}", schema), dryRun="All", status=ANY)
        assert answer.status in (201, 400, 422)


@case("refuses definitions whose frame is wrong, with the reasons")
def bad_frame(api: Api) -> None:
    def changed(**values: Any) -> dict[str, Any]:
        crd = definition("Frame")
        crd["spec"].update(values)
        return crd

    base = definition("Frame")["spec"]["versions"][0]
    schema = base["schema"]
    wrong: list[dict[str, Any]] = [
        {**definition("Frame"), "metadata": {"name": "other.defs.example.com"}},
        changed(group=""),
        changed(group="Nodots"),
        changed(group="nodots"),
        changed(scope="Galaxy"),
        changed(scope=""),
        changed(versions=[]),
        changed(versions=[{**base, "storage": False}]),
        changed(versions=[base, {**base, "name": "v2"}]),
        changed(versions=[base, {**base, "storage": False}]),
        changed(versions=[{**base, "name": "V_1"}]),
        changed(versions=[{key: value for key, value in base.items() if key != "schema"}]),
        changed(versions=[{**base, "schema": {"openAPIV3Schema": {"type": "string"}}}]),
        changed(versions=[{**base, "schema": {}}]),
        changed(names={"plural": "frames", "kind": ""}),
        changed(names={"plural": "Frames", "kind": "Frame"}),
        changed(names={"plural": "frames", "kind": "Frame", "listKind": "Frame"}),
        changed(names={"plural": "frames", "kind": "Frame", "shortNames": ["Bad!"]}),
        changed(names={"plural": "frames", "kind": "Frame", "categories": ["Bad!"]}),
        changed(preserveUnknownFields=True),
        changed(conversion={"strategy": "None"}),
        changed(conversion={"strategy": "Magic"}),
        changed(conversion={"strategy": "Webhook"}),
        changed(versions=[{**base, "subresources": {"scale": {}}}]),
        changed(
            versions=[
                {**base, "subresources": {"scale": {"specReplicasPath": "spec.x", "statusReplicasPath": ".status.x"}}}
            ]
        ),
        changed(
            versions=[
                {**base, "subresources": {"scale": {"specReplicasPath": ".status.x", "statusReplicasPath": ".spec.x"}}}
            ]
        ),
        changed(versions=[{**base, "additionalPrinterColumns": [{"name": "", "type": "text", "jsonPath": "x"}]}]),
        changed(
            versions=[
                {
                    **base,
                    "additionalPrinterColumns": [
                        {"name": "x", "type": "string", "jsonPath": ".spec[", "format": "odd"}
                    ],
                }
            ]
        ),
        changed(versions=[{**base, "selectableFields": [{"jsonPath": ".spec.nothing"}]}]),
        changed(versions=[{**base, "selectableFields": [{"jsonPath": ".metadata.name"}]}]),
        changed(versions=[{**base, "selectableFields": [{"jsonPath": ".spec.x"}, {"jsonPath": ".spec.x"}]}]),
        changed(versions=[{**base, "deprecationWarning": "x"}]),
        changed(versions=[{**base, "deprecated": True, "deprecationWarning": "x" * 300}]),
        changed(versions=[{**base, "served": False}]),
        changed(group="things.k8s.io"),
        {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x"}},
    ]
    with_metadata = copy.deepcopy(schema)
    with_metadata["openAPIV3Schema"]["properties"]["metadata"] = {
        "type": "object",
        "properties": {"name": {"type": "string", "pattern": "^a"}, "labels": {"type": "object"}},
    }
    wrong.append(changed(versions=[{**base, "schema": with_metadata}]))
    for crd in wrong:
        api.post(CRDS, crd, dryRun="All", status=ANY)


@case("lets only some things of a definition change")
def update(api: Api) -> None:
    target = f"{CRDS}/changes.defs.example.com"
    crd = definition("Change")
    crd["spec"]["names"] = {"plural": "changes", "singular": "change", "kind": "Change", "listKind": "ChangeList"}
    crd["metadata"]["name"] = "changes.defs.example.com"
    api.post(CRDS, crd, status=201)
    api.until(target, established)
    api.patch(target, {"spec": {"scope": "Cluster"}}, status=422)
    api.patch(target, {"spec": {"group": "other.example.com"}}, status=422)
    api.patch(target, {"spec": {"names": {"plural": "others"}}}, status=422)
    api.patch(target, {"spec": {"names": {"kind": "Other"}}}, status=ANY)
    second = {**crd["spec"]["versions"][0], "name": "v2", "storage": False}
    api.patch(target, [{"op": "add", "path": "/spec/versions/-", "value": second}], "json", status=200)
    api.until("/apis/defs.example.com/v2/namespaces/default/changes", lambda answer: answer.status == 200)
    api.patch(target, [{"op": "remove", "path": "/spec/versions/0"}], "json", status=422)
    api.delete(target)


@case("tells that two kinds want the same names")
def name_conflict(api: Api) -> None:
    first, second = definition("Clash"), definition("Clash2")
    second["spec"]["names"] = {"plural": "clash2s", "singular": "clash", "kind": "Clash2", "listKind": "Clash2List"}
    api.post(CRDS, first, status=201)
    api.until(f"{CRDS}/clashs.defs.example.com", established)
    api.post(CRDS, second, status=201)

    def judged(answer: Answer) -> bool:
        return len(answer.body.get("status", {}).get("conditions") or []) >= 2

    api.until(f"{CRDS}/clash2s.defs.example.com", judged)
    api.get(f"{CRDS}/clash2s.defs.example.com")
    api.delete(f"{CRDS}/clashs.defs.example.com")
    api.until(f"{CRDS}/clash2s.defs.example.com", established)  # the name is free now
    api.delete(f"{CRDS}/clash2s.defs.example.com")
