"""Watches: where they start, what they show, how they end."""

from __future__ import annotations

from typing import Any

from tests.conformance.api import ANY, Api
from tests.conformance.catalog import case
from tests.conformance.samples import ALL_WIDGETS, CONFIGMAPS, GADGETS, WIDGETS, configmap, version, widget


def _types(events: list[dict[str, object]]) -> list[object]:
    return [event["type"] for event in events]


@case("shows what happens after a version")
def from_version(api: Api) -> None:
    api.post(WIDGETS, widget("before"))
    start = version(api.get(WIDGETS).body)
    api.post(WIDGETS, widget("a"))
    with api.watch(WIDGETS, resourceVersion=start) as watch:
        api.patch(f"{WIDGETS}/a", {"spec": {"size": 2}})
        api.delete(f"{WIDGETS}/a")
        api.post(WIDGETS, widget("a"))
        assert _types(watch.take(4)) == ["ADDED", "MODIFIED", "DELETED", "ADDED"]


@case("begins with everything that is there when no version or 0 is given")
def from_now(api: Api) -> None:
    for name in ("b", "a"):
        api.post(WIDGETS, widget(name))
    for start in (None, "0"):
        with api.watch(WIDGETS, resourceVersion=start) as watch:
            assert _types(watch.take(2)) == ["ADDED", "ADDED"]


@case("shows a delete with the version of the delete")
def delete_version(api: Api) -> None:
    created = api.post(WIDGETS, widget("a")).body
    with api.watch(WIDGETS, resourceVersion=version(created)) as watch:
        api.delete(f"{WIDGETS}/a")
        (event,) = watch.take(1)
        assert event["type"] == "DELETED"
        assert int(version(event["object"])) > int(version(created))


@case("does not show writes that changed nothing")
def no_op(api: Api) -> None:
    created = api.post(WIDGETS, widget("a", color="red")).body
    with api.watch(WIDGETS, resourceVersion=version(created)) as watch:
        api.patch(f"{WIDGETS}/a", {"spec": {"color": "red"}})
        api.patch(f"{WIDGETS}/a", {"spec": {"color": "blue"}})
        assert watch.take(1)[0]["object"]["spec"]["color"] == "blue"


@case("lets objects enter and leave a selector")
def selector(api: Api) -> None:
    start = version(api.get(WIDGETS).body)
    with (
        api.watch(WIDGETS, resourceVersion=start, labelSelector="on=yes") as by_label,
        api.watch(WIDGETS, resourceVersion=start, fieldSelector="spec.color=red") as by_field,
    ):
        api.post(WIDGETS, widget("a", labels={"on": "no"}, color="blue"))
        api.patch(f"{WIDGETS}/a", {"metadata": {"labels": {"on": "yes"}}, "spec": {"color": "red"}})
        api.patch(f"{WIDGETS}/a", {"spec": {"size": 5}})
        api.patch(f"{WIDGETS}/a", {"metadata": {"labels": {"on": "no"}}, "spec": {"color": "blue"}})
        api.patch(f"{WIDGETS}/a", {"metadata": {"labels": {"on": "yes"}}, "spec": {"color": "red"}})
        api.delete(f"{WIDGETS}/a")
        wanted = ["ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED"]
        assert _types(by_label.take(5)) == wanted
        assert _types(by_field.take(5)) == wanted


@case("watches one object by name")
def one_object(api: Api) -> None:
    start = version(api.get(WIDGETS).body)
    with api.watch(WIDGETS, resourceVersion=start, fieldSelector="metadata.name=a") as watch:
        api.post(WIDGETS, widget("b"))
        api.post(WIDGETS, widget("a"))
        assert watch.take(1)[0]["object"]["metadata"]["name"] == "a"
    assert api.get(f"{WIDGETS}/a", watch=True).body["kind"] == "Widget"  # `watch` means nothing on a name


@case("watches all namespaces")
def all_namespaces(api: Api) -> None:
    start = version(api.get(WIDGETS).body)
    with api.watch(ALL_WIDGETS, resourceVersion=start, labelSelector="case=watch-all") as watch:
        api.post(WIDGETS, widget("a", labels={"case": "watch-all"}))
        assert watch.take(1)[0]["object"]["metadata"]["namespace"] == api.namespace


@case("ends a watch after timeoutSeconds")
def timeout(api: Api) -> None:
    api.post(WIDGETS, widget("a"))
    with api.watch(WIDGETS, timeoutSeconds=1) as watch:
        assert _types(watch.until_end()) == ["ADDED"]


@case("streams a list with sendInitialEvents, closed by a bookmark")
def streaming_list(api: Api) -> None:
    for name in ("b", "a"):
        api.post(WIDGETS, widget(name))
    query: dict[str, Any] = {
        "sendInitialEvents": True,
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": True,
    }
    with api.watch(WIDGETS, **query) as watch:
        events = watch.take(3, bookmarks=True)
        assert _types(events) == ["ADDED", "ADDED", "BOOKMARK"]
        annotations = events[-1]["object"]["metadata"]["annotations"]
        assert annotations["k8s.io/initial-events-end"] == "true"
        api.delete(f"{WIDGETS}/a")
        assert _types(watch.take(1)) == ["DELETED"]
    with api.watch(CONFIGMAPS, **query) as watch:
        assert _types(watch.take(1, bookmarks=True)) == ["BOOKMARK"]
    with api.watch(WIDGETS, **query, labelSelector="none=such") as watch:
        assert _types(watch.take(1, bookmarks=True)) == ["BOOKMARK"]


