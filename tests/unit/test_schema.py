"""Structural schema -> IR: one test for each way in which real CRDs say a type (reference: the corpus' census)."""

from __future__ import annotations

from typing import Any

import pytest

from codegen.crd.model import Source
from codegen.crd.schema import MAX_NODES, bare_root, read_schema
from codegen.errors import CodegenError
from codegen.ir import (
    OBJECT_META,
    Any_,
    Array,
    Embedded,
    Enum,
    IntOrString,
    Map,
    Node,
    Object,
    Property,
    Ref,
    Scalar,
)

SOURCE = Source("f.yaml", 1, "/schema")
STRING = Scalar("string")


def root(schema: dict[str, Any]) -> Object:
    return read_schema(schema, SOURCE)


def field(schema: dict[str, Any]) -> Node:
    """What a property with this schema becomes."""
    found = root({"type": "object", "properties": {"x": schema}}).get("x")
    assert found is not None
    return found.node


@pytest.mark.parametrize(
    ("schema", "node"),
    [
        ({"type": "string"}, STRING),
        ({"type": "integer", "format": "int64"}, Scalar("integer")),
        ({"type": "number"}, Scalar("number")),
        ({"type": "boolean", "default": True}, Scalar("boolean")),
        ({"type": "string", "nullable": True}, Scalar("string", nullable=True)),
        ({"type": ["string", "null"]}, Scalar("string", nullable=True)),
        # int-or-string, in all its spellings
        ({"x-kubernetes-int-or-string": True}, IntOrString()),
        ({"x-kubernetes-int-or-string": True, "type": "string", "pattern": "^[0-9]+$"}, IntOrString()),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}, IntOrString()),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, IntOrString()),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, IntOrString()),
        ({"type": "string", "format": "int-or-string"}, IntOrString()),
        ({"type": ["integer", "string"]}, IntOrString()),
        # enums
        ({"type": "string", "enum": ["a", "", "B", "a"]}, Enum("string", ("a", "", "B"))),
        ({"enum": ["a", "b"]}, Enum("string", ("a", "b"))),
        ({"type": "integer", "enum": [1, 2.0, "x"]}, Enum("integer", (1, 2))),
        ({"type": "string", "enum": [True, False]}, STRING),
        ({"type": "string", "enum": [True, "no"]}, Enum("string", ("no",))),
        ({"type": "string", "enum": ["a", None], "nullable": True}, Enum("string", ("a",), nullable=True)),
        ({"type": "string", "allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, Enum("string", ("b",))),
        # lists
        ({"type": "array", "items": {"type": "string"}}, Array(STRING)),
        ({"type": "array"}, Array(Any_())),
        ({"items": {"type": "string"}}, Array(STRING)),
        ({"type": "array", "items": [{"type": "string"}]}, Array(STRING)),
        ({"type": "array", "items": {"type": "string", "nullable": True}}, Array(Scalar("string", nullable=True))),
        # maps and free-form objects
        ({"type": "object", "additionalProperties": {"type": "string"}}, Map(STRING)),
        ({"additionalProperties": {"type": "string"}}, Map(STRING)),
        ({"type": "object", "additionalProperties": True}, Map(Any_())),
        ({"type": "object", "additionalProperties": {}}, Map(Any_())),
        ({"type": "object"}, Map(Any_())),
        ({"type": "object", "properties": {}}, Map(Any_())),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, Map(Any_())),
        ({"x-kubernetes-preserve-unknown-fields": True}, Any_()),
        ({"type": "array", "items": {"type": "string"}, "x-kubernetes-preserve-unknown-fields": True}, Array(STRING)),
        ({}, Any_()),
        ({"type": "null"}, Any_()),
        # objects
        ({"type": "object", "properties": {"b": {"type": "string"}}}, Object((Property("b", STRING),))),
        ({"properties": {"b": {"type": "string"}}, "required": ["b"]}, Object((Property("b", STRING, True),))),
        (
            {"type": "object", "properties": {"b": {"type": "string"}}, "x-kubernetes-preserve-unknown-fields": True},
            Object((Property("b", STRING),), open=True),
        ),
        ({"type": "object", "x-kubernetes-embedded-resource": True}, Embedded()),
        ({"x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}, Embedded()),
        (
            {"type": "object", "properties": {"spec": {"type": "string"}}, "x-kubernetes-embedded-resource": True},
            Object(
                (
                    Property("apiVersion", STRING),
                    Property("kind", STRING),
                    Property("metadata", Ref(OBJECT_META)),
                    Property("spec", STRING),
                )
            ),
        ),
        # what only validates shapes nothing
        (
            {
                "type": "object",
                "properties": {"b": {"type": "string"}, "c": {"type": "string"}},
                "oneOf": [{"required": ["b"]}, {"required": ["c"]}],
            },
            Object((Property("b", STRING), Property("c", STRING))),
        ),
        ({"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}, STRING),
        ({"type": "string", "not": {"enum": ["x"]}, "pattern": r"^\p{L}(?i)\z"}, STRING),
    ],
)
def test_every_spelling_of_a_type_becomes_one_node(schema: dict[str, Any], node: Node) -> None:
    assert field(schema) == node


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        {"x-kubernetes-preserve-unknown-fields": True},
        {},
    ],
)
def test_a_root_without_properties_is_open_and_has_a_head(schema: dict[str, Any]) -> None:
    assert root(schema) == bare_root()
    assert [p.name for p in root(schema).properties] == ["apiVersion", "kind", "metadata"]
    assert root(schema).open


def test_a_root_always_has_its_head_first_and_object_meta_as_metadata() -> None:
    schema = {
        "type": "object",
        "properties": {"aaa": {}, "metadata": {"type": "object", "properties": {"name": {"type": "string"}}}},
    }
    read = root(schema)
    assert [p.name for p in read.properties] == ["apiVersion", "kind", "metadata", "aaa"]
    assert read.properties[2].node == Ref(OBJECT_META)
    assert not read.open


def test_documentation_takes_no_part_in_the_shape() -> None:
    one = field({"type": "object", "properties": {"a": {"type": "string", "description": "one", "default": "x"}}})
    other = field(
        {"type": "object", "description": "an object", "properties": {"a": {"type": "string", "maxLength": 3}}}
    )
    assert one == other
    assert hash(one) == hash(other)


def test_the_order_of_properties_takes_no_part_in_the_shape() -> None:
    one = field({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}})
    other = field({"type": "object", "properties": {"b": {"type": "integer"}, "a": {"type": "string"}}})
    assert one == other


