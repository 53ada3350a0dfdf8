"""Built-in kinds: Go's zero values and defaults, types, scale, kinds with manners of their own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server_calls import CONFIG_MAPS, MERGE, Server, config_map, owners

Json = dict[str, Any]
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"


@pytest.fixture
def server() -> Server:
    return Server()


def deployment(name: str = "d") -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": "d"}},
            "template": {
                "metadata": {"labels": {"app": "d"}},
                "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]},
            },
        },
    }


def test_a_deployment_gets_what_go_fills_in(server: Server) -> None:
    spec = server.call("POST", DEPLOYMENTS, deployment()).body["spec"]
    assert (spec["replicas"], spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (1, 10, 600)
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    container = spec["template"]["spec"]["containers"][0]
    assert (container["imagePullPolicy"], container["resources"]) == ("IfNotPresent", {})


def test_structs_that_are_no_pointers_are_always_there(server: Server) -> None:
    assert server.call("POST", DEPLOYMENTS, deployment()).body["status"] == {}


def test_empty_values_of_optional_fields_vanish(server: Server) -> None:
    answer = server.call("POST", CONFIG_MAPS, {**config_map("c"), "data": {}, "binaryData": {}})
    assert set(answer.body) == {"apiVersion", "kind", "metadata"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"data": {"a": 1}}, "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"),
        ({"data": "x"}, "cannot unmarshal string into Go struct field ConfigMap.data"),
        ({"binaryData": {"a": "%"}}, "illegal base64 data at input byte 0"),
        ({"kind": "Secret"}, "converting (v1.Secret) to (core.ConfigMap): unknown conversion"),
        ({"apiVersion": "v2"}, 'no kind "ConfigMap" is registered for version "v2"'),
    ],
)
def test_a_value_of_a_wrong_type_is_a_decoding_error(server: Server, body: Json, message: str) -> None:
    answer = server.call("POST", CONFIG_MAPS, {**config_map("c"), **body})
    assert answer.status == 400
    assert message in answer.body["message"]


def test_a_secret_keeps_written_strings_as_data(server: Server) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}}
    secret = server.call("POST", "/api/v1/namespaces/default/secrets", body).body
    assert (secret["data"], secret["type"]) == ({"a": "Yg=="}, "Opaque")
    assert "stringData" not in secret


def test_a_namespace_has_its_finalizer_its_phase_and_its_name_as_label(server: Server) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "team-"}}
    namespace = server.call("POST", "/api/v1/namespaces", body).body
    name = namespace["metadata"]["name"]
    assert namespace["metadata"]["labels"] == {"kubernetes.io/metadata.name": name}
    assert (namespace["spec"], namespace["status"]) == ({"finalizers": ["kubernetes"]}, {"phase": "Active"})


def test_a_lease_is_created_by_put_and_a_config_map_is_not(server: Server) -> None:
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "l"},
        "spec": {"holderIdentity": "me"},
    }
    assert server.call("PUT", f"{LEASES}/l", lease).status == 201
    assert server.call("PUT", f"{LEASES}/l", lease).status == 422
    assert server.call("PUT", f"{CONFIG_MAPS}/c", config_map("c")).status == 404


def test_scaling_changes_replicas_and_owns_them(server: Server) -> None:
    server.call("POST", DEPLOYMENTS, deployment())
    scale = server.call("GET", f"{DEPLOYMENTS}/d/scale").body
    assert (scale["kind"], scale["spec"], scale["status"]) == (
        "Scale",
        {"replicas": 1},
        {"replicas": 0, "selector": "app=d"},
    )
    scaled = server.call("PUT", f"{DEPLOYMENTS}/d/scale", {**scale, "spec": {"replicas": 5}})
    assert scaled.body["spec"] == {"replicas": 5}
    server.call(
        "PATCH", f"{DEPLOYMENTS}/d/scale", {"spec": {"replicas": 3}}, {"fieldManager": "hpa"}, content_type=MERGE
    )
    body = server.call("GET", f"{DEPLOYMENTS}/d").body
    assert (body["spec"]["replicas"], body["metadata"]["generation"]) == (3, 3)
    assert owners(body)["hpa", "Update"] == {"f:spec": {"f:replicas": {}}}


def test_a_scale_is_refused_when_stale_or_negative(server: Server) -> None:
    server.call("POST", DEPLOYMENTS, deployment())
    scale = server.call("GET", f"{DEPLOYMENTS}/d/scale").body
    stale = {**scale, "metadata": {**scale["metadata"], "resourceVersion": "1"}}
    assert server.call("PUT", f"{DEPLOYMENTS}/d/scale", stale).status == 409
    negative = server.call("PATCH", f"{DEPLOYMENTS}/d/scale", {"spec": {"replicas": -1}}, content_type=MERGE)
    assert (negative.status, negative.body["details"]["kind"]) == (422, "Scale")


def test_fields_that_are_there_anyway_belong_to_nobody(server: Server) -> None:
    created = server.call("POST", DEPLOYMENTS, deployment()).body
    fields = owners(created)["tests", "Update"]["f:spec"]
    assert "." not in fields
    assert fields["f:template"]["f:metadata"]["f:labels"] == {".": {}, "f:app": {}}


PODS = "/api/v1/namespaces/default/pods"


def pod(name: str) -> Json:
    spec = {"containers": [{"name": "c", "image": "nginx"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def test_a_binding_names_the_node_once(server: Server) -> None:
    server.call("POST", PODS, pod("p"))
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "p"},
        "target": {"kind": "Node", "name": "n"},
    }
    assert server.call("POST", f"{PODS}/p/binding", binding).status == 201
    body = server.call("GET", f"{PODS}/p").body
    assert body["spec"]["nodeName"] == "n"
    assert body["status"]["conditions"][0]["type"] == "PodScheduled"
    again = server.call("POST", f"{PODS}/p/binding", binding)
    assert (again.status, again.body["reason"]) == (409, "Conflict")


def test_an_eviction_is_a_delete(server: Server) -> None:
    server.call("POST", PODS, pod("p"))
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    assert server.call("POST", f"{PODS}/p/eviction", eviction).body["status"] == "Success"
    assert server.call("GET", f"{PODS}/p").status == 404
    assert server.call("POST", f"{PODS}/p/eviction", eviction).status == 404


def test_only_finalize_changes_the_finalizers_of_a_namespace(server: Server) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    server.call("POST", "/api/v1/namespaces", body)
    wanted = {**body, "spec": {"finalizers": ["kubernetes", "example.com/x"]}}
    unchanged = server.call("PUT", "/api/v1/namespaces/team", wanted)
    assert unchanged.body["spec"]["finalizers"] == ["kubernetes"]
    changed = server.call("PUT", "/api/v1/namespaces/team/finalize", wanted)
    assert changed.body["spec"]["finalizers"] == ["kubernetes", "example.com/x"]


def test_what_one_apply_fills_in_never_leaks_into_the_next_object(server: Server) -> None:
    query = {"fieldManager": "one"}
    for name in ("a", "b"):
        applied = server.call(
            "PATCH", f"{DEPLOYMENTS}/{name}", deployment(name), query, content_type="application/apply-patch+yaml"
        )
        assert applied.status == 201
    created = server.call("POST", DEPLOYMENTS, deployment("c")).body
    assert "f:strategy" in owners(created)["tests", "Update"]["f:spec"]


def test_keys_of_config_maps_are_checked_and_immutable_means_it(server: Server) -> None:
    bad = server.call("POST", CONFIG_MAPS, config_map("c", {"a/b": "1"}))
    assert (bad.status, bad.body["details"]["causes"][0]["field"]) == (422, "data[a/b]")
    server.call("POST", CONFIG_MAPS, {**config_map("c", {"a": "1"}), "immutable": True})
    changed = server.call("PATCH", f"{CONFIG_MAPS}/c", {"data": {"a": "2"}}, content_type=MERGE)
    assert "data: Forbidden: field is immutable when `immutable` is set" in changed.body["message"]
    assert (
        server.call("PATCH", f"{CONFIG_MAPS}/c", {"metadata": {"labels": {"x": "y"}}}, content_type=MERGE).status == 200
    )


def test_zero_values_stay_only_behind_pointers(server: Server) -> None:
    lease = {"metadata": {"name": "l"}, "spec": {"holderIdentity": "", "leaseTransitions": 0}}
    assert server.call("POST", LEASES, lease).body["spec"] == {"holderIdentity": "", "leaseTransitions": 0}
    body = deployment()
    body["spec"].update(minReadySeconds=0, paused=False, replicas=0)
    body["spec"]["template"]["spec"].update(hostNetwork=False, nodeName="", terminationGracePeriodSeconds=0)
    spec = server.call("POST", DEPLOYMENTS, body).body["spec"]
    assert spec["replicas"] == 0 and "minReadySeconds" not in spec and "paused" not in spec
    pod_spec = spec["template"]["spec"]
    assert pod_spec["terminationGracePeriodSeconds"] == 0 and pod_spec.keys().isdisjoint({"hostNetwork", "nodeName"})


def test_times_that_are_no_pointers_are_null_until_set(server: Server) -> None:
    server.call("POST", DEPLOYMENTS, deployment())
    status = {"status": {"conditions": [{"type": "Available", "status": "True"}]}}
    answer = server.call("PATCH", f"{DEPLOYMENTS}/d/status", status, content_type=MERGE)
    assert answer.body["status"]["conditions"] == [
        {"type": "Available", "status": "True", "lastUpdateTime": None, "lastTransitionTime": None}
    ]


@pytest.mark.parametrize(
    ("where", "value", "what"),
    [
        ("containers", "x", "string into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container"),
        (
            "nodeSelector",
            {"a": 1},
            "number into Go struct field PodSpec.spec.template.spec.nodeSelector of type string",
        ),
        (
            "terminationGracePeriodSeconds",
            1.5,
            "number 1.5 into Go struct field PodSpec.spec.template.spec.terminationGracePeriodSeconds of type int64",
        ),
        (
            "containers",
            [{"name": "c", "ports": ["x"]}],
            "string into Go struct field Container.spec.template.spec.containers.ports of type v1.ContainerPort",
        ),
    ],
)
def test_a_decoding_error_names_the_go_type_that_does_not_fit(
    server: Server, where: str, value: object, what: str
) -> None:
    body = deployment()
    body["spec"]["template"]["spec"][where] = value
    answer = server.call("POST", DEPLOYMENTS, body)
    assert answer.status == 400 and answer.body["message"].endswith(f"json: cannot unmarshal {what}")


@pytest.mark.parametrize("patch", [{"apiVersion": "other/v1"}, {"kind": "Other"}])
def test_a_merge_patch_may_not_change_the_type(server: Server, patch: Json) -> None:
    server.create("a")
    answer = server.call("PATCH", "/apis/example.com/v1/namespaces/default/widgets/a", patch, content_type=MERGE)
    assert answer.status == 422 and [cause["field"] for cause in answer.body["details"]["causes"]] == [*patch]
    server.call("POST", CONFIG_MAPS, config_map("c"))
    answer = server.call("PATCH", f"{CONFIG_MAPS}/c", patch, content_type=MERGE)
    assert answer.status == 422 and "is registered for version" in answer.body["message"]


def test_a_namespace_that_others_hold_stays_terminating(server: Server) -> None:
    held = {"metadata": {"name": "held"}, "spec": {"finalizers": ["example.com/mine"]}}
    server.call("POST", "/api/v1/namespaces", held)
    server.call("DELETE", "/api/v1/namespaces/held")
    left = server.call("GET", "/api/v1/namespaces/held").body
    assert left["status"]["phase"] == "Terminating" and left["spec"]["finalizers"] == ["example.com/mine"]
    assert server.call("POST", "/api/v1/namespaces/held/configmaps", {"metadata": {"name": "x"}}).status == 403
    left["spec"]["finalizers"] = []
    assert server.call("PUT", "/api/v1/namespaces/held/finalize", left).status == 200
    server.call("DELETE", "/api/v1/namespaces/held")
    assert server.call("GET", "/api/v1/namespaces/held").status == 404


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2024-01-01T00:00:00.123456Z", "2024-01-01T00:00:00.123456Z"),
        ("2024-01-01T02:00:00.000000+02:00", "2024-01-01T00:00:00.000000Z"),
    ],
)
def test_times_are_written_in_utc(server: Server, given: str, shown: str) -> None:
    answer = server.call("POST", LEASES, {"metadata": {"name": "l"}, "spec": {"renewTime": given}})
    assert answer.body["spec"]["renewTime"] == shown


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("x", ' as "2006-01-02T15:04:05.000000Z07:00": cannot parse "x" as "2006"'),
        ("2024-01-01T00:00:00Z", ' as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"'),
        ("2024-13-01T00:00:00.000000Z", ": month out of range"),
        ("2024-01-01T25:00:00.000000Z", ": hour out of range"),
        ("2024-02-31T00:00:00.000000Z", ": day out of range"),
        ("2024-01-01T00:00:00.000000Zx", ': extra text: "x"'),
    ],
)
def test_what_is_no_time_is_refused_in_go_s_words(server: Server, given: str, why: str) -> None:
    answer = server.call("POST", LEASES, {"metadata": {"name": "l"}, "spec": {"renewTime": given}})
    assert answer.status == 400 and answer.body["message"].endswith(f'parsing time "{given}"{why}')
