"""Create, get, update: identity, optimistic locking, names."""

from __future__ import annotations

from typing import Any

from tests.conformance.api import ANY, Api
from tests.conformance.catalog import case
from tests.conformance.samples import CONFIGMAPS, GADGETS, WIDGETS, configmap, gadget, version, widget


@case("gives a new object uid, time, version and generation")
def create(api: Api) -> None:
    body = api.post(WIDGETS, widget("a")).body
    assert body["metadata"]["generation"] == 1
    assert body["metadata"]["uid"]
    assert api.get(f"{WIDGETS}/a").body == body
    api.post(CONFIGMAPS, configmap("a", key="value"), status=201)


@case("refuses a second object of one name")
def create_twice(api: Api) -> None:
    api.post(WIDGETS, widget("a"), status=201)
    api.post(WIDGETS, widget("a", size=2), status=409)
    api.post(CONFIGMAPS, configmap("a"), status=201)
    api.post(CONFIGMAPS, configmap("a"), status=409)


@case("answers 404 for what is not there")
def not_found(api: Api) -> None:
    api.get(f"{WIDGETS}/nobody", status=404)
    api.put(
        f"{WIDGETS}/nobody", {**widget("nobody"), "metadata": {"name": "nobody", "resourceVersion": "1"}}, status=404
    )
    api.patch(f"{WIDGETS}/nobody", {"spec": {"size": 2}}, status=404)
    api.delete(f"{WIDGETS}/nobody", status=404)
    api.get(f"{CONFIGMAPS}/nobody", status=404)
    api.get(f"{GADGETS}/nobody", status=404)
    api.get("/apis/conformance.example.com/v1/namespaces/{ns}/nothings", status=404)
    api.get("/apis/conformance.example.com/v9/namespaces/{ns}/widgets", status=404)
    api.get("/apis/nowhere.example.com/v1/things", status=404)


@case("answers 405 for verbs that make no sense there")
def method_not_allowed(api: Api) -> None:
    api.post(f"{WIDGETS}/a", widget("a"), status=201)  # as odd as it is: custom resources take it
    api.put(WIDGETS, widget("a"), status=400)
    api.post(f"{CONFIGMAPS}/a", configmap("a"), status=405)
    api.post("/apis/conformance.example.com/v1/widgets", widget("a"), status=404)
    api.post("/api/v1/configmaps", configmap("a"), status=405)
    api.delete("/api/v1/configmaps", status=405)
    api.send("PATCH", CONFIGMAPS, b"{}", "application/merge-patch+json", status=405)
    api.send("PATCH", WIDGETS, b"{}", "application/merge-patch+json", status=ANY)


@case("makes a name from generateName")
def generate_name(api: Api) -> None:
    body = {**widget("x"), "metadata": {"generateName": "made-"}}
    name = api.post(WIDGETS, body, status=201).body["metadata"]["name"]
    assert name.startswith("made-")
    assert len(name) == len("made-") + 5
    other = api.post(WIDGETS, body, status=201).body["metadata"]["name"]
    assert other != name
    api.post(WIDGETS, {**widget("x"), "metadata": {"generateName": "Made_"}}, status=422)
    api.post(WIDGETS, {**widget("x"), "metadata": {}}, status=422)
    api.post(CONFIGMAPS, {"metadata": {"generateName": "g" * 300}}, status=ANY)
    long = api.post(CONFIGMAPS, {"metadata": {"generateName": "g" * 200}}, status=201).body["metadata"]["name"]
    assert len(long) == 63


@case("refuses names that cannot be in a path")
def bad_names(api: Api) -> None:
    for name in ("Upper", "under_score", "-dash", "a..b", "x" * 254, "a/b", "a%b", ".", ".."):
        api.post(WIDGETS, widget(name), status=422)
        api.post(CONFIGMAPS, configmap(name), status=422)
    api.post("/api/v1/namespaces", {"metadata": {"name": "Not.A.Label"}}, status=422)


@case("updates only the version that was read")
def conflict(api: Api) -> None:
    first = api.post(WIDGETS, widget("a")).body
    changed = {**first, "spec": {**first["spec"], "size": 2}}
    second = api.put(f"{WIDGETS}/a", changed, status=200).body
    assert version(second) != version(first)
    assert second["metadata"]["generation"] == 2
    api.put(f"{WIDGETS}/a", changed, status=409)
    created = api.post(CONFIGMAPS, configmap("a", x="1")).body
    api.put(f"{CONFIGMAPS}/a", {**created, "data": {"x": "2"}}, status=200)
    api.put(f"{CONFIGMAPS}/a", {**created, "data": {"x": "3"}}, status=409)


@case("needs a version for updating custom resources and not for built-ins")
def update_without_version(api: Api) -> None:
    api.post(WIDGETS, widget("a"))
    api.put(f"{WIDGETS}/a", widget("a", size=2), status=422)
    api.post(CONFIGMAPS, configmap("a", x="1"))
    api.put(f"{CONFIGMAPS}/a", configmap("a", x="2"), status=200)


