"""What the real server says about a selector that does not parse.

``kubewright.selectors`` explains mistakes to people; a server answers in the words of apimachinery's parser, and clients
show them. This is that parser's path to its first complaint, run only when there is one.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from kubewright.testing.server import statuses
from kubewright.testing.server.metadata import label_value_problems, qualified_name_problems

_TOKEN = re.compile(r"\s*([=!<>]+|[(),]|[^\s=!<>(),]+)")
_OPERATORS: Final = ("=", "==", "!=", ">", "<", "in", "notin")
_SYMBOLS: Final = frozenset((*_OPERATORS, "!", "(", ")", ","))
_END: Final = ""


class _Complaint(Exception):
    """The first mistake."""


class _Requirement(NamedTuple):
    key: str
    operator: str
    values: list[str]


def label_selector_error(text: str) -> str:
    """The server's message for a label selector, empty when it finds nothing wrong."""
    try:
        _Parser(text).parse()
    except _Complaint as complaint:
        return str(complaint)
    return ""


def field_selector_error(text: str, otherwise: str) -> str:
    """The server's message for a field selector; ``otherwise`` when it is none of the usual mistakes."""
    for term in re.split(r"(?<!\\),", text):
        if term and "=" not in term:
            return f"invalid selector: '{text}'; can't understand '{term}'"
        value = re.split(r"!=|==|=", term, maxsplit=1)[-1]
        for found in re.finditer(r"\\(.?)|=", value):
            if found.group(0) == "=":
                return "invalid field selector: unescaped character in value: 61"
            if found.group(1) not in ("\\", ",", "="):
                return f"invalid field selector: invalid escape sequence: {found.group(0)}"
    return otherwise


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        for match in _TOKEN.finditer(text.rstrip()):
            token = match.group(1)
            known = token in _SYMBOLS or token[0] not in "=!<>"
            self._tokens += [token] if known else _split(token)
        self._at = 0

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _take(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _is_word(self, token: str) -> bool:
        return token != _END and (token not in _SYMBOLS or token in ("in", "notin"))

    def parse(self) -> None:
        while (token := self._peek()) != _END:
            if token != "!" and not self._is_word(token):
                raise _Complaint(f"found '{token}', expected: !, identifier, or 'end of string'")
            try:
                _check(self._requirement())
            except _Complaint as complaint:
                raise _Complaint(f"unable to parse requirement: {complaint}") from complaint
            following = self._take()
            if following == _END:
                return
            if following != ",":
                raise _Complaint(f"found '{following}', expected: ',' or 'end of string'")
            token = self._peek()
            if token != "!" and not self._is_word(token):
                raise _Complaint(f"found '{token}', expected: identifier after ','")

    def _requirement(self) -> _Requirement:
        token = self._take()
        absent = token == "!"
        if absent:
            token = self._take()
        if not self._is_word(token):
            raise _Complaint(f"found '{token}', expected: identifier")
        if problems := qualified_name_problems(token):
            raise _Complaint(f"<nil>: Invalid value: {statuses.quote(token)}: {'; '.join(problems)}")
        if absent or self._peek() in (_END, ","):
            return _Requirement(token, "!" if absent else "exists", [])
        operator = self._take()
        if operator not in _OPERATORS:
            raise _Complaint(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")
        values = self._values() if operator in ("in", "notin") else [self._exact()]
        return _Requirement(token, operator, values)

    def _exact(self) -> str:
        if self._peek() in (_END, ","):
            return ""
        token = self._take()
        if not self._is_word(token):
            raise _Complaint(f"found '{token}', expected: identifier")
        return token

    def _values(self) -> list[str]:
        token = self._take()
        if token != "(":
            raise _Complaint(f"found '{token}' expected: '('")
        token = self._peek()
        if token == ")":
            self._take()
            return []
        if token != "," and not self._is_word(token):
            raise _Complaint(f"found '{token}', expected: ',', ')' or identifier")
        values = self._identifiers()
        token = self._take()
        if token != ")":
            raise _Complaint(f"found '{token}', expected: ')'")
        return values

    def _identifiers(self) -> list[str]:
        values: list[str] = []
        while True:
            token = self._take()
            following = self._peek()
            if self._is_word(token):
                values.append(token)
                if following == ")":
                    return values
                if following != ",":
                    raise _Complaint(f"found '{following}', expected: ',' or ')'")
            elif token == ",":
                if not values:
                    values.append("")
                if following == ")":
                    return [*values, ""]
                if following == ",":
                    self._take()
                    values.append("")
            else:
                raise _Complaint(f"found '{token}', expected: ',', or identifier")


def _split(token: str) -> list[str]:
    """Symbols that ran together, taken apart from the left, longest first."""
    parts: list[str] = []
    while token:
        part = token[:2] if token[:2] in _SYMBOLS else token[:1]
        parts.append(part)
        token = token[len(part) :]
    return parts


def _check(requirement: _Requirement) -> None:
    problems: list[str] = []
    if requirement.operator in ("in", "notin") and not requirement.values:
        problems.append("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty")
    for index, value in enumerate(sorted(set(requirement.values))):
        shown = statuses.quote(value)
        if requirement.operator in (">", "<") and not re.fullmatch(r"[+-]?[0-9]+", value):
            hint = "for 'Gt', 'Lt' operators, the value must be an integer"
            problems.append(f"values[{index}]: Invalid value: {shown}: {hint}")
        if reasons := label_value_problems(value):
            problems.append(f"values[{index}][{requirement.key}]: Invalid value: {shown}: {'; '.join(reasons)}")
    if len(problems) == 1:
        raise _Complaint(problems[0])
    if problems:
        raise _Complaint(f"[{', '.join(problems)}]")
