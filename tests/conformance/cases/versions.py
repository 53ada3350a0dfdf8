"""One object in two versions that have not the same fields and defaults: what converting, storing and reading make of it."""

from __future__ import annotations

from typing import Any

from tests.conformance.api import ANY, Api
from tests.conformance.cases.definitions import definition, established
from tests.conformance.catalog import case
from tests.conformance.samples import CRDS

VERSIONS = ("v1", "v2")


def two_versions(kind: str, *, stored: str, default: bool = True) -> dict[str, Any]:
    """A CRD whose versions have one field in common and two each of their own, one with a default."""

    def version(name: str) -> dict[str, Any]:
        properties: dict[str, Any] = {
            "common": {"type": "string"},
            f"only{name}": {"type": "string"},
            f"default{name}": {"type": "string", "default": f"from {name}"},
        }
        spec: dict[str, Any] = {"type": "object", "properties": properties}
        if default:
            spec["default"] = {}
        return {
            "name": name,
            "served": True,
            "storage": name == stored,
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}},
        }

    return definition(kind, versions=[version(name) for name in VERSIONS])


def path(kind: str, version: str, name: str = "") -> str:
    return f"/apis/defs.example.com/{version}/namespaces/{{ns}}/{kind.lower()}s" + (f"/{name}" if name else "")


def install(api: Api, crd: dict[str, Any]) -> None:
    kind = crd["spec"]["names"]["kind"]
    api.post(CRDS, crd, status=201)
    api.until(f"{CRDS}/{crd['metadata']['name']}", established)
    for version in VERSIONS:
        api.until(path(kind, version), lambda answer: answer.status == 200)


def thing(kind: str, version: str, name: str, **spec: str) -> dict[str, Any]:
    body: dict[str, Any] = {"apiVersion": f"defs.example.com/{version}", "kind": kind, "metadata": {"name": name}}
    return {**body, "spec": spec} if spec else body


def write_and_read(api: Api, crd: dict[str, Any]) -> None:
    """Write through each version, read through each, then write nothing new through each."""
    kind = crd["spec"]["names"]["kind"]
    install(api, crd)
    for written in VERSIONS:
        whole = {"common": "c", "onlyv1": "1", "onlyv2": "2"}
        api.post(path(kind, written), thing(kind, written, f"bare-{written}"), status=201)
        api.post(path(kind, written), thing(kind, written, f"whole-{written}", **whole), status=201)
    for read in VERSIONS:
        api.get(path(kind, read))
        with api.watch(path(kind, read), resourceVersion="0") as watch:
            watch.take(4)
    for written in VERSIONS:
        for read in VERSIONS:
            for name in (f"bare-{written}", f"whole-{written}"):
                api.patch(path(kind, read, name), {"metadata": {"labels": None}}, status=200)
                api.put(path(kind, read, name), api.get(path(kind, read, name)).body, status=200)
    for written in VERSIONS:
        for changed in VERSIONS:
            api.patch(path(kind, changed, f"whole-{written}"), {"spec": {"common": f"by {changed}"}}, status=200)
            for read in VERSIONS:
                api.get(path(kind, read, f"whole-{written}"))
    api.delete(f"{CRDS}/{crd['metadata']['name']}")


@case("converts between versions with defaults of their own, the older one stored")
def first_stored(api: Api) -> None:
    write_and_read(api, two_versions("First", stored="v1"))


@case("converts between versions with defaults of their own, the newer one stored")
def second_stored(api: Api) -> None:
    write_and_read(api, two_versions("Second", stored="v2", default=False))


@case("makes no new version of an object where a write through another version says nothing new")
def idle(api: Api) -> None:
    crd = two_versions("Idle", stored="v2", default=False)
    install(api, crd)
    hollows: list[dict[str, Any]] = [{"finalizers": []}, {"labels": {}}, {"annotations": {}}, {"finalizers": []}]
    patches: list[dict[str, Any]] = [
        {},
        {"metadata": {"finalizers": []}},
        {"metadata": {"annotations": {}}},
        {"spec": None},
    ]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "00000000-0000-0000-0000-000000000001"}
    for version in VERSIONS:
        name = f"owned-{version}"
        body = thing("Idle", version, name)
        body["metadata"] |= {"labels": {"app": "x"}, "ownerReferences": [owner]}
        api.post(path("Idle", version), body, status=201)
        for hollow in hollows:
            said = thing("Idle", version, name)
            said["metadata"] |= hollow
            api.apply(path("Idle", version, name), said, f"m-{version}", force=True, status=200)
        for patch in patches:
            api.patch(path("Idle", version, name), patch, status=ANY)
            api.get(path("Idle", version, name))
    api.delete(f"{CRDS}/{crd['metadata']['name']}")


