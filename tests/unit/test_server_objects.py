"""Creating, reading and updating through the embedded server, without a socket."""

from __future__ import annotations

import pytest

from tests.server_calls import (
    CONFIG_MAPS,
    JSON_PATCH,
    MERGE,
    STRATEGIC,
    WIDGETS,
    Json,
    Server,
    config_map,
    widget,
    widget_kind,
)


@pytest.fixture
def server() -> Server:
    return Server()


def test_a_new_object_gets_what_only_the_server_may_say(server: Server) -> None:
    given = widget(
        "a", uid="mine", creationTimestamp="2000-01-01T00:00:00Z", generation=7, deletionGracePeriodSeconds=3
    )
    meta = server.call("POST", WIDGETS, {**given, "status": {"x": 1}}).body["metadata"]
    assert meta["uid"] != "mine"
    assert meta["creationTimestamp"] == "2027-01-15T08:00:00Z"
    assert meta["generation"] == 1
    assert meta["namespace"] == "default"
    assert "deletionGracePeriodSeconds" not in meta
    assert "status" not in server.get("a")


def test_a_name_can_be_taken_once(server: Server) -> None:
    server.create("a")
    answer = server.call("POST", WIDGETS, widget("a"))
    assert (answer.status, answer.body["reason"]) == (409, "AlreadyExists")
    assert answer.body["message"] == 'widgets.example.com "a" already exists'


def test_generate_name_makes_a_name_that_is_free(server: Server) -> None:
    names = set()
    for _ in range(20):
        body = widget("", generateName="job-")
        del body["metadata"]["name"]
        names.add(server.call("POST", WIDGETS, body).body["metadata"]["name"])
    assert len(names) == 20
    assert all(name.startswith("job-") and len(name) == 9 for name in names)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (widget("Bad_Name"), 422, 'metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain'),
        (widget("a", labels={"bad key": "x"}), 422, "metadata.labels: Invalid value"),
        (widget("a", finalizers=["a/b/c"]), 422, "metadata.finalizers: Invalid value"),
        (widget("a", resourceVersion="5"), 500, "resourceVersion should not be set on objects to be created"),
        (widget("a", namespace="other"), 400, "the namespace of the provided object does not match"),
        ({**widget("a"), "kind": "Gadget"}, 422, 'kind: Invalid value: "Gadget": must be Widget'),
        ({**widget("a"), "apiVersion": "example.com/v9"}, 400, "does not match the expected API version"),
        (b"{", 400, "unexpected end of JSON input"),
        (b"[]", 400, "cannot unmarshal array"),
    ],
    ids=["name", "label", "finalizer", "version", "namespace", "kind", "apiVersion", "json", "array"],
)
def test_what_is_wrong_is_refused_in_the_real_servers_words(
    server: Server, body: Json | bytes, status: int, message: str
) -> None:
    answer = server.call("POST", WIDGETS, body)
    assert answer.status == status
    assert message in answer.body["message"]


def test_a_namespace_must_exist(server: Server) -> None:
    answer = server.call("POST", "/apis/example.com/v1/namespaces/nowhere/widgets", widget("a"))
    assert (answer.status, answer.body["message"]) == (404, 'namespaces "nowhere" not found')


def test_field_validation_ignores_warns_or_refuses(server: Server) -> None:
    body = widget("a", {"image": "x", "surprise": 1})
    warned = server.call("POST", WIDGETS, body, {"dryRun": "All"})
    assert warned.warnings == ['299 - "unknown field \\"spec.surprise\\""']
    assert warned.body["spec"] == {"image": "x", "mode": "auto"}
    assert server.call("POST", WIDGETS, body, {"dryRun": "All", "fieldValidation": "Ignore"}).warnings == []
    refused = server.call("POST", WIDGETS, body, {"fieldValidation": "Strict"})
    assert refused.status == 400
    assert 'strict decoding error: unknown field "spec.surprise"' in refused.body["message"]


def test_a_field_given_twice_is_noticed(server: Server) -> None:
    body = b'{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"image":"a","image":"b"}}'
    assert 'duplicate field \\"spec.image\\"' in server.call("POST", WIDGETS, body).warnings[0]


def test_a_dry_run_answers_as_if_and_stores_nothing(server: Server) -> None:
    answer = server.call("POST", WIDGETS, widget("a"), {"dryRun": "All"})
    assert answer.status == 201
    assert "resourceVersion" not in answer.body["metadata"]
    assert server.call("GET", f"{WIDGETS}/a").status == 404
    created = server.create("b")
    server.call("PATCH", f"{WIDGETS}/b", {"spec": {"image": "x"}}, {"dryRun": "All"}, content_type=MERGE)
    server.call("DELETE", f"{WIDGETS}/b", None, {"dryRun": "All"})
    assert server.get("b") == created


