"""Every verb of the typed client, on the embedded server over HTTP and in process: the same answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubewright.client import DynamicClient, Namespaced, ObjectList, Resource, WithStatus
from kubewright.core.wire import Transport
from kubewright.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    DecodeError,
    Gone,
    Invalid,
    NotFound,
    UnsupportedMediaType,
)
from kubewright.model import Model, Req, field
from kubewright.objects import ObjectMeta
from tests.runtime.clients import Gears, GearScope, GearStatus, Namespace, Namespaces, gear, in_process, over_http


class MisfitSpec(Model, kw_only=True):
    parts: str | None = None


class Misfit(Model, kw_only=True):
    """A model that is wrong about one field of Gear."""

    metadata: Req[ObjectMeta]
    spec: MisfitSpec | None = None
    api_version: str = field(name="apiVersion", default="gears.example.com/v1")
    kind: str = "Gear"


class Misfits(Namespaced[Misfit, WithStatus[Misfit]]):
    resource = Gears.resource
    model = Misfit
    scope = WithStatus[Misfit]


@pytest.fixture(params=[over_http, in_process], ids=["http", "in process"])
def transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    with request.param() as made:
        yield made


@pytest.fixture
def gears(transport: Transport) -> GearScope:
    return Gears(transport)("default")


def test_create_returns_the_object_as_stored(gears: GearScope) -> None:
    made = gears.create(gear("a"))
    assert made.metadata.uid
    assert made.metadata.namespace == "default"
    assert made.spec is not None
    assert made.spec.teeth == 8


def test_apiversion_and_kind_are_always_there(gears: GearScope) -> None:
    # client-go T6: the most reported surprise of typed clients there
    gears.create(gear("a"))
    assert gears.get("a").kind == gears.list()[0].kind == "Gear"
    assert gears.get("a").api_version == "gears.example.com/v1"


def test_create_twice_is_already_exists(gears: GearScope) -> None:
    gears.create(gear("a"))
    with pytest.raises(AlreadyExists) as caught:
        gears.create(gear("a"))
    assert caught.value.code == 409
    assert str(caught.value).startswith("create gears.gears.example.com default: 409 AlreadyExists: ")


def test_create_with_a_generated_name(gears: GearScope) -> None:
    made = gears.create(gear("", generate_name="g-"))
    assert (made.metadata.name or "").startswith("g-")


def test_an_invalid_object_is_refused_with_its_causes(gears: GearScope) -> None:
    with pytest.raises(Invalid) as caught:
        gears.create(gear("a", teeth=-1))
    assert [cause.field for cause in caught.value.causes] == ["spec.teeth"]


def test_a_dry_run_changes_nothing(gears: GearScope) -> None:
    assert gears.create(gear("a"), dry_run=True).metadata.name == "a"
    with pytest.raises(NotFound):
        gears.get("a")


def test_get_of_what_is_not_there_is_not_found(gears: GearScope) -> None:
    with pytest.raises(NotFound) as caught:
        gears.get("nope")
    error = caught.value
    assert (error.verb, error.resource, error.namespace, error.name) == (
        "get",
        "gears.gears.example.com",
        "default",
        "nope",
    )
    assert error.status is not None


@pytest.mark.parametrize("name", ["", "..", "a/b", "%2e%2e"])
def test_an_impossible_name_is_refused_before_anything_is_sent(gears: GearScope, name: str) -> None:
    # client-go T4, TestInvalidSegments
    for call in (gears.get, gears.delete, lambda n: gears.patch(n, {}), gears.get_scale):
        with pytest.raises(ValueError, match="resource name"):
            call(name)


def test_an_empty_namespace_is_refused_where_it_is_said(transport: Transport) -> None:
    # client-go T5 lets the server find out
    with pytest.raises(ValueError, match="for all namespaces do not call"):
        Gears(transport)("")


def test_update_with_an_old_version_is_a_conflict(gears: GearScope) -> None:
    old = gears.create(gear("a"))
    fresh = gears.get("a")
    assert fresh.spec is not None
    fresh.spec.teeth = 9
    gears.update(fresh)
    assert old.spec is not None
    old.spec.teeth = 10
    with pytest.raises(Conflict):
        gears.update(old)


def test_update_without_a_version_is_for_the_kind_to_allow(transport: Transport, gears: GearScope) -> None:
    gears.create(gear("a"))
    with pytest.raises(Invalid):
        gears.update(gear("a", teeth=3))
    maps = DynamicClient(transport).namespaced(Resource(group="", version="v1", kind="ConfigMap", plural="configmaps"))
    maps("default").create({"metadata": {"name": "m"}, "data": {"a": "1"}})
    assert maps("default").update({"metadata": {"name": "m"}, "data": {"b": "2"}})["data"] == {"b": "2"}


def test_update_without_a_name_says_so(gears: GearScope) -> None:
    with pytest.raises(ValueError, match=r"metadata\.name"):
        gears.update(gear(""))


def test_update_status_changes_the_status_only(gears: GearScope) -> None:
    made = gears.create(gear("a"))
    assert made.spec is not None
    made.spec.teeth = 99
    made.status = GearStatus(phase="Ready")
    updated = gears.update_status(made)
    assert updated.status == GearStatus(phase="Ready")
    assert updated.spec is not None
    assert updated.spec.teeth == 8


def test_update_leaves_the_status_alone(gears: GearScope) -> None:
    made = gears.create(gear("a"))
    made.status = GearStatus(phase="Ready")
    assert gears.update(made).status is None


def test_merge_patch(gears: GearScope) -> None:
    gears.create(gear("a", labels={"x": "1"}))
    patched = gears.patch("a", {"metadata": {"labels": {"x": None, "y": "2"}}})
    assert patched.metadata.labels == {"y": "2"}


def test_json_patch(gears: GearScope) -> None:
    gears.create(gear("a"))
    patched = gears.patch("a", [{"op": "replace", "path": "/spec/teeth", "value": 4}])
    assert patched.spec is not None
    assert patched.spec.teeth == 4


def test_a_patch_as_text_needs_its_type(gears: GearScope) -> None:
    gears.create(gear("a"))
    with pytest.raises(ValueError, match="patch_type"):
        gears.patch("a", b"{}")
    assert gears.patch("a", '{"spec":{"teeth":5}}', patch_type="merge").spec == gear("a", teeth=5).spec


def test_strategic_patch_is_refused_for_custom_resources(gears: GearScope) -> None:
    # client-go T8
    gears.create(gear("a"))
    with pytest.raises(UnsupportedMediaType):
        gears.patch("a", {"spec": {}}, patch_type="strategic")


def test_strategic_patch_of_a_built_in_kind_merges_lists_by_key(transport: Transport) -> None:
    services = DynamicClient(transport).namespaced(Resource(group="", version="v1", kind="Service", plural="services"))(
        "default"
    )
    services.create({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80, "protocol": "TCP", "name": "a"}]}})
    added = {"spec": {"ports": [{"port": 81, "protocol": "TCP", "name": "b"}]}}
    patched = services.patch("s", added, patch_type="strategic")
    assert sorted(port["port"] for port in patched["spec"]["ports"]) == [80, 81]


def test_a_patch_of_the_status(gears: GearScope) -> None:
    gears.create(gear("a"))
    patched = gears.patch("a", {"status": {"phase": "Ready"}}, subresource="status")
    assert patched.status == GearStatus(phase="Ready")


def test_delete(gears: GearScope) -> None:
    gears.create(gear("a"))
    gears.delete("a")
    with pytest.raises(NotFound):
        gears.delete("a")


def test_delete_with_a_precondition_that_does_not_hold(gears: GearScope) -> None:
    gears.create(gear("a"))
    with pytest.raises(Conflict):
        gears.delete("a", uid="somebody-else")


def test_delete_collection_by_label(gears: GearScope) -> None:
    for name, color in (("a", "red"), ("b", "blue"), ("c", "red")):
        gears.create(gear(name, labels={"color": color}))
    gears.delete_collection(label_selector="color=red")
    assert [g.metadata.name for g in gears.list()] == ["b"]


def test_apply_creates_and_owns(gears: GearScope) -> None:
    gears.apply({"metadata": {"name": "a"}, "spec": {"teeth": 5}}, field_manager="me")
    applied = gears.apply({"metadata": {"name": "a", "labels": {"x": "1"}}}, field_manager="me")
    assert applied.metadata.labels == {"x": "1"}
    assert applied.spec is None or applied.spec.teeth is None  # no longer said, so no longer there


def test_apply_over_another_manager_is_a_conflict_until_forced(gears: GearScope) -> None:
    gears.apply({"metadata": {"name": "a"}, "spec": {"teeth": 5}}, field_manager="one")
    with pytest.raises(Conflict) as caught:
        gears.apply({"metadata": {"name": "a"}, "spec": {"teeth": 6}}, field_manager="two")
    assert caught.value.has_cause("FieldManagerConflict")
    forced = gears.apply({"metadata": {"name": "a"}, "spec": {"teeth": 6}}, field_manager="two", force=True)
    assert forced.spec is not None
    assert forced.spec.teeth == 6


def test_apply_of_an_object_that_was_read(gears: GearScope) -> None:
    gears.apply({"metadata": {"name": "a"}, "spec": {"teeth": 5}}, field_manager="me")
    read = gears.get("a")
    read.metadata.resource_version = None
    assert gears.apply(read, field_manager="me", force=True).metadata.name == "a"


def test_apply_needs_a_name_and_a_manager(gears: GearScope) -> None:
    # client-go T3
    with pytest.raises(ValueError, match=r"metadata\.name"):
        gears.apply({"spec": {}}, field_manager="me")
    with pytest.raises(ValueError, match="field_manager"):
        gears.apply({"metadata": {"name": "a"}}, field_manager="")


def test_apply_status(gears: GearScope) -> None:
    gears.create(gear("a"))
    applied = gears.apply_status({"metadata": {"name": "a"}, "status": {"phase": "Up"}}, field_manager="me")
    assert applied.status == GearStatus(phase="Up")


def test_scale(gears: GearScope) -> None:
    gears.create(gear("a"))
    gears.patch("a", {"spec": {"replicas": 1}})
    scale = gears.get_scale("a")
    assert scale.spec is not None
    assert scale.spec.replicas == 1
    scale.spec.replicas = 3
    gears.update_scale("a", scale)
    assert (gears.update_scale("a", 4).spec or scale.spec).replicas == 4
    spec = gears.get("a").spec
    assert spec is not None
    assert spec.replicas == 4


def test_list_of_all_namespaces(transport: Transport) -> None:
    Namespaces(transport).create(Namespace(metadata=ObjectMeta(name="other")))
    gears = Gears(transport)
    gears("default").create(gear("a"))
    gears("other").create(gear("a"))
    assert [g.metadata.namespace for g in gears.list()] == ["default", "other"]


def test_a_list_is_a_sequence_that_knows_its_version(gears: GearScope) -> None:
    gears.create(gear("a"))
    found = gears.list()
    assert isinstance(found, ObjectList)
    assert len(found) == len(found[0:5]) == 1
    assert int(found.resource_version) > 0
    assert found.continue_ == ""


@pytest.mark.parametrize(
    ("selector", "names"),
    [("color in (red)", ["a"]), ({"color": "blue"}, ["b"]), ("!color", ["c"]), (None, ["a", "b", "c"])],
)
def test_list_by_label(gears: GearScope, selector: str | dict[str, str] | None, names: list[str]) -> None:
    gears.create(gear("a", labels={"color": "red"}))
    gears.create(gear("b", labels={"color": "blue"}))
    gears.create(gear("c"))
    assert [g.metadata.name for g in gears.list(label_selector=selector)] == names


def test_list_by_field(gears: GearScope) -> None:
    gears.create(gear("a"))
    gears.create(gear("b"))
    assert [g.metadata.name for g in gears.list(field_selector={"metadata.name": "b"})] == ["b"]


def test_pages_hold_everything_once_at_one_moment(gears: GearScope) -> None:
    # client-go: TestListPager_EachListItem
    for name in "abcde":
        gears.create(gear(name))
    pages = []
    for page in gears.pages(limit=2):
        pages.append([g.metadata.name for g in page])
        if len(pages) == 1:
            gears.create(gear("late"))
    assert pages == [["a", "b"], ["c", "d"], ["e"]]


def test_one_page(gears: GearScope) -> None:
    for name in "abc":
        gears.create(gear(name))
    page = gears.list(limit=2)
    assert page.remaining_item_count == 1
    assert [g.metadata.name for g in gears.list(limit=2, continue_=page.continue_)] == ["c"]


def test_an_unusable_continue_token_is_an_error(gears: GearScope) -> None:
    with pytest.raises(ApiError):
        gears.list(limit=2, continue_="nonsense")


def test_one_item_that_does_not_fit_is_named_or_set_aside(transport: Transport, gears: GearScope) -> None:
    # O3b: one bad object must not hide the others
    gears.create(gear("a"))
    DynamicClient(transport).namespaced(Gears.resource)("default").create(
        {"metadata": {"name": "b"}, "spec": {"parts": [{"name": "p"}]}}
    )
    with pytest.raises(DecodeError, match="default/b"):
        Misfits(transport).list()
    aside: list[bytes] = []
    found = Misfits(transport).list(on_undecodable=lambda raw, error: aside.append(raw))
    assert [g.metadata.name for g in found] == ["a"]
    assert len(aside) == 1


def test_an_expired_watch_version_is_gone(transport: Transport, gears: GearScope) -> None:
    gears.create(gear("a"))
    with pytest.raises(Gone):
        for _ in Gears(transport).watch(resource_version="1", timeout_seconds=5):
            pass


def test_kinds_known_only_at_run_time_have_the_same_verbs(transport: Transport) -> None:
    # client-go C15
    gears = DynamicClient(transport).namespaced(Gears.resource)("default")
    made = gears.create({"metadata": {"name": "a"}, "spec": {"teeth": 1, "sauce": {"hot": True}}})
    assert (made["kind"], made["spec"]["sauce"]) == ("Gear", {"hot": True})
    made["spec"]["replicas"] = 2
    assert gears.update(made)["spec"] == {"teeth": 1, "replicas": 2, "sauce": {"hot": True}}
    assert gears.get_scale("a").kind == "Scale"


def test_scopes_of_run_time_kinds_are_checked(transport: Transport) -> None:
    with pytest.raises(ValueError, match="cluster-scoped"):
        DynamicClient(transport).namespaced(Namespaces.resource)
    with pytest.raises(ValueError, match="namespaced"):
        DynamicClient(transport).cluster(Gears.resource)
    with pytest.raises(ValueError, match="plural"):
        DynamicClient(transport).resource(Resource(group="", version="v1", kind="X", plural="a/b"))


def test_cluster_scoped_kinds_need_no_namespace(transport: Transport) -> None:
    namespaces = Namespaces(transport)
    namespaces.create(Namespace(metadata=ObjectMeta(name="x")))
    assert namespaces.get("x").metadata.name == "x"
    assert "x" in [n.metadata.name for n in namespaces.list()]
