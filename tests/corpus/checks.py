"""What must hold for a generated package: it imports, nothing is lost on a round trip, nothing on an update."""

from __future__ import annotations

import compileall
import importlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codegen.plan.model import GroupVersionPlan, KindPlan
from kubewright.core import codec
from kubewright.core.overlay import overlay, same
from tests.corpus.projects import CrdSet
from tests.corpus.samples import samples


@dataclass
class Findings:
    """What one set of CRDs showed; times in seconds."""

    versions: int = 0
    imported: int = 0
    round_trips: int = 0
    updates: int = 0
    import_times: dict[str, float] = field(default_factory=dict[str, float])
    failures: list[str] = field(default_factory=list[str])


def check(crds: CrdSet, group_versions: tuple[GroupVersionPlan, ...], directory: Path) -> Findings:
    """Imports the package that stands in ``directory`` under the set's name, and tries it on samples."""
    findings = Findings()
    # An installed package has its byte code; timing an import should not time the compiler.
    compileall.compile_dir(directory / crds.name, quiet=2)
    sys.path.insert(0, str(directory))
    try:
        for gv in group_versions:
            _check_group_version(crds, gv, findings)
    finally:
        sys.path.remove(str(directory))
        for name in [n for n in sys.modules if n == crds.name or n.startswith(f"{crds.name}.")]:
            del sys.modules[name]
    return findings


def _check_group_version(crds: CrdSet, gv: GroupVersionPlan, findings: Findings) -> None:
    findings.versions += len(gv.kinds)
    begin = time.process_time()
    try:
        models = importlib.import_module(f"{crds.name}.models.{gv.module}")
        findings.import_times[f"{crds.name}.{gv.module}"] = time.process_time() - begin
        for folder in ("clientset", "listers", "informers", "applyconfigurations"):
            importlib.import_module(f"{crds.name}.{folder}.{gv.module}")
    except Exception as error:
        findings.failures.append(f"{crds.name} {gv.api_version}: import: {type(error).__name__}: {error}")
        return
    findings.imported += len(gv.kinds)
    for kind in gv.kinds:
        _check_kind(crds, gv, kind, getattr(models, kind.model), findings)


def _check_kind(crds: CrdSet, gv: GroupVersionPlan, kind: KindPlan, model: Any, findings: Findings) -> None:
    crd = next(c for c in crds.crds if c.group == gv.group and c.kind == kind.resource.kind)
    version = next(v for v in crd.versions if v.name == gv.version)
    good_trips = good_updates = True
    for what, sample in samples(version.schema, gv.api_version, crd.kind):
        name = f"{crds.name} {gv.api_version} {crd.kind}, {what}"
        try:
            difference = next(_differences(sample, codec.to_builtins(codec.decode(model, codec.encode(sample)))), "")
            if difference:
                good_trips = False
                findings.failures.append(f"{name}: round trip: {difference}")
        except Exception as error:
            good_trips = False
            findings.failures.append(f"{name}: {type(error).__name__}: {str(error)[:300]}")
    for what, sample in samples(version.schema, gv.api_version, crd.kind, unknown=True):
        try:
            difference = _update_loses(model, sample)
        except Exception as error:
            difference = f"{type(error).__name__}: {str(error)[:300]}"
        if difference:
            good_updates = False
            findings.failures.append(f"{crds.name} {gv.api_version} {crd.kind}, {what}: update: {difference}")
    findings.round_trips += good_trips
    findings.updates += good_updates


def _update_loses(model: Any, origin: dict[str, Any]) -> str:
    """Changes one typed field of an object with unknown fields and lays it over the origin: what else changed."""
    raw = codec.encode(origin)
    obj = codec.decode(model, raw)
    base = codec.to_builtins(obj)
    obj.metadata.generation = 4
    merged = overlay(json.loads(raw), base, codec.to_builtins(obj))
    return next(_differences({**origin, "metadata": {**origin["metadata"], "generation": 4}}, merged), "")


def _differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            if key not in after:
                yield f"{path}/{key} is lost"
            elif key not in before:
                yield f"{path}/{key} appeared"
            else:
                yield from _differences(before[key], after[key], f"{path}/{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (left, right) in enumerate(zip(before, after, strict=True)):
            yield from _differences(left, right, f"{path}/{index}")
    elif not same(before, after):
        yield f"{path}: {before!r} became {after!r}"