@case("refuses sendInitialEvents without its companions")
def streaming_list_refused(api: Api) -> None:
    with api.watch(WIDGETS, sendInitialEvents=True, allowWatchBookmarks=True, status=422):
        pass
    with api.watch(WIDGETS, resourceVersionMatch="NotOlderThan", status=422):
        pass
    with api.watch(WIDGETS, sendInitialEvents=True, resourceVersionMatch="Exact", status=422):
        pass
    api.get(WIDGETS, sendInitialEvents=True, resourceVersionMatch="NotOlderThan", status=422)


@case("sends no initial events when told so")
def no_initial_events(api: Api) -> None:
    api.post(WIDGETS, widget("a"))
    query: dict[str, Any] = {
        "sendInitialEvents": False,
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": True,
    }
    with api.watch(WIDGETS, **query) as watch:
        api.post(WIDGETS, widget("b"))
        assert watch.take(1)[0]["object"]["metadata"]["name"] == "b"


@case("says 410 for a version that is too old")
def gone(api: Api) -> None:
    api.forget_history()
    with api.watch(WIDGETS, resourceVersion="1") as watch:
        (event,) = watch.until_end()
        assert event["type"] == "ERROR"
        assert event["object"]["code"] == 410


@case("refuses a watch from a version that is no number")
def bad_version(api: Api) -> None:
    with api.watch(WIDGETS, resourceVersion="abc", status=500):
        pass
    with api.watch(WIDGETS, labelSelector="a=b=c", status=400):
        pass
    with api.watch(WIDGETS, fieldSelector="spec.size=1", status=400):
        pass


@case("watches a kind that is not there with 404")
def no_kind(api: Api) -> None:
    with api.watch("/apis/conformance.example.com/v1/namespaces/{ns}/nothings", status=404):
        pass


@case("watches through the old /watch/ path")
def legacy_path(api: Api) -> None:
    api.post(CONFIGMAPS, configmap("a"))
    with api.watch("/api/v1/watch/namespaces/{ns}/configmaps") as watch:
        assert _types(watch.take(1)) == ["ADDED"]


@case("shows the step by which finalizers let an object go")
def finalizers(api: Api) -> None:
    body = widget("a")
    body["metadata"]["finalizers"] = ["example.com/hold"]
    start = version(api.post(WIDGETS, body).body)
    with api.watch(WIDGETS, resourceVersion=start) as watch:
        api.delete(f"{WIDGETS}/a")
        api.patch(f"{WIDGETS}/a", {"metadata": {"finalizers": None}})
        assert _types(watch.take(2)) == ["MODIFIED", "DELETED"]


@case("says where the initial events end to whoever takes bookmarks, also when nobody asked for initial events")
def end_of_legacy_initial_events(api: Api) -> None:
    api.post(WIDGETS, widget("a"))
    queries: list[dict[str, Any]] = [{}, {"resourceVersion": "0"}, {"labelSelector": "none=such"}]
    for query in queries:
        with api.watch(WIDGETS, allowWatchBookmarks=True, timeoutSeconds=1, **query) as watch:
            count = 1 if "labelSelector" in query else 2
            *_, end = watch.take(count, bookmarks=True)
            assert end["type"] == "BOOKMARK"
    api.get(WIDGETS, status=422, watch=True, continue_="odd")
    api.get(WIDGETS, status=422, watch=True, continue_="odd", resourceVersion="0")


@case("sends the bookmark that ends the initial events in the form that was asked for")
def end_of_initial_events_in_forms(api: Api) -> None:
    api.post(WIDGETS, widget("a"))
    api.post(CONFIGMAPS, configmap("a", x="1"))
    leases = CONFIGMAPS.replace("/api/v1/", "/apis/coordination.k8s.io/v1/").replace("configmaps", "leases")
    roles = CONFIGMAPS.replace("/api/v1/", "/apis/rbac.authorization.k8s.io/v1/").replace("configmaps", "roles")
    paths = (WIDGETS, CONFIGMAPS, leases, roles, GADGETS)
    for path, selector in ((path, selector) for path in paths for selector in ("", "none=such")):
        if path == GADGETS and not selector:
            continue  # shows other cases' objects
        for form in ("Table", "PartialObjectMetadata", ""):
            headers = {"Accept": f"application/json;as={form};g=meta.k8s.io;v=v1"} if form else None
            with api.watch(path, headers=headers, allowWatchBookmarks=True, labelSelector=selector) as watch:
                while watch.take(1, bookmarks=True)[0]["type"] != "BOOKMARK":
                    pass


@case("looks at selectors before it looks at the other options")
def selectors_first(api: Api) -> None:
    queries: list[dict[str, Any]] = [{"labelSelector": "bad==,"}, {"fieldSelector": "x"}, {"fieldSelector": "x=1"}]
    for query in queries:
        with api.watch(WIDGETS, sendInitialEvents=True, status=ANY, **query):
            pass
        api.get(WIDGETS, resourceVersionMatch="Exact", status=ANY, **query)
