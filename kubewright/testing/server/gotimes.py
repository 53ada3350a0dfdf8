"""Times as Go reads and writes them: strict about the form, silent about the zone, exact to the second or microsecond."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_SECONDS: Final = "2006-01-02T15:04:05Z07:00"
_MICROSECONDS: Final = "2006-01-02T15:04:05.000000Z07:00"
_PARTS: Final = (
    ("2006", r"\d{4}"),
    ("-", "-"),
    ("01", r"\d{2}"),
    ("-", "-"),
    ("02", r"\d{2}"),
    ("T", "T"),
    ("15", r"\d{2}"),
    (":", ":"),
    ("04", r"\d{2}"),
    (":", ":"),
    ("05", r"\d{2}"),
)
_ZONE: Final = ("Z07:00", r"Z|[+-]\d{2}:\d{2}")


class BadTime(Exception):
    """Go would not take this for a time; the text is Go's."""


def rewritten(text: str, *, micro: bool) -> str:
    """A time as Go writes it after reading it: in UTC, to the second or (``micro``) the microsecond. Raises BadTime."""
    layout = _MICROSECONDS if micro else _SECONDS
    fraction = (".000000", r"\.\d{6}") if micro else ("", r"(?:\.\d+)?")
    rest = text
    for element, pattern in (*_PARTS, fraction, _ZONE):
        found = re.match(pattern, rest)
        if found is None:
            raise BadTime(f'parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{element}"')
        rest = rest[found.end() :]
    if rest:
        raise BadTime(f'parsing time "{text}": extra text: "{rest}"')
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise BadTime(f'parsing time "{text}": {_out_of_range(text)} out of range') from problem
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ")


def _out_of_range(text: str) -> str:
    for name, start, highest in (("month", 5, 12), ("hour", 11, 23), ("minute", 14, 59), ("second", 17, 59)):
        if int(text[start : start + 2]) > highest or (name == "month" and text[5:7] == "00"):
            return name
    return "day"
