"""black, made cheap: the only importer of it.

What black makes of a class depends on that class alone, and it costs about as much as everything else together.  So a
module is cut into its classes and what stands between them, every piece is formatted by itself, and a piece that was
formatted before is looked up.  The result is what black makes of the whole module (a test holds that).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from codegen.cache import digest
from codegen.errors import CodegenError

# black writes this between a class and its neighbours at the top of a module.
_GAP: Final = "\n\n\n"


class Formatter:
    """Formats modules; ``known`` maps digests of unformatted pieces to formatted ones.

    :attr:`used` is what a next run should know: the pieces of this one.
    """

    def __init__(self, line_length: int, known: Mapping[str, str] | None = None) -> None:
        self._line_length = line_length
        self._known = known or {}
        self.used: dict[str, str] = {}

    def module(self, text: str, what: str) -> str:
        """``text`` as ``black --check`` accepts it.  Raises CodegenError, with ``what``, if it is not Python."""
        try:
            pieces = [self._piece(piece) for piece in _pieces(text)]
        except SyntaxError as error:
            raise CodegenError(
                f"the code for {what} is not valid Python: {error}",
                hint="this is a bug of kubewright: please report it",
            ) from error
        return _GAP.join(piece.strip("\n") for piece in pieces if piece.strip()) + "\n"

    def _piece(self, text: str) -> str:
        key = digest(text)
        formatted = self._known.get(key) or self.used.get(key)
        if formatted is None:
            formatted = self._black(text)
        self.used[key] = formatted
        return formatted

    def _black(self, text: str) -> str:
        # Imported when the first piece is new: most runs change little, many nothing.
        import black
        from black.mode import TargetVersion
        from black.parsing import InvalidInput

        mode = black.Mode(line_length=self._line_length, target_versions={TargetVersion.PY311})
        try:
            return black.format_str(text, mode=mode)
        except InvalidInput as error:
            raise SyntaxError(str(error)) from error


def warm_up() -> None:
    """Load black."""
    Formatter(88).module("x = 1\n", "nothing")


def _pieces(text: str) -> Iterator[str]:
    """``text`` cut before and after every top-level class and function; what is between two cuts stays together."""
    # Not splitlines(): Python's own line numbers know only the line feed here, and descriptions hold other separators.
    lines = [f"{line}\n" for line in text.split("\n")]
    start = 0
    for statement in ast.parse(text).body:
        if not isinstance(statement, ast.ClassDef | ast.FunctionDef) or statement.end_lineno is None:
            continue
        first = min([statement.lineno, *(decorator.lineno for decorator in statement.decorator_list)]) - 1
        # A comment right above belongs to what it stands above.
        while first > start and lines[first - 1].startswith("#"):
            first -= 1
        between = "".join(lines[start:first])
        if between.strip():
            yield between
        yield "".join(lines[first : statement.end_lineno])
        start = statement.end_lineno
    rest = "".join(lines[start:])
    if rest.strip():
        yield rest
