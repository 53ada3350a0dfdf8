"""Deletes of the embedded server: finalizers, preconditions, propagation, grace, namespaces, garbage."""

from __future__ import annotations

import pytest

from tests.server_calls import ALL_WIDGETS, CONFIG_MAPS, MERGE, WIDGETS, Json, Server, config_map, events, widget

PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
def server() -> Server:
    return Server()


def finalizers(server: Server, name: str, *wanted: str) -> Json:
    patch = {"metadata": {"finalizers": list(wanted) or None}}
    return server.call("PATCH", f"{WIDGETS}/{name}", patch, content_type=MERGE).body


def test_a_delete_without_finalizers_removes_at_once_and_says_what(server: Server) -> None:
    uid = server.create("a")["metadata"]["uid"]
    answer = server.call("DELETE", f"{WIDGETS}/a")
    assert answer.body["status"] == "Success"
    assert answer.body["details"] == {"name": "a", "group": "example.com", "kind": "widgets", "uid": uid}
    assert server.call("GET", f"{WIDGETS}/a").status == 404


def test_finalizers_hold_an_object_until_the_last_one_is_gone(server: Server) -> None:
    server.create("a", finalizers=["example.com/x", "example.com/y"])
    watch = server.watch(ALL_WIDGETS, {"resourceVersion": str(server.api.storage.revision)})
    marked = server.call("DELETE", f"{WIDGETS}/a").body["metadata"]
    assert (marked["deletionTimestamp"], marked["deletionGracePeriodSeconds"]) == ("2027-01-15T08:00:00Z", 0)
    assert marked["generation"] == 2
    server.clock.step(60)
    again = server.call("DELETE", f"{WIDGETS}/a").body["metadata"]
    assert again["resourceVersion"] == marked["resourceVersion"]
    finalizers(server, "a", "example.com/y")
    finalizers(server, "a")
    assert server.call("GET", f"{WIDGETS}/a").status == 404
    assert [event["type"] for event in events(watch)] == ["MODIFIED", "MODIFIED", "DELETED"]


def test_an_object_on_its_way_out_takes_no_new_finalizer_and_keeps_its_name(server: Server) -> None:
    server.create("a", finalizers=["example.com/x"])
    server.call("DELETE", f"{WIDGETS}/a")
    refused = finalizers(server, "a", "example.com/x", "example.com/new")
    assert "no new finalizers can be added if the object is being deleted" in refused["message"]
    taken = server.call("POST", WIDGETS, widget("a"))
    assert taken.body["message"] == 'object is being deleted: widgets.example.com "a" already exists'


@pytest.mark.parametrize("precondition", [{"uid": "other"}, {"resourceVersion": "1"}])
def test_a_precondition_that_does_not_hold_saves_the_object(server: Server, precondition: Json) -> None:
    server.create("a")
    answer = server.call("DELETE", f"{WIDGETS}/a", {"preconditions": precondition})
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")
    assert "in the precondition" in answer.body["message"]
    assert server.get("a")["metadata"]["name"] == "a"


@pytest.mark.parametrize(
    ("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan"), ("Background", None)]
)
def test_a_propagation_policy_leaves_its_finalizer_to_the_collector(
    server: Server, policy: str, finalizer: str | None
) -> None:
    server.create("a")
    server.call("DELETE", f"{WIDGETS}/a", None, {"propagationPolicy": policy})
    left = server.call("GET", f"{WIDGETS}/a")
    if finalizer is None:
        assert left.status == 404
    else:
        assert left.body["metadata"]["finalizers"] == [finalizer]


@pytest.mark.parametrize(
    "options",
    [
        {"propagationPolicy": "Sideways"},
        {"propagationPolicy": "Orphan", "orphanDependents": True},
        {"dryRun": ["Some"]},
    ],
)
def test_delete_options_that_make_no_sense_are_refused(server: Server, options: Json) -> None:
    server.create("a")
    assert server.call("DELETE", f"{WIDGETS}/a", options).status == 422


def test_deleting_a_collection_takes_what_is_selected(server: Server) -> None:
    for name, app in (("a", "x"), ("b", "y"), ("c", "x")):
        server.create(name, labels={"app": app})
    gone = server.call("DELETE", WIDGETS, None, {"labelSelector": "app=x"}).body
    assert [item["metadata"]["name"] for item in gone["items"]] == ["a", "c"]
    assert [item["metadata"]["name"] for item in server.call("GET", WIDGETS).body["items"]] == ["b"]


