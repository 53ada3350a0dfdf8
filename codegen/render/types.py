"""Planned types as text, in the two languages of the output: model annotations and apply types.

Every string of a schema passes through `repr` here.
"""

from __future__ import annotations

from codegen.plan.model import Choice, FieldPlan, Foreign, ListOf, MapOf, Nullable, Own, Plain, TypePlan, mentioned
from codegen.plan.reserved import STANDARD_LIBRARY

REQ = "kubewright.model.Req"
ONE_OF = "kubewright.model.OneOf"


def literal(values: tuple[str, ...]) -> str:
    """``Literal[...]`` of strings, each written by `ascii` so that no character can hide in the source."""
    return f"Literal[{', '.join(ascii(value) for value in values)}]"


def annotation(plan: TypePlan) -> str:
    """A model annotation with full import paths, as datamodel-code-generator's ``x-python-type`` reads them."""
    match plan:
        case Plain() | Own():
            return plan.name
        case Choice():
            return f"{ONE_OF}[{literal(plan.values)}]"
        case ListOf():
            return f"list[{annotation(plan.item)}]"
        case MapOf():
            return f"dict[str, {annotation(plan.value)}]"
        case Nullable():
            return f"{annotation(plan.inner)} | None"
        case Foreign():
            return f"{plan.module}.{plan.name}"


def field_annotation(field: FieldPlan) -> str:
    """The annotation of a whole field, without what datamodel-code-generator adds for its optionality."""
    inner = annotation(field.type)
    if field.constant is not None:
        return inner
    if field.nullable:
        return inner if inner == "Any" else f"{inner} | None"
    return f"{REQ}[{inner}]" if field.required else inner


def written_annotation(field: FieldPlan) -> str:
    """The annotation as it stands in the module: names without their paths, optionality said."""
    inner = _unqualified(field.type)
    if field.constant is not None:
        return inner
    if field.nullable:
        return f"{inner} | UnsetType" if inner == "Any" else f"{inner} | None | UnsetType"
    if not field.required:
        return f"{inner} | None"
    return inner if own_classes(field.type) & STANDARD_LIBRARY else f"Req[{inner}]"


def _unqualified(plan: TypePlan) -> str:
    match plan:
        case Choice():
            return f"OneOf[{literal(plan.values)}]"
        case ListOf():
            return f"list[{_unqualified(plan.item)}]"
        case MapOf():
            return f"dict[str, {_unqualified(plan.value)}]"
        case Nullable():
            return f"{_unqualified(plan.inner)} | None"
        case _:
            return plan.name


def apply_annotation(plan: TypePlan) -> str:
    """The type of an apply configuration's key; classes of other modules are qualified by their module's last name."""
    match plan:
        case Plain():
            return plan.name
        case Own():
            return apply_class(plan.name)
        case Choice():
            return literal(plan.values)
        case ListOf():
            return f"list[{apply_annotation(plan.item)}]"
        case MapOf():
            return f"dict[str, {apply_annotation(plan.value)}]"
        case Nullable():
            return f"{apply_annotation(plan.inner)} | None"
        case Foreign():
            if not plan.apply_module:
                return "dict[str, Any]"
            return f"{plan.apply_module.rpartition('.')[2]}.{apply_class(plan.name)}"


def apply_class(model: str) -> str:
    """The apply type of a model."""
    return f"{model}Apply"


def own_classes(plan: TypePlan) -> set[str]:
    """The classes of the same module that a type mentions."""
    return {each.name for each in mentioned(plan) if isinstance(each, Own)}


def foreign_types(plan: TypePlan) -> set[Foreign]:
    """The classes of other modules that a type mentions."""
    return {each for each in mentioned(plan) if isinstance(each, Foreign)}
