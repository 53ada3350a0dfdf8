"""Differences that are known, accepted and listed in docs/embedded-server.md; everything else fails the suite. Keep it short."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Explained:
    """A part of a message that may differ, and why."""

    why: str
    pattern: re.Pattern[str]
    replacement: str

    def __call__(self, value: Any) -> Any:
        """A copy of ``value`` with that part of all texts replaced."""
        if isinstance(value, str):
            return self.pattern.sub(self.replacement, value)
        if isinstance(value, list):
            return [self(each) for each in value]
        if isinstance(value, dict):
            return {key: self(each) for key, each in value.items()}
        return value


EXPLAINED = (
    Explained(
        "names of Go types in decoding errors",
        re.compile(r"(cannot unmarshal \w+ into Go (?:struct field|value)) (?:\w+\.)?(\S*) of type [^\s\"\\,]+"),
        r"\1 \2",
    ),
    Explained(
        "Go's printing of its own values in apply errors",
        re.compile(r"(expected \w+ \| got|expected \w+, got) [^|]*"),
        r"\1 <a Go value>",
    ),
)


GO_VALIDATION = "validation of built-in kinds that is written in Go"


def explanation(got: Any, wanted: Any) -> str | None:
    """Why two answers may differ, in the words of the documentation; None when they may not."""
    for each in EXPLAINED:
        got, wanted = each(got), each(wanted)
        if got == wanted:
            return each.why
    return None


def accepted_by_us_only(got: Any, wanted: Any) -> bool:
    """Whether the real server refused a built-in object for something outside of its metadata, and ours took it.

    Or refused it for the rest alone, or came as far as to find that it exists already, which the real one looks at last.
    """
    try:
        (ours,), (theirs,) = got, wanted
        causes = theirs["body"]["details"]["causes"]
        known = ours["body"]["details"]["causes"] if ours["status"] == 422 else []
    except (ValueError, KeyError, TypeError):
        return False
    missing = [cause for cause in causes if cause not in known]
    outside = all(not str(cause.get("field", "")).startswith("metadata") for cause in missing)
    further = ours["status"] < 400 or ours["status"] == 409 or all(cause in causes for cause in known)
    return bool(theirs["status"] == 422 and missing and outside and further)
