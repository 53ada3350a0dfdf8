"""What can go wrong while generating, said so that a person can act on it.

The generator never stops at the first bad document: stages collect :class:`CodegenError` values and the
command line prints them all.  So an error is a value first and an exception second.
"""

from __future__ import annotations


class CodegenError(Exception):
    """One refusal: what is wrong, where, and what to do about it.

    ``source`` is ``file#document:/json/path`` (documents count from 1, the path is a JSON pointer, RFC 6901);
    ``hint`` is one sentence that tells the reader what to do next.  Both may be empty.
    """

    def __init__(self, message: str, *, source: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.source}: {self.message}" if self.source else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments: the default would not survive the way back from a worker process.
        return _rebuild, (type(self), self.message, self.source, self.hint)


def _rebuild(cls: type[CodegenError], message: str, source: str, hint: str) -> CodegenError:
    return cls(message, source=source, hint=hint)


class UsageError(CodegenError):
    """The command line or ``[tool.kubewright]`` asks for something impossible (exit code 2)."""


class MissingExtraError(UsageError):
    """A library of an optional extra is not installed (exit code 2)."""
