"""The command line: the only file that prints.

Exit codes: 0 all is well, 1 something is stale or could not be generated, 2 the command or the configuration is wrong.
"""

from __future__ import annotations

import argparse
import gc
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from codegen import config as configuration
from codegen import pipeline
from codegen.cache import Cache, default_directory
from codegen.config import Config
from codegen.errors import CodegenError, UsageError
from codegen.render import tree

if TYPE_CHECKING:
    from codegen.progress import ProgressBar

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2

_DESCRIPTION: Final = "Typed Kubernetes clients, listers and informers for Python, generated from CRD YAML."
_GENERATE: Final = """\
Read CustomResourceDefinitions and write a typed Python package: models, clientset, listers, informers, apply types and a
fake clientset for tests.

Everything can be set in pyproject.toml; then plain `kubewright generate` is all there is to type:

    [tool.kubewright]
    schemas = ["schemas/"]              # files, directories, globs ("crds/**/*.yaml"), "-" for stdin
    output = "generated"                # this directory becomes a Python package
    include = ["*.cert-manager.io"]     # patterns over plural.group, kind or group; exclude = [...] likewise
    versions = "served"                 # or "all", or "storage"
    docstring-length = 400              # longest description in docstrings, in characters; 0 leaves them out

    [tool.kubewright.group-names]       # what a group is called on the clientset: cs.certs_v1
    "cert-manager.io" = "certs"

    [tool.kubewright.class-names]       # by schema path (`*` steps into lists and maps) or by generated name
    "TsTest:/spec" = "Wanted"

    [tool.kubewright.type-map]          # use a type that exists instead of generating one
    "TsTest:/spec/template" = "kubewright.api.models.core_v1.PodTemplateSpec"
"""
_GENERATE_END: Final = """\
examples:
  kubewright generate                                     as pyproject.toml says
  kubewright generate schemas/ --output generated         without a configuration
  kubewright generate --check                             in CI: exit 1 and show a diff when the output is stale
  kubectl get crds -o yaml | kubewright generate - --output generated
                                                          from what a cluster has
  helm template --include-crds CHART | kubewright generate - --output generated
                                                          from a Helm chart

Files in the output directory that carry our header and are no longer wanted are removed; other files are never touched.
Without a configuration the paths in headers are relative to the working directory.

exit codes: 0 done or up to date; 1 stale (--check), or a document could not be used (the others are generated all the
same); 2 wrong arguments or configuration, or the codegen extra is not installed.
"""
_SERVE: Final = """\
Start the embedded API server, install CRDs, write a kubeconfig and serve until interrupted. Then in another terminal:

    kubectl --kubeconfig kc.yaml apply -f my-object.yaml

It listens on the loopback interface only, keeps everything in memory and runs no controllers.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the ``kubewright`` command; returns the exit code."""
    parser = _parser()
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(given)
    options.arguments = given
    if options.command is None:
        parser.print_help()
        return USAGE
    try:
        code: int = options.run(options)
    except UsageError as error:
        _complain(error)
        return USAGE
    except CodegenError as error:
        _complain(error)
        return FAILED
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # `kubewright generate --check | head`: the reader has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kubewright", description=_DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"kubewright {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    raw = argparse.RawDescriptionHelpFormatter

    generate = commands.add_parser(
        "generate",
        help="write a typed package from CRDs, or check that it is up to date",
        description=_GENERATE,
        epilog=_GENERATE_END,
        formatter_class=raw,
    )
    generate.set_defaults(run=_generate)
    generate.add_argument(
        "paths", nargs="*", metavar="PATH", help="CRD files, directories, globs, - for stdin (instead of `schemas`)"
    )
    generate.add_argument("-o", "--output", metavar="DIR", help="directory to write (instead of `output`)")
    generate.add_argument(
        "-c", "--config", metavar="FILE", type=Path, help="the pyproject.toml to use; default: the nearest above"
    )
    generate.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 with a diff when the output is stale"
    )
    generate.add_argument(
        "--include",
        action="append",
        metavar="PATTERN",
        help="only these CRDs (plural.group, kind or group); repeatable",
    )
    generate.add_argument("--exclude", action="append", metavar="PATTERN", help="not these CRDs; repeatable")
    generate.add_argument(
        "--versions", choices=["served", "all", "storage"], help="which versions of a CRD (default: served)"
    )
    generate.add_argument(
        "--docstring-length", type=int, metavar="N", help="longest description in docstrings; 0 for none"
    )
    generate.add_argument(
        "--exit-non-zero-on-change", action="store_true", help="exit 1 when anything was written (for commit hooks)"
    )
    generate.add_argument("--no-cache", action="store_true", help="neither use nor write the per-user cache")
    generate.add_argument("-q", "--quiet", action="store_true", help="say only what is wrong")

    api = commands.add_parser(
        "generate-api",
        help="write the built-in kinds from an API server's OpenAPI documents (how kubewright/api is made)",
        description="Write a package of built-in kinds from OpenAPI v3 documents and discovery.json, as in schemas/kubernetes.",
    )
    api.set_defaults(run=_generate_api)
    api.add_argument("documents", metavar="DIR", help="one document per group-version, and discovery.json")
    api.add_argument("-o", "--output", metavar="DIR", required=True, help="directory to write")
    api.add_argument(
        "--types-table", metavar="FILE", type=Path, help="also write what the generator recognises in CRDs"
    )
    api.add_argument(
        "-c", "--config", metavar="FILE", type=Path, help="the pyproject.toml to use; default: the nearest above"
    )
    api.add_argument("--check", action="store_true", help="write nothing; exit 1 with a diff when the output is stale")
    api.add_argument("--no-cache", action="store_true", help="neither use nor write the per-user cache")
    api.add_argument("-q", "--quiet", action="store_true", help="say only what is wrong")
    api.set_defaults(paths=[], include=None, exclude=None, versions=None, docstring_length=None)
    api.set_defaults(exit_non_zero_on_change=False)

    serve = commands.add_parser("serve", help="run the embedded API server", description=_SERVE, formatter_class=raw)
    serve.set_defaults(run=_serve)
    serve.add_argument(
        "--crds", action="append", default=[], metavar="PATH", type=Path, help="CRD file or directory; repeatable"
    )
    serve.add_argument("--kubeconfig", metavar="FILE", type=Path, help="write a kubeconfig for this server here")
    serve.add_argument("--port", type=int, default=0, help="port on the loopback interface (default: any free one)")
    serve.add_argument("--tls", action="store_true", help="serve HTTPS; the kubeconfig trusts the CA made for this run")
    serve.add_argument(
        "--fault-path", action="store_true", help="arm faults over HTTP: POST /kubewright/faults/NAME?argument=value"
    )
    return parser


