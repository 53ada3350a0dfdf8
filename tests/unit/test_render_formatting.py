"""Formatting and writing in pieces gives what the whole would have given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import black
import pytest
from black.mode import TargetVersion

from codegen.errors import CodegenError
from codegen.plan.model import ClassPlan, FieldPlan, Foreign, ListOf, Own, Plain
from codegen.render.classes import Import, WrittenClass, join_module
from codegen.render.formatting import Formatter
from codegen.render.models import render_models
from codegen.render.workers import Workers

REPOSITORY = Path(__file__).resolve().parents[2]
UGLY = '''\
# A header.
"""A docstring with a separator and a form feed\x0c in it."""
from __future__ import annotations
import os
# about A
@decorated(  "x",)
class A( object ) :
  "Doc."
  a : int=1
class B: pass
X = {  'a':1,
 'b':2 }
# about Y


Y = TypedDict("Y", {"from": str}, total = False)
@one
@two
def f( a,b ):
    return  a
# the end
'''


def black_on(text: str, line_length: int) -> str:
    return black.format_str(text, mode=black.Mode(line_length=line_length, target_versions={TargetVersion.PY311}))


@pytest.mark.parametrize("line_length", [60, 88, 120])
def test_pieces_give_what_black_makes_of_the_whole(line_length: int) -> None:
    assert Formatter(line_length).module(UGLY, "ugly") == black_on(UGLY, line_length)


@pytest.mark.parametrize("path", ["generated/models/gateway_v1.py", "generated/applyconfigurations/gateway_v1.py"])
def test_pieces_give_what_black_makes_of_real_modules(path: str) -> None:
    text = (REPOSITORY / path).read_text()
    assert Formatter(70).module(text, path) == black_on(text, 70)


def test_a_known_piece_is_not_formatted_again() -> None:
    first = Formatter(88)
    text = first.module(UGLY, "ugly")
    marked: Mapping[str, str] = {key: piece.replace("1", "999") for key, piece in first.used.items()}
    assert Formatter(88, marked).module(UGLY, "ugly") == text.replace("1", "999")


def test_what_is_no_python_is_refused_with_its_name() -> None:
    with pytest.raises(CodegenError, match="the code for things is not valid Python"):
        Formatter(88).module("class A(:\n", "things")


CLASSES = (
    ClassPlan("A", (FieldPlan("b", "b", ListOf(Own("B"))), FieldPlan("p", "path", Own("Path"), doc="A path."))),
    ClassPlan("B", (FieldPlan("name", "name", Plain("str"), required=True),), open=True),
    ClassPlan("Path", (FieldPlan("x", "x", Foreign("kubewright.objects", "Condition")),)),
)


def test_classes_written_one_by_one_are_those_written_together() -> None:
    whole = render_models(CLASSES, '"""Head."""')
    for key in whole.used:
        others = {k: v for k, v in whole.used.items() if k != key}
        again = render_models(CLASSES, '"""Head."""', others)
        assert again.text == whole.text
        assert again.used == whole.used


def test_one_name_for_two_imported_types_is_refused() -> None:
    one = WrittenClass("class A: ...", (Import("a", "Thing", "Thing"),))
    other = WrittenClass("class B: ...", (Import("b", "Thing", "Thing"),))
    with pytest.raises(CodegenError, match=r"'Thing' would be both a\.Thing and b\.Thing"):
        join_module("", [one, other])


def refuse_negative(number: int) -> int:
    if number < 0:
        raise CodegenError("negative", source=str(number), hint="more")
    return number


@pytest.mark.parametrize("processes", [0, 2])
def test_a_failing_item_is_its_own_affair(processes: int) -> None:
    with Workers(processes) as workers:
        results = dict(workers.run(refuse_negative, [1, -2, 3]))
    assert (results[1], results[3]) == (1, 3)
    assert str(results[-2]) == "-2: negative\n  hint: more"
