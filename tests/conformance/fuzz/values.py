"""Random objects out of a structural schema: mostly valid, sometimes wrong in one small place."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]

_WORDS = (
    "a",
    "b",
    "abc",
    "x-1",
    "Always",
    "true",
    "0",
    "10",
    "10m",
    "5s",
    "1Gi",
    "v1",
    "app",
    "default",
    "",
    "ünïcode",
    "a b",
)
# Tried in turn where a pattern must match: what patterns in CRDs usually mean.
_CANDIDATES = (
    *_WORDS, "a1", "10.0.0.1", "10.0.0.0/8", "http://example.com", "https://example.com/x", "example.com", "/a/b", "a.b/c",
    "2026-01-01T00:00:00Z", "1h", "100ms", "1h30m0s", "80", "80%", "A", "ABC", "ABC_DEF", "key=value", "a:b", "sha256:" + "0" * 64,
    "arn:aws:iam::123456789012:role/x", "projects/a", "0 0 * * *", "1.2.3", "v1.2.3", "00:00", "a@b.c", "[a]", "*", "*.example.com",
)  # fmt: skip
_FORMATS: dict[str, tuple[str, ...]] = {
    "date-time": ("2026-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00.5+01:00", "yesterday", ""),
    "date": ("2026-01-01", "2026-13-01", "x"),
    "duration": ("1h", "5", "P1D", "-1s"),
    "ipv4": ("10.0.0.1", "::1", "10.0.0", "1.2.3.256"),
    "ipv6": ("::1", "10.0.0.1", "fe80::1%eth0"),
    "cidr": ("10.0.0.0/8", "10.0.0.1/8", "10.0.0.0", "::/0"),
    "uri": ("http://example.com/a", "example.com", "a b", "/x"),
    "email": ("a@b.c", "a", "A <a@b.c>"),
    "hostname": ("example.com", "exa_mple", "-a", "a" * 64),
    "uuid": ("00000000-0000-4000-8000-000000000000", "x"),
    "byte": ("YQ==", "YQ", "a b", "%"),
    "mac": ("00:11:22:33:44:55", "x"),
    "password": ("secret",),
    "int-or-string": ("5", "5%"),
}
_MAX_DEPTH = 7


class Values:
    """A source of random values that all come from one ``random.Random``."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def valid(self, schema: Schema, depth: int = 0) -> Any:
        """A value that should fit ``schema`` (where it has a pattern that nothing fits, or an odd combination, it may not)."""
        rng = self.rng
        if schema.get("nullable") and rng.random() < 0.1:
            return None
        if "enum" in schema:
            return copy.deepcopy(rng.choice(schema["enum"]))
        if schema.get("x-kubernetes-int-or-string"):
            return rng.choice([0, 5, 8080, "http", "25%", ""])
        kind = schema.get("type")
        makers: dict[Any, Callable[[Schema, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._number,
            "boolean": lambda _schema, _depth: rng.random() < 0.5,
        }
        return makers.get(kind, self._anything)(schema, depth)

    def spoil(self, value: Any, schema: Schema) -> Any:
        """A copy of ``value`` with one small thing changed somewhere, which usually makes it invalid."""
        result = copy.deepcopy(value)
        places = list(_places(result, schema))
        if not places:
            return result
        holder, key, found = self.rng.choice(places)
        change = self.rng.randrange(6)
        if change == 0 and isinstance(holder, dict):
            del holder[key]
        elif change == 1:
            holder[key] = None
        elif change == 2:
            holder[key] = self._other_type(holder[key])
        elif change == 3 and isinstance(holder, dict):
            holder["surprise"] = self.rng.choice([1, "x", {"y": []}, None])
        elif change == 4 and isinstance(holder[key], list) and holder[key]:
            holder[key].append(copy.deepcopy(holder[key][0]))
        else:
            holder[key] = self._beyond(found, holder[key])
        return result

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        if schema.get("x-kubernetes-embedded-resource"):
            result.update({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "embedded"}})
        properties: dict[str, Schema] = schema.get("properties", {})
        required = schema.get("required", [])
        share = 0.5 if depth < 2 else 0.25
        for name, child in properties.items():
            if schema.get("x-kubernetes-embedded-resource") and name in ("apiVersion", "kind", "metadata"):
                continue
            if name in required or (depth < _MAX_DEPTH and self.rng.random() < share):
                result[name] = self.valid(child, depth + 1)
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict):
            for _ in range(self.rng.randrange(3)):
                result[self.rng.choice(["a", "b-c", "d.e/f", "G"])] = self.valid(extra, depth + 1)
        if schema.get("x-kubernetes-preserve-unknown-fields") and self.rng.random() < 0.3:
            result["unknown"] = self._anything({}, depth)
        return result

    def _array(self, schema: Schema, depth: int) -> list[Any]:
        most = min(int(schema.get("maxItems", 3)), 3)
        least = int(schema.get("minItems", 0))
        count = self.rng.randint(min(least, 3), max(most, min(least, 3))) if depth < _MAX_DEPTH else least
        items = [self.valid(schema.get("items", {}), depth + 1) for _ in range(count)]
        kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys", [])
        if kind == "set":
            items = [item for number, item in enumerate(items) if item not in items[:number]]
        elif kind == "map":
            for number, item in enumerate(items):
                if (
                    isinstance(item, dict)
                    and keys
                    and schema["items"]["properties"].get(keys[0], {}).get("type") == "string"
                ):
                    if not schema["items"]["properties"][keys[0]].keys() & {"enum", "pattern", "format"}:
                        item[keys[0]] = f"key-{number}"
        return items

    def _string(self, schema: Schema, _depth: int) -> str:
        if schema.get("format") in _FORMATS and self.rng.random() < 0.9:
            options = _FORMATS[schema["format"]]
            return options[0] if self.rng.random() < 0.8 else self.rng.choice(options)
        words = list(_WORDS)
        if "pattern" in schema:
            try:
                pattern = re.compile(schema["pattern"])
            except re.error:
                return "x"
            words = [word for word in _CANDIDATES if pattern.search(word)] or ["x"]
        fitting = [
            word for word in words if int(schema.get("minLength", 0)) <= len(word) <= int(schema.get("maxLength", 1000))
        ]
        return self.rng.choice(fitting or ["x" * int(schema.get("minLength", 1))])

    def _integer(self, schema: Schema, _depth: int) -> int:
        low = int(schema.get("minimum", -3 if self.rng.random() < 0.2 else 0))
        high = max(low, int(min(schema.get("maximum", low + 100), low + 100_000)))
        step = max(1, int(schema.get("multipleOf", 1)))
        value = self.rng.choice([low + 1, high, self.rng.randint(low, high), 1 if low <= 1 <= high else high])
        return max(low, min(high, value)) // step * step

    def _number(self, schema: Schema, depth: int) -> Any:
        return self.rng.choice([self._integer(schema, depth), self._integer(schema, depth) + 0.5, 1.0, 1e3])

    def _anything(self, _schema: Schema, _depth: int) -> Any:
        return self.rng.choice([1, "x", True, None, [], {}, {"a": 1}, [1, "b"], {"a": {"b": None}}, 1.5])

    def _other_type(self, value: Any) -> Any:
        options: list[Any] = [1, "text", True, [], {}, 1.5, [None], {"k": "v"}]
        return self.rng.choice([option for option in options if type(option) is not type(value)])

    def _beyond(self, schema: Schema, value: Any) -> Any:
        if "maximum" in schema:
            return schema["maximum"] + 1
        if "minimum" in schema:
            return schema["minimum"] - 1
        if "enum" in schema:
            return "no-such-value"
        if "maxLength" in schema:
            return "x" * (int(schema["maxLength"]) + 1)
        if schema.get("type") == "string":
            return self.rng.choice(["", "%$", "x" * 300])
        if schema.get("type") == "integer":
            return self.rng.choice([2**31, 2**63 - 1, -(2**31) - 1, 1.5])
        return value


def _places(value: Any, schema: Schema, depth: int = 0) -> list[tuple[Any, Any, Schema]]:
    """Every (holder, key, schema) below ``value`` that can be changed."""
    found: list[tuple[Any, Any, Schema]] = []
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for key, child in value.items():
            if depth == 0 and key in ("apiVersion", "kind", "metadata"):
                continue
            extra = schema.get("additionalProperties")
            inner = properties.get(key, extra if isinstance(extra, dict) else {})
            found.append((value, key, inner))
            found.extend(_places(child, inner, depth + 1))
    elif isinstance(value, list):
        for number, child in enumerate(value):
            found.append((value, number, schema.get("items", {})))
            found.extend(_places(child, schema.get("items", {}), depth + 1))
    return found
