"""Selectors mean here what they mean on the server (apimachinery pkg/labels and pkg/fields)."""

from __future__ import annotations

import pytest

from kubewright.objects import LabelSelector, LabelSelectorRequirement
from kubewright.selectors import (
    SelectorError,
    parse_field_selector,
    parse_label_selector,
)


@pytest.mark.parametrize(
    "text",
    # client-go: TestSelectorParse (good strings)
    [
        "x=a,y=b,z=c",
        "",
        "x!=a,y=b",
        "x=",
        "x= ",
        "x=,z= ",
        "x= ,z= ",
        "!x",
        "x>1",
        "x>1,z<5",
        "x in (a)",
        "x in (a,b),!y,z",
        "x notin (a,)",
        "x in ()",
        " a == b ",
        "in in (notin)",
    ],
)
def test_a_good_selector_is_read_and_its_text_reads_the_same(text: str) -> None:
    matcher = parse_label_selector(text)
    assert parse_label_selector(str(matcher)) == matcher


@pytest.mark.parametrize(
    "text",
    # client-go: TestSelectorParse (bad strings)
    [
        "x=a||y=b",
        "x==a==b",
        "!x=a",
        "x<a",
        "x,",
        ",x",
        "x in a",
        "x in (a",
        "x in (a b)",
        "x notin",
        "=a",
        "a b",
        "!",
        "x=a/b",
        "-x=a",
        "A/x=a",
        "x=" + "a" * 64,
        "y" * 64,
        "x>1.5",
    ],
)
def test_a_bad_selector_is_refused_with_the_text_in_the_message(text: str) -> None:
    with pytest.raises(SelectorError) as caught:
        parse_label_selector(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "labels", "matches"),
    # client-go: TestSelectorMatches
    [
        ("", {"x": "y"}, True),
        ("x=y", {"x": "y"}, True),
        ("x=y,z=w", {"x": "y", "z": "w"}, True),
        ("x!=y,z!=w", {"x": "z", "z": "a"}, True),
        ("notin=in", {"notin": "in"}, True),
        ("x", {"x": "z"}, True),
        ("!x", {"y": "z"}, True),
        ("x>1", {"x": "2"}, True),
        ("x<1", {"x": "0"}, True),
        ("x=y", {}, False),
        ("x=y", {"x": "z"}, False),
        ("x=y,z=w", {"x": "w", "z": "w"}, False),
        ("x!=y,z!=w", {"x": "z", "z": "w"}, False),
        ("x", {"y": "z"}, False),
        ("!x", {"x": "z"}, False),
        ("x>1", {"x": "0"}, False),
        ("x>1", {"x": "abc"}, False),
        ("x in (a,b)", {"x": "b"}, True),
        ("x in (a,b)", {}, False),
        ("x notin (a,b)", {}, True),
        ("x notin (a,b)", {"x": "a"}, False),
        ("x=", {"x": ""}, True),
        ("x=", {}, False),
    ],
)
def test_matching(text: str, labels: dict[str, str], matches: bool) -> None:
    assert parse_label_selector(text).matches(labels) is matches


@pytest.mark.parametrize("text", ["app==a", "app=a,env=x", "app in (a)", "app", "!app", "app!=a"])
def test_every_operator_selects_in_a_cache_as_on_the_server(text: str) -> None:
    # C1: the peer's cache split at "=" and returned everything, or nothing
    objects = [{"app": "a", "env": "x"}, {"app": "b"}, {}]
    expected = {
        "app==a": [objects[0]],
        "app=a,env=x": [objects[0]],
        "app in (a)": [objects[0]],
        "app": objects[:2],
        "!app": objects[2:],
        "app!=a": objects[1:],
    }
    matcher = parse_label_selector(text)
    assert [o for o in objects if matcher.matches(o)] == expected[text]


def test_the_text_is_canonical() -> None:
    # client-go: TestDeterministicParse
    assert str(parse_label_selector("z in (b,a),x==1,!y")) == "x==1,!y,z in (a,b)"
    assert str(parse_label_selector({"b": "2", "a": "1"})) == "a=1,b=2"


def test_no_labels_are_like_empty_labels() -> None:
    assert parse_label_selector("!x").matches(None)
    assert not parse_label_selector("x").matches(None)


def test_a_label_selector_object_is_read_with_all_its_expressions() -> None:
    selector = LabelSelector(
        match_labels={"a": "1"},
        match_expressions=[
            LabelSelectorRequirement(key="b", operator="In", values=["y", "x"]),
            LabelSelectorRequirement(key="c", operator="DoesNotExist"),
        ],
    )
    assert str(parse_label_selector(selector)) == "a=1,b in (x,y),!c"


@pytest.mark.parametrize(
    "requirement",
    # client-go: TestLabelSelectorAsSelector
    [
        LabelSelectorRequirement(key="b", operator="Equals", values=["a"]),
        LabelSelectorRequirement(key="b", operator="In", values=[]),
        LabelSelectorRequirement(key="b", operator="Exists", values=["a"]),
    ],
)
def test_an_impossible_expression_is_refused(requirement: LabelSelectorRequirement) -> None:
    with pytest.raises(SelectorError):
        parse_label_selector(LabelSelector(match_expressions=[requirement]))


@pytest.mark.parametrize(
    ("text", "fields", "matches"),
    [
        ("metadata.name=a", {"metadata.name": "a"}, True),
        ("metadata.name==a", {"metadata.name": "a"}, True),
        ("metadata.name!=a", {"metadata.name": "a"}, False),
        ("a=1,b!=2", {"a": "1", "b": "3"}, True),
        ("a=1,b!=2", {"a": "1", "b": "2"}, False),
        (r"a=x\,y", {"a": "x,y"}, True),
        (r"a=x\=y\\", {"a": "x=y\\"}, True),
        ("a=", {}, True),
        ("", {"a": "1"}, True),
    ],
)
def test_fields_match(text: str, fields: dict[str, str], matches: bool) -> None:
    matcher = parse_field_selector(text)
    assert matcher.matches(lambda path: fields.get(path, "")) is matches
    assert parse_field_selector(str(matcher)) == matcher


@pytest.mark.parametrize("text", ["a", "a,b=1", "a=x=y", r"a=\x", "a=1\\"])
def test_a_bad_field_selector_is_refused(text: str) -> None:
    # client-go: TestInvalidEscapedValue, TestSplitTerms
    with pytest.raises(SelectorError):
        parse_field_selector(text)


def test_a_value_given_in_a_mapping_is_escaped_in_the_text() -> None:
    # client-go: TestEscapeValue
    assert str(parse_field_selector({"a": "x,y=z\\"})) == r"a=x\,y\=z\\"