@case("writes nothing when nothing changes")
def unchanged(api: Api) -> None:
    first = api.post(WIDGETS, widget("a", color="red")).body
    assert version(api.put(f"{WIDGETS}/a", first, status=200).body) == version(first)
    assert version(api.patch(f"{WIDGETS}/a", {"spec": {"color": "red"}}).body) == version(first)
    assert version(api.patch(f"{WIDGETS}/a", {}).body) == version(first)


@case("counts generations of the spec and not of metadata")
def generation(api: Api) -> None:
    api.post(WIDGETS, widget("a"))
    assert api.patch(f"{WIDGETS}/a", {"metadata": {"labels": {"x": "y"}}}).body["metadata"]["generation"] == 1
    assert api.patch(f"{WIDGETS}/a", {"metadata": {"annotations": {"x": "y"}}}).body["metadata"]["generation"] == 1
    assert api.patch(f"{WIDGETS}/a", {"spec": {"size": 5}}).body["metadata"]["generation"] == 2
    assert api.patch(f"{WIDGETS}/a", {"metadata": {"generation": 77}}).body["metadata"]["generation"] == 2
    api.post(GADGETS, gadget("generation"))
    assert api.patch(f"{GADGETS}/generation", {"status": {"phase": "x"}}).body["metadata"]["generation"] == 2
    api.delete(f"{GADGETS}/generation")


@case("keeps what only the server may say")
def server_owned(api: Api) -> None:
    forged = {
        **widget("a"),
        "metadata": {
            "name": "a",
            "uid": "00000000-0000-0000-0000-000000000000",
            "creationTimestamp": "2001-01-01T00:00:00Z",
            "generation": 99,
            "deletionTimestamp": "2001-01-01T00:00:00Z",
            "deletionGracePeriodSeconds": 5,
            "selfLink": "/x",
        },
    }
    body = api.post(WIDGETS, forged, status=201).body
    assert body["metadata"]["uid"] != forged["metadata"]["uid"]
    assert body["metadata"]["generation"] == 1
    api.post(CONFIGMAPS, configmap("a"))
    for path in (f"{WIDGETS}/a", f"{CONFIGMAPS}/a"):
        for patch in (
            {"metadata": {"uid": "11111111-0000-0000-0000-000000000000"}},
            {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z"}},
            {"metadata": {"deletionTimestamp": "2001-01-01T00:00:00Z"}},
            {"metadata": {"deletionGracePeriodSeconds": 7}},
            {"metadata": {"uid": None}},
            {"metadata": {"creationTimestamp": None}},
            {"metadata": {"selfLink": "/x"}},
            {"metadata": {"name": "b"}},
            {"metadata": {"namespace": "default"}},
            {"metadata": {"generateName": "x"}},
            {"metadata": None},
            {"kind": "Other"},
            {"apiVersion": "other/v1"},
            {"apiVersion": "v1", "kind": None},
        ):
            api.patch(path, patch, status=ANY)
            after = api.get(path).body["metadata"]
            assert after["name"] == "a"
            assert "deletionTimestamp" not in after


@case("refuses to create an object that says it has a version")
def create_with_version(api: Api) -> None:
    body = widget("a")
    body["metadata"]["resourceVersion"] = "5"
    api.post(WIDGETS, body, status=500)
    api.post(CONFIGMAPS, {"metadata": {"name": "a", "resourceVersion": "5"}}, status=500)


@case("refuses what does not agree with the path")
def mismatch(api: Api) -> None:
    api.post(WIDGETS, {**widget("a"), "metadata": {"name": "a", "namespace": "default"}}, status=ANY)
    api.post(WIDGETS, {**widget("a"), "kind": "Gadget"}, status=ANY)
    api.post(WIDGETS, {**widget("a"), "apiVersion": "v1"}, status=ANY)
    api.post(WIDGETS, {"metadata": {"name": "a"}, "spec": {"size": 1}}, status=ANY)
    api.post(CONFIGMAPS, {**configmap("a"), "kind": "Secret"}, status=ANY)
    stored = api.post(WIDGETS, widget("a")).body
    api.put(f"{WIDGETS}/b", stored, status=ANY)
    api.post(CONFIGMAPS, configmap("a"))
    api.put(f"{CONFIGMAPS}/b", configmap("a"), status=ANY)
    assert api.get(WIDGETS).body["items"][0]["spec"] == {**stored["spec"]}


@case("refuses bodies that are no object")
def garbage(api: Api) -> None:
    for body in (b"", b"{", b"[]", b"null", b'"text"', b"{}", b"5"):
        for path in (WIDGETS, CONFIGMAPS):
            answer = api.send("POST", path, body, "application/json", status=ANY)
            assert answer.status in (400, 422)
    api.send("POST", WIDGETS, b"<a/>", "application/xml", status=415)
    api.send("POST", CONFIGMAPS, b"<a/>", "application/xml", status=415)


@case("reads YAML bodies")
def yaml_body(api: Api) -> None:
    text = b"apiVersion: conformance.example.com/v1\nkind: Widget\nmetadata:\n  name: a\nspec:\n  size: 3\n"
    assert api.send("POST", WIDGETS, text, "application/yaml", status=201).body["spec"]["size"] == 3


@case("validates labels, annotations and finalizers")
def bad_metadata(api: Api) -> None:
    for metadata in (
        {"labels": {"bad key!": "x"}},
        {"labels": {"ok": "bad value!"}},
        {"labels": {"a/b/c": "x"}},
        {"labels": {"x" * 64: "y" * 64}},
        {"labels": {"UPPER.example.com/ok": "x"}},
        {"annotations": {"bad key!": "x"}},
        {"finalizers": ["noslash", "Example.com/x"]},
        {"ownerReferences": [{"apiVersion": "v1", "kind": "", "name": "", "uid": ""}]},
        {
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "A", "name": "a", "uid": "u1", "controller": True},
                {"apiVersion": "v1", "kind": "B", "name": "b", "uid": "u2", "controller": True},
            ]
        },
    ):
        api.post(WIDGETS, {**widget("a"), "metadata": {"name": "a", **metadata}}, status=422)
        api.post(CONFIGMAPS, {"metadata": {"name": "a", **metadata}}, status=422)
    api.post(WIDGETS, {**widget("a"), "metadata": {"name": "a", "labels": {"x": 5}}}, status=400)
    api.post(CONFIGMAPS, {"metadata": {"name": "a", "labels": {"x": 5}}}, status=400)
    api.post(WIDGETS, {**widget("a"), "metadata": {"name": "a", "labels": "x"}}, status=400)


