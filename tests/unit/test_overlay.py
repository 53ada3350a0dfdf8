"""Lossless updates: what a model does not know survives every edit of what it knows."""

from __future__ import annotations

import pytest

from kubewright.core.overlay import Json, overlay, same


def test_a_changed_field_leaves_unknown_fields_alone() -> None:
    origin: Json = {"spec": {"replicas": 1, "future": {"a": [1, None]}}, "unknown": None}
    result = overlay(origin, {"spec": {"replicas": 1}}, {"spec": {"replicas": 3}})
    assert result == {"spec": {"replicas": 3, "future": {"a": [1, None]}}, "unknown": None}


def test_nothing_changed_gives_the_origin_itself() -> None:
    origin: Json = {"metadata": {"name": "a", "x": 1}, "spec": {"list": [{"n": None}], "t": 1.0}}
    base: Json = {"metadata": {"name": "a"}, "spec": {"list": [{}], "t": 1.0}}
    assert overlay(origin, base, base) == origin


def test_a_removed_field_goes() -> None:
    assert overlay({"a": 1, "b": 2, "u": 3}, {"a": 1, "b": 2}, {"a": 1}) == {"a": 1, "u": 3}


def test_a_new_field_comes() -> None:
    assert overlay({"u": 3}, {}, {"a": {"b": 1}}) == {"u": 3, "a": {"b": 1}}


def test_a_field_that_only_the_codec_adds_is_not_sent() -> None:
    assert overlay({"a": 1}, {"a": 1, "kind": "X"}, {"a": 2, "kind": "X"}) == {"a": 2}


def test_an_explicit_null_that_the_model_cannot_say_survives() -> None:
    # C14
    assert overlay({"a": None, "b": 1}, {"b": 1}, {"b": 2}) == {"a": None, "b": 2}


def test_a_null_gives_way_to_a_value() -> None:
    assert overlay({"a": None}, {}, {"a": 5}) == {"a": 5}


def test_true_is_not_one() -> None:
    assert overlay({"a": 1}, {"a": 1}, {"a": True}) == {"a": True}
    assert overlay({"a": [0]}, {"a": [0]}, {"a": [False]}) == {"a": [False]}


def test_a_number_written_differently_is_no_change() -> None:
    result = overlay({"a": 1}, {"a": 1.0}, {"a": 1.0})
    assert isinstance(result, dict)
    assert type(result["a"]) is int


def test_a_value_of_another_shape_is_taken_as_it_is() -> None:
    assert overlay({"a": {"u": 1}}, {"a": {}}, {"a": [1]}) == {"a": [1]}
    assert overlay({"a": [1]}, {"a": [1]}, {"a": {"x": 1}}) == {"a": {"x": 1}}


BASE: Json = [{"name": "a", "v": 1}, {"name": "b", "v": 2}, {"name": "c", "v": 3}]
ORIGIN: Json = [{"name": "a", "v": 1, "u": "A"}, {"name": "b", "v": 2, "u": "B"}, {"name": "c", "v": 3, "u": "C"}]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param(
            [{"name": "a", "v": 1}, {"name": "b", "v": 9}, {"name": "c", "v": 3}],
            [{"name": "a", "v": 1, "u": "A"}, {"name": "b", "v": 9, "u": "B"}, {"name": "c", "v": 3, "u": "C"}],
            id="one edited",
        ),
        pytest.param(
            [{"name": "c", "v": 3}, {"name": "a", "v": 7}],
            [{"name": "c", "v": 3, "u": "C"}, {"name": "a", "v": 7, "u": "A"}],
            id="one removed, one edited, order changed",
        ),
        pytest.param(
            [{"name": "z", "v": 0}, {"name": "a", "v": 1}, {"name": "b", "v": 2}, {"name": "c", "v": 3}],
            [
                {"name": "z", "v": 0},
                {"name": "a", "v": 1, "u": "A"},
                {"name": "b", "v": 2, "u": "B"},
                {"name": "c", "v": 3, "u": "C"},
            ],
            id="one inserted",
        ),
        pytest.param(
            [{"name": "a", "v": 1}, {"name": "renamed", "v": 2}, {"name": "c", "v": 3}],
            [{"name": "a", "v": 1, "u": "A"}, {"name": "renamed", "v": 2, "u": "B"}, {"name": "c", "v": 3, "u": "C"}],
            id="one renamed in place",
        ),
        pytest.param([], [], id="all removed"),
    ],
)
def test_items_keep_their_unknown_fields_through(new: Json, expected: Json) -> None:
    assert overlay(ORIGIN, BASE, new) == expected


def test_items_without_identity_are_found_by_position_while_the_length_stays() -> None:
    origin: Json = [{"v": 1, "u": "A"}, {"v": 2, "u": "B"}]
    assert overlay(origin, [{"v": 1}, {"v": 2}], [{"v": 1}, {"v": 5}]) == [{"v": 1, "u": "A"}, {"v": 5, "u": "B"}]


def test_an_item_without_identity_is_found_between_its_neighbours() -> None:
    origin: Json = [{"v": 1, "u": "A"}, {"v": 2, "u": "B"}, {"v": 3, "u": "C"}]
    base: Json = [{"v": 1}, {"v": 2}, {"v": 3}]
    new: Json = [{"v": 1}, {"v": 9}, {"v": 3}, {"v": 4}]
    assert overlay(origin, base, new) == [{"v": 1, "u": "A"}, {"v": 9, "u": "B"}, {"v": 3, "u": "C"}, {"v": 4}]


def test_list_map_keys_win_over_guesses() -> None:
    origin: Json = {"ports": [{"port": 1, "name": "x", "u": "A"}, {"port": 2, "name": "y", "u": "B"}]}
    base: Json = {"ports": [{"port": 1, "name": "x"}, {"port": 2, "name": "y"}]}
    new: Json = {"ports": [{"port": 1, "name": "y"}, {"port": 2, "name": "x"}]}
    result = overlay(origin, base, new, list_keys={("ports",): ("port",)})
    assert result == {"ports": [{"port": 1, "name": "y", "u": "A"}, {"port": 2, "name": "x", "u": "B"}]}


def test_a_list_that_the_model_saw_only_in_part_is_kept_unless_it_is_changed() -> None:
    assert overlay([1, "x", 2], [1, 2], [1, 2]) == [1, "x", 2]
    assert overlay([1, "x", 2], [1, 2], [1, 2, 3]) == [1, 2, 3]


def test_equal_items_are_not_paired_twice() -> None:
    origin: Json = [{"v": 1, "u": "A"}, {"v": 1, "u": "B"}]
    assert overlay(origin, [{"v": 1}, {"v": 1}], [{"v": 1}, {"v": 1}]) == origin


def test_the_inputs_are_not_changed() -> None:
    origin: dict[str, Json] = {"a": {"b": [1]}}
    base: dict[str, Json] = {"a": {"b": [1]}}
    new: dict[str, Json] = {"a": {"b": [1, 2]}, "c": 1}
    overlay(origin, base, new)
    assert (origin, base, new) == ({"a": {"b": [1]}}, {"a": {"b": [1]}}, {"a": {"b": [1, 2]}, "c": 1})


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0.0, False, False),
        (None, None, True),
        ("1", 1, False),
        ([1, {"a": True}], [1, {"a": 1}], False),
        ({"a": [None]}, {"a": [None]}, True),
    ],
)
def test_equality_is_that_of_json(a: Json, b: Json, equal: bool) -> None:
    assert same(a, b) is equal
