"""The string formats that CRD schemas may name, checked as the Go server checks them (kube-openapi ``strfmt``).

A format the server does not know is no error: it is ignored. So this table is also the list of what is known at
Kubernetes 1.37. Go's parsers are the reference, with their leniencies: a hostname may hold symbols, a duration may be in
Scala's notation, and ``date-time`` only looks at two parts of the string.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import date
from email.utils import parseaddr
from typing import Final


def normalised(name: str) -> str:
    """Format names are compared without dashes: ``date-time`` is ``datetime``."""
    return name.replace("-", "")


def matches_format(name: str, value: str) -> bool:
    """Whether ``value`` has the format; True for formats that nobody knows."""
    check = _CHECKS.get(normalised(name))
    return True if check is None else check(value)


def _full(pattern: str, flags: int = re.ASCII) -> Callable[[str], bool]:
    compiled = re.compile(pattern, flags)
    return lambda value: compiled.fullmatch(value) is not None


def _uri(value: str) -> bool:
    # net/url.ParseRequestURI: absolute URI or absolute path, no fragment handling, no control characters.
    if not value or any(ord(c) < 0x20 or ord(c) == 0x7F for c in value):
        return False
    if value.startswith("/"):
        return _good_escapes(value)
    scheme, colon, rest = value.partition(":")
    if not colon or re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme) is None:
        return False
    if rest.startswith("//"):
        host = re.split(r"[/?#]", rest[2:], maxsplit=1)[0].rpartition("@")[2]
        if " " in host or not re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(:\d*)?", host):
            return False
        return _good_escapes(rest)
    return _good_escapes(rest) and (rest.startswith("/") or bool(rest))


def _good_escapes(value: str) -> bool:
    return re.search(r"%(?![0-9A-Fa-f]{2})", value.split("?", 1)[0]) is None


def _email(value: str) -> bool:
    _, address = parseaddr(value)
    local, at, domain = address.rpartition("@")
    return bool(at and local and domain) and not re.search(r"[\s<>,;:\"\\]", domain) and ".." not in domain


def _hostname(value: str) -> bool:
    if len(value.encode()) > 255 or any(len(label.encode()) > 63 for label in value.split(".")):
        return False
    return _HOSTNAME(value)


# Letters and symbols of any script may occur; Python's re has no \p{S}, so "not ASCII" stands for symbols and letters.
_WORD = r"[a-zA-Z0-9\u0080-\U0010ffff]"
_HOSTNAME = _full(
    rf"({_WORD}(-?{_WORD}{{0,62}})?|({_WORD}(([a-zA-Z0-9\-\u0080-\U0010ffff]{{0,61}}{_WORD})?)(\.))+"
    r"([a-zA-Z\u0080-\U0010ffff]){2,63})",
    0,
)


def _ipv4(value: str) -> bool:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return True


def _ipv6(value: str) -> bool:
    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return "%" not in value


def _cidr(value: str) -> bool:
    address, slash, bits = value.partition("/")
    if not slash or not bits.isascii() or not bits.isdigit():
        return False
    if _ipv4(address):
        return int(bits) <= 32
    return _ipv6(address) and int(bits) <= 128


def _byte(value: str) -> bool:
    if len(value) % 4 or not value:
        return False
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _date(value: str) -> bool:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) is None:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


_TIME = re.compile(r"(\d{2}):(\d{2}):(\d{2})(\.\d+)?(z|([+-]\d{2}:\d{2}))", re.ASCII)


def _datetime(value: str) -> bool:
    parts = value.lower().split("t")
    if len(parts) < 2 or not _date(parts[0]):
        return False
    found = _TIME.search(parts[1])
    return found is not None and found[1] <= "23" and found[2] <= "59" and found[3] <= "59"


_GO_DURATION = _full(r"[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)")
_SCALA_DURATION = re.compile(r"(\d+)\s*([A-Za-zµ]+)")
_UNITS = ("ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk")
_UNIT_PREFIXES = ("nano", "micro", "milli", "sec", "min", "hour", "day", "week")


def _duration(value: str) -> bool:
    if _GO_DURATION(value):
        return True
    units = [unit.lower() for _, unit in _SCALA_DURATION.findall(value)]
    return any(unit in _UNITS or unit.startswith(_UNIT_PREFIXES) for unit in units)


def _isbn10(value: str) -> bool:
    digits = re.sub(r"[\s-]+", "", value)
    if re.fullmatch(r"\d{9}[\dX]", digits, re.ASCII) is None:
        return False
    total = sum((i + 1) * int(c) for i, c in enumerate(digits[:9]))
    return (total + 10 * (10 if digits[9] == "X" else int(digits[9]))) % 11 == 0


def _isbn13(value: str) -> bool:
    digits = re.sub(r"[\s-]+", "", value)
    if re.fullmatch(r"\d{13}", digits, re.ASCII) is None:
        return False
    total = sum(int(c) * (1, 3)[i % 2] for i, c in enumerate(digits[:12]))
    return (10 - total % 10) % 10 == int(digits[12])


def _creditcard(value: str) -> bool:
    digits = re.sub(r"[^0-9]+", "", value)
    if not _CARD(digits):
        return False
    doubled = [int(c) * (2 if i % 2 else 1) for i, c in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


_CARD = _full(
    r"4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11}"
)
_SHORT_NAME = _full(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LONG_NAME = _full(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def _uuid(version: str, variant: str) -> Callable[[str], bool]:
    return _full(
        rf"[0-9a-f]{{8}}-?[0-9a-f]{{4}}-?{version}[0-9a-f]{{3}}-?{variant}[0-9a-f]{{3}}-?[0-9a-f]{{12}}",
        re.ASCII | re.IGNORECASE,
    )


_OCTET = r"([01]?\d\d?|2[0-4]\d|25[0-5])"

_CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    "bsonobjectid": _full(r"[0-9a-fA-F]{24}"),
    "uri": _uri,
    "email": _email,
    "hostname": _hostname,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "cidr": _cidr,
    "mac": _full(
        r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}(([:-][0-9a-fA-F]{2}){2}|([:-][0-9a-fA-F]{2}){14})?"
        r"|[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4}){2}((\.[0-9a-fA-F]{4})|(\.[0-9a-fA-F]{4}){7})?"
    ),
    "uuid": _uuid("[0-9a-f]", "[0-9a-f]"),
    "uuid3": _uuid("3", "[0-9a-f]"),
    "uuid4": _uuid("4", "[89ab]"),
    "uuid5": _uuid("5", "[89ab]"),
    "isbn": lambda value: _isbn10(value) or _isbn13(value),
    "isbn10": _isbn10,
    "isbn13": _isbn13,
    "creditcard": _creditcard,
    "ssn": _full(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "hexcolor": _full(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": _full(rf"rgb\(\s*{_OCTET}\s*,\s*{_OCTET}\s*,\s*{_OCTET}\s*\)"),
    "byte": _byte,
    "password": lambda value: True,
    "date": _date,
    "duration": _duration,
    "datetime": _datetime,
    "k8sshortname": lambda value: len(value) <= 63 and _SHORT_NAME(value),
    "k8slongname": lambda value: len(value) <= 253 and _LONG_NAME(value),
}

KNOWN_FORMATS: Final = frozenset(_CHECKS)
"""Names without dashes."""