def test_an_update_needs_the_version_it_was_made_from(server: Server) -> None:
    old = server.create("a")
    newer = server.call("PUT", f"{WIDGETS}/a", {**old, "spec": {"image": "new"}})
    assert newer.status == 200
    stale = server.call("PUT", f"{WIDGETS}/a", {**old, "spec": {"image": "stale"}})
    assert (stale.status, stale.body["reason"]) == (409, "Conflict")
    missing = server.call("PUT", f"{WIDGETS}/a", widget("a"))
    assert missing.status == 422
    assert "must be specified for an update" in missing.body["message"]


def test_built_in_kinds_may_be_updated_without_a_version(server: Server) -> None:
    server.call("POST", CONFIG_MAPS, config_map("c"))
    assert server.call("PUT", f"{CONFIG_MAPS}/c", config_map("c", {"b": "2"})).status == 200


def test_an_update_that_changes_nothing_writes_nothing(server: Server) -> None:
    created = server.create("a")
    revision = server.api.storage.revision
    server.clock.step(100)
    assert server.call("PUT", f"{WIDGETS}/a", created).body == created
    assert server.api.storage.revision == revision


def test_the_generation_counts_changes_outside_metadata_and_status(server: Server) -> None:
    server.create("a")
    for patch in ({"metadata": {"labels": {"x": "y"}}}, {"status": {"ready": True}}):
        assert server.call("PATCH", f"{WIDGETS}/a", patch, content_type=MERGE).body["metadata"]["generation"] == 1
    assert (
        server.call("PATCH", f"{WIDGETS}/a", {"spec": {"replicas": 2}}, content_type=MERGE).body["metadata"][
            "generation"
        ]
        == 2
    )


def test_status_and_spec_are_written_through_their_own_doors(server: Server) -> None:
    created = server.create("a", {"image": "one"})
    both = {**created, "spec": {"image": "two"}, "status": {"ready": True}}
    through_status = server.call("PUT", f"{WIDGETS}/a/status", both).body
    assert (through_status["spec"]["image"], through_status["status"]) == ("one", {"ready": True})
    through_main = server.call(
        "PUT", f"{WIDGETS}/a", {**through_status, "spec": {"image": "two"}, "status": {"ready": False}}
    ).body
    assert (through_main["spec"]["image"], through_main["status"]) == ("two", {"ready": True})


def test_what_identifies_an_object_cannot_change(server: Server) -> None:
    created = server.create("a")
    other = {**created, "metadata": {**created["metadata"], "uid": "other"}}
    assert server.call("PUT", f"{WIDGETS}/a", other).body["reason"] == "Conflict"
    renamed = {**created, "metadata": {**created["metadata"], "name": "b"}}
    assert "does not match the name on the URL" in server.call("PUT", f"{WIDGETS}/a", renamed).body["message"]
    patched = server.call("PATCH", f"{WIDGETS}/a", {"metadata": {"uid": "other"}}, content_type=MERGE)
    assert "metadata.uid: Invalid value" in patched.body["message"]


def test_each_patch_type_changes_what_it_says(server: Server) -> None:
    server.create("a", {"image": "x", "replicas": 1})
    server.call("PATCH", f"{WIDGETS}/a", {"spec": {"replicas": None, "args": ["v"]}}, content_type=MERGE)
    server.call("PATCH", f"{WIDGETS}/a", [{"op": "add", "path": "/spec/args/0", "value": "u"}], content_type=JSON_PATCH)
    assert server.get("a")["spec"] == {"image": "x", "args": ["u", "v"], "mode": "auto"}


def test_a_patch_type_that_a_kind_does_not_take_is_415(server: Server) -> None:
    server.create("a")
    assert server.call("PATCH", f"{WIDGETS}/a", {}, content_type=STRATEGIC).status == 415
    assert server.call("PATCH", f"{WIDGETS}/a", {}).status == 415


def test_an_object_is_served_in_every_version_and_stored_in_one() -> None:
    server = Server(widget_kind("v1", "v1"), widget_kind("v1beta1", "v1"))
    server.create("a")
    old = server.call("GET", "/apis/example.com/v1beta1/namespaces/default/widgets/a").body
    assert old["apiVersion"] == "example.com/v1beta1"
    old["spec"]["image"] = "through the old version"
    assert server.call("PUT", "/apis/example.com/v1beta1/namespaces/default/widgets/a", old).status == 200
    assert server.get("a")["spec"]["image"] == "through the old version"
    assert server.get("a")["apiVersion"] == "example.com/v1"


def test_unknown_paths_and_methods_answer_as_the_real_server_does(server: Server) -> None:
    assert server.call("GET", "/apis/nowhere/v1/things").body == {"text": "404 page not found\n"}
    assert server.call("GET", "/api/v1/things").body["message"] == "the server could not find the requested resource"
    assert server.call("PUT", CONFIG_MAPS, config_map("a")).status == 405
    assert server.call("GET", f"{WIDGETS}/a/nonsense").status == 404


def test_metadata_only_is_served_on_request(server: Server) -> None:
    server.create("a", labels={"x": "y"})
    accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    body = server.call("GET", f"{WIDGETS}/a", accept=accept).body
    assert body["kind"] == "PartialObjectMetadata"
    assert "spec" not in body
    assert server.call("GET", WIDGETS, accept="application/vnd.kubernetes.protobuf").status == 406
