"""Schema failures in the words of kube-apiserver 1.37; tests/conformance compares them with a real one."""

from __future__ import annotations

from typing import Any

import pytest

from kubewright.validation import compile_schema, summary, validate


def causes(schema: dict[str, Any], value: Any, old: Any = None) -> list[str]:
    root = compile_schema({"type": "object", "properties": {"spec": {"type": "object", "properties": {"x": schema}}}})
    before = None if old is None else {"spec": {"x": old}}
    return [str(cause) for cause in validate(root, {"spec": {"x": value}}, before)]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (
            {"type": "integer"},
            "three",
            'spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"',
        ),
        (
            {"type": "integer", "format": "int32"},
            True,
            'spec.x: Invalid value: "": spec.x in body must be of type int32: ""',
        ),
        ({"type": "string"}, None, 'spec.x: Invalid value: "null": spec.x in body must be of type string: "null"'),
        ({"type": "object"}, [], 'spec.x: Invalid value: "array": spec.x in body must be of type object: "array"'),
        (
            {"x-kubernetes-int-or-string": True},
            1.5,
            'spec.x: Invalid value: "number": spec.x in body must be of type integer,string: "number"',
        ),
        (
            {"type": "string", "enum": ["a", "b"]},
            "c",
            'spec.x: Unsupported value: "c": supported values: "a", "b"',
        ),
        ({"type": "integer", "enum": [1, 2]}, 3, 'spec.x: Unsupported value: 3: supported values: "1", "2"'),
        ({"type": "string", "maxLength": 2}, "abc", "spec.x: Too long: may not be more than 2 bytes"),
        (
            {"type": "string", "minLength": 2},
            "a",
            'spec.x: Invalid value: "a": spec.x in body should be at least 2 chars long',
        ),
        (
            {"type": "string", "pattern": "^a+$"},
            "b",
            "spec.x: Invalid value: \"b\": spec.x in body should match '^a+$'",
        ),
        (
            {"type": "string", "format": "date-time"},
            "noon",
            'spec.x: Invalid value: "noon": spec.x in body must be of type date-time: "noon"',
        ),
        (
            {"type": "integer", "minimum": 1},
            0,
            "spec.x: Invalid value: 0: spec.x in body should be greater than or equal to 1",
        ),
        (
            {"type": "number", "maximum": 2.5, "exclusiveMaximum": True},
            2.5,
            "spec.x: Invalid value: 2.5: spec.x in body should be less than 2.5",
        ),
        (
            {"type": "integer", "multipleOf": 5},
            7,
            "spec.x: Invalid value: 7: spec.x in body should be a multiple of 5",
        ),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 1},
            ["a", "b"],
            "spec.x: Too many: 2: must have at most 1 item",
        ),
        (
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
            [],
            "spec.x: Invalid value: 0: spec.x in body should have at least 1 items",
        ),
        (
            {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 1},
            {"a": "", "b": ""},
            "spec.x: Too many: 2: must have at most 1 item",
        ),
        ({"type": "object", "required": ["y"]}, {}, "spec.x.y: Required value"),
        (
            {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            ["a", "a"],
            'spec.x[1]: Duplicate value: "a"',
        ),
        (
            {
                "type": "array",
                "items": {"type": "object", "properties": {"k": {"type": "string"}}},
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["k"],
            },
            [{"k": "a"}, {"k": "a"}],
            'spec.x[1]: Duplicate value: {"k":"a"}',
        ),
        (
            {"type": "integer", "format": "int32"},
            3_000_000_000,
            '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.x',
        ),
        (
            {"type": "object", "not": {"required": ["y"]}, "properties": {"y": {"type": "string"}}},
            {"y": ""},
            '<nil>: Invalid value: "": "spec.x" must not validate the schema (not)',
        ),
    ],
)
def test_failure_reads_as_the_real_server_writes_it(schema: dict[str, Any], value: Any, expected: str) -> None:
    assert causes(schema, value) == [expected]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 3.0),
        ({"type": "number"}, 3),
        ({"x-kubernetes-int-or-string": True}, "25%"),
        ({"type": "string", "nullable": True}, None),
        ({"type": "string", "format": "made-up"}, "anything"),
        ({"type": "string", "pattern": "b"}, "abc"),  # not anchored
        ({"type": "number", "multipleOf": 0.1}, 0.3),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, {"anything": [1]}),
    ],
)
def test_accepts_what_the_real_server_accepts(schema: dict[str, Any], value: Any) -> None:
    assert causes(schema, value) == []


def test_null_never_matches_an_enum() -> None:
    # kube-openapi skips untyped values, even when the enum lists null
    assert causes({"type": "string", "nullable": True, "enum": ["a", None]}, None) == [
        'spec.x: Unsupported value: null: supported values: "a", "null"'
    ]


def test_failed_any_of_reports_the_branch_that_came_nearest() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
        "anyOf": [{"required": ["a"]}, {"properties": {"b": {"minimum": 5}}, "required": ["b"]}],
    }
    assert causes(schema, {"b": 1}) == [
        '<nil>: Invalid value: "": "spec.x" must validate at least one schema (anyOf)',
        "spec.x.b: Invalid value: 1: spec.x.b in body should be greater than or equal to 5",
    ]


def test_one_of_with_several_matches_counts_them() -> None:
    assert causes({"type": "string", "oneOf": [{"minLength": 1}, {"maxLength": 9}]}, "a") == [
        '<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found 2 valid alternatives'
    ]


def test_update_forgives_what_it_does_not_touch() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 5}, "s": {"type": "string"}}}
    assert causes(schema, {"n": 1, "s": "new"}, {"n": 1, "s": "old"}) == []
    assert causes(schema, {"n": 2, "s": "new"}, {"n": 1, "s": "old"}) != []


def test_update_matches_items_of_list_maps_by_key() -> None:
    schema = {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
        "items": {"type": "object", "properties": {"k": {"type": "string"}, "n": {"type": "integer", "minimum": 5}}},
    }
    assert causes(schema, [{"k": "new", "n": 9}, {"k": "old", "n": 1}], [{"k": "old", "n": 1}]) == []


def test_several_causes_are_listed_once_each() -> None:
    root = compile_schema({"type": "object", "required": ["a", "b"]})
    found = validate(root, {})
    assert summary([*found, *found]) == "[a: Required value, b: Required value]"
