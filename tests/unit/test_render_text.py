"""Text of a schema in Python source: whatever it says, it stays text."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.errors import CodegenError
from codegen.ir import Array, Doc, Enum, Scalar
from codegen.plan.documentation import clean, docstring, field_docstring, summary
from codegen.plan.model import (
    Choice,
    ClassPlan,
    FieldPlan,
    Foreign,
    GroupVersionPlan,
    ListOf,
    MapOf,
    Nullable,
    Own,
    Plain,
)
from codegen.render.apply import apply_module
from codegen.render.models import check_names, render_models
from codegen.render.templates import comment_text, docstring_text, python_literal, render

# Text that likes to leave where it stands.
HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet="\"'\\\n\r\t #{}%u2028N", max_size=30),
    st.sampled_from(
        ['"""', "'''", '\\"""', '""" + exit() + """', "\\N{BULLET}", "\u202e", "\ud800", "{{ 7*7 }}", "\x00"]
    ),
)


@given(HOSTILE)
def test_text_in_a_docstring_never_leaves_it(text: str) -> None:
    source = f'class C:\n    """{docstring_text(text)}"""\n'
    (made,) = ast.parse(source).body
    assert isinstance(made, ast.ClassDef)
    (statement,) = made.body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Constant)


@given(st.one_of(HOSTILE, st.lists(HOSTILE), st.tuples(HOSTILE, st.integers()), st.booleans(), st.none()))
def test_a_literal_is_the_value_and_pure_ascii(value: object) -> None:
    source = python_literal(value)
    assert source.isascii()
    assert ast.literal_eval(source) == value


def test_a_literal_is_made_of_plain_values_only() -> None:
    with pytest.raises(TypeError):
        python_literal(object())


@given(HOSTILE)
def test_text_in_a_comment_stays_on_its_line(text: str) -> None:
    assert len(f"# {comment_text(text)}".splitlines()) == 1


@given(HOSTILE)
def test_nothing_invisible_is_left(text: str) -> None:
    assert not any(c in clean(text) for c in "\u202a\u202e\u2066\u200b\u2028\x00\x1b")


@settings(max_examples=40, deadline=None)
@given(HOSTILE, st.lists(HOSTILE, min_size=1, max_size=3, unique=True), HOSTILE)
def test_models_of_hostile_text_hold_nothing_but_models(doc: str, values: list[str], description: str) -> None:
    choice = FieldPlan("choice", "choice", Choice(tuple(values)), doc=docstring(Doc(description=doc)))
    text = render_models([ClassPlan("Evil", (choice,), doc=docstring(Doc(description)))], '# head\n"""Docs."""').text
    for node in ast.walk(ast.parse(text)):
        assert not isinstance(node, ast.Call) or ast.unparse(node.func) == "field"
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
            elements = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            assert [ast.literal_eval(each) for each in elements] == values


FIELDS = (
    FieldPlan("required", "required", Plain("str"), required=True),
    FieldPlan("optional", "optionalOne", ListOf(Own("Inner"))),
    FieldPlan("nullable", "nullable", MapOf(Nullable(Own("Inner"))), nullable=True),
    FieldPlan("anything", "anything", Plain("Any"), nullable=True),
    FieldPlan("container", "container", ListOf(Own("Container")), required=True),
    FieldPlan("string", "string", Own("String")),
    FieldPlan(
        "meta", "meta", Foreign("kubewright.objects", "ObjectMeta", "kubewright.api.applyconfigurations.meta_v1")
    ),
)
INNER = (FieldPlan("a", "a", Plain("int | str")),)
CLASSES = [ClassPlan(name, INNER) for name in ("Inner", "Container", "String")] + [ClassPlan("Outer", FIELDS)]


def test_models_say_optional_required_and_nullable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rendered_models.py").write_text(render_models(CLASSES, "# head").text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    outer = importlib.import_module("rendered_models").Outer
    empty = msgspec.json.decode(b"{}", type=outer)
    assert msgspec.json.encode(empty) == b"{}"
    raw = b'{"required":"x","container":[{"a":1}],"optionalOne":[{"a":"b"}],"nullable":null,"string":{"a":2}}'
    assert msgspec.json.decode(msgspec.json.encode(msgspec.json.decode(raw, type=outer))) == msgspec.json.decode(raw)


def test_a_class_that_was_renamed_is_an_error() -> None:
    with pytest.raises(CodegenError, match="planned only"):
        check_names("class Other(Model):\n    a: int | str | None = None\n", [ClassPlan("Inner", INNER)])


def test_a_type_that_was_changed_is_an_error() -> None:
    with pytest.raises(CodegenError, match=r"Inner\.a"):
        check_names("class Inner(Model):\n    a: str | None = None\n", [ClassPlan("Inner", INNER)])


def group_version(*classes: ClassPlan) -> GroupVersionPlan:
    return GroupVersionPlan("x_v1", "XV1", "x.example.com", "v1", (), classes, ("crd.yaml",))


@pytest.mark.parametrize("wire", ["from", "x-y", "__private", "$ref", "list", "InnerApply", "größe"])
def test_key_that_is_no_attribute_makes_its_apply_type_a_call(wire: str) -> None:
    gv = group_version(ClassPlan("Inner", (FieldPlan("a", wire, Plain("str")),)))
    (made,) = apply_module(gv).classes
    assert made.functional
    text = render("applyconfigurations/module.py.j2", gv=gv, module=apply_module(gv))
    assert repr(wire) in text or ascii(wire) in text
    ast.parse(text)


def test_apply_module_imports_what_it_says_and_no_more() -> None:
    module = apply_module(group_version(*CLASSES))
    assert module.typing_names == ("TYPE_CHECKING", "Any", "TypedDict")
    assert module.foreign_modules == (("kubewright.api.applyconfigurations", "meta_v1"),)


def test_keys_of_a_merged_list_are_said() -> None:
    ports = Array(Scalar("integer"), list_type="map", list_map_keys=("containerPort", "protocol"), doc=Doc("Ports."))
    assert field_docstring(ports) == "Ports.\n\nList map keys: containerPort, protocol"


def test_values_of_a_number_enum_are_said() -> None:
    assert field_docstring(Enum("integer", (1, 2))) == "One of: 1, 2"


def test_summary_is_the_first_sentence() -> None:
    assert summary("A widget. It\nspins.\n\nMore.") == "A widget."
    assert summary("x" * 300).endswith("…")


def test_facts_of_a_field_stand_below_its_description() -> None:
    doc = Doc("Text.", default="3", format="int32", limits=("minimum: 1", "pattern: ^a$"), rules=("self > 0",))
    assert docstring(doc) == "\n".join(
        ["Text.", "", "Default (set by the server): 3", "Format: int32", "Minimum: 1", "Pattern: ^a$", "Rule: self > 0"]
    )
