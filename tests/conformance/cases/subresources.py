"""Subresources: status and scale, each touching only its part."""

from __future__ import annotations

from tests.conformance.api import ANY, Api
from tests.conformance.cases.patches import DEPLOYMENTS, deployment
from tests.conformance.catalog import case
from tests.conformance.samples import GADGETS, OLD_WIDGETS, WIDGETS, gadget, version, widget


@case("keeps status out of create and update")
def status_isolated(api: Api) -> None:
    created = api.post(WIDGETS, {**widget("a"), "status": {"phase": "Forged"}}).body
    assert "status" not in created
    api.patch(f"{WIDGETS}/a/status", {"status": {"phase": "Ready"}})
    kept = api.patch(f"{WIDGETS}/a", {"spec": {"size": 2}, "status": {"phase": "Forged"}}).body
    assert kept["status"] == {"phase": "Ready"}
    replaced = api.put(f"{WIDGETS}/a", {**kept, "status": {"phase": "Forged"}}).body
    assert version(replaced) == version(kept)


@case("keeps everything else out of a status update")
def status_only(api: Api) -> None:
    created = api.post(WIDGETS, widget("a", labels={"x": "1"})).body
    body = {
        **created,
        "metadata": {**created["metadata"], "labels": {"x": "2"}, "annotations": {"y": "3"}, "finalizers": ["a.b/c"]},
        "spec": {"size": 50},
        "status": {"phase": "Ready"},
    }
    after = api.put(f"{WIDGETS}/a/status", body, status=200).body
    assert after["spec"]["size"] == 1
    assert after["status"] == {"phase": "Ready"}
    assert after["metadata"]["generation"] == 1
    api.put(f"{WIDGETS}/a/status", body, status=409)
    api.patch(f"{WIDGETS}/a/status", {"spec": {"size": 9}, "metadata": {"labels": {"x": "9"}}})
    assert api.get(f"{WIDGETS}/a/status").body == api.get(f"{WIDGETS}/a").body
    api.patch(f"{WIDGETS}/a/status", {"status": {"replicas": "many"}}, status=422)
    api.patch(f"{WIDGETS}/a/status", {"spec": {"size": 900}}, status=ANY)
    api.patch(f"{WIDGETS}/a/status", {"status": None}, status=200)
    api.put(f"{WIDGETS}/b/status", body, status=ANY)
    api.patch(f"{WIDGETS}/nobody/status", {"status": {}}, status=404)
    api.delete(f"{WIDGETS}/a/status", status=405)
    api.post(f"{WIDGETS}/a/status", body, status=405)


@case("has no status subresource where the CRD has none")
def no_status(api: Api) -> None:
    created = api.post(GADGETS, {**gadget("nostatus"), "status": {"phase": "Kept"}}).body
    assert created["status"] == {"phase": "Kept"}
    api.get(f"{GADGETS}/nostatus/status", status=404)
    api.put(f"{GADGETS}/nostatus/status", created, status=404)
    api.patch(f"{GADGETS}/nostatus/status", {}, status=404)
    api.get(f"{GADGETS}/nostatus/scale", status=404)
    api.get(f"{GADGETS}/nostatus/nonsense", status=404)
    api.delete(f"{GADGETS}/nostatus")


@case("scales a custom resource through autoscaling/v1 Scale")
def scale(api: Api) -> None:
    api.post(WIDGETS, widget("a", size=3))
    api.patch(f"{WIDGETS}/a/status", {"status": {"replicas": 2, "selector": "app=a"}})
    found = api.get(f"{WIDGETS}/a/scale", status=200).body
    assert found["kind"] == "Scale"
    assert found["spec"] == {"replicas": 3}
    assert found["status"] == {"replicas": 2, "selector": "app=a"}
    found["spec"]["replicas"] = 5
    assert api.put(f"{WIDGETS}/a/scale", found, status=200).body["spec"] == {"replicas": 5}
    api.put(f"{WIDGETS}/a/scale", found, status=409)
    assert api.patch(f"{WIDGETS}/a/scale", {"spec": {"replicas": 6}}).body["spec"] == {"replicas": 6}
    after = api.get(f"{WIDGETS}/a").body
    assert after["spec"]["size"] == 6
    assert after["metadata"]["generation"] == 3
    api.patch(f"{WIDGETS}/a/scale", {"spec": {"replicas": -1}}, status=422)
    api.patch(f"{WIDGETS}/a/scale", {"spec": {"replicas": 1000}}, status=ANY)
    api.patch(f"{WIDGETS}/a/scale", {"status": {"replicas": 9}})
    api.get(f"{OLD_WIDGETS}/a/scale", status=404)
    api.get(f"{WIDGETS}/nobody/scale", status=404)


@case("scales a built-in")
def scale_deployment(api: Api) -> None:
    api.post(DEPLOYMENTS, deployment("a"))
    assert api.get(f"{DEPLOYMENTS}/a/scale").body["spec"] == {"replicas": 1}
    api.patch(f"{DEPLOYMENTS}/a/scale", {"spec": {"replicas": 4}})
    assert api.get(f"{DEPLOYMENTS}/a").body["spec"]["replicas"] == 4


@case("keeps status apart for built-ins too")
def builtin_status(api: Api) -> None:
    api.post(DEPLOYMENTS, {**deployment("a"), "status": {"replicas": 9}})
    assert api.get(f"{DEPLOYMENTS}/a").body["status"] == {}
    api.patch(f"{DEPLOYMENTS}/a/status", {"status": {"replicas": 3, "observedGeneration": 1}, "spec": {"replicas": 7}})
    after = api.get(f"{DEPLOYMENTS}/a").body
    assert after["spec"]["replicas"] == 1
    assert after["status"]["replicas"] == 3
    api.patch(f"{DEPLOYMENTS}/a", {"status": {"replicas": 8}})
    api.patch(f"{DEPLOYMENTS}/a", {"metadata": {"generation": 8}, "spec": {"replicas": 2}})