@case("lets a second pair of eyes look with dryRun=All and stores nothing")
def dry_run(api: Api) -> None:
    assert api.post(WIDGETS, widget("a"), dryRun="All", status=201).body["metadata"]["uid"]
    api.get(f"{WIDGETS}/a", status=404)
    stored = api.post(WIDGETS, widget("a")).body
    api.patch(f"{WIDGETS}/a", {"spec": {"size": 9}}, dryRun="All")
    api.put(f"{WIDGETS}/a", {**stored, "spec": {"size": 8}}, dryRun="All")
    api.patch(f"{WIDGETS}/a", {"spec": {"size": 900}}, dryRun="All", status=422)
    api.delete(f"{WIDGETS}/a", dryRun="All")
    api.delete(f"{WIDGETS}/a", {"dryRun": ["All"]})
    api.delete(WIDGETS, dryRun="All")
    assert api.get(f"{WIDGETS}/a").body == stored
    api.post(WIDGETS, widget("b"), dryRun="Some", status=422)
    api.post(CONFIGMAPS, configmap("b"), dryRun="All", status=201)
    api.get(f"{CONFIGMAPS}/b", status=404)


@case("serves cluster-scoped kinds without a namespace")
def cluster_scoped(api: Api) -> None:
    api.post(GADGETS, gadget("scoped"), status=201)
    assert "namespace" not in api.get(f"{GADGETS}/scoped").body["metadata"]
    api.post("/apis/conformance.example.com/v1/namespaces/{ns}/gadgets", gadget("b"), status=404)
    with_namespace = {**gadget("scoped-b"), "metadata": {"name": "scoped-b", "namespace": "default"}}
    assert "namespace" not in api.post(GADGETS, with_namespace, status=201).body["metadata"]
    api.delete(f"{GADGETS}/scoped")
    api.delete(f"{GADGETS}/scoped-b")


@case("refuses finalizers that are no domain's where the group knows the standard ones")
def standard_finalizers(api: Api) -> None:
    leases = CONFIGMAPS.replace("/api/v1/", "/apis/coordination.k8s.io/v1/").replace("configmaps", "leases")
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "a", "finalizers": ["bad"]}}
    api.post(leases, lease, status=201)
    api.patch(f"{leases}/a", {"metadata": {"finalizers": ["bad", "worse"]}}, status=200)
    refused = configmap("a")
    refused["metadata"]["finalizers"] = ["bad"]
    api.post(CONFIGMAPS, refused, status=422)


@case("decodes as Go does: arrays of numbers as bytes, and no empty value of another type")
def as_go_decodes(api: Api) -> None:
    for number, value in enumerate(([], [104, 105], [None], [256], [-1], ["a"], [1.5], {"a": 1}, 5, "aGk=", "a")):
        body = {**configmap(f"bytes-{number}"), "binaryData": {"a": value}}
        body.pop("data", None)
        api.post(CONFIGMAPS, body, status=ANY)
    wrong: list[dict[str, Any]] = [
        {"name": {}},
        {"name": []},
        {"labels": ""},
        {"labels": []},
        {"finalizers": {}},
        {"finalizers": ""},
        {"finalizers": [1]},
        {"generation": ""},
        {"generation": {}},
        {"creationTimestamp": {}},
    ]
    for metadata in wrong:
        for path, base in ((CONFIGMAPS, configmap("go")), (WIDGETS, widget("go"))):
            api.post(path, {**base, "metadata": {"name": "go", **metadata}}, status=ANY, dryRun="All")
