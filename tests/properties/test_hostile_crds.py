"""Whatever the strings of a CRD hold, the output is text that describes them: it compiles, runs none of it, hides nothing.

The reference's hostile cases (fabric8's malicious CRDs: code in enum values, descriptions, versions; path traversal through
group and version) and random ones, through the whole generator.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from codegen.config import Config
from codegen.crd.loader import combine, read_text
from codegen.plan.build import build
from codegen.render import tree
from codegen.render.package import render
from kubewright.core import codec

# Running any of it would leave a mark here.
CANARY = "kubewright_canary"
FRAGMENTS = (
    '"""', "'''", '"', "'", "\\", '\\"""', "\\N{BULLET}", "\\x41", "\n", "\r", "\t", "\x00", "\x0c", "\x1b[31m", "\u2028",
    "\u202e", "\u2066", "\u200b", "\ufeff", "é", "名", "{{ 7 * 7 }}", "{% for x in y %}", "{# x #}", "{x}", "%s", "$x", "`",
    f"{CANARY}()", f"\n{CANARY}()\n", f'"""\n{CANARY}()\n"""', f"'); {CANARY}(); ('", f"] | {CANARY}() | Literal[",
    "# type: ignore", "#", ";", "import os", "../../x", "/etc/passwd", "a", "fooBar", "foo_bar", "class", "None", "self", "__class__",
    "$ref", "2fa", "-", " ", "",
)  # fmt: skip
hostile = st.lists(st.sampled_from(FRAGMENTS), max_size=4).map("".join)
MISLEADING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def crd(words: Mapping[str, str], names: list[str], values: list[str]) -> dict[str, Any]:
    spec = {
        "type": "object",
        "description": words["description"],
        "required": names[:1],
        "properties": {
            name: {
                "type": "string",
                "enum": [*values, name],
                "description": words["field"],
                "default": words["default"],
                "pattern": words["pattern"],
                "format": words["format"],
                "x-kubernetes-validations": [{"rule": words["rule"], "message": words["message"]}],
            }
            for name in names
        },
        "x-kubernetes-preserve-unknown-fields": True,
    }
    nested = {"type": "array", "items": {"type": "object", "properties": {n: {"type": "integer"} for n in names}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "spec": {
            "group": "hostile.example.com",
            "scope": "Namespaced",
            "names": {
                "kind": "Thing",
                "plural": "things",
                "shortNames": [words["short"]],
                "categories": [words["category"]],
                "listKind": words["list"],
                "singular": words["singular"],
            },
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "deprecated": True,
                    "deprecationWarning": words["warning"],
                    "additionalPrinterColumns": [
                        {
                            "name": words["column"],
                            "type": words["type"],
                            "jsonPath": words["path"],
                            "description": words["text"],
                        }
                    ],
                    "selectableFields": [{"jsonPath": words["path"]}],
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "description": words["root"],
                            "properties": {"spec": spec, "nested": nested},
                        }
                    },
                }
            ],
        },
    }


WORDS = (
    "description", "field", "default", "pattern", "format", "rule", "message", "short", "category", "list", "singular",
    "warning", "column", "type", "path", "text", "root",
)  # fmt: skip


def generated(document: object, file: str = "hostile.yaml") -> dict[str, str]:
    loaded = combine([read_text(msgspec.json.encode(document), file)])
    assert loaded.errors == ()
    config = Config(root=Path())
    plan = build(loaded.crds, config)
    assert plan.errors == ()
    return render(plan, config)


@contextmanager
def imported(texts: Mapping[str, str], module: str) -> Iterator[ModuleType]:
    """The generated package in a directory of its own, imported and forgotten again."""
    with tempfile.TemporaryDirectory() as directory:
        tree.write(Path(directory, "hostile_package"), texts)
        sys.path.insert(0, directory)
        try:
            importlib.invalidate_caches()
            yield importlib.import_module(f"hostile_package.{module}")
        finally:
            sys.path.remove(directory)
            for name in [name for name in sys.modules if name.split(".")[0] == "hostile_package"]:
                del sys.modules[name]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.fixed_dictionaries(dict.fromkeys(WORDS, hostile)),
    st.lists(hostile, max_size=5, unique=True),
    st.lists(hostile, max_size=4),
)
@example(dict.fromkeys(WORDS, f'"""\n{CANARY}()\n"""'), [f'"""\n{CANARY}()\n"""'], [f"'{CANARY}()'"])
@example(dict.fromkeys(WORDS, "\\"), ["\\", '"', "'", "\n"], ["\\", '\\"'])
@example(dict.fromkeys(WORDS, 'ends with a quote"'), ["fooBar", "foo_bar", "foo-bar", "Foo_bar"], [])
def test_no_string_of_a_crd_becomes_code(words: dict[str, str], names: list[str], values: list[str]) -> None:
    texts = generated(crd(words, names, values))
    for path, text in texts.items():
        assert not MISLEADING.search(text), path
        for node in ast.walk(ast.parse(text)):
            # An attribute may be called like it: only a name that is read could run.
            loaded = node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else ""
            called = node.attr if isinstance(node, ast.Attribute) else loaded
            assert called != CANARY, path
    body: dict[str, Any] = {"apiVersion": "hostile.example.com/v1", "kind": "Thing", "metadata": {"name": "x"}}
    body["spec"] = {name: f"value {i}" for i, name in enumerate(names)}
    body["nested"] = [{name: i for i, name in enumerate(names)}]
    with imported(texts, "models.hostile_v1") as module:
        thing = codec.decode(module.Thing, msgspec.json.encode(body))
        assert msgspec.json.decode(codec.encode(thing)) == body


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["group", "kind", "plural", "version"]), hostile)
def test_names_that_no_api_server_accepts_do_not_get_past_the_door(where: str, name: str) -> None:
    document = crd(dict.fromkeys(WORDS, ""), [], [])
    spec = document["spec"]
    match where:
        case "group":
            spec["group"] = name
        case "version":
            spec["versions"][0]["name"] = name
        case _:
            spec["names"][where] = name
    loaded = combine([read_text(msgspec.json.encode(document), "hostile.yaml")])
    for read in loaded.crds:
        for text in (read.group, read.kind, read.plural, *(v.name for v in read.versions)):
            assert re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9.]*", text)


def test_a_file_name_cannot_leave_its_comment() -> None:
    for text in generated(crd(dict.fromkeys(WORDS, ""), ["a"], []), f"a\n{CANARY}()\n.yaml").values():
        assert CANARY not in {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
