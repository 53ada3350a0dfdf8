"""Whatever a document holds and wherever a model is blind: one typed change is all that an update changes."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubewright.core.overlay import overlay

# A model knows the fields a, b and c; it has never heard of the others.
NAMES = st.sampled_from(["a", "b", "c", "u", "v"])
SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x", "y"]) | st.just(0.5)


def _documents(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
        max_leaves=20,
    )


OBJECTS = st.dictionaries(NAMES, _documents(NAMES), max_size=5)


def seen(document: Any) -> Any:
    """What the model sees of a document."""
    if isinstance(document, dict):
        return {name: seen(value) for name, value in document.items() if name in ("a", "b", "c")}
    if isinstance(document, list):
        return [seen(item) for item in document]
    return document


def _places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document that can be set, deepest last."""
    found: list[tuple[Any, ...]] = []
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in inner:
        found.append((*path, key))
        found += _places(value, (*path, key))
    return found


def _set(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


@given(OBJECTS)
def test_no_change_sends_the_document_that_was_read(origin: dict[str, Any]) -> None:
    assert overlay(origin, seen(origin), seen(origin)) == origin


@given(OBJECTS, st.data())
def test_one_changed_scalar_changes_nothing_else(origin: dict[str, Any], data: st.DataObject) -> None:
    view = seen(origin)
    leaves = [p for p in _places(view) if not isinstance(_get(view, p), (dict, list))]
    if not leaves:
        return
    path = data.draw(st.sampled_from(leaves))
    expected = _set(origin, path, "changed")
    assert overlay(origin, view, _set(view, path, "changed")) == expected


@given(OBJECTS, OBJECTS)
def test_what_the_model_sees_afterwards_is_what_was_asked_for(origin: dict[str, Any], other: dict[str, Any]) -> None:
    new = seen(other)
    assert seen(overlay(origin, seen(origin), new)) == new


@given(OBJECTS, OBJECTS)
def test_unknown_fields_at_the_root_always_survive(origin: dict[str, Any], other: dict[str, Any]) -> None:
    result = overlay(origin, seen(origin), seen(other))
    assert isinstance(result, dict)
    assert {k: v for k, v in result.items() if k in ("u", "v")} == {k: v for k, v in origin.items() if k in ("u", "v")}


@given(
    st.lists(st.tuples(st.integers(0, 3), SCALARS), min_size=1, max_size=6),
    st.permutations(range(6)),
    st.sets(st.integers(0, 5)),
    st.dictionaries(st.integers(0, 5), st.integers(10, 20), max_size=2),
)
def test_named_items_keep_their_unknown_fields_through_any_edit(
    values: list[tuple[int, Any]], order: list[int], removed: set[int], edits: dict[int, int]
) -> None:
    origin = [{"name": f"n{i}", "a": v, "u": u} for i, (v, u) in enumerate(values)]
    base = [{"name": o["name"], "a": o["a"]} for o in origin]
    kept = [i for i in order if i < len(values) and i not in removed]
    new = [{**base[i], "a": edits.get(i, base[i]["a"])} for i in kept]
    expected = [{**origin[i], "a": edits.get(i, origin[i]["a"])} for i in kept]
    assert overlay(origin, base, new) == expected


@given(OBJECTS, OBJECTS)
def test_the_inputs_stay_as_they_were(origin: dict[str, Any], other: dict[str, Any]) -> None:
    before = copy.deepcopy((origin, other))
    overlay(origin, seen(origin), seen(other))
    assert (origin, other) == before


def _get(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document
