"""Any structural schema generates, imports and loses nothing; every planned name is the written one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.config import Config
from codegen.crd.loader import combine, read_text
from codegen.plan.build import build
from codegen.render import package
from tests.corpus.checks import check
from tests.corpus.projects import CrdSet

# Names that are something to Python, msgspec, datamodel-code-generator, Kubernetes or the templates.
NAMES = (
    "a", "A", "name", "names", "spec", "status", "metadata", "kind", "apiVersion", "items", "item", "list", "dict", "str",
    "string", "integer", "boolean", "number", "object", "array", "any", "type", "types", "model", "field", "fields", "meta",
    "container", "containers", "match", "matches", "path", "paths", "set", "sets", "text", "context", "union", "optional",
    "literal", "struct", "open", "req", "oneOf", "enum", "class", "from", "self", "None", "True", "fooBar", "foo_bar", "FooBar",
    "foo-bar", "$ref", "_id", "__x", "2fa", "podIPs", "tlsConfig", "condition", "conditions", "labelSelector", "objectMeta",
    "größe", "名前", "dotted.name", "UNSET", "Exception", "int", "float", "bytes", "datetime", "date", "uuid", "decimal", "counter",
)  # fmt: skip

SCALARS: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "string", "format": "date-time"},
    {"type": "string", "enum": ["A", "", "None"]},
    {"type": "integer"},
    {"type": "integer", "enum": [1, 2]},
    {"type": "number"},
    {"type": "boolean"},
    {"x-kubernetes-int-or-string": True},
    {"x-kubernetes-preserve-unknown-fields": True},
    {"type": "object"},
    {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
]


@st.composite
def objects(draw: st.DrawFn, children: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    properties = draw(st.dictionaries(st.sampled_from(NAMES), children, min_size=1, max_size=6))
    made: dict[str, Any] = {"type": "object", "properties": properties}
    required = draw(st.lists(st.sampled_from(sorted(properties)), max_size=2, unique=True))
    if required:
        made["required"] = required
    if draw(st.booleans()) and draw(st.booleans()):
        made["x-kubernetes-preserve-unknown-fields"] = True
    return made


def nested(children: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    inner = children.flatmap(lambda schema: st.sampled_from([schema, {**schema, "nullable": True}]))
    return st.one_of(
        objects(inner),
        inner.map(lambda schema: {"type": "array", "items": schema}),
        inner.map(lambda schema: {"type": "object", "additionalProperties": schema}),
    )


schemas = objects(st.recursive(st.sampled_from(SCALARS), nested, max_leaves=12))


def document(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    plural = f"{kind.lower()}s"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.any.example.com"},
        "spec": {
            "group": "any.example.com",
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(
        st.sampled_from(["Thing", "Any", "List", "Container", "String", "Status"]), schemas, min_size=1, max_size=3
    )
)
def test_any_schema_generates_imports_and_loses_nothing(kinds: dict[str, dict[str, Any]]) -> None:
    loaded = combine([read_text(msgspec.json.encode([document(k, s) for k, s in kinds.items()]), "any.json")])
    assert loaded.errors == ()
    planned = build(loaded.crds, Config())
    assert planned.errors == ()
    with tempfile.TemporaryDirectory() as directory:
        for path, text in package.render(planned, Config()).items():
            file = Path(directory, "any_package", path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        findings = check(CrdSet("any_package", loaded.crds), planned.package.group_versions, Path(directory))
    assert findings.failures == []
    assert findings.round_trips == findings.updates == len(kinds)