def test_only_a_scheduled_pod_is_deleted_with_grace(server: Server) -> None:
    for name, spec in (("waiting", {}), ("running", {"nodeName": "n"})):
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {"containers": [{"name": "c", "image": "i"}], **spec},
        }
        assert server.call("POST", PODS, pod).status == 201
        server.call("DELETE", f"{PODS}/{name}")
    assert server.call("GET", f"{PODS}/waiting").status == 404
    left = server.call("GET", f"{PODS}/running").body["metadata"]
    assert left["deletionGracePeriodSeconds"] == 30
    assert left["deletionTimestamp"] == "2027-01-15T08:00:30Z"
    server.call("DELETE", f"{PODS}/running", {"gracePeriodSeconds": 0})
    assert server.call("GET", f"{PODS}/running").status == 404


def test_a_deleted_namespace_is_emptied_and_then_gone(server: Server) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    server.call("POST", "/api/v1/namespaces", namespace)
    inside = "/apis/example.com/v1/namespaces/team/widgets"
    server.call("POST", inside, widget("free"))
    server.call("POST", inside, widget("held", finalizers=["example.com/x"]))
    assert server.call("DELETE", "/api/v1/namespaces/team").body["status"]["phase"] == "Terminating"
    assert server.call("GET", f"{inside}/free").status == 404
    late = server.call("POST", inside, widget("late"))
    assert (late.status, late.body["details"]["causes"][0]["reason"]) == (403, "NamespaceTerminating")
    server.call("PATCH", f"{inside}/held", {"metadata": {"finalizers": None}}, content_type=MERGE)
    assert server.call("GET", "/api/v1/namespaces/team").status == 404


def test_the_namespaces_of_the_system_cannot_be_deleted(server: Server) -> None:
    assert server.call("DELETE", "/api/v1/namespaces/default").status == 403


def owned(server: Server, name: str, owner: Json, **reference: object) -> None:
    meta = owner["metadata"]
    entry = {"apiVersion": "example.com/v1", "kind": "Widget", "name": meta["name"], "uid": meta["uid"], **reference}
    answer = server.call("POST", CONFIG_MAPS, config_map(name, ownerReferences=[entry]))
    assert answer.status == 201, answer.body


def status_of(server: Server, name: str) -> int:
    return server.call("GET", f"{CONFIG_MAPS}/{name}").status


def test_without_a_collector_dependents_stay(server: Server) -> None:
    owned(server, "c", server.create("a"))
    server.call("DELETE", f"{WIDGETS}/a")
    assert status_of(server, "c") == 200


def test_background_deletion_collects_dependents_whose_last_owner_is_gone() -> None:
    server = Server(collect_garbage=True)
    first, second = server.create("a"), server.create("b")
    owned(server, "only-a", first)
    owned(server, "both", first)
    both = server.call("GET", f"{CONFIG_MAPS}/both").body
    reference = {"apiVersion": "example.com/v1", "kind": "Widget", "name": "b", "uid": second["metadata"]["uid"]}
    both["metadata"]["ownerReferences"].append(reference)
    server.call("PUT", f"{CONFIG_MAPS}/both", both)
    server.call("DELETE", f"{WIDGETS}/a")
    assert (status_of(server, "only-a"), status_of(server, "both")) == (404, 200)
    assert server.call("GET", f"{CONFIG_MAPS}/both").body["metadata"]["ownerReferences"] == [reference]
    server.call("DELETE", f"{WIDGETS}/b")
    assert status_of(server, "both") == 404


def test_orphaning_cuts_the_bond_and_keeps_the_dependent() -> None:
    server = Server(collect_garbage=True)
    owned(server, "c", server.create("a"))
    server.call("DELETE", f"{WIDGETS}/a", None, {"propagationPolicy": "Orphan"})
    assert server.call("GET", f"{WIDGETS}/a").status == 404
    assert "ownerReferences" not in server.call("GET", f"{CONFIG_MAPS}/c").body["metadata"]


def test_foreground_deletion_waits_for_dependents_that_block() -> None:
    server = Server(collect_garbage=True)
    owner = server.create("a")
    owned(server, "c", owner, blockOwnerDeletion=True)
    hold = {"metadata": {"finalizers": ["example.com/x"]}}
    server.call("PATCH", f"{CONFIG_MAPS}/c", hold, content_type=MERGE)
    server.call("DELETE", f"{WIDGETS}/a", None, {"propagationPolicy": "Foreground"})
    assert server.get("a")["metadata"]["finalizers"] == ["foregroundDeletion"]
    free = {"metadata": {"finalizers": None}}
    server.call("PATCH", f"{CONFIG_MAPS}/c", free, content_type=MERGE)
    assert (status_of(server, "c"), server.call("GET", f"{WIDGETS}/a").status) == (404, 404)


def test_an_object_born_without_a_living_owner_is_collected() -> None:
    server = Server(collect_garbage=True)
    owner = server.create("a")
    server.call("DELETE", f"{WIDGETS}/a")
    owned(server, "late", owner)
    assert status_of(server, "late") == 404
