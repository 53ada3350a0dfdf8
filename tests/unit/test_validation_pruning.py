"""What a server forgets and fills in before it stores an object."""

from __future__ import annotations

from typing import Any

from kubewright.validation import compile_schema, default, prune

OBJECT: dict[str, Any] = {"type": "object"}


def pruned(schema: dict[str, Any], obj: dict[str, Any]) -> list[str]:
    return prune(compile_schema(schema), obj)


def test_unknown_fields_go_and_are_named() -> None:
    obj = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}, "spec": {"x": [{"y": 1, "z": 2}]}, "more": 1}
    item = {"type": "object", "properties": {"y": {"type": "integer"}}}
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": {"x": {"type": "array", "items": item}}},
        },
    }
    assert pruned(schema, obj) == ["more", "spec.x[0].z"]
    assert obj == {"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}, "spec": {"x": [{"y": 1}]}}


def test_preserve_unknown_fields_keeps_them_but_prunes_inside_known_ones() -> None:
    obj = {"spec": {"known": {"a": 1, "b": 2}, "free": {"b": 2}}}
    known = {"type": "object", "properties": {"a": {"type": "integer"}}}
    spec = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"known": known}}
    assert pruned({"type": "object", "properties": {"spec": spec}}, obj) == ["spec.known.b"]
    assert obj == {"spec": {"known": {"a": 1}, "free": {"b": 2}}}


def test_map_values_without_schema_lose_their_fields() -> None:
    # additionalProperties: true says that any key may occur, not that anything is known below it
    obj = {"spec": {"a": {"b": 1}, "c": 5}}
    assert pruned({"type": "object", "properties": {"spec": {"type": "object", "additionalProperties": True}}}, obj)
    assert obj == {"spec": {"a": {}, "c": 5}}


def test_embedded_resource_keeps_its_type_and_known_metadata() -> None:
    template = {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}
    obj = {"spec": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "odd": 1}, "rest": 1}}
    assert pruned({"type": "object", "properties": {"spec": template}}, obj) == ["spec.metadata.odd"]
    assert obj["spec"] == {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "rest": 1}


def test_defaults_fill_what_is_missing_and_only_that() -> None:
    schema = compile_schema(
        {
            "type": "object",
            "properties": {
                "spec": {
                    "type": "object",
                    "default": {},
                    "properties": {"mode": {"type": "string", "default": "auto"}, "n": {"type": "integer"}},
                }
            },
        }
    )
    missing: dict[str, Any] = {}
    default(schema, missing)
    assert missing == {"spec": {"mode": "auto"}}
    given: dict[str, Any] = {"spec": {"mode": "off"}}
    default(schema, given)
    assert given == {"spec": {"mode": "off"}}


def test_default_is_a_copy_of_its_own() -> None:
    schema = compile_schema({"type": "object", "properties": {"a": {"type": "object", "default": {"x": []}}}})
    first: dict[str, Any] = {}
    second: dict[str, Any] = {}
    default(schema, first)
    default(schema, second)
    assert first["a"]["x"] is not second["a"]["x"]


def test_null_is_dropped_unless_nullable_and_defaulted_where_there_is_a_default() -> None:
    schema = compile_schema(
        {
            "type": "object",
            "properties": {
                "plain": {"type": "string"},
                "nullable": {"type": "string", "nullable": True},
                "defaulted": {"type": "string", "default": "x"},
            },
        }
    )
    obj: dict[str, Any] = {"plain": None, "nullable": None, "defaulted": None}
    default(schema, obj)
    assert obj == {"nullable": None, "defaulted": "x"}