def _version() -> str:
    try:
        return metadata.version("kubewright")
    except metadata.PackageNotFoundError:  # straight from a checkout
        return "(not installed)"


def _generate(options: argparse.Namespace) -> int:
    return _run(options, pipeline.generate)


def _generate_api(options: argparse.Namespace) -> int:
    tables: list[str] = []

    def generate(config: Config, *, cache: Cache, progress: pipeline.Progress) -> pipeline.Generated:
        documents = Path(os.path.relpath(options.documents, config.root)).as_posix()
        result = pipeline.generate_built_in(documents, config, cache=cache, progress=progress)
        tables.append(result.types_table)
        return result

    code = _run(options, generate)
    table: Path | None = options.types_table
    if table is None or not tables or (table.exists() and table.read_text(encoding="utf-8") == tables[0]):
        return code
    if options.check:
        print(f"kubewright: {table} is stale", file=sys.stderr)
        return FAILED
    table.write_text(tables[0], encoding="utf-8")
    _say(options, f"{table}: written")
    return code


class _Generate(Protocol):
    def __call__(self, config: Config, *, cache: Cache, progress: pipeline.Progress) -> pipeline.Generated: ...


def _run(options: argparse.Namespace, generate: _Generate) -> int:
    started = time.perf_counter()
    config = _config(options)
    cache = Cache(None if options.no_cache else default_directory())
    # Everything lives until the end of the run, so there is nothing for the collector to find: it only costs time.
    gc.set_threshold(200_000, 50, 100)
    with _progress(quiet=options.quiet) as bar:
        result = generate(config, cache=cache, progress=bar.show)
    shown = _shown(config.output_path)
    if not options.quiet:
        for notice in (*result.renames, *result.notices):
            print(f"note: {notice}", file=sys.stderr)
    for error in result.errors:
        _complain(error)
    if result.up_to_date:
        _say(options, f"{shown} is up to date")
        return OK
    if not result.kinds:
        return _nothing(result)
    if options.check:
        return _check(config, result, cache, options.arguments)
    # A document that cannot be read today is not a kind that is gone: what was generated from it stays.
    changes = tree.write(config.output_path, result.tree, remove_stale=not result.errors)
    pipeline.remember(result, cache)
    summary = (
        f"{shown}: {_count(result.kinds, 'kind')} in {_count(result.group_versions, 'group-version')} from "
        f"{_count(result.files_read, 'file')}; {len(changes.added)} written, {len(changes.changed)} changed, "
        f"{0 if result.errors else len(changes.stale)} removed ({time.perf_counter() - started:.1f} s)"
    )
    if result.errors:
        print(f"{summary}\nkubewright: {_count(len(result.errors), 'error')}; the rest was generated", file=sys.stderr)
        return FAILED
    if changes and options.exit_non_zero_on_change:
        print(f"{summary}\nkubewright: the output has changed; add it to the commit", file=sys.stderr)
        return FAILED
    _say(options, summary)
    return OK