def test_all_that_shapes_nothing_is_kept_as_text() -> None:
    doc = field(
        {
            "type": "string",
            "description": "What it is.",
            "default": "é",
            "format": "uri",
            "maxLength": 5,
            "pattern": "^a$",
            "uniqueItems": False,
            "minimum": 1.0,
            "anyOf": [{"format": "ipv4"}],
            "x-kubernetes-validations": [{"rule": "self != ''", "message": "not empty"}, {"rule": "true"}, "odd"],
        }
    ).doc
    assert doc.description == "What it is."
    assert doc.default == '"é"'
    assert doc.format == "uri"
    assert doc.limits == ("minimum: 1.0", "maxLength: 5", "pattern: ^a$")
    assert doc.rules == ("self != '' (not empty)", "true", 'anyOf: [{"format": "ipv4"}]')


def test_enum_values_that_no_instance_can_have_are_still_documented() -> None:
    assert field({"type": "string", "enum": [True, False]}).doc.limits == ("enum: [true, false]",)


def test_list_keys_are_kept_but_shape_nothing() -> None:
    node = field(
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "string"},
        }
    )
    assert isinstance(node, Array)
    assert (node.list_type, node.list_map_keys) == ("map", ("name",))
    assert node == Array(STRING)


@pytest.mark.parametrize("name", ["a\\b", 'say "x"', "two\nlines", "\x00"])
def test_a_property_that_no_field_can_be_named_after_is_kept_as_data(name: str) -> None:
    notices: list[str] = []
    schema = {
        "type": "object",
        "properties": {"x": {"type": "object", "properties": {name: {"type": "string"}, "a": {"type": "string"}}}},
    }
    assert read_schema(schema, SOURCE, notices).properties[-1].node == Object((Property("a", STRING),), open=True)
    assert field({"type": "object", "properties": {name: {"type": "string"}}}) == Map(Any_())
    assert len(notices) == 1 and "\n" not in notices[0]


def test_a_misspelt_type_is_refused_where_it_is_with_the_right_word() -> None:
    with pytest.raises(CodegenError) as caught:
        field({"type": "object", "properties": {"a/b": {"type": "array", "items": {"type": "strng"}}}})
    assert caught.value.source == "f.yaml#1:/schema/properties/x/properties/a~1b/items/type"
    assert caught.value.message == "unknown type 'strng'"
    assert caught.value.hint == "did you mean 'string'?"


def test_a_type_that_only_some_tool_knows_is_any_value_and_is_remarked_once() -> None:
    notices: list[str] = []
    odd = {"type": "BoolString"}
    read = read_schema({"type": "object", "properties": {"x": odd, "y": odd, "z": odd}}, SOURCE, notices)
    assert read.properties[-1].node == Any_()
    assert notices == [
        "f.yaml#1:/schema/properties/x/type: unknown type 'BoolString', read as any value (and in 2 more places)"
    ]


@pytest.mark.parametrize("schema", ["text", 5, [1]])
def test_what_is_no_schema_is_refused(schema: Any) -> None:
    with pytest.raises(CodegenError, match="must be a map"):
        field({"type": "object", "properties": {"x": schema}})


def test_sixty_levels_are_fine_and_a_thousand_are_refused() -> None:
    def nested(levels: int) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string"}
        for _ in range(levels):
            schema = {"type": "object", "properties": {"a": schema}}
        return schema

    assert isinstance(field(nested(60)), Object)
    with pytest.raises(CodegenError, match="nests deeper"):
        field(nested(1000))


def test_an_alias_bomb_is_bounded() -> None:
    bomb: dict[str, Any] = {"type": "string"}
    for _ in range(40):
        bomb = {"type": "object", "properties": {"a": bomb, "b": bomb}}
    with pytest.raises(CodegenError, match=f"more than {MAX_NODES:,} nodes"):
        field(bomb)
