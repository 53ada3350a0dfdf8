"""The built-in API's documents become the same nodes as CRDs, with their kinds, verbs and subresources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codegen.errors import CodegenError
from codegen.ir import Any_, Array, Doc, IntOrString, Map, Object, Property, Ref, Scalar
from codegen.openapi.model import ApiResource, Definition
from codegen.openapi.reader import read

THING = "io.k8s.api.shop.v1.Thing"
SCHEMAS: dict[str, Any] = {
    THING: {
        "type": "object",
        "description": "A thing.",
        "required": ["spec"],
        "properties": {
            "spec": {
                "allOf": [{"$ref": "#/components/schemas/io.k8s.api.shop.v1.ThingSpec"}],
                "default": {},
                "description": "Wanted.",
            },
            "metadata": {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"},
        },
        "x-kubernetes-group-version-kind": [{"group": "shop.k8s.io", "version": "v1", "kind": "Thing"}],
    },
    "io.k8s.api.shop.v1.ThingSpec": {
        "type": "object",
        "properties": {
            "labels": {"type": "object", "additionalProperties": {"type": "string", "default": ""}},
            "free": {"type": "object"},
            "port": {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
            "json": {},
            "ports": {
                "type": "array",
                "items": {"type": "integer"},
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["port"],
            },
            "self": {"$ref": "#/components/schemas/io.k8s.api.shop.v1.ThingSpec"},
        },
    },
}
DISCOVERY: dict[str, Any] = {
    "/apis/shop.k8s.io/v1": {
        "resources": [
            {"name": "things", "singularName": "thing", "namespaced": True, "kind": "Thing", "verbs": ["list", "get"], "shortNames": ["th"]},
            {"name": "things/status", "namespaced": True, "kind": "Thing", "verbs": ["update"]},
            {"name": "things/eviction", "namespaced": True, "kind": "Eviction", "group": "policy", "version": "v1", "verbs": ["create"]},
            {"name": "unknown", "namespaced": True, "kind": "Unknown", "verbs": ["get"]},
        ]
    }
}  # fmt: skip


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "discovery.json").write_text(json.dumps(DISCOVERY))
    (tmp_path / "apis_shop.k8s.io_v1.json").write_text(json.dumps({"components": {"schemas": SCHEMAS}}))
    return tmp_path


def properties(node: object) -> dict[str, Property]:
    assert isinstance(node, Object)
    return {p.name: p for p in node.properties}


def test_resource_has_what_discovery_says(documents: Path) -> None:
    (resource,) = read(documents).resources
    assert isinstance(resource, ApiResource)
    assert (resource.group, resource.version, resource.kind, resource.plural) == (
        "shop.k8s.io",
        "v1",
        "Thing",
        "things",
    )
    assert resource.verbs == ("get", "list")
    assert resource.short_names == ("th",)
    assert resource.definition == THING
    assert [(sub.name, sub.kind, sub.group) for sub in resource.subresources] == [
        ("eviction", "Eviction", "policy"),
        ("status", "Thing", ""),
    ]


def test_references_keep_their_names_and_their_own_documentation(documents: Path) -> None:
    fields = properties(read(documents).definitions[THING].node)
    assert fields["spec"].node == Ref("io.k8s.api.shop.v1.ThingSpec")
    assert fields["spec"].node.doc == Doc("Wanted.")
    assert fields["spec"].required
    assert not fields["metadata"].required


def test_every_form_of_a_schema_is_one_node(documents: Path) -> None:
    fields = {
        name: p.node for name, p in properties(read(documents).definitions["io.k8s.api.shop.v1.ThingSpec"].node).items()
    }
    assert fields["labels"] == Map(Scalar("string"))
    assert fields["free"] == Map(Any_())
    assert fields["port"] == IntOrString()
    assert fields["json"] == Any_()
    assert fields["ports"] == Array(Scalar("integer"))
    assert isinstance(fields["ports"], Array)
    assert fields["ports"].list_map_keys == ("port",)
    assert fields["self"] == Ref("io.k8s.api.shop.v1.ThingSpec")


def test_defaults_of_go_are_no_defaults_of_the_server(documents: Path) -> None:
    assert properties(read(documents).definitions[THING].node)["spec"].node.doc.default is None


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("io.k8s.api.core.v1.Pod", ("core", "v1")),
        ("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON", ("apiextensions", "v1")),
        ("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", ("meta", "v1")),
    ],
)
def test_definition_knows_the_group_version_of_its_module(name: str, home: tuple[str, str]) -> None:
    assert Definition(name, Any_()).home == home


def test_headers_name_the_document_of_each_group_version(documents: Path) -> None:
    assert read(documents, "schemas/kubernetes").files == {
        ("shop.k8s.io", "v1"): "schemas/kubernetes/apis_shop.k8s.io_v1.json"
    }


def test_missing_and_broken_documents_are_named(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match=r"discovery\.json"):
        read(tmp_path)
    (tmp_path / "discovery.json").write_text("{}")
    (tmp_path / "api_v1.json").write_text("{")
    with pytest.raises(CodegenError, match=r"api_v1\.json"):
        read(tmp_path)
