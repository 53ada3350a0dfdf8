"""The whole generator in one read: load -> plan -> render -> write or check.

Nothing here decides anything about the output; each arrow is one folder.  The heavy libraries are imported when a stage
is reached, because an unchanged second run never gets that far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, TypeAlias

from codegen.cache import Cache, content_digest, digest, generator_digest
from codegen.config import Config
from codegen.crd.inputs import InputFile, find_inputs
from codegen.errors import CodegenError, MissingExtraError, UsageError
from codegen.render import tree

if TYPE_CHECKING:
    from codegen.crd.loader import Loaded
    from codegen.plan.model import Plan
    from codegen.render.workers import Workers

_EXTRA: Final = ("yaml", "jinja2", "black", "datamodel_code_generator")

# Bytes of input; below, one process is done before a second one has started.
_WORTH_PROCESSES: Final = 1_500_000

#: Called as (stage, done, total) while a long run goes on.
Progress: TypeAlias = Callable[[str, int, int], None]


def _silent(stage: str, done: int, total: int) -> None:
    del stage, done, total


@dataclass(frozen=True, slots=True)
class Generated:
    """One run's result: the tree (relative path -> text), or that the output is known to be up to date."""

    tree: Mapping[str, str] = field(default_factory=dict[str, str])
    errors: tuple[CodegenError, ...] = ()
    notices: tuple[str, ...] = ()
    #: Attributes that this run renames; said once, because afterwards they have their new names.
    renames: tuple[str, ...] = ()
    up_to_date: bool = False
    kinds: int = 0
    group_versions: int = 0
    files_read: int = 0
    other_objects: int = 0
    key: str = ""
    #: Of the built-in kinds: what `codegen.plan.kubernetes` recognises in CRDs.
    types_table: str = ""


def generate(config: Config, *, cache: Cache, progress: Progress = _silent) -> Generated:
    """Everything up to the disk.

    Errors of single documents are returned, the rest is generated.  Raises :class:`UsageError` for a configuration that
    cannot work and :class:`MissingExtraError` without the ``codegen`` extra.
    """
    inputs = _inputs(config)
    key = digest("tree", generator_digest(), _config_digest(config), *(_input_digest(item) for item in inputs))
    earlier = cache.get_run(key)
    if earlier is not None and tree.matches(config.output_path, earlier.files):
        return Generated(up_to_date=True, notices=tuple(earlier.notices), files_read=len(inputs), key=key)
    _require_extra()
    from codegen.render.workers import Workers

    errors: list[CodegenError] = []
    with Workers(None if _size(inputs) > _WORTH_PROCESSES else 0) as workers:
        loaded = _load(inputs, config, progress)
        errors.extend(loaded.errors)
        plan, texts = _plan_and_render(loaded, config, cache, workers, progress, errors)
    notices = (*loaded.notices, *_without_effect(plan, loaded, config))
    result = _result(plan, texts, errors, notices=notices, files_read=len(inputs))
    return replace(result, other_objects=loaded.other_objects, renames=_renames(plan, config), key=key)


def generate_built_in(documents: str, config: Config, *, cache: Cache, progress: Progress = _silent) -> Generated:
    """As :func:`generate`, of the API server's own documents in the directory ``documents`` (relative to ``config.root``).

    This is how ``kubewright/api`` is made; nobody else needs it.
    """
    _require_extra()
    from codegen.openapi import reader
    from codegen.plan import built_in, kubernetes
    from codegen.render import package
    from codegen.render.workers import Workers

    errors: list[CodegenError] = []
    with Workers() as workers:
        api = reader.read(config.root / documents, documents)
        plan = built_in.build(api)
        texts = package.render(plan, config, cache=cache, workers=workers, progress=progress, errors=errors)
    result = _result(plan, texts, errors, files_read=len(api.files) + 1)
    return replace(result, types_table=kubernetes.write_table(api))


