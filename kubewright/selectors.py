"""Why this exists: one parser for the selector that goes to the server and for the one that matches in a cache.

A lister that reads ``app in (a, b)`` differently from the server answers wrongly without saying so. Grammar, canonical
form and matching are those of apimachinery (`pkg/labels/selector.go`, `pkg/fields/selector.go`); selectors are also taken as
a mapping of equalities or as a meta/v1 LabelSelector.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

from .objects import LabelSelector, LabelSelectorRequirement

__all__ = [
    "FieldRequirement",
    "FieldSelectorLike",
    "FieldSelectorMatcher",
    "LabelRequirement",
    "LabelSelectorLike",
    "LabelSelectorMatcher",
    "SelectorError",
    "parse_field_selector",
    "parse_label_selector",
]

Operator = Literal["=", "==", "!=", "in", "notin", "exists", "!", "gt", "lt"]


class SelectorError(ValueError):
    """A selector that the server would refuse as well; the message shows where."""


@dataclass(frozen=True, slots=True)
class LabelRequirement:
    """One condition on one label. `values` is sorted and empty for `exists` and `!`."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """As the server matches: an absent label satisfies `!=` and `notin`, never `in`, `gt` or `lt`."""
        value = labels.get(self.key)
        operator = self.operator
        if operator in ("in", "=", "=="):
            return value is not None and value in self.values
        if operator in ("notin", "!="):
            return value is None or value not in self.values
        if operator == "exists":
            return value is not None
        if operator == "!":
            return value is None
        if value is None or not _INTEGER.match(value):
            return False
        return int(value) > int(self.values[0]) if operator == "gt" else int(value) < int(self.values[0])

    def __str__(self) -> str:
        if self.operator == "exists":
            return self.key
        if self.operator == "!":
            return f"!{self.key}"
        if self.operator in ("in", "notin"):
            return f"{self.key} {self.operator} ({','.join(self.values)})"
        sign = {"gt": ">", "lt": "<"}.get(self.operator, self.operator)
        return f"{self.key}{sign}{self.values[0]}"


@dataclass(frozen=True, slots=True)
class LabelSelectorMatcher:
    """All of `requirements` must hold; none of them: everything matches. `str()` is canonical (sorted by key)."""

    requirements: tuple[LabelRequirement, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether everything matches."""
        return not self.requirements

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object with these labels (None: no labels) is selected. Never raises."""
        have = labels or {}
        return all(requirement.matches(have) for requirement in self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


LabelSelectorLike: TypeAlias = str | Mapping[str, str] | LabelSelector | LabelSelectorMatcher | None
"""What a `label_selector=` option takes."""


def parse_label_selector(selector: LabelSelectorLike) -> LabelSelectorMatcher:
    """Reads a label selector.

    A mapping means equality of each pair; None, "" and {} select everything (an empty LabelSelector too, as upstream's
    LabelSelectorAsSelector; a *missing* one is None here). Raises SelectorError with the position of the mistake.
    """
    if selector is None:
        return _EVERYTHING
    if isinstance(selector, LabelSelectorMatcher):
        return selector
    if isinstance(selector, str):
        return _sorted(_LabelParser(selector).requirements()) if selector.strip() else _EVERYTHING
    if isinstance(selector, LabelSelector):
        return _sorted(_from_object(selector))
    return _sorted(_checked(LabelRequirement(key, "=", (value,)), f"{key}={value}") for key, value in selector.items())


def _sorted(requirements: Iterator[LabelRequirement]) -> LabelSelectorMatcher:
    return LabelSelectorMatcher(tuple(sorted(requirements, key=lambda r: r.key)))


def _from_object(selector: LabelSelector) -> Iterator[LabelRequirement]:
    for key, value in (selector.match_labels or {}).items():
        yield _checked(LabelRequirement(key, "=", (value,)), f"matchLabels {key!r}")
    for expression in selector.match_expressions or ():
        yield _from_expression(expression)


_OPERATORS: Mapping[str, Operator] = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


def _from_expression(expression: LabelSelectorRequirement) -> LabelRequirement:
    operator = _OPERATORS.get(expression.operator or "")
    if operator is None:
        raise SelectorError(f"matchExpressions: {expression.operator!r} is not a valid label selector operator")
    values = tuple(sorted(set(expression.values or ())))
    if operator in ("in", "notin") and not values:
        raise SelectorError(
            f"matchExpressions: values of {expression.key!r} must not be empty for {expression.operator}"
        )
    if operator in ("exists", "!") and values:
        raise SelectorError(f"matchExpressions: values of {expression.key!r} must be empty for {expression.operator}")
    return _checked(LabelRequirement(expression.key or "", operator, values), f"matchExpressions {expression.key!r}")


_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")


def _checked(requirement: LabelRequirement, where: str) -> LabelRequirement:
    prefix, slash, name = requirement.key.rpartition("/")
    if slash and (not _SUBDOMAIN.match(prefix) or len(prefix) > 253):
        raise SelectorError(f"{where}: the prefix of label key {requirement.key!r} must be a lower-case DNS subdomain")
    if not _NAME.match(name) or len(name) > 63:
        raise SelectorError(
            f"{where}: label key {requirement.key!r} must be at most 63 letters, digits, '-', '_' and '.', "
            "and begin and end with a letter or digit, optionally after 'prefix/'"
        )
    for value in requirement.values:
        if requirement.operator in ("gt", "lt"):
            if not _INTEGER.match(value):
                raise SelectorError(f"{where}: for '>' and '<' the value must be an integer, got {value!r}")
        elif value and (not _NAME.match(value) or len(value) > 63):
            raise SelectorError(
                f"{where}: label value {value!r} must be at most 63 letters, digits, '-', '_' and '.', "
                "and begin and end with a letter or digit"
            )
    return requirement


_TOKEN = re.compile(r"\s*(?:(==|!=|[=!<>(),])|([^\s=!<>(),]+))")


class _LabelParser:
    """Recursive descent over upstream's tokens; keeps positions for messages."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, bool, int]] = []  # text, is a word, position
        at = 0
        end = len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None:
                raise SelectorError(f"unable to parse label selector {text!r} at position {at}")
            sign, word = found.group(1), found.group(2)
            self._tokens.append((sign or word, sign is None, found.end() - len(sign or word)))
            at = found.end()
        self._at = 0

    def requirements(self) -> Iterator[LabelRequirement]:
        while True:
            requirement = self._requirement()
            yield _checked(requirement, f"label selector {self._text!r}")
            if self._peek() is None:
                return
            self._expect(",")
            if self._peek() is None:
                self._fail("an identifier after ','")

    def _requirement(self) -> LabelRequirement:
        if self._peek() == "!":
            self._at += 1
            return LabelRequirement(self._word("a label key after '!'"), "!")
        key = self._word("a label key or '!'")
        sign = self._peek()
        if sign is None or sign == ",":
            return LabelRequirement(key, "exists")
        self._at += 1
        if sign in ("in", "notin"):
            return LabelRequirement(key, "in" if sign == "in" else "notin", self._values())
        if sign in ("=", "==", "!="):
            operator: Operator = "=" if sign == "=" else "==" if sign == "==" else "!="
            return LabelRequirement(key, operator, (self._exact_value(),))
        if sign in (">", "<"):
            return LabelRequirement(key, "gt" if sign == ">" else "lt", (self._word(f"an integer after '{sign}'"),))
        self._at -= 1
        return self._fail("one of: in, notin, =, ==, !=, >, <")

    def _exact_value(self) -> str:
        # "key=" and "key=,other" compare with the empty value.
        if self._peek() in (None, ","):
            return ""
        return self._word("a label value")

    def _values(self) -> tuple[str, ...]:
        self._expect("(")
        values: set[str] = set()
        if self._peek() == ")":
            self._at += 1
            return ("",)  # upstream: "x in ()" selects the empty value
        while True:
            values.add("" if self._peek() in (",", ")") else self._word("a label value"))
            if self._peek() == ")":
                self._at += 1
                return tuple(sorted(values))
            self._expect(",")

    def _peek(self) -> str | None:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else None

    def _word(self, wanted: str) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at][1]:
            self._at += 1
            return self._tokens[self._at - 1][0]
        return self._fail(wanted)

    def _expect(self, sign: str) -> None:
        if self._peek() != sign:
            self._fail(f"{sign!r}")
        self._at += 1

    def _fail(self, wanted: str) -> NoReturn:
        if self._at < len(self._tokens):
            found, _, position = self._tokens[self._at]
            raise SelectorError(
                f"unable to parse label selector {self._text!r}: found {found!r} at position {position}, expected: {wanted}"
            )
        raise SelectorError(f"unable to parse label selector {self._text!r}: it ends where {wanted} is expected")


