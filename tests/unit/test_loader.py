"""Documents -> CRDs: both API versions, lists, spread versions, duplicates, and refusals that say where."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from codegen.config import VersionChoice
from codegen.crd.inputs import InputFile
from codegen.crd.loader import Loaded, combine, load, read_text
from codegen.crd.model import PrinterColumn, Scale


def version(name: str = "v1", **more: Any) -> dict[str, Any]:
    return {"name": name, "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}, **more}


def crd(*versions: dict[str, Any], api: str = "v1", names: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"apiextensions.k8s.io/{api}",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Thing", "plural": "things", **(names or {})},
            "versions": list(versions) or [version()],
            **spec,
        },
    }


def loaded(*texts: object, versions: VersionChoice = "served") -> Loaded:
    files = [t if isinstance(t, str) else msgspec.json.encode(t).decode() for t in texts]
    return combine([read_text(t.encode(), f"{i}.yaml") for i, t in enumerate(files)], versions=versions)


def one_error(*texts: object) -> str:
    result = loaded(*texts)
    assert len(result.errors) == 1, result
    return str(result.errors[0])


def test_a_v1_crd_is_read_whole() -> None:
    result = loaded(
        crd(
            version(
                subresources={
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"},
                },
                additionalPrinterColumns=[{"name": "N", "type": "integer", "jsonPath": ".spec.n", "priority": 1}],
                selectableFields=[{"jsonPath": ".spec.color"}],
                deprecated=True,
                deprecationWarning="use v2",
            ),
            names={"shortNames": ["th"], "categories": ["all"], "singular": "thing", "listKind": "Things"},
            scope="Cluster",
        )
    )
    (read,) = result.crds
    assert (read.name, read.kind, read.scope, read.singular, read.list_kind) == (
        "things.example.com", "Thing", "Cluster", "thing", "Things",
    )  # fmt: skip
    assert (read.short_names, read.categories, read.files) == (("th",), ("all",), ("0.yaml",))
    (v1,) = read.versions
    assert v1.has_status
    assert v1.scale == Scale(".spec.n", ".status.n")
    assert v1.printer_columns == (PrinterColumn("N", "integer", ".spec.n", priority=1),)
    assert v1.selectable_fields == (".spec.color",)
    assert (v1.deprecated, v1.deprecation_warning) == (True, "use v2")


def test_v1beta1_takes_from_the_crd_what_a_version_does_not_say() -> None:
    spec: dict[str, Any] = {
        "versions": [
            {"name": "v1", "served": True, "storage": True},
            {"name": "v2", "served": True, "subresources": {}},
        ],
        "validation": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object"}}}},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [{"name": "A", "type": "string", "JSONPath": ".a"}],
    }
    (read,) = loaded(crd(api="v1beta1", **spec)).crds
    v1, v2 = read.versions
    assert v1.has_status
    assert not v2.has_status
    assert v1.schema.get("spec") is not None
    assert v1.printer_columns[0].json_path == ".a"


def test_v1beta1_with_a_single_version_field() -> None:
    document = crd(api="v1beta1", version="v1alpha1", scope=None)
    del document["spec"]["versions"]
    result = loaded(document)
    assert [(v.name, v.served, v.storage, v.has_schema) for v in result.crds[0].versions] == [
        ("v1alpha1", True, True, False)
    ]
    assert result.crds[0].namespaced
    assert len(result.notices) == 1 and "has no schema" in result.notices[0]


def test_lists_and_other_objects_in_between() -> None:
    document = {
        "kind": "List",
        "apiVersion": "v1",
        "items": [{"kind": "Secret"}, crd(), {"kind": "List", "items": [crd(names={"plural": "twos", "kind": "Two"})]}],
    }
    result = loaded(document)
    assert [(c.plural, str(c.source)) for c in result.crds] == [
        ("things", "0.yaml#1:/items/1"),
        ("twos", "0.yaml#1:/items/2/items/0"),
    ]
    assert result.other_objects == 1
    assert result.errors == ()


def test_unserved_versions_are_left_out_unless_asked_for() -> None:
    document = crd(version("v1"), version("v1alpha1", served=False, storage=False), version("v2", storage=False))

    def names(choice: VersionChoice) -> list[str]:
        return [v.name for v in loaded(document, versions=choice).crds[0].versions]

    assert names("served") == ["v1", "v2"]
    assert names("all") == ["v1", "v1alpha1", "v2"]
    assert names("storage") == ["v1"]


def test_a_crd_without_a_served_version_is_remarked() -> None:
    result = loaded(crd(version(served=False)))
    assert result.crds == ()
    assert "no served version" in result.notices[0]


def test_versions_of_one_crd_may_be_spread_over_documents() -> None:
    (read,) = loaded(crd(version("v2", storage=False)), crd(version("v1"))).crds
    assert [v.name for v in read.versions] == ["v1", "v2"]
    assert read.files == ("0.yaml", "1.yaml")


def test_the_same_crd_twice_is_one() -> None:
    result = loaded(crd(), crd())
    assert len(result.crds) == 1
    assert result.errors == ()


def test_two_different_definitions_of_one_version_name_both_places() -> None:
    other = crd(version(schema={"openAPIV3Schema": {"type": "object", "description": "other"}}))
    assert one_error(crd(), other).startswith("1.yaml#1: things.example.com v1 is defined differently in 0.yaml#1")
    assert loaded(crd(), other).crds == ()


def test_a_crd_with_two_scopes_names_both_places() -> None:
    message = one_error(crd(), crd(version("v2"), scope="Cluster"))
    assert "a Cluster Thing here and a Namespaced Thing in 0.yaml#1" in message


def test_two_resources_of_one_kind_clash() -> None:
    assert "claimed by several resources: others in 1.yaml#1, things in 0.yaml#1" in one_error(
        crd(), crd(names={"plural": "others"})
    )


def test_the_order_of_files_does_not_matter() -> None:
    texts = [crd(), crd(names={"plural": "as", "kind": "A"}), crd(version("v3"))]
    contents = [read_text(msgspec.json.encode(t), f"{i}.yaml") for i, t in enumerate(texts)]
    assert combine(contents) == combine(reversed(contents))


@pytest.mark.parametrize(
    ("document", "where", "what"),
    [
        (crd(group="../../etc"), "0.yaml#1:/spec/group", "no name that an API server accepts"),
        (crd(group=""), "0.yaml#1:/spec/group", "`group` is missing"),
        (crd(names={"kind": "Thing)\nimport os"}), "0.yaml#1:/spec/names/kind", "no name"),
        (crd(names={"kind": "été"}), "0.yaml#1:/spec/names/kind", "no name"),
        (crd(names={"plural": "Things"}), "0.yaml#1:/spec/names/plural", "no name"),
        (crd(version("../v1")), "0.yaml#1:/spec/versions/0/name", "no name"),
        (crd(version("v1\n")), "0.yaml#1:/spec/versions/0/name", "no name"),
        (crd(scope="Namespacd"), "0.yaml#1:/spec/scope", "did you mean 'Namespaced'?"),
        (crd(api="v2"), "0.yaml#1:/apiVersion", "v1 and v1beta1 are understood"),
        (crd(names=None) | {"spec": "x"}, "0.yaml#1:/spec", "must be a map"),
        (crd(versions=5), "0.yaml#1:/spec/versions", "no versions"),
        (crd(versions=["x"]), "0.yaml#1:/spec/versions/0", "must be a map"),
        (crd(version(schema="x")), "0.yaml#1:/spec/versions/0/schema", "must be a map"),
        (
            crd(version(schema={"openAPIV3Schema": {"type": "objct"}})),
            "0.yaml#1:/spec/versions/0/schema/openAPIV3Schema/type",
            "did you mean 'object'?",
        ),
    ],
)
def test_a_refusal_names_file_document_path_and_hint(document: object, where: str, what: str) -> None:
    message = one_error(document)
    assert message.startswith(f"{where}: ")
    assert what in message


def test_one_bad_version_spoils_no_other() -> None:
    result = loaded(crd(version("v1", schema={"openAPIV3Schema": {"type": "strin"}}), version("v2")))
    assert [v.name for v in result.crds[0].versions] == ["v2"]
    assert len(result.errors) == 1


def test_one_bad_document_spoils_no_other() -> None:
    result = loaded("a: [\n---\n" + msgspec.json.encode(crd()).decode())
    assert len(result.crds) == 1
    assert len(result.errors) == 1


@pytest.mark.parametrize(
    "spec", [None, {"group": "", "names": {"kind": "", "plural": ""}, "scope": "", "versions": None}]
)
def test_a_placeholder_is_skipped_with_a_remark(spec: object) -> None:
    result = loaded({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec})
    assert result.errors == ()
    assert "without content" in result.notices[0]


def test_lower_case_kinds_are_kinds() -> None:
    (read,) = loaded(crd(names={"kind": "postgresql", "plural": "postgresqls"})).crds
    assert (read.kind, read.list_kind) == ("postgresql", "postgresqlList")


def test_a_named_file_without_a_crd_is_remarked(tmp_path: Any) -> None:
    (tmp_path / "a.yaml").write_text("kind: Secret\n")
    result = load([InputFile("a.yaml", tmp_path / "a.yaml")])
    assert result.notices == ("a.yaml: no CustomResourceDefinition in it",)


def test_an_unreadable_file_is_an_error_that_stops_nothing(tmp_path: Any) -> None:
    (tmp_path / "b.yaml").write_bytes(msgspec.json.encode(crd()))
    result = load([InputFile("a.yaml", tmp_path / "a.yaml"), InputFile("b.yaml", tmp_path / "b.yaml")])
    assert len(result.crds) == 1
    assert [e.source for e in result.errors] == ["a.yaml"]