@case("goes on with what is stored when another version becomes the stored one")
def storage_moves(api: Api) -> None:
    crd = two_versions("Move", stored="v1")
    install(api, crd)
    target = f"{CRDS}/{crd['metadata']['name']}"
    for version in VERSIONS:
        api.post(path("Move", version), thing("Move", version, f"from-{version}", common="c", onlyv1="1", onlyv2="2"))
    moved = two_versions("Move", stored="v2")["spec"]["versions"]
    moved[0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["late"] = {
        "type": "string",
        "default": "l",
    }
    assert api.patch(target, {"spec": {"versions": moved}}).body["status"]["storedVersions"] == ["v1", "v2"]
    api.until(path("Move", "v1", "from-v1"), lambda answer: "late" in answer.body.get("spec", ()))
    for version in VERSIONS:
        for read in VERSIONS:
            api.get(path("Move", read, f"from-{version}"))
        api.patch(path("Move", version, f"from-{version}"), {"spec": {"common": "d"}}, status=200)
        for read in VERSIONS:
            api.get(path("Move", read, f"from-{version}"))
    api.delete(target)


@case("stores objects in a version that it does not serve")
def hidden_storage(api: Api) -> None:
    crd = two_versions("Hide", stored="v1")
    install(api, crd)
    target = f"{CRDS}/{crd['metadata']['name']}"
    api.post(path("Hide", "v1"), thing("Hide", "v1", "before", common="c", onlyv1="1"))
    hidden = crd["spec"]["versions"]
    hidden[0]["served"] = False
    api.patch(target, {"spec": {"versions": hidden}}, status=200)
    api.until(path("Hide", "v1"), lambda answer: answer.status == 404)
    api.get(path("Hide", "v2", "before"), status=200)
    api.patch(path("Hide", "v2", "before"), {"spec": {"onlyv2": "2"}}, status=200)
    api.post(path("Hide", "v2"), thing("Hide", "v2", "after", common="c", onlyv2="2"), status=201)
    api.get(path("Hide", "v2"))
    api.apply(path("Hide", "v2", "after"), thing("Hide", "v2", "after", common="d"), "m", force=True, status=ANY)
    api.delete(path("Hide", "v2", "before"), status=200)
    hidden[0]["served"] = True
    api.patch(target, {"spec": {"versions": hidden}}, status=200)
    api.until(path("Hide", "v1"), lambda answer: answer.status == 200)
    api.get(path("Hide", "v1", "after"))
    api.delete(target)


@case("reads what is stored with the defaults that the schema has now")
def defaults_now(api: Api) -> None:
    crd = two_versions("Fresh", stored="v1")
    install(api, crd)
    target = f"{CRDS}/{crd['metadata']['name']}"
    for version in VERSIONS:
        api.post(path("Fresh", version), thing("Fresh", version, f"from-{version}", common="c"), status=201)
    properties = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    properties["defaultv1"]["default"] = "another"
    properties["late"] = {"type": "string", "default": "added"}
    api.patch(target, {"spec": {"versions": crd["spec"]["versions"]}}, status=200)
    api.until(path("Fresh", "v1", "from-v1"), lambda answer: "late" in answer.body.get("spec", ()))
    for version in VERSIONS:
        api.get(path("Fresh", version))
    for version in VERSIONS:
        for name in ("from-v1", "from-v2"):
            api.patch(path("Fresh", version, name), {}, status=200)
            api.get(path("Fresh", version, name))
    api.delete(target)


@case("keeps what managers own when their version is gone")
def version_gone(api: Api) -> None:
    crd = two_versions("Gone", stored="v2")
    install(api, crd)
    target = f"{CRDS}/{crd['metadata']['name']}"
    for name in ("a", "b"):
        api.post(path("Gone", "v1"), thing("Gone", "v1", name, common="c"), fieldManager="old", status=201)
        api.apply(path("Gone", "v1", name), thing("Gone", "v1", name, common="c"), "applier", status=200)
    api.patch(target, {"spec": {"versions": [crd["spec"]["versions"][1]]}}, status=200)
    api.until(path("Gone", "v1"), lambda answer: answer.status == 404)
    api.patch(path("Gone", "v2", "a"), {"spec": {"common": "d"}}, fieldManager="new", status=200)
    api.apply(path("Gone", "v2", "b"), thing("Gone", "v2", "b", common="e"), "other", status=ANY)
    api.apply(path("Gone", "v2", "b"), thing("Gone", "v2", "b", common="e"), "applier", force=True, status=ANY)
    api.get(path("Gone", "v2", "b"))
    api.delete(target)


@case("ends watches when the definition changes, in all versions")
def watches_end(api: Api) -> None:
    crd = two_versions("Turn", stored="v1")
    install(api, crd)
    api.post(path("Turn", "v1"), thing("Turn", "v1", "a", common="c"), status=201)
    with api.watch(path("Turn", "v1")) as first, api.watch(path("Turn", "v2")) as second:
        first.take(1)
        second.take(1)
        properties = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
        properties["late"] = {"type": "string"}
        api.patch(f"{CRDS}/{crd['metadata']['name']}", {"spec": {"versions": crd["spec"]["versions"]}}, status=200)
        first.until_end()
        second.until_end()
    api.get(path("Turn", "v2", "a"), status=200)
    api.delete(f"{CRDS}/{crd['metadata']['name']}")


@case("writes back what the version knows through which an object is deleted")
def marked_for_deletion(api: Api) -> None:
    for kind, stored in (("Mark", "v1"), ("Brand", "v2")):
        crd = two_versions(kind, stored=stored)
        install(api, crd)
        for version in VERSIONS:
            name = f"by-{version}"
            api.post(path(kind, version), thing(kind, version, name, common="c", onlyv1="1", onlyv2="2"), status=201)
            api.delete(path(kind, version, name), propagationPolicy="Orphan", status=200)
            for read in VERSIONS:
                api.get(path(kind, read, name))
            for written in VERSIONS:
                api.patch(path(kind, written, name), {"metadata": {"labels": None}}, status=200)
            api.patch(path(kind, version, name), {"metadata": {"finalizers": None}}, status=200)
        api.delete(f"{CRDS}/{crd['metadata']['name']}")


@case("gives a patch through another version the defaults that storage has taken off")
def defaults_of_patches(api: Api) -> None:
    crd = two_versions("Patchy", stored="v2")
    install(api, crd)
    api.post(path("Patchy", "v1"), thing("Patchy", "v1", "a", common="c"), fieldManager="one", status=201)
    api.patch(path("Patchy", "v1", "a"), {}, fieldManager="two", status=200)
    api.patch(path("Patchy", "v1", "a"), {"metadata": {"labels": {"a": "b"}}}, fieldManager="three", status=200)
    api.delete(f"{CRDS}/{crd['metadata']['name']}")
