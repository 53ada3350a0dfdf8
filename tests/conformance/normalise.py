"""Making two servers' answers comparable: what must differ is replaced by names that keep what must agree.

A uid becomes ``uid-1``, ``uid-2`` … in order of first appearance, so that "the same object" and "a new object" stay visible. An object's
resourceVersion becomes ``rv-1``, ``rv-2`` … counted per object, so that "this write changed nothing" stays visible. Times, list versions
and continue tokens only say that they are there.

What the real server gives in the order of a Go map is sorted: causes and the parts of a message, warnings. managedFields are sorted
too, because their order depends on whole seconds.
"""

from __future__ import annotations

import re
from typing import Any

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_AGE = re.compile(r"(\d+[smhdy]){1,2}|<invalid>")
# Messages with a revision or a clock in them, as far as they are known.
_MESSAGES = (
    (re.compile(r"too old resource version: \d+ \(\d+\)"), "too old resource version: N (N)"),
    (re.compile(r"Too large resource version: \d+, current: \d+"), "Too large resource version: N, current: N"),
    (re.compile(r"(ResourceVersion in the precondition \()\d+(.*in record \()\d+"), r"\1N\2N"),
    (re.compile(r"(latest: |etcd: )\d+"), r"\1N"),
    # A whole object inside a message: its keys come in the order of a Go struct there, and sorted here.
    (re.compile(r'Invalid value: "(\{\\".*\}|map\[.*\])"'), 'Invalid value: "<object>"'),
    (re.compile(r"is missing in '\{.*\}'"), "is missing in '<object>'"),
)
_GENERATED_SUFFIX = 5
_GENERATED_LETTERS = "[bcdfghjklmnpqrstvwxz2456789]"
_LONGEST_PREFIX = 58


class Normaliser:
    """One per transcript: the names it hands out are counted from the transcript's beginning."""

    def __init__(self) -> None:
        self._uids: dict[str, str] = {}
        self._versions: dict[str, dict[str, str]] = {}
        self._generated: dict[str, str] = {}
        self._prefixes: list[re.Pattern[str]] = []

    def expect_prefix(self, prefix: str) -> None:
        """Names made from this generateName may turn up in refusals, where nothing else tells that they are made."""
        letters = f"{_GENERATED_LETTERS}{{{_GENERATED_SUFFIX}}}"
        self._prefixes.append(re.compile(re.escape(prefix[:_LONGEST_PREFIX]) + letters + r"\b"))

    def __call__(self, value: Any) -> Any:
        """A copy of a JSON value with everything replaced that has to differ."""
        self._learn(value)
        return self._replace(value)

    def _learn(self, value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                self._learn(each)
        elif isinstance(value, dict):
            prefix, name = value.get("generateName"), value.get("name")
            if isinstance(prefix, str) and isinstance(name, str) and name.startswith(prefix):
                if len(name) == len(prefix) + _GENERATED_SUFFIX and name not in self._generated:
                    self._generated[name] = f"{prefix}<generated-{len(self._generated) + 1}>"
            for each in value.values():
                self._learn(each)

    def _replace(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            return [self._replace(each) for each in value]
        if isinstance(value, dict):
            # Sorted, because uids are named in order of appearance and the servers do not write keys in the same order.
            result = {self._text(key): self._replace(value[key]) for key in sorted(value)}
            version = value.get("resourceVersion")
            if isinstance(version, str) and version not in ("", "0"):
                result["resourceVersion"] = self._version(value.get("uid"), version)
            if value.get("continue"):
                result["continue"] = "<continue>"
            if all(
                isinstance(each, dict) for each in result.get("resources") or [None]
            ):  # discovery: order of a Go map
                result["resources"].sort(key=lambda each: str(each.get("name")))
            if isinstance(result.get("cells"), list):
                result["cells"] = ["<age>" if _AGE.fullmatch(str(cell)) else cell for cell in result["cells"]]
            if result.get("kind") == "Table" and result.get("rows") is None:
                result["rows"] = []  # a Go slice that nobody made, or one that nobody filled
            if "serverAddress" in result:
                result["serverAddress"] = "<address>"
            if isinstance(result.get("managedFields"), list):
                result["managedFields"].sort(key=_manager)
            if isinstance(result.get("causes"), list):
                result["causes"].sort(key=str)
            if result.get("kind") == "Status" and isinstance(result.get("message"), str):
                result["message"] = in_any_order(result["message"])
            return result
        return value

    def _version(self, uid: object, version: str) -> str:
        if not isinstance(uid, str):
            return "<version>"  # a list's, or a bookmark's: other writes to the server move it
        known = self._versions.setdefault(uid, {})
        return known.setdefault(version, f"rv-{len(known) + 1}")

    def _text(self, text: str) -> str:
        if text in self._generated:
            return self._generated[text]
        text = _UUID.sub(lambda found: self._uids.setdefault(found[0], f"uid-{len(self._uids) + 1}"), text)
        text = _TIME.sub("<time>", text)
        for pattern, replacement in _MESSAGES:
            text = pattern.sub(replacement, text)
        for name, shown in self._generated.items():
            text = text.replace(name, shown)
        for prefix in self._prefixes:
            text = prefix.sub("<generated>", text)
        return text


def in_any_order(message: str) -> str:
    """The parts of a message, sorted: ``x is invalid: [b, a]`` and conflicts of several managers, one a line."""
    head, colon, rest = message.partition(": ")
    parts = sorted(part.strip("[] ") for part in re.split(r", |\n| && ", rest))
    return head + colon + " | ".join(parts)


def _manager(entry: Any) -> list[str]:
    return [
        str(entry.get(key, "")) if isinstance(entry, dict) else ""
        for key in ("manager", "operation", "subresource", "apiVersion")
    ]
