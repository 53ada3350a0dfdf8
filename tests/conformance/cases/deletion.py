"""Deletes: finalizers, preconditions, propagation, collections, namespaces."""

from __future__ import annotations

from tests.conformance.api import ANY, Api
from tests.conformance.catalog import case
from tests.conformance.samples import CONFIGMAPS, NAMESPACES, WIDGETS, configmap, names, version, widget


@case("answers a delete with a Status that names the object")
def delete(api: Api) -> None:
    api.post(WIDGETS, widget("a"))
    assert api.delete(f"{WIDGETS}/a", status=200).body["status"] == "Success"
    api.get(f"{WIDGETS}/a", status=404)
    api.post(CONFIGMAPS, configmap("a"))
    api.delete(f"{CONFIGMAPS}/a", status=200)
    api.post(WIDGETS, widget("a"), status=201)


@case("keeps an object until its finalizers are gone")
def finalizers(api: Api) -> None:
    body = widget("a")
    body["metadata"]["finalizers"] = ["example.com/one", "example.com/two"]
    api.post(WIDGETS, body)
    held = api.delete(f"{WIDGETS}/a", status=200).body
    assert held["metadata"]["deletionTimestamp"]
    assert held["metadata"]["deletionGracePeriodSeconds"] == 0
    again = api.delete(f"{WIDGETS}/a", status=200).body
    assert again == held
    api.patch(f"{WIDGETS}/a", {"metadata": {"finalizers": ["example.com/one", "example.com/new"]}}, status=422)
    api.patch(f"{WIDGETS}/a", {"metadata": {"finalizers": ["example.com/one"]}}, status=200)
    api.patch(f"{WIDGETS}/a", {"spec": {"size": 2}}, status=200)
    api.patch(f"{WIDGETS}/a", {"metadata": {"deletionTimestamp": None}}, status=ANY)
    api.post(WIDGETS, body, status=409)
    last = api.get(f"{WIDGETS}/a").body
    last["metadata"]["finalizers"] = []
    api.put(f"{WIDGETS}/a", last, status=200)
    api.get(f"{WIDGETS}/a", status=404)


@case("deletes only what fits the preconditions")
def preconditions(api: Api) -> None:
    for path, body in ((WIDGETS, widget("a")), (CONFIGMAPS, configmap("a"))):
        stored = api.post(path, body).body
        wrong = "00000000-0000-0000-0000-000000000000"
        api.delete(f"{path}/a", {"preconditions": {"uid": wrong}}, status=409)
        api.delete(f"{path}/a", {"preconditions": {"resourceVersion": "1"}}, status=409)
        right = {"uid": stored["metadata"]["uid"], "resourceVersion": version(stored)}
        api.delete(f"{path}/a", {"preconditions": right}, status=200)


@case("reads delete options from the body, or from the query, in its own order")
def options(api: Api) -> None:
    for name in "abcdefg":
        api.post(WIDGETS, widget(name))
    api.delete(f"{WIDGETS}/a", {"apiVersion": "v1", "kind": "DeleteOptions"}, status=200)
    api.delete(f"{WIDGETS}/b", {"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1", "gracePeriodSeconds": 0})
    api.delete(f"{WIDGETS}/c", gracePeriodSeconds=0)
    api.delete(f"{WIDGETS}/d", propagationPolicy="Sideways", status=422)
    api.delete(f"{WIDGETS}/d", {"propagationPolicy": "Background", "orphanDependents": True}, status=422)
    api.delete(f"{WIDGETS}/d", {"gracePeriodSeconds": -5}, status=ANY)
    api.delete(f"{WIDGETS}/e", {"kind": "Widget", "apiVersion": "conformance.example.com/v1"}, status=ANY)
    api.send("DELETE", f"{WIDGETS}/f", b"{", "application/json", status=ANY)
    api.send("DELETE", f"{WIDGETS}/g", b"[]", "application/json", status=ANY)
    api.delete(f"{WIDGETS}/g", dryRun="Sometimes", status=422)


