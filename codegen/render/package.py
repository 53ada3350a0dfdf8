"""A planned package as ``{path: text}``: the last step before disk.  The only importer of black.

Group-versions are independent of each other, so they are the unit of work.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, TypeAlias, cast

import black
from black.mode import TargetVersion
from black.parsing import InvalidInput

from codegen.cache import Cache, digest, generator_digest
from codegen.config import Config
from codegen.errors import CodegenError
from codegen.plan.model import GroupVersionPlan, PackagePlan, Plan
from codegen.render import templates
from codegen.render.apply import apply_module
from codegen.render.models import render_models

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


def render(plan: Plan, config: Config, *, cache: Cache | None = None, progress: Progress = _silent) -> dict[str, str]:
    """All files of the package, by path below the output directory, formatted as ``black --check`` accepts them.

    With a ``cache``, group-versions that were rendered before are not rendered again.  Raises CodegenError if the text is
    not what was planned.
    """
    package = plan.package
    texts = {"py.typed": ""}
    for path in _PACKAGE_FILES:
        if package.built_in and path == "clientset/fake.py":
            continue  # kubewright.testing has it: generated code of the runtime must not import its tests
        texts[path] = _format(_package_file(path, package), config, path)
    generator = generator_digest() if cache else ""
    for done, gv in enumerate(package.group_versions):
        progress("rendering", done, len(package.group_versions))
        key = digest("group-version", generator, str(config.line_length), repr(gv)) if cache else ""
        known = cache.get(key) if cache else None
        if known is None:
            made = render_group_version(gv, config)
            if cache:
                cache.put(key, json.dumps(made))
        else:
            made = cast("dict[str, str]", json.loads(known))
        texts.update(made)
    return dict(sorted(texts.items()))


def _package_file(path: str, package: PackagePlan) -> str:
    return templates.render(f"{path}.j2", package=package, minimum_runtime=MINIMUM_RUNTIME)


def render_group_version(gv: GroupVersionPlan, config: Config) -> dict[str, str]:
    """The modules of one group-version, by path below the output directory."""
    raw: dict[str, str] = {}
    if gv.classes:
        head = templates.render("models/module_head.py.j2", gv=gv).strip()
        raw["models"] = render_models(gv.classes, head)
    if gv.kinds:
        raw["clientset"] = templates.render("clientset/module.py.j2", gv=gv)
    if gv.watched:
        for folder in ("informers", "listers"):
            raw[folder] = templates.render(f"{folder}/module.py.j2", gv=gv)
    raw["applyconfigurations"] = templates.render("applyconfigurations/module.py.j2", gv=gv, module=apply_module(gv))
    return {f"{folder}/{gv.module}.py": _format(text, config, gv.api_version) for folder, text in raw.items()}


def _format(text: str, config: Config, what: str) -> str:
    mode = black.Mode(line_length=config.line_length, target_versions={TargetVersion.PY311})
    try:
        return black.format_str(text, mode=mode)
    except InvalidInput as error:
        raise CodegenError(
            f"the code for {what} is not valid Python: {error}", hint="this is a bug of kubewright: please report it"
        ) from error
