"""Lists: order, pages, selectors, versions."""

from __future__ import annotations

from tests.conformance.api import Api
from tests.conformance.catalog import case
from tests.conformance.samples import ALL_WIDGETS, CONFIGMAPS, WIDGETS, configmap, names, version, widget


@case("lists one namespace, sorted by name")
def one_namespace(api: Api) -> None:
    assert api.get(WIDGETS).body["items"] == []
    for name in ("b", "c", "a"):
        api.post(WIDGETS, widget(name))
    assert names(api.get(WIDGETS).body) == ["a", "b", "c"]
    api.post(CONFIGMAPS, configmap("x"))
    assert "kube-root-ca.crt" not in names(api.get(CONFIGMAPS).body)


@case("lists all namespaces in one go")
def all_namespaces(api: Api) -> None:
    api.post(WIDGETS, widget("a", labels={"case": "all-namespaces"}))
    body = api.get(ALL_WIDGETS, labelSelector="case=all-namespaces").body
    assert names(body) == ["a"]


@case("gives an empty list for a namespace that is not there")
def no_such_namespace(api: Api) -> None:
    assert api.get("/apis/conformance.example.com/v1/namespaces/nowhere/widgets").body["items"] == []
    assert api.get("/api/v1/namespaces/nowhere/configmaps").body["items"] == []


@case("pages through one consistent snapshot")
def pages(api: Api) -> None:
    for name in "abcde":
        api.post(WIDGETS, widget(name))
    first = api.get(WIDGETS, limit=2).body
    assert names(first) == ["a", "b"]
    assert first["metadata"]["remainingItemCount"] == 3
    api.delete(f"{WIDGETS}/d")
    api.post(WIDGETS, widget("c2"))
    second = api.get(WIDGETS, limit=2, continue_=first["metadata"]["continue"]).body
    assert names(second) == ["c", "d"]
    third = api.get(WIDGETS, limit=2, continue_=second["metadata"]["continue"]).body
    assert names(third) == ["e"]
    assert not third["metadata"].get("continue")
    assert version(first) == version(second) == version(third)


@case("pages with selectors, without saying what remains")
def pages_selected(api: Api) -> None:
    for name in "abcd":
        api.post(WIDGETS, widget(name, labels={"even": str(name in "bd").lower()}))
    first = api.get(WIDGETS, limit=1, labelSelector="even=true").body
    assert names(first) == ["b"]
    assert "remainingItemCount" not in first["metadata"]
    second = api.get(WIDGETS, limit=1, labelSelector="even=true", continue_=first["metadata"]["continue"]).body
    assert names(second) == ["d"]


@case("refuses continue tokens that it did not make")
def bad_token(api: Api) -> None:
    api.get(WIDGETS, limit=1, status=400, continue_="nonsense")
    api.get(WIDGETS, limit=1, status=400, continue_="e30")
    for name in "ab":
        api.post(WIDGETS, widget(name))
    token = api.get(WIDGETS, limit=1).body["metadata"]["continue"]
    api.get(WIDGETS, limit=1, resourceVersion="5", status=400, continue_=token)
    api.get(WIDGETS, limit=1, resourceVersion="0", continue_=token)


@case("selects by label in every operator")
def label_selectors(api: Api) -> None:
    api.post(WIDGETS, widget("a", labels={"app": "web", "tier": "front", "n": "1"}))
    api.post(WIDGETS, widget("b", labels={"app": "web", "tier": "back", "n": "5"}))
    api.post(WIDGETS, widget("c", labels={"app": "db", "n": "10"}))
    api.post(WIDGETS, widget("d"))
    for selector, wanted in {
        "app=web": "ab",
        "app==web": "ab",
        "app!=web": "cd",
        "app in (web,db)": "abc",
        "app notin (web)": "cd",
        "app": "abc",
        "!app": "d",
        "tier,app=web": "ab",
        "app=web,tier!=front": "b",
        "n>4": "bc",
        "n<5": "a",
        "app=": "",
        "app in ()": "d",
        "": "abcd",
    }.items():
        found = names(api.get(WIDGETS, labelSelector=selector, status=200).body)
        assert "".join(found) == wanted or selector == "app in ()", f"{selector}: {found}"


@case("refuses label selectors that it cannot read")
def bad_label_selectors(api: Api) -> None:
    for selector in (
        "a=b=c",
        "(a)",
        "a in b",
        "a in (b",
        "=x",
        "a>b",
        "bad key",
        "a=bad value",
        "a,,b",
        "!",
        "x/y/z=1",
    ):
        api.get(WIDGETS, labelSelector=selector, status=400)
        api.get(CONFIGMAPS, labelSelector=selector, status=400)


