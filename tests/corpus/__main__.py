"""`python -m tests.corpus [PROJECT …]`: generate, import, try and type-check every CRD of the corpus.

Exit code 1 if something is not generated, imported, typed, kept or named as it should be. Times are printed beside their
limits and decide nothing: they belong to the machine and to what else it does.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.corpus import report, speed, typecheck
from tests.corpus.projects import corpus_directory, project_names
from tests.corpus.run import ProjectResult, run_project


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="folders of the corpus; default: all of them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one per core)")
    parser.add_argument("--types", choices=("none", "mypy", "pyright", "both"), default="both", help="type checkers")
    parser.add_argument("--output", type=Path, help="keep the generated packages here")
    parser.add_argument("--no-speed", action="store_true", help="leave out what is measured as whole processes")
    options = parser.parse_args(arguments)
    corpus = corpus_directory()
    if not corpus.is_dir():
        print(
            f"no corpus at {corpus}: set KUBEWRIGHT_CORPUS to a folder with one folder of CRDs per project",
            file=sys.stderr,
        )
        return 2
    with tempfile.TemporaryDirectory(prefix="kubewright-corpus-") as scratch:
        return _run(options, corpus, options.output or Path(scratch) / "packages", Path(scratch))


def _run(options: argparse.Namespace, corpus: Path, output: Path, scratch: Path) -> int:
    names: list[str] = options.projects or project_names(corpus)
    begin = time.perf_counter()
    print(report.header(), flush=True)
    results: list[ProjectResult] = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for done in as_completed([pool.submit(run_project, corpus, name, output) for name in names]):
            results.append(done.result())
            print(report.line(results[-1]), flush=True)
    results.sort(key=lambda result: result.name)
    wall = time.perf_counter() - begin
    packages = sorted(path for path in output.iterdir() if path.is_dir()) if output.is_dir() else []
    types = [
        check(packages)
        for tool, check in (("mypy", typecheck.mypy), ("pyright", typecheck.pyright))
        if options.types in (tool, "both")
    ]
    print()
    for text in report.details(results, types):
        print(text)
    judged = list(report.judge(results, types, wall))
    timed: list[tuple[bool, str]] = []
    if not options.projects:
        judged.extend(_well_known(corpus))
        if not options.no_speed:
            timed.extend(speed.measured(corpus, scratch))
    print()
    for holds, sentence in judged:
        print(f"{'ok    ' if holds else 'FAILED'} {sentence}")
    for holds, sentence in timed:
        print(f"{'ok    ' if holds else 'slow  '} {sentence}")
    return 0 if all(holds for holds, _ in judged) else 1


def _well_known(corpus: Path) -> Iterator[tuple[bool, str]]:
    for known in speed.KNOWN:
        path = speed.find(corpus, known)
        if path is None:
            yield False, f"{known.title}: not in the corpus"
        else:
            classes = speed.own_classes(path)
            yield classes <= known.classes, f"{known.title}: {classes} own classes (at most {known.classes})"


if __name__ == "__main__":
    sys.exit(main())
