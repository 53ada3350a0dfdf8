"""The table that a corpus run prints, and the judgement below it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from tests.corpus.run import ProjectResult
from tests.corpus.typecheck import TypeResult

_COLUMNS = ("project", "CRDs", "versions", "imported", "round trip", "update", "classes", "lines", "seconds", "refused")
_WIDTHS = (44, 5, 9, 9, 11, 7, 8, 8, 8, 8)
# Class names that differ between variants of a CRD, at most.
RENAMED_LIMIT = 0.02
IMPORT_LIMIT = 0.060


def header() -> str:
    return _row(_COLUMNS)


def line(result: ProjectResult) -> str:
    return _row(
        (
            result.name, result.crds, result.planned, result.imported, result.round_trips, result.updates,
            result.classes, result.lines, f"{result.seconds:.1f}", len(result.refused),
        )
    )  # fmt: skip


def _row(cells: Sequence[object]) -> str:
    first, *rest = (str(cell) for cell in cells)
    return first.ljust(_WIDTHS[0]) + "".join(cell.rjust(width) for cell, width in zip(rest, _WIDTHS[1:], strict=True))


def judge(results: Sequence[ProjectResult], types: Sequence[TypeResult], wall: float) -> Iterator[tuple[bool, str]]:
    """(holds, sentence) for every figure of issue 4 that a run can tell."""
    planned = sum(r.planned for r in results)
    for what in ("imported", "round_trips", "updates"):
        good = sum(getattr(r, what) for r in results)
        yield good == planned, f"{what.replace('_', ' ')}: {good} of {planned} CRD versions"
    numbered = [name for r in results for name in r.numbered]
    yield not numbered, f"class names with an invented number: {len(numbered)} {', '.join(numbered[:5])}"
    common, renamed = sum(r.common for r in results), sum(len(r.renamed) for r in results)
    share = renamed / common if common else 0.0
    yield share <= RENAMED_LIMIT, f"class names that differ between variants: {renamed} of {common} ({share:.1%})"
    times = sorted(seconds for r in results for seconds in r.import_times.values())
    if times:
        worst = max((s, name) for r in results for name, s in r.import_times.items())
        yield (
            statistics.median(times) < IMPORT_LIMIT,
            f"import of a group's models (CPU): median {statistics.median(times) * 1000:.0f} ms, worst {worst[0] * 1000:.0f} ms ({worst[1]})",
        )
    for tool in types:
        yield not tool.errors, f"{tool.tool}: {len(tool.errors)} errors in {tool.files} files"
    seconds, peak = sum(r.seconds for r in results), max((r.peak_mb for r in results), default=0.0)
    yield True, f"generator: {seconds:.0f} CPU-seconds, whole run {wall:.0f} s, peak memory of a process {peak:.0f} MB"


def details(results: Sequence[ProjectResult], types: Sequence[TypeResult], limit: int = 40) -> Iterator[str]:
    """What a person needs to look at."""
    failures = [failure for r in results for failure in r.failures]
    yield from (f"FAILED {failure}" for failure in failures[:limit])
    if len(failures) > limit:
        yield f"… and {len(failures) - limit} more failures"
    yield from (f"renamed {name}" for r in results for name in r.renamed)
    for tool in types:
        yield from (f"{tool.tool} {error}" for error in tool.errors[:limit])