def _result(
    plan: Plan,
    texts: Mapping[str, str],
    errors: Sequence[CodegenError],
    *,
    notices: Sequence[str] = (),
    files_read: int,
) -> Generated:
    return Generated(
        tree=texts,
        errors=tuple(errors),
        notices=tuple(notices),
        kinds=sum(len(gv.kinds) for gv in plan.package.group_versions),
        group_versions=len(plan.package.group_versions),
        files_read=files_read,
    )


def remember(result: Generated, cache: Cache) -> None:
    """After the tree is on disk: the next run with the same input need not make it again.  (Errors are found anew each time.)"""
    if result.key and result.tree and not result.errors:
        cache.put_run(result.key, result.tree, result.notices)
    cache.prune()


def _inputs(config: Config) -> tuple[InputFile, ...]:
    if not config.schemas:
        raise UsageError(
            "nothing to read",
            hint='name files or directories, or set schemas = ["schemas/"] in [tool.kubewright] of pyproject.toml',
        )
    return find_inputs(config.schemas, config.root)


def _config_digest(config: Config) -> str:
    settings = {name: getattr(config, name) for name in config.__slots__ if name != "root"}
    return digest(*(f"{name}={value!r}" for name, value in sorted(settings.items())))


def _input_digest(item: InputFile) -> str:
    try:
        return f"{item.name}={content_digest(item.read())}"
    except CodegenError as error:
        return f"{item.name}!{error.message}"


def _load(inputs: Sequence[InputFile], config: Config, progress: Progress) -> Loaded:
    from codegen.crd import loader

    def read() -> list[loader.FileContents]:
        contents: list[loader.FileContents] = []
        for number, item in enumerate(inputs, 1):
            contents.append(loader.read_file(item))
            progress("reading", number, len(inputs))
        return contents

    return loader.combine(
        read(),
        versions=config.versions,
        select=lambda crd: config.selects(plural=crd.plural, group=crd.group, kind=crd.kind),
    )


def _plan_and_render(
    loaded: Loaded,
    config: Config,
    cache: Cache,
    workers: Workers,
    progress: Progress,
    errors: list[CodegenError],
) -> tuple[Plan, Mapping[str, str]]:
    from codegen.plan import build
    from codegen.render import package

    plan = build.build(loaded.crds, config)
    errors.extend(plan.errors)
    return plan, package.render(plan, config, cache=cache, workers=workers, progress=progress, errors=errors)


def _size(inputs: Sequence[InputFile]) -> int:
    total = 0
    for item in inputs:
        try:
            total += len(item.content or b"") if item.path is None else item.path.stat().st_size
        except OSError:
            continue  # reading it will say so
    return total


def _require_extra() -> None:
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"the generator needs {', '.join(missing)}, which is not installed",
            hint='pip install "kubewright[codegen]" (production images do not need it)',
        )


def _renames(plan: Plan, config: Config) -> tuple[str, ...]:
    """A group whose attribute has to change because of a newcomer: say so, and how to keep the old name."""
    models = config.output_path / "models"
    return tuple(
        f"{item.group}: the clientset's {item.short_module} is now {item.module}, because another group begins with the same "
        f'word; to choose the name yourself: [tool.kubewright.group-names] "{item.group}" = "name"'
        for item in plan.lengthened
        if (models / f"{item.short_module}.py").exists() and not (models / f"{item.module}.py").exists()
    )


def _without_effect(plan: Plan, loaded: Loaded, config: Config) -> Iterator[str]:
    """Settings that name nothing in the input: a misspelt one would otherwise just do nothing."""
    groups = sorted({crd.group for crd in loaded.crds})
    for group in config.group_names:
        if group not in groups:
            yield _unused("group-names", group, groups)
    classes = [each for gv in plan.package.group_versions for each in gv.classes]
    names = {each.name for each in classes}
    for key, name in config.class_names.items():
        if name not in names:
            yield _unused("class-names", key, [*(each.path for each in classes), *names])


def _unused(table: str, key: str, known: Sequence[str]) -> str:
    close = get_close_matches(key, known, n=1)
    suggestion = f"; did you mean {close[0]!r}?" if close else ""
    return f"[tool.kubewright.{table}] {key!r} names nothing in the input{suggestion}"