@case("marks objects for foreground and orphan deletion")
def propagation(api: Api) -> None:
    api.post(WIDGETS, widget("fore"))
    api.delete(f"{WIDGETS}/fore", propagationPolicy="Foreground")
    assert api.get(f"{WIDGETS}/fore").body["metadata"]["finalizers"] == ["foregroundDeletion"]
    api.post(WIDGETS, widget("orphan"))
    api.delete(f"{WIDGETS}/orphan", {"propagationPolicy": "Orphan"})
    assert api.get(f"{WIDGETS}/orphan").body["metadata"]["finalizers"] == ["orphan"]
    api.post(WIDGETS, widget("back"))
    api.delete(f"{WIDGETS}/back", propagationPolicy="Background")
    api.get(f"{WIDGETS}/back", status=404)
    for name in ("fore", "orphan"):
        api.patch(f"{WIDGETS}/{name}", {"metadata": {"finalizers": None}})
        api.get(f"{WIDGETS}/{name}", status=404)


@case("deletes a collection, by selector or whole")
def collection(api: Api) -> None:
    for name in "abcd":
        api.post(WIDGETS, widget(name, labels={"half": "one" if name in "ab" else "two"}))
    start = version(api.get(WIDGETS).body)
    with api.watch(WIDGETS, resourceVersion=start) as watch:
        removed = api.delete(WIDGETS, labelSelector="half=one", status=200).body
        assert names(removed) == ["a", "b"]
        assert sorted(event["object"]["metadata"]["name"] for event in watch.take(2)) == ["a", "b"]
    assert names(api.get(WIDGETS).body) == ["c", "d"]
    api.delete(WIDGETS, fieldSelector="metadata.name=c", status=200)
    assert names(api.get(WIDGETS).body) == ["d"]
    api.delete(WIDGETS, status=200)
    assert names(api.get(WIDGETS).body) == []
    api.post(CONFIGMAPS, configmap("a"))
    api.delete(CONFIGMAPS, labelSelector="no=such", status=200)
    api.delete(CONFIGMAPS, status=200)
    api.delete("/apis/conformance.example.com/v1/widgets", status=ANY)


@case("refuses objects in a namespace that is not there")
def no_namespace(api: Api) -> None:
    api.post("/apis/conformance.example.com/v1/namespaces/nowhere/widgets", widget("a"), status=404)
    api.post("/api/v1/namespaces/nowhere/configmaps", configmap("a"), status=404)
    api.get("/api/v1/namespaces/nowhere", status=404)


@case("makes a namespace with its label, phase and finalizer")
def namespace(api: Api) -> None:
    name = f"{api.namespace}-x"
    body = api.post(NAMESPACES, {"metadata": {"name": name}}, status=201).body
    assert body["metadata"]["labels"] == {"kubernetes.io/metadata.name": name}
    assert body["spec"]["finalizers"] == ["kubernetes"]
    assert body["status"]["phase"] == "Active"
    api.patch(f"{NAMESPACES}/{name}", {"metadata": {"labels": {"kubernetes.io/metadata.name": "other"}}}, status=ANY)
    api.patch(f"{NAMESPACES}/{name}", {"metadata": {"labels": {"a": "b"}}}, status=200)
    api.delete(NAMESPACES, status=405)


@case("keeps a terminating namespace until it is finalized, and lets nothing new in")
def terminating(api: Api) -> None:
    name = f"{api.namespace}-y"
    api.post(NAMESPACES, {"metadata": {"name": name}, "spec": {"finalizers": ["example.com/mine"]}}, status=201)
    body = api.delete(f"{NAMESPACES}/{name}").body
    assert body["status"]["phase"] == "Terminating"
    answer = api.post(f"/api/v1/namespaces/{name}/configmaps", configmap("late"), status=403)
    assert "because it is being terminated" in answer.body["message"]
    api.post(f"/apis/conformance.example.com/v1/namespaces/{name}/widgets", widget("late"), status=403)


@case("forbids deleting the namespaces that the cluster lives on")
def system_namespaces(api: Api) -> None:
    api.delete(f"{NAMESPACES}/default", status=403)
    api.delete(f"{NAMESPACES}/kube-system", status=403)
