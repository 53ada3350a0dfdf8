"""Server-side apply and managedFields: who owns what after which write."""

from __future__ import annotations

import pytest

from tests.server_calls import APPLY, CONFIG_MAPS, MERGE, WIDGETS, Server, owners, widget


@pytest.fixture
def server() -> Server:
    return Server()


def test_an_apply_creates_and_owns_exactly_what_it_says(server: Server) -> None:
    answer = server.apply("a", {"image": "x", "tags": ["t"], "ports": [{"name": "p", "port": 1}]}, "one")
    assert answer.status == 201
    assert owners(answer.body) == {
        ("one", "Apply"): {
            "f:spec": {
                "f:image": {},
                "f:ports": {'k:{"name":"p"}': {".": {}, "f:name": {}, "f:port": {}}},
                "f:tags": {'v:"t"': {}},
            }
        }
    }


def test_applying_the_same_again_writes_nothing(server: Server) -> None:
    first = server.apply("a", {"image": "x"}, "one").body
    server.clock.step(3600)
    again = server.apply("a", {"image": "x"}, "one")
    assert (again.status, again.body) == (200, first)


def test_what_an_applier_no_longer_says_is_removed_unless_another_owns_it(server: Server) -> None:
    server.apply("a", {"image": "x", "replicas": 2}, "one")
    server.apply("a", {"replicas": 2}, "two")
    left = server.apply("a", {"image": "x"}, "one").body
    assert left["spec"] == {"image": "x", "replicas": 2, "mode": "auto"}
    left = server.apply("a", {}, "two").body
    assert left["spec"] == {"image": "x", "mode": "auto"}


def test_a_conflict_names_manager_and_field_and_changes_nothing(server: Server) -> None:
    before = server.apply("a", {"image": "x"}, "one").body
    refused = server.apply("a", {"image": "y"}, "two")
    assert refused.status == 409
    assert refused.body["message"] == 'Apply failed with 1 conflict: conflict with "one": .spec.image'
    assert refused.body["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".spec.image"}
    ]
    assert server.get("a") == before


def test_several_conflicts_are_listed_by_manager(server: Server) -> None:
    server.apply("a", {"image": "x"}, "one")
    server.call("PATCH", f"{WIDGETS}/a", {"spec": {"replicas": 2}}, {"fieldManager": "two"}, content_type=MERGE)
    message = server.apply("a", {"image": "y", "replicas": 3}, "three").body["message"]
    assert message == (
        'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.image\n'
        'conflicts with "two" using example.com/v1:\n- .spec.replicas'
    )


def test_force_takes_the_fields_over(server: Server) -> None:
    server.apply("a", {"image": "x", "replicas": 1}, "one")
    taken = server.apply("a", {"image": "y"}, "two", force=True).body
    assert taken["spec"]["image"] == "y"
    assert owners(taken) == {
        ("one", "Apply"): {"f:spec": {"f:replicas": {}}},
        ("two", "Apply"): {"f:spec": {"f:image": {}}},
    }


def test_agreeing_appliers_share_a_field(server: Server) -> None:
    server.apply("a", {"image": "x"}, "one")
    shared = server.apply("a", {"image": "x"}, "two").body
    assert set(owners(shared)) == {("one", "Apply"), ("two", "Apply")}


