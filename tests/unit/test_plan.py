"""What the plan decides: groups, kinds, verbs, overrides; and the same for the built-in kinds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codegen.config import Config
from codegen.crd import loader
from codegen.crd.model import Crd
from codegen.openapi.reader import read
from codegen.plan import built_in
from codegen.plan.build import build
from codegen.plan.model import Foreign, GroupVersionPlan, KindPlan, ListOf, MapOf, Own, PackagePlan, Plain
from codegen.plan.verbs import ALL_VERBS, client_bases

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.{group}}}
spec:
  group: {group}
  scope: {scope}
  names: {{kind: {kind}, plural: {plural}, shortNames: [wd], categories: [all]}}
  versions:
    - name: v1
      served: true
      storage: true
      {extra}
      schema:
        openAPIV3Schema:
          type: object
          description: A {kind}. More about it.
          properties:
            spec:
              type: object
              properties:
                endpoint: {{type: object, properties: {{host: {{type: string}}, port: {{type: integer}}, tls: {{type: boolean}}}}}}
                rules: {{type: array, items: {{type: object, properties: {{a: {{type: string}}, b: {{type: string}}, c: {{type: string}}}}}}}}
"""


def crds(*variants: dict[str, str]) -> tuple[Crd, ...]:
    base = {"kind": "Widget", "plural": "widgets", "group": "shop.example.com", "scope": "Namespaced", "extra": ""}
    text = "\n---\n".join(CRD.format(**{**base, **variant}) for variant in variants)
    loaded = loader.combine([loader.read_text(text.encode(), "crd.yaml")])
    assert not loaded.errors, loaded.errors
    return loaded.crds


def planned(*variants: dict[str, str], **settings: Any) -> PackagePlan:
    plan = build(crds(*(variants or ({},))), Config(**settings))
    assert not plan.errors, plan.errors
    return plan.package


def only(package: PackagePlan) -> GroupVersionPlan:
    (gv,) = package.group_versions
    return gv


def field_type(gv: GroupVersionPlan, class_name: str, wire: str) -> object:
    (found,) = (each for each in gv.classes if each.name == class_name)
    return next(field.type for field in found.fields if field.wire == wire)


def test_kind_has_its_wire_names_and_python_names() -> None:
    (kind,) = only(planned()).kinds
    assert (kind.attribute, kind.model, kind.client_class, kind.scope_class) == (
        "widgets",
        "Widget",
        "Widgets",
        "WidgetScope",
    )
    assert kind.resource.short_names == ("wd",)
    assert kind.resource.categories == ("all",)
    assert kind.summary == "A Widget."


def test_clients_of_kinds_with_one_plural_are_told_apart() -> None:
    gv = only(planned({"kind": "Bus", "plural": "buses"}, {"kind": "Buse", "plural": "busen"}))
    assert [kind.client_class for kind in gv.kinds] == ["AllBuse", "Buses"]


def test_kind_without_subresources_has_no_verbs_for_them() -> None:
    (kind,) = only(planned()).kinds
    assert kind.client_bases == ("Namespaced",)
    assert kind.scope_bases == ("NamespaceScope",)


def test_subresources_become_verbs() -> None:
    scale = "scale: {specReplicasPath: .spec.r, statusReplicasPath: .status.r}"
    (kind,) = only(planned({"extra": f"subresources: {{status: {{}}, {scale}}}"})).kinds
    assert kind.scope_bases == ("WithStatus", "WithScale")
    assert kind.resource.subresources == ("scale", "status")


def test_cluster_scoped_kind_has_one_client() -> None:
    (kind,) = only(planned({"scope": "Cluster", "extra": "subresources: {status: {}}"})).kinds
    assert kind.scope_class == ""
    assert kind.client_bases == ("ClusterWithStatus",)
    assert kind.lister_base == "ClusterLister"


def test_metadata_is_required_and_the_identity_constant() -> None:
    root = only(planned()).classes[0]
    fields = {field.wire: field for field in root.fields}
    assert fields["metadata"].required
    assert fields["metadata"].type == Foreign(
        "kubewright.objects", "ObjectMeta", "kubewright.api.applyconfigurations.meta_v1"
    )
    assert fields["apiVersion"].constant == "shop.example.com/v1"
    assert fields["kind"].constant == "Widget"


