"""Regular expressions as the API server understands them: RE2, linear time, no look-around.

The only importer of google-re2, and only when a pattern is met: a production image that never validates needs no RE2.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Protocol, cast

from kubewright.errors import ConfigError


class Pattern(Protocol):
    """What is used of a compiled pattern."""

    def search(self, text: str) -> object | None: ...


class _Options(Protocol):
    log_errors: bool


class _RE2(Protocol):
    """What is used of google-re2, which comes without types."""

    error: type[Exception]

    def Options(self) -> _Options: ...  # noqa: N802 - its name

    def compile(self, pattern: str, options: _Options) -> Pattern: ...


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Pattern | str:
    """The compiled pattern, or what is wrong with it.

    Raises:
        ConfigError: google-re2 is not installed.
    """
    try:
        re2 = cast(_RE2, importlib.import_module("re2"))
    except ModuleNotFoundError as error:
        raise ConfigError('checking a pattern needs google-re2: pip install "kubewright[testing]"') from error
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        detail = error.args[0] if error.args else ""
        return _in_go(detail.decode() if isinstance(detail, bytes) else str(detail))


_GO_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "trailing \\": "trailing backslash at end of expression",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}


def _in_go(text: str) -> str:
    """RE2's C++ message as Go's regexp/syntax words it."""
    code, colon, part = text.partition(": ")
    return f"error parsing regexp: {_GO_WORDS.get(code, code)}" + (f": `{part}`" if colon else "")


def mismatch(pattern: str, value: str) -> str | None:
    """None when ``value`` matches somewhere; otherwise the words that the API puts into the message."""
    program = compiled(pattern)
    if isinstance(program, str):
        return f"{pattern}, but pattern is invalid: {program}"
    return None if program.search(value) is not None else pattern
