"""What the conformance suite hides from its comparison, and what it must not hide."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.fuzz.explained import explanation
from tests.conformance.normalise import Normaliser

UID_A, UID_B = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def obj(uid: str, version: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"uid": uid, "resourceVersion": version, **metadata}}


def test_servers_with_other_uids_and_versions_look_alike() -> None:
    ours, theirs = Normaliser(), Normaliser()
    assert ours([obj(UID_A, "5"), obj(UID_A, "9")]) == theirs([obj(UID_B, "105"), obj(UID_B, "200")])


def test_a_new_object_does_not_look_like_the_old_one() -> None:
    ours, theirs = Normaliser(), Normaliser()
    assert ours([obj(UID_A, "5"), obj(UID_B, "6")]) != theirs([obj(UID_A, "5"), obj(UID_A, "6")])


def test_a_write_that_changed_nothing_does_not_look_like_one_that_did() -> None:
    ours, theirs = Normaliser(), Normaliser()
    assert ours([obj(UID_A, "5"), obj(UID_A, "5")]) != theirs([obj(UID_A, "5"), obj(UID_A, "6")])


def test_names_do_not_depend_on_the_order_of_keys() -> None:
    first = {"a": UID_A, "b": UID_B}
    second = dict(reversed(list(first.items())))
    assert Normaliser()(first) == Normaliser()(second)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"creationTimestamp": "2026-01-01T00:00:00Z"}, {"creationTimestamp": "2027-02-02T11:11:11Z"}),
        ({"metadata": {"continue": "abc"}}, {"metadata": {"continue": "xyz"}}),
        ({"generateName": "x-", "name": "x-bcdfg"}, {"generateName": "x-", "name": "x-vwxz2"}),
        ({"causes": [{"field": "a"}, {"field": "b"}]}, {"causes": [{"field": "b"}, {"field": "a"}]}),
        ({"kind": "Status", "message": "x: [b, a]"}, {"kind": "Status", "message": "x: [a, b]"}),
        (
            {"managedFields": [{"manager": "b"}, {"manager": "a"}]},
            {"managedFields": [{"manager": "a"}, {"manager": "b"}]},
        ),
        ({"message": "too old resource version: 1 (22)"}, {"message": "too old resource version: 333 (4)"}),
    ],
)
def test_what_has_to_differ_is_hidden(ours: Any, theirs: Any) -> None:
    assert Normaliser()(ours) == Normaliser()(theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"metadata": {"continue": "abc"}}, {"metadata": {"continue": ""}}),
        ({"metadata": {}}, {"metadata": {"resourceVersion": "5"}}),
        ({"spec": {"list": ["b", "a"]}}, {"spec": {"list": ["a", "b"]}}),
        ({"causes": [{"field": "a"}]}, {"causes": [{"field": "b"}]}),
        ({"kind": "Status", "message": "no"}, {"kind": "Status", "message": "yes"}),
        ({"spec": {"note": None}}, {"spec": {}}),
    ],
)
def test_what_must_agree_stays_visible(ours: Any, theirs: Any) -> None:
    assert Normaliser()(ours) != Normaliser()(theirs)


def test_only_listed_differences_are_explained() -> None:
    def said(text: str) -> list[dict[str, str]]:
        return [{"message": text}]

    ours, theirs = (
        said(f"json: cannot unmarshal array into Go struct field A.b of type {name}") for name in ("string", "v1.B")
    )
    assert explanation(ours, theirs) == "names of Go types in decoding errors"
    assert explanation(said("spec.size: Required value"), said("spec.size: Invalid value")) is None
