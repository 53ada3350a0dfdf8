"""The JSONPath of printer columns and selectable fields: dots, quoted keys, indexes, wildcards and simple filters.

A small part of client-go's ``jsonpath`` (which is no standard JSONPath): what CRDs in the wild use, e.g.
``.spec.replicas``, ``.status.conditions[?(@.type=="Ready")].status``, ``.metadata.annotations.example\\.com/x``,
``.spec.rules[*].host``. Missing keys give no result.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, reduce
from typing import Final, TypeAlias

from kubewright.validation.jsontypes import JsonValue

_Step: TypeAlias = Callable[[list[JsonValue]], list[JsonValue]]

_TOKEN: Final = re.compile(
    r"""
    \.\.(?P<deep>(?:\\.|[^.\[\]\\])+)
    | \.(?P<star>\*)
    | \.(?P<key>(?:\\.|[^.\[\]\\])+)
    | \.?\['(?P<quoted>(?:\\.|[^'\\])*)'\]
    | \.?\["(?P<double>(?:\\.|[^"\\])*)"\]
    | \[(?P<all>\*)\]
    | \[(?P<index>-?\d*)\]
    | \[(?P<first>-?\d*):(?P<last>-?\d*)\]
    | \[\?\(\s*@(?P<field>(?:[.\[]?[^=!<>\s()]+)?)\s*(?:(?P<op>==|!=|<=|>=|<|>)\s*(?P<value>"[^"]*"|'[^']*'|[^\s)]+)\s*)?\)\]
    """,
    re.VERBOSE,
)


def find(obj: JsonValue, path: str) -> list[JsonValue]:
    """Every value at ``path``; empty where there is none or the path is not understood."""
    found = [obj]
    try:
        for step in _compile(path):
            found = step(found)
    except _Incomparable:
        return []
    return found


class _Incomparable(Exception):
    """A filter met what it cannot compare: then the whole path finds nothing."""


@lru_cache(maxsize=1024)
def _compile(path: str) -> tuple[_Step, ...]:
    text = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    if text and text[0] not in ".[":
        text = f".{text}"
    steps: list[_Step] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return (lambda values: [],)
        steps.append(_step(token))
        at = token.end()
    return tuple(steps)


def _step(token: re.Match[str]) -> _Step:
    if token["quoted"] is not None:  # read as a path, in which dots want a backslash
        inner = _compile(f".{token['quoted']}")
        return lambda values: reduce(lambda found, step: step(found), inner, values)
    for name in ("key", "double"):
        if token[name] is not None:
            key = re.sub(r"\\(.)", r"\1", token[name])
            return lambda values: [v[key] for v in values if isinstance(v, dict) and key in v]
    if token["star"] or token["all"]:
        return _children
    if token["index"] is not None:
        index = int(token["index"] or 0)  # nothing is the first one, too
        return lambda values: [v[index] for v in values if isinstance(v, list) and -len(v) <= index < len(v)]
    if token["first"] is not None:
        part = slice(*(int(token[name]) if token[name] else None for name in ("first", "last")))
        return lambda values: [item for v in values if isinstance(v, list) for item in v[part]]
    if token["deep"] is not None:
        wanted = token["deep"]
        return lambda values: [hit for v in values for hit in _descend(v, wanted)]
    return _filter(token["field"] or "", token["op"], token["value"])


def _children(values: list[JsonValue]) -> list[JsonValue]:
    found: list[JsonValue] = []
    for value in values:
        if isinstance(value, dict):
            found += value.values()
        elif isinstance(value, list):
            found += value
    return found


def _descend(value: JsonValue, key: str) -> list[JsonValue]:
    found: list[JsonValue] = []
    if isinstance(value, dict):
        if key in value:
            found.append(value[key])
        for sub in value.values():
            found += _descend(sub, key)
    elif isinstance(value, list):
        for sub in value:
            found += _descend(sub, key)
    return found


def _filter(field: str, operator: str | None, literal: str | None) -> _Step:
    wanted: JsonValue = None
    if literal is not None:
        wanted = literal[1:-1] if literal[0] in "'\"" else _literal(literal)

    def keep(item: JsonValue) -> bool:
        hits = find(item, field) if field else [item]
        if operator is None:
            return bool(hits)
        return bool(hits) and _compare(hits[0], operator, wanted)

    def step(values: list[JsonValue]) -> list[JsonValue]:
        if not all(isinstance(value, list) for value in values):
            raise _Incomparable
        return [item for v in values if isinstance(v, list) for item in v if keep(item)]

    return step


def _literal(text: str) -> JsonValue:
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


def _compare(left: JsonValue, operator: str, right: JsonValue) -> bool:
    if type(left) is not type(right) or not isinstance(left, (bool, int, float, str)):
        raise _Incomparable
    if operator in ("==", "!="):
        return (left == right) is (operator == "==")
    if isinstance(left, bool):
        raise _Incomparable
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return _ordered(left - right, operator)
    if isinstance(left, str) and isinstance(right, str):
        return _ordered((left > right) - (left < right), operator)
    return False


def _ordered(difference: float, operator: str) -> bool:
    return {"<": difference < 0, "<=": difference <= 0, ">": difference > 0, ">=": difference >= 0}[operator]
