"""One project through everything but the type checkers; the unit of work of a run, in its own process."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from codegen.config import Config
from codegen.errors import CodegenError
from codegen.plan.build import build
from codegen.render import package
from tests.corpus.checks import check
from tests.corpus.projects import read_project
from tests.corpus.stability import compare


@dataclass
class ProjectResult:
    """One line of the table.  ``seconds`` is the CPU time of the generator: reading, planning, rendering."""

    name: str
    crds: int = 0
    versions: int = 0
    planned: int = 0
    imported: int = 0
    round_trips: int = 0
    updates: int = 0
    classes: int = 0
    lines: int = 0
    seconds: float = 0.0
    numbered: list[str] = field(default_factory=list[str])
    common: int = 0
    renamed: list[str] = field(default_factory=list[str])
    import_times: dict[str, float] = field(default_factory=dict[str, float])
    refused: list[str] = field(default_factory=list[str])
    failures: list[str] = field(default_factory=list[str])
    peak_mb: float = 0.0


def run_project(corpus: Path, name: str, output: Path) -> ProjectResult:
    """Generates every set of a project as a package below ``output`` and checks it."""
    begin = time.process_time()
    project = read_project(corpus, name)
    result = ProjectResult(name, project.crds, project.versions, refused=[str(error) for error in project.errors])
    result.seconds = time.process_time() - begin
    for crds in project.sets:
        begin = time.process_time()
        config = Config(root=output, output=crds.name)
        plan = build(crds.crds, config)
        result.failures.extend(f"{crds.name}: {error}" for error in plan.errors)
        try:
            tree = package.render(plan, config)
        except CodegenError as error:
            result.failures.append(f"{crds.name}: {error}")
            continue
        finally:
            result.seconds += time.process_time() - begin
        for path, text in tree.items():
            file = output / crds.name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            result.lines += text.count("\n")
        findings = check(crds, plan.package.group_versions, output)
        result.planned += findings.versions
        result.imported += findings.imported
        result.round_trips += findings.round_trips
        result.updates += findings.updates
        result.failures.extend(findings.failures)
        result.import_times.update(findings.import_times)
        for gv in plan.package.group_versions:
            result.classes += len(gv.classes)
            result.numbered.extend(
                f"{crds.name} {gv.api_version} {each.name}"
                for each in gv.classes
                if _invented_number(each.name, each.path)
            )
    for left, right in project.variants():
        stability = compare(left, right)
        result.common += stability.common
        result.renamed.extend(stability.renamed)
    # Kilobytes on Linux, bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result.peak_mb = peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return result


def _invented_number(name: str, path: str) -> bool:
    """Whether the class name has a digit that its place in the schema does not have, in that order."""
    digits = iter(c for c in path if c.isdigit())
    return any(digit not in digits for digit in name if digit.isdigit())
