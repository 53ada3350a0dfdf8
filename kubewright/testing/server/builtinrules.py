"""Rules of single built-in kinds that no schema says and that tests of controllers run into.

Built-in kinds are served without their Go validation, with few exceptions: keys of ConfigMaps and Secrets, and their
``immutable`` field (kubernetes ``pkg/apis/core/validation``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from kubewright.testing.server.documents import Json, section
from kubewright.testing.server.messages import AnyCause
from kubewright.testing.server.registry import ServedResource
from kubewright.validation.causes import forbidden, invalid

Rule = Callable[[Json, Json | None], list[AnyCause]]

_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+\Z")
_KEY_MESSAGE: Final = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


def causes(obj: Json, old: Json | None, served: ServedResource) -> list[AnyCause]:
    """What the kind's own rules have against a new or changed object."""
    rule = _RULES.get((served.resource.group, served.resource.plural)) if served.builtin else None
    return rule(obj, old) if rule is not None else []


def _key_problems(key: str) -> list[str]:
    problems = ["must be no more than 253 characters"] if len(key.encode()) > 253 else []
    if not _KEY.match(key):
        problems.append(_KEY_MESSAGE)
    if key in (".", ".."):
        problems.append(f"must not be '{key}'")
    elif key.startswith(".."):
        problems.append("must not start with '..'")
    return problems


def _config_map(obj: Json, old: Json | None) -> list[AnyCause]:
    data, binary = section(obj, "data"), section(obj, "binaryData")
    found: list[AnyCause] = [
        invalid(f"data[{key}]", key, problem) for key in sorted(data) for problem in _key_problems(key)
    ]
    for key in sorted(data):
        if key in binary:
            found.append(invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
    found += [invalid(f"binaryData[{key}]", key, problem) for key in sorted(binary) for problem in _key_problems(key)]
    return found + _immutable(obj, old, ("data", "binaryData"))


def _secret(obj: Json, old: Json | None) -> list[AnyCause]:
    data = section(obj, "data")
    found: list[AnyCause] = [
        invalid(f"data[{key}]", key, problem) for key in sorted(data) for problem in _key_problems(key)
    ]
    if old is not None and obj.get("type") != old.get("type"):
        found.append(invalid("type", obj.get("type", ""), "field is immutable"))
    return found + _immutable(obj, old, ("data",))


def _immutable(obj: Json, old: Json | None, fields: tuple[str, ...]) -> list[AnyCause]:
    if old is None or not old.get("immutable"):
        return []
    detail = "field is immutable when `immutable` is set"
    found: list[AnyCause] = [] if obj.get("immutable") else [forbidden("immutable", detail)]
    return found + [forbidden(name, detail) for name in fields if section(obj, name) != section(old, name)]


_RULES: Final[dict[tuple[str, str], Rule]] = {("", "configmaps"): _config_map, ("", "secrets"): _secret}