_EVERYTHING = LabelSelectorMatcher()


@dataclass(frozen=True, slots=True)
class FieldRequirement:
    """One condition on one field path, such as `metadata.name`."""

    field: str
    operator: Literal["=", "!="]
    value: str

    def __str__(self) -> str:
        return f"{self.field}{self.operator}{_FIELD_SPECIAL.sub(_escape, self.value)}"


@dataclass(frozen=True, slots=True)
class FieldSelectorMatcher:
    """All of `requirements` must hold; none of them: everything matches. `str()` is canonical."""

    requirements: tuple[FieldRequirement, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether everything matches."""
        return not self.requirements

    def matches(self, get: Callable[[str], str]) -> bool:
        """Whether an object is selected; `get` gives the value of a field path, "" for an absent one."""
        return all((get(r.field) == r.value) == (r.operator == "=") for r in self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


FieldSelectorLike: TypeAlias = str | Mapping[str, str] | FieldSelectorMatcher | None
"""What a `field_selector=` option takes."""

_FIELD_SPECIAL = re.compile(r"[\\,=]")
_FIELD_TERM = re.compile(r"((?:[^\\,]|\\.)*)(,|\Z)", re.DOTALL)
_FIELD_OPERATOR = re.compile(r"((?:[^\\=!]|\\.|!(?!=))*)(!=|==|=)", re.DOTALL)


def parse_field_selector(selector: FieldSelectorLike) -> FieldSelectorMatcher:
    r"""Reads a field selector: `=`, `==` and `!=` joined by commas, with `\` before a literal `\`, `,` or `=`.

    A mapping means equality of each pair; None, "" and {} select everything. Raises SelectorError.
    """
    if selector is None:
        return FieldSelectorMatcher()
    if isinstance(selector, FieldSelectorMatcher):
        return selector
    if not isinstance(selector, str):
        return FieldSelectorMatcher(tuple(FieldRequirement(key, "=", selector[key]) for key in sorted(selector)))
    requirements: list[FieldRequirement] = []
    at = 0
    while at < len(selector):
        term = _FIELD_TERM.match(selector, at)
        if term is None:
            raise SelectorError(f"field selector {selector!r}: a '\\' at the end escapes nothing")
        at = term.end()
        if term.group(1):
            requirements.append(_field_requirement(term.group(1), selector))
    return FieldSelectorMatcher(tuple(sorted(requirements, key=lambda r: r.field)))


def _field_requirement(term: str, selector: str) -> FieldRequirement:
    found = _FIELD_OPERATOR.match(term)
    if found is None:
        raise SelectorError(
            f"invalid field selector {selector!r}: can't understand {term!r}, want field=value or field!=value"
        )
    value = term[found.end() :]
    return FieldRequirement(found.group(1), "!=" if found.group(2) == "!=" else "=", _unescape(value, selector))


def _unescape(value: str, selector: str) -> str:
    def literal(found: re.Match[str]) -> str:
        if found.group(0) in ("\\\\", "\\,", "\\="):
            return found.group(0)[1]
        raise SelectorError(
            f"field selector {selector!r}: {found.group(0)!r} in the value {value!r}: "
            "only '\\\\', '\\,' and '\\=' are escapes, and ',' and '=' must be escaped"
        )

    return re.sub(r"\\.|[,=]", literal, value, flags=re.DOTALL)


def _escape(found: re.Match[str]) -> str:
    return "\\" + found.group(0)
