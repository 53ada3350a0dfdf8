"""What holds for every schema and every object, whatever they look like."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kubewright.validation import compile_schema, default, prune, validate
from kubewright.validation.ratcheting import unchanged

KEYS = st.sampled_from(["a", "b", "c", "metadata", "kind"])
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from(["", "a", "25%", "v1"])
VALUES = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=4), max_leaves=12
)


def _object_schemas(below: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"type": st.just("object")},
        optional={
            "properties": st.dictionaries(KEYS, below, max_size=3),
            "required": st.lists(KEYS, max_size=2),
            "x-kubernetes-preserve-unknown-fields": st.just(True),
            "x-kubernetes-embedded-resource": st.just(True),
            "nullable": st.booleans(),
            "maxProperties": st.integers(0, 3),
        },
    )


def _array_schemas(below: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"type": st.just("array"), "items": below},
        optional={
            "x-kubernetes-list-type": st.sampled_from(["atomic", "set", "map"]),
            "x-kubernetes-list-map-keys": st.just(["a"]),
            "maxItems": st.integers(0, 2),
        },
    )


LEAVES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "integer", "number", "boolean"])},
    optional={
        "default": SCALARS,
        "nullable": st.booleans(),
        "enum": st.lists(SCALARS, min_size=1, max_size=3),
        "minimum": st.integers(-3, 3),
        "format": st.sampled_from(["int32", "date-time", "byte", "made-up"]),
        "anyOf": st.lists(st.fixed_dictionaries({"maxLength": st.integers(0, 3)}), min_size=1, max_size=2),
    },
)
SCHEMAS = st.recursive(
    LEAVES | st.just({"x-kubernetes-int-or-string": True}),
    lambda below: _object_schemas(below) | _array_schemas(below),
    max_leaves=10,
).flatmap(lambda below: st.just({"type": "object", "properties": {"spec": below}}))
OBJECTS = st.fixed_dictionaries({"spec": VALUES}, optional={"a": VALUES})


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, OBJECTS)
def test_pruning_twice_is_pruning_once(schema: dict[str, Any], obj: dict[str, Any]) -> None:
    compiled = compile_schema(schema)
    prune(compiled, obj)
    once = copy.deepcopy(obj)
    assert prune(compiled, obj) == []
    assert obj == once


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, OBJECTS)
def test_defaulting_twice_is_defaulting_once(schema: dict[str, Any], obj: dict[str, Any]) -> None:
    compiled = compile_schema(schema)
    default(compiled, obj)
    once = copy.deepcopy(obj)
    default(compiled, obj)
    assert obj == once


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, OBJECTS)
def test_validation_says_what_is_wrong_and_never_breaks(schema: dict[str, Any], obj: dict[str, Any]) -> None:
    for cause in validate(compile_schema(schema), obj):
        assert cause.field
        assert cause.message
        assert cause.reason


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, OBJECTS)
def test_update_that_changes_nothing_is_refused_for_nothing_new(schema: dict[str, Any], obj: dict[str, Any]) -> None:
    compiled = compile_schema(schema)
    at_create = validate(compiled, obj)
    assert all(cause in at_create for cause in validate(compiled, obj, copy.deepcopy(obj)))


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, OBJECTS)
def test_what_ratcheting_takes_for_unchanged_is_not_refused_for_values(
    schema: dict[str, Any], obj: dict[str, Any]
) -> None:
    compiled = compile_schema(schema)
    old = copy.deepcopy(obj)
    if not unchanged(compiled, obj, old):
        return  # a part that holds a field which the schema does not name never counts as unchanged
    values = [cause for cause in validate(compiled, obj, old) if "apiVersion" not in cause.field]
    # only embedded resources are checked afresh (apiextensions makes no difference there)
    assert all(cause.field.endswith(("kind", "apiVersion")) for cause in values)
