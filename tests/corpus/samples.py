"""Documents that fit a schema: full, minimal, all nulls, random.  What the round trip is tried on."""

from __future__ import annotations

import random
from typing import Any

from codegen.ir import Any_, Array, Embedded, Enum, IntOrString, Map, Node, Object, Ref, Scalar

_META = {
    "name": "sample",
    "namespace": "default",
    "labels": {"app.kubernetes.io/name": "sample"},
    "annotations": {"note": 'a "quoted"\n\\text\\ – ünïcode'},
    "generation": 3,
    "managedFields": [{"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}}],
}
_FREE = {"anything": [1, 1.5, "two", None, {"deep": True}], "": {}}
# What formats do to values is where generators lose data: nanoseconds, Go durations, relative URLs.
_FORMATS = {
    "date-time": "2024-02-29T23:59:05.123456789Z",
    "date": "2024-02-29",
    "duration": "1h30m",
    "byte": "aGk",
    "uri": "/relative?x",
    "uuid": "D9428888-122B-11E1-B85C-61CD3CBB3210",
    "password": "secret",
    "email": "not-an-address",
    "ipv6": "2001:DB8::1",
}


UNKNOWN = "xUnknown"


def samples(root: Object, api_version: str, kind: str, *, unknown: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """(what it is, document): the same for the same schema, whenever it is asked.

    With ``unknown``, every object that has named fields also has one that its schema does not know.
    """
    styles = ("full", "minimal", "nulls", "random 1", "random 2")
    return [
        (style, _Maker(random.Random(number), style.split()[0], unknown).root(root, api_version, kind))
        for number, style in enumerate(styles)
    ]


class _Maker:
    def __init__(self, dice: random.Random, style: str, unknown: bool) -> None:
        self._dice = dice
        self._unknown = unknown
        self._style = style
        # A whole schema in full is large enough once: random documents stay small.
        self._budget = 40_000 if style == "full" else 4_000

    def root(self, node: Object, api_version: str, kind: str) -> dict[str, Any]:
        document = {"apiVersion": api_version, "kind": kind, "metadata": self._metadata()}
        rest = self._object(node, 0)
        return document | {key: value for key, value in rest.items() if key not in document}

    def _wants(self, required: bool, node: Node, depth: int) -> bool:
        if required:
            return True
        if self._style == "minimal" or self._budget <= 0:
            return False
        if self._style == "nulls":
            return node.nullable or depth < 4
        return self._style == "full" or self._dice.random() < 0.5

    def _object(self, node: Object, depth: int) -> dict[str, Any]:
        document = {
            p.name: (
                _META
                # A template's metadata without a schema: a server prunes what is not metadata.
                if p.name == "metadata" and isinstance(p.node, Map) and isinstance(p.node.value, Any_)
                else self.value(p.node, depth + 1)
            )
            for p in node.properties
            if self._wants(p.required, p.node, depth)
        }
        if self._unknown:
            document[UNKNOWN] = {"kept": [1, None]}
        if node.open and self._style != "minimal":
            document["x-unknown-to-the-schema"] = _FREE
        return document

    def _metadata(self) -> dict[str, Any]:
        return {**_META, UNKNOWN: "kept"} if self._unknown else _META

    def value(self, node: Node, depth: int = 0) -> Any:
        self._budget -= 1
        if node.nullable and (self._style == "nulls" or (self._style == "random" and self._dice.random() < 0.3)):
            return None
        match node:
            case Scalar():
                return self._scalar(node)
            case IntOrString():
                return self._dice.choice([8080, "25%", "100m", 0])
            case Enum():
                return self._dice.choice(node.values)
            case Array():
                return [self.value(node.items, depth + 1) for _ in range(self._size(depth))]
            case Map():
                return {f"key-{n}": self.value(node.value, depth + 1) for n in range(self._size(depth))}
            case Object():
                return self._object(node, depth)
            case Embedded():
                return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "inner"}, "data": {"k": "v"}}
            case Any_():
                return self._dice.choice([_FREE, "text", 7, [1, 2]])
            case Ref():
                return self._metadata() if node.name.endswith("ObjectMeta") else {}

    def _size(self, depth: int) -> int:
        return (
            0
            if self._style == "minimal"
            else 1 if self._style == "full" else self._dice.randint(0, 2) if depth < 12 else 0
        )

    def _scalar(self, node: Scalar) -> Any:
        match node.type:
            case "string":
                return _FORMATS.get(node.doc.format) or self._dice.choice(["text", "", "10", "true", "null", 'q"\\'])
            case "integer":
                return self._dice.choice([0, 1, -1, 2**31, 2**63 - 1])
            case "number":
                return self._dice.choice([0, 0.5, 3, -2.25, 1e3])
            case "boolean":
                return self._dice.choice([True, False])