def test_head_of_a_kind_keeps_its_names_whatever_else_the_root_has() -> None:
    text = CRD.format(kind="Widget", plural="widgets", group="shop.example.com", scope="Cluster", extra="")
    text += "            api_version: {type: string}\n            Kind: {type: string}\n            metaData: {type: string}\n"
    loaded = loader.combine([loader.read_text(text.encode(), "crd.yaml")])
    names = {field.wire: field.name for field in only(build(loaded.crds, Config()).package).classes[0].fields}
    assert (names["apiVersion"], names["kind"], names["metadata"]) == ("api_version", "kind", "metadata")
    assert (names["api_version"], names["Kind"], names["metaData"]) == ("api_version_", "kind_", "meta_data")


def test_deprecated_version_says_so() -> None:
    gv = only(planned({"extra": 'deprecated: true\n      deprecationWarning: "use v2"'}))
    assert gv.kinds[0].deprecation == "use v2"
    assert "Deprecated: use v2" in gv.classes[0].doc


def test_class_is_renamed_by_its_place_or_its_name() -> None:
    by_place = only(planned(class_names={"Widget:/spec/endpoint": "Address"}))
    assert field_type(by_place, "WidgetSpec", "endpoint") == Own("Address")
    by_name = only(planned(class_names={"Endpoint": "Address"}))
    assert field_type(by_name, "WidgetSpec", "endpoint") == Own("Address")


def test_one_name_for_two_classes_is_an_error_that_names_both() -> None:
    plan = build(crds({}), Config(class_names={"Widget:/spec/endpoint": "Same", "Widget:/spec/rules/*": "Same"}))
    assert "Widget:/spec/endpoint" in str(plan.errors[0])
    assert "Widget:/spec/rules/*" in str(plan.errors[0])


@pytest.mark.parametrize("name", ["Any", "ObjectMeta", "Exception"])
def test_a_name_that_the_module_needs_itself_cannot_be_chosen(name: str) -> None:
    plan = build(crds({}), Config(class_names={"Widget:/spec/endpoint": name}))
    assert name in str(plan.errors[0])
    assert "class-names" in str(plan.errors[0])


def test_a_mapped_type_keeps_its_name_to_itself() -> None:
    gv = only(planned(type_map={"Widget:/spec/rules/*": "my.types.Endpoint"}))
    assert field_type(gv, "WidgetSpec", "endpoint") == Own("SpecEndpoint")


@pytest.mark.parametrize("key", ["Widget:/spec/endpoint", "{host,port,tls}"])
def test_type_is_mapped_by_place_or_shape(key: str) -> None:
    gv = only(planned(type_map={key: "my.types.Endpoint"}))
    assert field_type(gv, "WidgetSpec", "endpoint") == Foreign("my.types", "Endpoint")


def test_group_version_is_pinned_as_a_whole_or_by_group() -> None:
    assert only(planned(group_names={"shop.example.com/v1": "store"})).module == "store"
    assert only(planned(group_names={"shop.example.com": "store"})).module == "store_v1"


def test_a_pin_cannot_hide_a_built_in_group() -> None:
    plan = build(crds({"group": "apps.example.com"}), Config(group_names={"apps.example.com": "apps"}))
    assert plan.package.group_versions == ()
    assert "apps_v1" in str(plan.errors[0])


def test_lengthened_groups_are_told() -> None:
    plan = build(crds({"group": "apps.example.com"}), Config())
    (told,) = plan.lengthened
    assert (told.short_module, told.module) == ("apps_v1", "apps_example_com_v1")


def test_docstrings_are_cut_where_the_configuration_says() -> None:
    assert only(planned(docstring_length=0)).classes[0].doc == ""
    assert only(planned(docstring_length=3)).classes[0].doc == "A W …"


def test_order_of_crds_does_not_matter() -> None:
    found = crds({}, {"kind": "Gadget", "plural": "gadgets"}, {"group": "other.example.com"})
    assert build(found, Config()) == build(reversed(found), Config())


