"""Field sets are sets, and comparing, merging and removing by them fit together."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kubewright.testing.server import fieldsets as fs
from kubewright.testing.server.fieldmerge import ABSENT, compare, field_set, merge, remove
from kubewright.testing.server.fieldsets import HERE, FieldSet
from kubewright.testing.server.fieldtypes import compile_type
from tests.server_calls import SCHEMA

Path = tuple[str, ...]
PATHS = st.sets(st.lists(st.sampled_from(["f:a", "f:b", 'k:{"n":"x"}']), min_size=1, max_size=3).map(tuple), max_size=6)
KIND = compile_type(SCHEMA, builtin=False)

SPECS = st.fixed_dictionaries(
    {},
    optional={
        "image": st.sampled_from(["x", "y"]),
        "replicas": st.integers(0, 2),
        "tags": st.lists(st.sampled_from("abc"), unique=True, max_size=3),
        "ports": st.lists(
            st.builds(lambda name, port: {"name": name, "port": port}, st.sampled_from("pqr"), st.integers(1, 2)),
            unique_by=lambda item: item["name"],
            max_size=3,
        ),
        "args": st.lists(st.sampled_from("uv"), max_size=2),
        "limits": st.dictionaries(st.sampled_from("mn"), st.sampled_from("12"), max_size=2),
    },
)
OBJECTS = st.builds(lambda spec: {"spec": spec}, SPECS)


def made(paths: set[Path]) -> FieldSet:
    root: FieldSet = {}
    for path in paths:
        node = root
        for element in path:
            node = node.setdefault(element, {})
        node[HERE] = {}
    return root


def members(fields: FieldSet, prefix: Path = ()) -> set[Path]:
    found: set[Path] = set()
    for element, below in fields.items():
        found |= {prefix} if element == HERE else members(below, (*prefix, element))
    return found


@given(left=PATHS, right=PATHS)
def test_the_algebra_is_that_of_sets(left: set[Path], right: set[Path]) -> None:
    a, b = made(left), made(right)
    before = copy.deepcopy((a, b))
    assert members(fs.union(a, b)) == left | right
    assert members(fs.difference(a, b)) == left - right
    assert members(fs.intersection(a, b)) == left & right
    below = {path for path in left if any(path[: len(other)] == other for other in right)}
    assert members(fs.recursive_difference(a, b)) == left - below
    assert (a, b) == before


@given(paths=PATHS)
def test_the_wire_form_says_the_same(paths: set[Path]) -> None:
    assert members(fs.from_wire(fs.to_wire(made(paths)))) == paths


@settings(deadline=None)
@given(before=OBJECTS, after=OBJECTS)
def test_a_comparison_is_empty_only_for_equals_and_names_no_path_twice(before: Any, after: Any) -> None:
    change = compare(before, after, KIND)
    if before == after:
        assert not any(change)
    added, modified, removed = (members(fields) for fields in change)
    assert not (added & modified or added & removed or modified & removed)
    backwards = compare(after, before, KIND)
    assert (members(backwards.added), members(backwards.removed)) == (removed, added)


@settings(deadline=None)
@given(live=OBJECTS, config=OBJECTS)
def test_a_merge_says_what_the_configuration_says_and_loses_nothing(live: Any, config: Any) -> None:
    before = copy.deepcopy((live, config))
    merged = merge(live, config, KIND)
    assert (live, config) == before
    assert merge(merged, config, KIND) == merged
    claimed = members(field_set(config, KIND))
    change = compare(live, merged, KIND)
    assert not change.removed
    assert members(change.modified) <= claimed


@settings(deadline=None)
@given(document=OBJECTS)
def test_removing_everything_leaves_nothing_and_removing_nothing_leaves_everything(document: Any) -> None:
    assert remove(document, {}, KIND) == document
    whole = fs.with_named_fields(field_set(document, KIND), KIND)
    if whole:
        assert remove(document, whole, KIND) is ABSENT
