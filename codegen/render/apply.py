"""Apply types prepared for their template: which syntax each class needs, which names the module imports.

`TypedDict(total=False)` says exactly what server-side apply needs (absent = not managed, None = null) and costs nothing
at import.  Keys are those of the wire, so a class whose keys are no attribute names is written as a call.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass

from codegen.plan.model import (
    Choice,
    ClassPlan,
    FieldPlan,
    Foreign,
    GroupVersionPlan,
    Plain,
    TypePlan,
    mentioned,
)
from codegen.render.types import apply_annotation, apply_class, foreign_types, literal

# As a key of the class form these would hide the type of that name from the lines below.
_HIDING = frozenset({"Any", "Literal", "Required", "TypedDict", "bool", "dict", "float", "int", "list", "str"})


@dataclass(frozen=True, slots=True)
class ApplyKey:
    wire: str
    type: str


@dataclass(frozen=True, slots=True)
class ApplyClass:
    name: str
    model: str
    keys: tuple[ApplyKey, ...]
    functional: bool


@dataclass(frozen=True, slots=True)
class ApplyModule:
    classes: tuple[ApplyClass, ...]
    typing_names: tuple[str, ...]
    # (package, module): imported for type checkers only.
    foreign_modules: tuple[tuple[str, str], ...]


def apply_module(gv: GroupVersionPlan) -> ApplyModule:
    """The apply types of one group-version: one per model class."""
    classes = gv.apply_classes or gv.classes
    names = {"TypedDict"}
    foreign: set[str] = set()
    for each in classes:
        for field in each.fields:
            names |= _typing_names(each, field)
            foreign |= {f.apply_module for f in foreign_types(field.type) if f.apply_module}
    if foreign:
        names.add("TYPE_CHECKING")
    modules = sorted((module.rpartition(".")[0], module.rpartition(".")[2]) for module in foreign)
    hiding = _HIDING | {name for _, name in modules} | {apply_class(each.name) for each in classes}
    return ApplyModule(
        tuple(_class(each, hiding) for each in classes),
        tuple(sorted(names, key=lambda name: (not name.isupper(), name))),
        tuple(modules),
    )


def _class(planned: ClassPlan, hiding: frozenset[str]) -> ApplyClass:
    keys = tuple(ApplyKey(f.wire, _key_type(planned, f)) for f in planned.fields)
    functional = any(
        not (key.wire.isascii() and key.wire.isidentifier())
        or keyword.iskeyword(key.wire)
        or key.wire.startswith("__")  # a class body would mangle it
        or key.wire in hiding
        for key in keys
    )
    return ApplyClass(apply_class(planned.name), planned.name, keys, functional)


def _key_type(planned: ClassPlan, field: FieldPlan) -> str:
    if field.constant is not None:
        return literal((field.constant,))
    text = apply_annotation(field.type)
    if field.nullable and text != "Any":
        text += " | None"
    return f"Required[{text}]" if planned.root and field.wire == "metadata" else text


def _typing_names(planned: ClassPlan, field: FieldPlan) -> set[str]:
    if field.constant is not None:
        return {"Literal"}
    names = _names_of(field.type)
    return names | {"Required"} if planned.root and field.wire == "metadata" else names


def _names_of(plan: TypePlan) -> set[str]:
    names = {"Literal" for each in mentioned(plan) if isinstance(each, Choice)}
    untyped = any(
        each == Plain("Any") or (isinstance(each, Foreign) and not each.apply_module) for each in mentioned(plan)
    )
    return names | {"Any"} if untyped else names