def test_documentation_does_not_decide_what_is_shared() -> None:
    (crd,) = crds({})
    other = replace(crd, versions=tuple(replace(v, name="v2") for v in crd.versions))
    first = only(build([crd], Config()).package)
    second = only(build([other], Config()).package)
    assert [each.name for each in first.classes] == [each.name for each in second.classes]


@pytest.mark.parametrize(
    ("verbs", "subresources", "namespaced", "client", "scope"),
    [
        (ALL_VERBS, ("status",), True, ("Namespaced",), ("WithStatus",)),
        (ALL_VERBS, (), False, ("Cluster",), ()),
        (("create",), (), True, ("AllNamespaces",), ("CanCreate",)),
        (("create",), (), False, ("CanCreate",), ()),
        (("get", "list"), (), False, ("CanGet", "CanList"), ()),
        (ALL_VERBS - {"deletecollection"}, ("status", "finalize"), False, None, ()),
        (ALL_VERBS, ("eviction", "log", "status"), True, ("Namespaced",), ("WithStatus", "CanEvict", "CanReadLog")),
    ],
)
def test_bases_follow_the_verbs(
    verbs: tuple[str, ...],
    subresources: tuple[str, ...],
    namespaced: bool,
    client: tuple[str, ...] | None,
    scope: tuple[str, ...],
) -> None:
    bases = client_bases(verbs, subresources, namespaced=namespaced)
    assert client is None or bases.client == client
    assert bases.scope == scope
    if client is None:
        assert "CanDeleteCollection" not in bases.client
        assert bases.client[-2:] == ("StatusVerbs", "CanFinalize")


@pytest.fixture(scope="module")
def api() -> PackagePlan:
    return built_in.build(read(Path(__file__).parents[2] / "schemas" / "kubernetes")).package


def group_version(api: PackagePlan, module: str) -> GroupVersionPlan:
    return next(gv for gv in api.group_versions if gv.module == module)


def kind_of(gv: GroupVersionPlan, name: str) -> KindPlan:
    return next(kind for kind in gv.kinds if kind.resource.kind == name)


def test_all_built_in_group_versions_are_planned(api: PackagePlan) -> None:
    assert len(api.api_versions) == 23
    assert {"v1", "apps/v1", "networking.k8s.io/v1", "apiextensions.k8s.io/v1"} <= set(api.api_versions)


def test_built_in_kind_takes_its_verbs_from_discovery(api: PackagePlan) -> None:
    core = group_version(api, "core_v1")
    assert kind_of(core, "Pod").scope_bases[0] == "WithStatus"
    assert "CanEvict" in kind_of(core, "Pod").scope_bases
    assert kind_of(core, "Binding").client_bases == ("AllNamespaces",)
    assert kind_of(core, "ComponentStatus").lister_class == ""


def test_built_in_types_of_other_groups_are_imported(api: PackagePlan) -> None:
    template = field_type(group_version(api, "apps_v1"), "DeploymentSpec", "template")
    assert isinstance(template, Foreign)
    assert (template.module, template.name) == ("kubewright.api.models.core_v1", "PodTemplateSpec")


def test_recursive_built_in_types_refer_to_themselves(api: PackagePlan) -> None:
    gv = group_version(api, "apiextensions_v1")
    assert field_type(gv, "JSONSchemaProps", "properties") == MapOf(Own("JSONSchemaProps"))
    assert field_type(gv, "JSONSchemaProps", "allOf") == ListOf(Own("JSONSchemaProps"))


def test_values_with_a_form_of_their_own_are_plain(api: PackagePlan) -> None:
    core = group_version(api, "core_v1")
    assert field_type(core, "ResourceRequirements", "limits") == MapOf(Plain("int | float | str"))
    assert field_type(core, "EventSeries", "lastObservedTime") == Plain("str")


def test_secrets_never_show_their_values(api: PackagePlan) -> None:
    assert [each.name for each in group_version(api, "core_v1").classes if each.sensitive] == ["Secret"]


def test_shared_meta_types_are_not_generated_but_have_apply_types(api: PackagePlan) -> None:
    meta = group_version(api, "meta_v1")
    assert "ObjectMeta" not in {each.name for each in meta.classes}
    assert {"ObjectMeta", "LabelSelector", "Condition"} <= {each.name for each in meta.apply_classes}
