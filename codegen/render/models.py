"""Model classes, written by datamodel-code-generator: the only importer of it.

Its msgspec mode says the opposite of what these models mean (optional as UNSET, nullable as None) and it names and shares
by its own lights.  So it is fed a document in which nothing is left to decide: one component per planned class, every
property with its final type and attribute name.  Only its public `generate` is used, its text is not touched, and what
it wrote is compared with the plan: a class or attribute that it renamed would be a wrong name on somebody's wire.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codegen.cache import digest
from codegen.errors import CodegenError
from codegen.plan.model import ClassPlan, FieldPlan, ListOf, MapOf, Nullable, Own, Plain, TypePlan
from codegen.plan.reserved import STANDARD_LIBRARY
from codegen.render.classes import WrittenClass, classes_of, join_module
from codegen.render.types import annotation, field_annotation, own_classes, written_annotation

_OPEN = "kubewright.open.Open"
_SENSITIVE = "kubewright.model.Sensitive"


@dataclass(frozen=True, slots=True)
class RenderedModels:
    """A models module, and what the next run should know of it."""

    text: str
    used: Mapping[str, str]


def render_models(classes: Iterable[ClassPlan], head: str, known: Mapping[str, str] | None = None) -> RenderedModels:
    """The text of a models module (not yet formatted) that starts with ``head``.

    ``known`` is the ``used`` of an earlier run: what a class looks like depends on its plan alone, so only new ones are
    written.  Raises CodegenError if what came out is not what was planned.
    """
    planned = list(classes)
    if not planned:
        return RenderedModels(head, {})
    keys = {each.name: digest(repr(each)) for each in planned}
    found = {
        each.name: WrittenClass.from_text(known[keys[each.name]])
        for each in planned
        if known and keys[each.name] in known
    }
    missing = [each for each in planned if each.name not in found]
    if missing:
        needed = _with_referred(missing, planned)
        written = classes_of(_generate(needed), needed)
        found.update((each.name, written[each.name]) for each in missing)
    ordered = [found[each.name] for each in planned]
    text = join_module(head, ordered)
    check_names(text, planned)
    return RenderedModels(text, {keys[name]: each.to_text() for name, each in found.items()})


def _with_referred(missing: Sequence[ClassPlan], planned: Sequence[ClassPlan]) -> list[ClassPlan]:
    """``missing`` and the classes that they mention by `$ref`: a reference needs its target in the document."""
    by_name = {each.name: each for each in planned}
    wanted = {each.name for each in missing}
    queue = list(missing)
    while queue:
        for field in queue.pop().fields:
            for name in (own_classes(field.type) & STANDARD_LIBRARY) - wanted:
                wanted.add(name)
                queue.append(by_name[name])
    return [each for each in planned if each.name in wanted]


def _generate(planned: Sequence[ClassPlan]) -> str:
    # Imported when there is something to write: it takes longer to load than all the rest of a small run.
    from datamodel_code_generator import InputFileType, generate
    from datamodel_code_generator.enums import DataModelType
    from datamodel_code_generator.format import Formatter, PythonVersion

    document = {
        "openapi": "3.0.3",
        "info": {"title": "kubewright", "version": "1"},
        "paths": {},
        "components": {"schemas": {each.name: _component(each) for each in planned}},
    }
    aliases = {f"{each.name}.{f.wire}": f.name for each in planned for f in each.fields if f.name != f.wire}
    text = generate(
        document,
        input_file_type=InputFileType.OpenAPI,
        output_model_type=DataModelType.MsgspecStruct,
        target_python_version=PythonVersion.PY_311,
        base_class="kubewright.model.Model",
        strict_nullable=True,
        keyword_only=True,
        apply_default_values_for_required_fields=True,
        use_annotated=False,
        use_field_description=True,
        use_schema_description=True,
        use_single_line_docstring=True,
        use_standard_collections=True,
        use_union_operator=True,
        reuse_model=False,
        formatters=[Formatter.BUILTIN],
        disable_timestamp=True,
        aliases=aliases,
        custom_class_name_generator=str,
    )
    if not isinstance(text, str):
        raise CodegenError(f"datamodel-code-generator wrote {type(text).__name__}, one module was expected")
    return text


def warm_up() -> None:
    """Load what the first class would load: datamodel-code-generator imports its parts while it works."""
    _generate([ClassPlan("WarmUp", (FieldPlan("name", "name", Plain("str")),))])


def _component(planned: ClassPlan) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "object",
        "properties": {field.wire: _property(field) for field in planned.fields},
        "required": [f.wire for f in planned.fields if f.constant is not None or (f.required and not f.nullable)],
    }
    if planned.doc:
        component["description"] = planned.doc
    if planned.open:
        component["customBasePath"] = _OPEN
    if planned.sensitive:
        component["customBasePath"] = _SENSITIVE
    return component


def _property(field: FieldPlan) -> dict[str, Any]:
    fed: dict[str, Any]
    if own_classes(field.type) & STANDARD_LIBRARY:
        fed = _referring(field)
    else:
        # Its own idea of a type wins where the name of an own class sounds like it (`String` for a string).
        kind = "boolean" if "String" in own_classes(field.type) else "string"
        fed = {"type": kind, "x-python-type": field_annotation(field)}
        if field.constant is not None:
            fed["default"] = field.constant
        elif not field.nullable:
            # Its "nullable" is our "optional": `T | None = None`. Ours stays out and becomes `T | None | UnsetType = UNSET`.
            fed["nullable"] = not field.required
    if field.doc:
        fed["description"] = field.doc
    return fed


def _referring(field: FieldPlan) -> dict[str, Any]:
    """A field whose class shares its name with one of the standard library: said by `$ref`, which cannot be mistaken.

    A required one comes out without `Req`; `kubewright.model.Model` is as lenient about that.
    """
    fed = _schema(field.type)
    if field.nullable:
        return {"oneOf": [fed, {"type": "null"}]}
    return fed if field.required else {**fed, "nullable": True}


def _schema(plan: TypePlan) -> dict[str, Any]:
    match plan:
        case Own():
            return {"$ref": f"#/components/schemas/{plan.name}"}
        case ListOf():
            return {"type": "array", "items": _schema(plan.item)}
        case MapOf():
            return {"type": "object", "additionalProperties": _schema(plan.value)}
        case Nullable():
            return {"oneOf": [_schema(plan.inner), {"type": "null"}]}
        case _:
            return {"type": "string", "x-python-type": annotation(plan)}


def check_names(text: str, planned: Iterable[ClassPlan]) -> None:
    """Raises CodegenError unless ``text`` defines exactly the planned classes, attributes and types."""
    wanted = {each.name: {f.name: written_annotation(f) for f in each.fields} for each in planned}
    found: dict[str, dict[str, str]] = {}
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.ClassDef):
            found[statement.name] = {
                line.target.id: ast.unparse(line.annotation)
                for line in statement.body
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
            }
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found or name not in wanted:
            raise _not_as_planned(f"class {name!r} was {'planned' if name in wanted else 'written'} only")
        for attribute in sorted(wanted[name].keys() | found[name].keys()):
            asked, written = wanted[name].get(attribute), found[name].get(attribute)
            if asked != written and (asked is None or written is None or ast.unparse(ast.parse(asked)) != written):
                raise _not_as_planned(f"{name}.{attribute} was written as {written}, planned was {asked}")


def _not_as_planned(message: str) -> CodegenError:
    return CodegenError(
        message, hint="this is a bug of kubewright; a pin in [tool.kubewright.class-names] gets around it"
    )