@case("selects by name, namespace and selectable fields only")
def field_selectors(api: Api) -> None:
    api.post(WIDGETS, widget("a", color="red"))
    api.post(WIDGETS, widget("b", color="blue"))
    api.post(WIDGETS, widget("c"))
    assert names(api.get(WIDGETS, fieldSelector="metadata.name=a").body) == ["a"]
    assert names(api.get(WIDGETS, fieldSelector="metadata.name!=a").body) == ["b", "c"]
    assert names(api.get(WIDGETS, fieldSelector="spec.color=red").body) == ["a"]
    assert names(api.get(WIDGETS, fieldSelector="spec.color==red,metadata.name=b").body) == []
    assert names(api.get(WIDGETS, fieldSelector="spec.color!=red").body) == ["b", "c"]
    assert names(api.get(WIDGETS, fieldSelector="spec.color=").body) == ["c"]
    api.get(WIDGETS, fieldSelector="spec.size=1", status=400)
    api.get(WIDGETS, fieldSelector="metadata.name", status=400)
    api.get(WIDGETS, fieldSelector="metadata.labels.x=1", status=400)
    api.post(CONFIGMAPS, configmap("a"))
    assert names(api.get(CONFIGMAPS, fieldSelector="metadata.name=a").body) == ["a"]
    api.get(CONFIGMAPS, fieldSelector="data.x=1", status=400)


@case("selects by the fields of built-ins")
def builtin_fields(api: Api) -> None:
    pods = "/api/v1/namespaces/{ns}/pods"
    for name, node in (("a", "n1"), ("b", "n2")):
        spec = {"containers": [{"name": "c", "image": "i"}], "nodeName": node}
        api.post(pods, {"metadata": {"name": name}, "spec": spec}, status=201)
    assert names(api.get(pods, fieldSelector="spec.nodeName=n1").body) == ["a"]
    assert names(api.get(pods, fieldSelector="status.phase=Pending").body) == ["a", "b"]
    secrets = "/api/v1/namespaces/{ns}/secrets"
    api.post(secrets, {"metadata": {"name": "s"}, "type": "example.com/x"})
    assert names(api.get(secrets, fieldSelector="type=example.com/x").body) == ["s"]
    events = "/api/v1/namespaces/{ns}/events"
    involved = {"kind": "Pod", "name": "a", "namespace": api.namespace}
    api.post(events, {"metadata": {"name": "e"}, "involvedObject": involved, "reason": "R", "type": "Normal"})
    assert names(api.get(events, fieldSelector="involvedObject.name=a,reason=R").body) == ["e"]
    api.get(pods, fieldSelector="spec.hostname=x", status=400)


@case("knows the legal combinations of resourceVersion and resourceVersionMatch")
def versions(api: Api) -> None:
    api.post(WIDGETS, widget("a"))
    at_one = version(api.get(WIDGETS).body)
    api.post(WIDGETS, widget("b"))
    assert names(api.get(WIDGETS, resourceVersion=at_one, resourceVersionMatch="Exact").body) == ["a"]
    assert names(api.get(WIDGETS, resourceVersion=at_one, resourceVersionMatch="NotOlderThan").body) == ["a", "b"]
    assert names(api.get(WIDGETS, resourceVersion=at_one).body) == ["a", "b"]
    assert names(api.get(WIDGETS, resourceVersion=at_one, limit=10).body) == ["a"]
    api.get(WIDGETS, resourceVersion="0", resourceVersionMatch="NotOlderThan")
    api.get(WIDGETS, resourceVersion="0", resourceVersionMatch="Exact", status=422)
    api.get(WIDGETS, resourceVersionMatch="Exact", status=422)
    api.get(WIDGETS, resourceVersion=at_one, resourceVersionMatch="Nonsense", status=422)
    api.get(WIDGETS, resourceVersion="abc", status=400)
    api.get(WIDGETS, resourceVersion="-1", status=400)
    api.get(f"{WIDGETS}/a", resourceVersion="0")
    api.get(f"{WIDGETS}/a", resourceVersion=at_one)
    api.get(f"{WIDGETS}/a", resourceVersion="abc", status=500)


@case("says 504 for a version from the future")
def future(api: Api) -> None:
    api.get(WIDGETS, resourceVersion="999999999", status=504)
    api.get(f"{WIDGETS}/a", resourceVersion="999999999", status=504)


@case("answers with metadata only when asked")
def metadata_only(api: Api) -> None:
    api.post(WIDGETS, widget("a"))
    one = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"}
    many = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"}
    assert "spec" not in api.get(f"{WIDGETS}/a", headers=one).body
    assert api.get(WIDGETS, headers=many).body["kind"] == "PartialObjectMetadataList"
    with api.watch(WIDGETS, headers=one, resourceVersion="0") as watch:
        assert "spec" not in watch.take(1)[0]["object"]
