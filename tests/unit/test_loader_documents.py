"""Text -> values: what people's files look like, and what a hostile one must not do."""

from __future__ import annotations

import pytest

from codegen.crd.documents import Document, read_documents


def read(text: str | bytes) -> list[Document]:
    return list(read_documents(text.encode() if isinstance(text, str) else text, "f.yaml"))


def values(text: str | bytes) -> list[object]:
    documents = read(text)
    assert [d.error for d in documents if d.error] == []
    return [d.value for d in documents]


def error(text: str | bytes) -> str:
    errors = [d.error for d in read(text) if d.error]
    assert len(errors) == 1
    return str(errors[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: =", "="),
        ("a: 2024-01-02", "2024-01-02"),
        ("a: 2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("a: 12:30", "12:30"),
        ("a: 'yes'", "yes"),
        ("a: yes", True),
        ("a: Off", False),
        ("a: ~", None),
        ("a:", None),
        ("a: 017", 15),
        ("a: 0x1F", 31),
        ("a: 1_000", 1000),
        ("a: 08", 8.0),
        ("a: -1.5e3", -1500.0),
        ("a: '5'", "5"),
        ("a: !!str 5", "5"),
        ("a: !Ref x", "x"),
        ("a: |\n  x\n  y\n", "x\ny\n"),
        ("a: --", "--"),
        ("a: .", "."),
        ("a: +", "+"),
        ("a: v1", "v1"),
    ],
)
def test_a_scalar_means_what_the_api_server_would_make_of_it(text: str, value: object) -> None:
    assert values(text) == [{"a": value}]


def test_keys_are_strings_as_in_json() -> None:
    assert values("on: 1\n2: b\n~: c\n'3': d\n? e\n: f\n") == [{"true": 1, "2": "b", "null": "c", "3": "d", "e": "f"}]


def test_aliases_and_merge_keys_are_followed() -> None:
    assert values("a: &x {p: 1, q: 2}\nb: *x\nc:\n  <<: *x\n  q: 3\n") == [
        {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 2}, "c": {"q": 3, "p": 1}}
    ]


def test_json_is_read_as_json() -> None:
    assert values('\n{"a": [1, null, "é"], "b": 0.1}') == [{"a": [1, None, "é"], "b": 0.1}]


def test_flow_style_yaml_is_no_broken_json() -> None:
    assert values("{a: [1, x]}") == [{"a": [1, "x"]}]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_content(encoding: str) -> None:
    assert values("a: é\r\n".encode(encoding)) == [{"a": "é"}]


def test_bytes_that_are_no_text_are_refused() -> None:
    assert "not UTF-8 text" in error(b"a: \xff\xfe")


def test_documents_are_numbered_as_a_person_counts_them() -> None:
    text = "# licence\n---\na: 1\n---\n---\n# only a comment\n---\na: 2\n...\n"
    assert [(str(d.source), d.value) for d in read(text)] == [("f.yaml#1", {"a": 1}), ("f.yaml#4", {"a": 2})]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "---\n---\n", "﻿"])
def test_an_empty_file_has_no_documents(text: str) -> None:
    assert read(text) == []


def test_a_directive_before_the_first_document_is_allowed() -> None:
    assert values("%YAML 1.1\n---\na: 1\n") == [{"a": 1}]


def test_a_separator_inside_a_block_scalar_is_text() -> None:
    assert values("a: |\n  x\n  --- not a separator\nb: 1\n") == [{"a": "x\n--- not a separator\n", "b": 1}]


def test_a_broken_document_spoils_no_other_and_names_its_line() -> None:
    documents = read("a: 1\n---\nb: [1,\nc: }\n---\nd: 2\n")
    assert [d.value for d in documents if d.error is None] == [{"a": 1}, {"d": 2}]
    assert [str(d.error) for d in documents if d.error] == [
        "f.yaml#2: not valid YAML: did not find expected node content (line 4, column 4)"
    ]


def test_a_helm_template_is_recognised_once_a_file() -> None:
    text = '{{- if .Values.crds }}\nkind: A\nname: {{ include "x" . }}\n---\nx: {{ .Release.Name }}\n---\nk: v\n{{- end }}\n'
    documents = read(text)
    errors = [str(d.error) for d in documents if d.error]
    assert len(errors) == 1
    assert "this is a Helm template" in errors[0]
    assert "helm template --include-crds" in errors[0]


def test_braces_in_a_description_are_no_helm_template() -> None:
    assert values("description: 'use {{ .Values.x }} here'") == [{"description": "use {{ .Values.x }} here"}]


def test_an_alias_bomb_costs_nothing_to_read() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    assert len(read("\n".join(lines))) == 1


def test_merge_keys_cannot_multiply_without_end() -> None:
    keys = ", ".join(f"k{i}: 1" for i in range(1000))
    merged = ", ".join(["*a"] * 200)
    assert "merge keys expand without end" in error(f"a: &a {{{keys}}}\nb: {{<<: [{merged}]}}\n")


def test_an_anchor_that_contains_itself_is_refused() -> None:
    assert "contains itself" in error("a: &a [1, *a]")


def test_an_unknown_alias_is_refused() -> None:
    assert "no anchor" in error("a: *nowhere")


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000, "[" * 450 + "]" * 450])
def test_nesting_without_end_is_refused_not_survived_by_luck(text: str) -> None:
    assert error(f"a:\n {text}").startswith("f.yaml#1: ")


def test_a_map_as_a_key_is_refused() -> None:
    assert "as a key" in error("? {a: 1}\n: b\n")


def test_tags_construct_nothing() -> None:
    assert values('a: !!python/object/apply:os.system ["echo"]') == [{"a": ["echo"]}]
