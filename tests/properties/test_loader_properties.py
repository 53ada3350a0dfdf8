"""Whatever a file holds, reading it ends, raises nothing, and says where what is wrong."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.crd.documents import read_documents
from codegen.crd.loader import combine, read_text

REPOSITORY = Path(__file__).resolve().parents[2]
(DOCUMENT,) = read_documents((REPOSITORY / "schemas/tstest.yaml").read_bytes(), "tstest.yaml")
CRD: dict[str, Any] = msgspec.convert(DOCUMENT.value, dict[str, Any])
PLACE = re.compile(r"^[^#]+(#\d+(:(/.*)?)?)?$", re.DOTALL)

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
WORDS = st.sampled_from(
    ["type", "object", "array", "string", "properties", "items", "enum", "nullable", "anyOf", "spec", "x-kubernetes-int-or-string",
     "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource", "additionalProperties", "required", "default"]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of everything inside ``value``."""
    entries: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    return [(*path, key) for key, _ in entries] + [p for key, below in entries for p in places(below, (*path, key))]


PLACES = places(CRD)


def with_change(document: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    target: Any = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), VALUES)
def test_one_wrong_value_is_used_or_refused_with_its_place(path: tuple[str | int, ...], value: object) -> None:
    contents = read_text(msgspec.json.encode(with_change(CRD, path, value)), "f.yaml")
    for error in contents.errors:
        assert error.message
        assert PLACE.match(error.source), error.source
    loaded = combine([contents])
    for crd in loaded.crds:
        for version in crd.versions:
            assert [p.name for p in version.schema.properties[:3]] == ["apiVersion", "kind", "metadata"]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_documents_or_errors(content: bytes) -> None:
    for document in read_documents(content, "f.yaml"):
        assert document.error is None or document.error.source.startswith("f.yaml#")


FLOW = st.sampled_from(
    ["{", "}", "[", "]", ":", ",", "- ", "\n", "  ", "&a ", "*a", "<<: ", "? ", "|", ">", "'", '"', "---\n", "...\n", "a", "1",
     "!!x ", "%Y", "\t", "#"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(FLOW, max_size=40).map("".join))
def test_any_yaml_is_documents_or_errors(text: str) -> None:
    for document in read_documents(text.encode(), "f.yaml"):
        assert document.error is None or document.error.message


@settings(max_examples=50, deadline=None)
@given(st.permutations([0, 1, 2, 3]), st.lists(st.sampled_from(PLACES), min_size=4, max_size=4), VALUES)
def test_the_order_of_files_decides_nothing(
    order: list[int], paths: list[tuple[str | int, ...]], value: object
) -> None:
    contents = [read_text(msgspec.json.encode(with_change(CRD, p, value)), f"{i}.yaml") for i, p in enumerate(paths)]
    one, other = combine(contents), combine([contents[i] for i in order])
    assert one.crds == other.crds
    assert [str(e) for e in one.errors] == [str(e) for e in other.errors]
    assert one.notices == other.notices