def test_keyed_lists_merge_item_by_item_and_atomic_ones_as_a_whole(server: Server) -> None:
    server.apply("a", {"ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}], "args": ["x", "y"]}, "one")
    merged = server.apply("a", {"ports": [{"name": "c", "port": 3}, {"name": "a", "port": 1}]}, "two").body
    assert [port["name"] for port in merged["spec"]["ports"]] == ["c", "a", "b"]
    refused = server.apply("a", {"args": ["x"]}, "two")
    assert '"one": .spec.args' in refused.body["message"]


def test_an_update_owns_what_it_changed_and_takes_it_from_others(server: Server) -> None:
    server.apply("a", {"image": "x", "replicas": 1}, "one")
    patch = {"spec": {"image": "y"}}
    changed = server.call("PATCH", f"{WIDGETS}/a", patch, {"fieldManager": "edit"}, content_type=MERGE).body
    assert owners(changed) == {
        ("edit", "Update"): {"f:spec": {"f:image": {}}},
        ("one", "Apply"): {"f:spec": {"f:replicas": {}}},
    }


def test_a_create_owns_everything_but_the_systems_metadata(server: Server) -> None:
    created = server.create("a", {"image": "x"}, labels={"l": "1"})
    assert owners(created) == {
        ("tests", "Update"): {
            "f:metadata": {"f:labels": {".": {}, "f:l": {}}},
            "f:spec": {".": {}, "f:image": {}, "f:mode": {}},
        }
    }


def test_spec_and_status_are_owned_through_their_own_doors(server: Server) -> None:
    server.create("a")
    patch = {"spec": {"image": "ignored"}, "status": {"ready": True}}
    body = server.call("PATCH", f"{WIDGETS}/a/status", patch, {"fieldManager": "ctl"}, content_type=MERGE).body
    entry = next(entry for entry in body["metadata"]["managedFields"] if entry["manager"] == "ctl")
    assert entry["subresource"] == "status"
    assert entry["fieldsV1"] == {"f:status": {".": {}, "f:ready": {}}}


def test_managed_fields_can_be_reset(server: Server) -> None:
    server.create("a")
    reset = server.call("PATCH", f"{WIDGETS}/a", {"metadata": {"managedFields": [{}]}}, content_type=MERGE).body
    assert "managedFields" not in reset["metadata"]
    applied = server.apply("a", {"image": "nginx"}, "one").body
    assert ("before-first-apply", "Update") in owners(applied)


def test_more_than_ten_updaters_are_merged_into_one_entry(server: Server) -> None:
    server.create("a")
    for index in range(12):
        patch = {"metadata": {"labels": {f"l{index}": "x"}}}
        server.clock.step(1)
        server.call("PATCH", f"{WIDGETS}/a", patch, {"fieldManager": f"m{index:02}"}, content_type=MERGE)
    managers = [name for name, _ in owners(server.get("a"))]
    assert len(managers) == 10
    assert "ancient-changes" in managers


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"surprise": 1}, ".spec.surprise: field not declared in schema"),
        ({"image": 1}, ".spec.image: expected string, got &value.valueUnstructured{Value:1}"),
        ({"tags": ["a", "a"]}, '.spec.tags: duplicate entries for key [="a"]'),
        ({"ports": [{"port": 1}]}, ".spec.ports: element 0: associative list with keys has an element that omits"),
    ],
)
def test_a_configuration_that_does_not_fit_the_schema_is_refused(server: Server, spec: object, message: str) -> None:
    answer = server.apply("a", spec, "one")  # type: ignore[arg-type] # wrong on purpose
    assert answer.status == 500
    assert message in answer.body["message"]


def test_an_apply_says_who_and_what_kind_and_no_managed_fields(server: Server) -> None:
    path = f"{WIDGETS}/a"
    nameless = server.call("PATCH", path, widget("a"), content_type=APPLY)
    assert "fieldManager: Required value: is required for apply patch" in nameless.body["message"]
    other = {**widget("a"), "kind": "Gadget"}
    query = {"fieldManager": "one"}
    assert "invalid object type" in server.call("PATCH", path, other, query, content_type=APPLY).body["message"]
    managed = widget("a", managedFields=[])
    refused = server.call("PATCH", path, managed, query, content_type=APPLY)
    assert refused.body["message"] == "metadata.managedFields must be nil"


def test_a_configuration_may_be_yaml(server: Server) -> None:
    text = b"apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec:\n  image: x\n"
    answer = server.call("PATCH", f"{WIDGETS}/a", text, {"fieldManager": "one"}, content_type=APPLY)
    assert answer.body["spec"]["image"] == "x"


def test_kubectl_takes_over_what_its_client_side_apply_set(server: Server) -> None:
    annotation = "kubectl.kubernetes.io/last-applied-configuration"
    last = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}'
    first = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "annotations": {annotation: last}},
        "data": {"a": "1", "b": "1"},
    }
    server.call("POST", CONFIG_MAPS, first, {"fieldManager": "kubectl-client-side-apply"})
    query = {"fieldManager": "kubectl"}
    wanted = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "2"}}
    taken = server.call("PATCH", f"{CONFIG_MAPS}/c", wanted, query, content_type=APPLY)
    assert taken.status == 200
    assert '"a":"2"' in taken.body["metadata"]["annotations"][annotation]
    other = {**wanted, "data": {"b": "2"}}
    assert server.call("PATCH", f"{CONFIG_MAPS}/c", other, query, content_type=APPLY).status == 409


def test_an_apply_needs_a_name_and_drops_a_version(server: Server) -> None:
    nameless = {"apiVersion": "example.com/v1", "kind": "Widget"}
    query = {"fieldManager": "one"}
    refused = server.call("PATCH", f"{WIDGETS}/a", nameless, query, content_type=APPLY)
    assert (refused.status, "name must be provided" in refused.body["message"]) == (400, True)
    assert server.apply("a", {"image": "x"}, "one", resourceVersion="7").status == 201
    other = server.apply("b", {"image": "x"}, "one", uid="mine")
    assert "uid mismatch" in other.body["message"]