def _nothing(result: pipeline.Generated) -> int:
    if result.errors:
        print(f"kubewright: nothing generated, {_count(len(result.errors), 'error')}", file=sys.stderr)
        return FAILED
    raise CodegenError(
        f"no CustomResourceDefinition in {_count(result.files_read, 'file')} ({_count(result.other_objects, 'other object')})",
        hint="check the paths, and `include`, `exclude` and `versions`",
    )


def _check(config: Config, result: pipeline.Generated, cache: Cache, arguments: Sequence[str]) -> int:
    shown = _shown(config.output_path)
    lines = list(tree.diff(config.output_path, result.tree, label=shown.lstrip("/")))
    if not lines and not result.errors:
        pipeline.remember(result, cache)
        print(f"{shown} is up to date")
        return OK
    for line in lines:
        sys.stdout.write(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    sys.stdout.flush()
    if lines:
        command = shlex.join(["kubewright", *(word for word in arguments if word != "--check")])
        print(f"kubewright: {shown} is stale; run `{command}` and commit the result", file=sys.stderr)
    if result.errors:
        print(f"kubewright: {_count(len(result.errors), 'error')}", file=sys.stderr)
    return FAILED


def _config(options: argparse.Namespace) -> Config:
    here = Path.cwd()
    file: Path | None = options.config.absolute() if options.config else configuration.find_config(here)
    config = configuration.load_config(file, here)

    def from_root(path: str) -> str:
        # Flags are relative to where they are typed, settings to the file they are in.
        return path if path == "-" or "://" in path else Path(os.path.relpath(here / path, config.root)).as_posix()

    return configuration.overlay(
        config,
        schemas=tuple(map(from_root, options.paths)) or None,
        output=from_root(options.output) if options.output else None,
        include=tuple(options.include) if options.include else None,
        exclude=tuple(options.exclude) if options.exclude else None,
        versions=options.versions,
        docstring_length=options.docstring_length,
    )


def _serve(options: argparse.Namespace) -> int:
    for path in options.crds:
        if not path.exists():
            raise UsageError("no such file or directory", source=str(path))
    try:
        # Of the runtime only this command needs something, and only when it runs.
        from kubewright.errors import ConfigError, KubewrightError
        from kubewright.testing import APIServer
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the embedded API server needs {error.name}, which is not installed",
            hint='pip install "kubewright[testing]"',
        ) from error
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        with APIServer(port=options.port, tls=options.tls, fault_path=options.fault_path) as server:
            if options.crds:
                try:
                    server.install(*options.crds)
                except ConfigError:
                    raise
                except KubewrightError as error:  # one bad definition does not keep the others from being tried
                    print(f"kubewright: {error}", file=sys.stderr, flush=True)
            if options.kubeconfig is not None:
                server.write_kubeconfig(options.kubeconfig)
            print(f"serving on {server.url} (in memory, loopback only); stop with Ctrl-C", flush=True)
            if options.kubeconfig is not None:
                print(f"try: kubectl --kubeconfig {options.kubeconfig} api-resources", flush=True)
            stop.wait()
    except OSError as error:
        raise UsageError(f"cannot serve: {error.strerror or error}", source=f"port {options.port}") from error
    except KubewrightError as error:
        raise CodegenError(f"cannot serve: {error}") from error
    print("stopped", flush=True)
    return OK


def _progress(*, quiet: bool) -> ProgressBar:
    from codegen.progress import ProgressBar

    return ProgressBar(enabled=not quiet and sys.stderr.isatty())


def _shown(path: Path) -> str:
    relative = os.path.relpath(path)
    return Path(os.path.abspath(path) if relative.startswith("..") else relative).as_posix()


def _say(options: argparse.Namespace, text: str) -> None:
    if not options.quiet:
        print(text)


def _complain(error: CodegenError) -> None:
    where = f"{error.source}: " if error.source else ""
    print(f"{where}error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  hint: {error.hint}", file=sys.stderr)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


if __name__ == "__main__":
    sys.exit(main())
