"""A module of classes, taken apart and put together: so that one changed class does not cost writing all of them again.

The text of a class stays as datamodel-code-generator wrote it.  What has to be made anew is the import block, as the
union of what the classes need; a name that would mean two things is an error, never a silent choice.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from codegen.errors import CodegenError
from codegen.plan.model import ClassPlan


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """``from module import name as bound``."""

    module: str
    name: str
    bound: str

    def __str__(self) -> str:
        return self.name if self.name == self.bound else f"{self.name} as {self.bound}"


@dataclass(frozen=True, slots=True)
class WrittenClass:
    """One class statement as it was written, and the imports that it needs."""

    text: str
    imports: tuple[Import, ...]

    def to_text(self) -> str:
        """For the cache."""
        return json.dumps([self.text, [[i.module, i.name, i.bound] for i in self.imports]])

    @classmethod
    def from_text(cls, text: str) -> WrittenClass:
        source, imports = json.loads(text)
        return cls(source, tuple(Import(*each) for each in imports))


def classes_of(text: str, planned: Iterable[ClassPlan]) -> Mapping[str, WrittenClass]:
    """The classes of a module, by name.  Raises CodegenError if a planned one is missing or something else is there."""
    imports: dict[str, Import] = {}
    found: dict[str, WrittenClass] = {}
    lines = text.split("\n")
    for statement in ast.parse(text).body:
        match statement:
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for alias in names:
                    bound = alias.asname or alias.name
                    imports[bound] = Import(module, alias.name, bound)
            case ast.ClassDef(name=name, lineno=first, end_lineno=int(last)):
                used = sorted(imports[word] for word in _names(statement) if word in imports)
                found[name] = WrittenClass("\n".join(lines[first - 1 : last]), tuple(used))
            case ast.Expr(value=ast.Constant(value=str())):
                pass  # the module's docstring
            case _:
                raise CodegenError(
                    f"datamodel-code-generator wrote a statement that nobody planned: {ast.unparse(statement)[:200]}",
                    hint="this is a bug of kubewright: please report it",
                )
    for each in planned:
        if each.name not in found:
            raise CodegenError(
                f"class {each.name!r} was not written",
                hint="this is a bug of kubewright; a pin in [tool.kubewright.class-names] gets around it",
            )
    return found


def _names(statement: ast.ClassDef) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def join_module(head: str, classes: Sequence[WrittenClass]) -> str:
    """One module of ``head`` (comment and docstring), the imports of all ``classes``, and the classes in their order."""
    imports = {each for written in classes for each in written.imports}
    owners: dict[str, Import] = {}
    for each in sorted(imports):
        other = owners.setdefault(each.bound, each)
        if other != each:
            raise CodegenError(
                f"{each.bound!r} would be both {other.module}.{other.name} and {each.module}.{each.name} in one module",
                hint="give one of the types another name, or map it with [tool.kubewright.type-map]",
            )
    blocks = [head, "from __future__ import annotations"]
    for standard in (True, False):
        if block := _import_lines(each for each in imports if _is_standard(each.module) is standard):
            blocks.append(block)
    return "\n\n".join(blocks) + "\n\n\n" + "\n\n\n".join(each.text for each in classes) + "\n"


def _is_standard(module: str) -> bool:
    return module.split(".")[0] in sys.stdlib_module_names


def _import_lines(imports: Iterable[Import]) -> str:
    modules: dict[str, list[str]] = {}
    for each in sorted(imports):
        if each.module != "__future__":
            modules.setdefault(each.module, []).append(str(each))
    return "\n".join(f"from {module} import {', '.join(names)}" for module, names in sorted(modules.items()))
