"""A planned package as ``{path: text}``: the last step before disk.

Group-versions are independent of each other, so they are the unit of work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias

from codegen.cache import Cache
from codegen.config import Config
from codegen.errors import CodegenError
from codegen.plan.model import GroupVersionPlan, PackagePlan, Plan
from codegen.render import templates
from codegen.render.apply import apply_module
from codegen.render.formatting import Formatter
from codegen.render.memory import Made, Memory, Pieces
from codegen.render.models import render_models
from codegen.render.workers import Workers

# The first runtime whose classes the templates stand on.
MINIMUM_RUNTIME: Final = "0.1"
_PACKAGE_FILES: Final = (
    "__init__.py",
    "applyconfigurations/__init__.py",
    "clientset/__init__.py",
    "clientset/fake.py",
    "informers/__init__.py",
    "listers/__init__.py",
    "models/__init__.py",
)


# Called as (stage, done, total).
Progress: TypeAlias = Callable[[str, int, int], None]


def _silent(stage: str, done: int, total: int) -> None:
    """For callers that show nothing."""


def render(
    plan: Plan,
    config: Config,
    *,
    cache: Cache | None = None,
    workers: Workers | None = None,
    progress: Progress = _silent,
    errors: list[CodegenError] | None = None,
) -> dict[str, str]:
    """All files of the package, by path below the output directory, formatted as ``black --check`` accepts them.

    With a ``cache``, group-versions that were rendered before are not rendered again, nor are single classes of those that
    changed; with ``workers``, the others are rendered there.  A group-version whose text is not what was planned is left
    out and added to ``errors``; without that list it raises CodegenError.
    """
    memory = Memory(cache or Cache(None), config.line_length)
    total = len(plan.package.group_versions)
    done: dict[str, Mapping[str, str]] = {}
    missing: list[GroupVersionPlan] = []
    for gv in plan.package.group_versions:
        ready = memory.ready(gv.api_version, repr(gv))
        if ready is None:
            missing.append(gv)
        else:
            done[gv.module] = ready
    # The largest first, so that no core is left with it at the end.
    missing.sort(key=lambda gv: (-sum(len(each.fields) for each in gv.classes), gv.module))
    progress("rendering", len(done), total)
    task = partial(render_group_version, config=config, memory=memory)
    for number, (gv, made) in enumerate((workers or Workers(0)).run(task, missing), total - len(missing) + 1):
        if not isinstance(made, CodegenError):
            done[gv.module] = made
        elif errors is None:
            raise made
        else:
            where = f"{gv.api_version} of {', '.join(gv.files)}"
            errors.append(CodegenError(made.message, source=made.source or where, hint=made.hint))
        progress("rendering", number, total)
    package = replace(plan.package, group_versions=tuple(gv for gv in plan.package.group_versions if gv.module in done))
    texts = {"py.typed": ""}
    texts.update(memory.recall("package", repr(package), lambda known: _faces(package, config, known)))
    for modules in done.values():
        texts.update(modules)
    return dict(sorted(texts.items()))


def render_group_version(gv: GroupVersionPlan, config: Config, memory: Memory) -> Mapping[str, str]:
    """The modules of one group-version, by path below the output directory."""
    return memory.recall(gv.api_version, repr(gv), lambda known: _render_group_version(gv, config, known))


def _faces(package: PackagePlan, config: Config, known: Pieces) -> Made:
    formatter = Formatter(config.line_length, known.formatted)
    texts: dict[str, str] = {}
    for path in _PACKAGE_FILES:
        if package.built_in and path == "clientset/fake.py":
            continue  # kubewright.testing has it: generated code of the runtime must not import its tests
        text = templates.render(f"{path}.j2", package=package, minimum_runtime=MINIMUM_RUNTIME)
        texts[path] = formatter.module(text, path)
    return Made(texts, Pieces({}, formatter.used))


def _render_group_version(gv: GroupVersionPlan, config: Config, known: Pieces) -> Made:
    raw: dict[str, str] = {}
    classes: Mapping[str, str] = {}
    if gv.classes:
        rendered = render_models(gv.classes, templates.render("models/module_head.py.j2", gv=gv).strip(), known.classes)
        raw["models"], classes = rendered.text, rendered.used
    if gv.kinds:
        raw["clientset"] = templates.render("clientset/module.py.j2", gv=gv)
    if gv.watched:
        for folder in ("informers", "listers"):
            raw[folder] = templates.render(f"{folder}/module.py.j2", gv=gv)
    raw["applyconfigurations"] = templates.render("applyconfigurations/module.py.j2", gv=gv, module=apply_module(gv))
    formatter = Formatter(config.line_length, known.formatted)
    texts = {f"{folder}/{gv.module}.py": formatter.module(text, gv.api_version) for folder, text in raw.items()}
    return Made(texts, Pieces(classes, formatter.used))
