"""The store: entries by key, namespace and index; header reading; what client-go's store and index tests promise."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from msgspec import Raw

from kubewright.core.store import Entry, LabelSets, Store, read_entries, read_entry
from kubewright.errors import DecodeError, KubewrightError
from kubewright.objects import ObjectKey


def raw(name: str, namespace: str = "ns", version: str = "1", uid: str = "u", **metadata: Any) -> bytes:
    meta = {"name": name, "namespace": namespace, "uid": uid, "resourceVersion": version, **metadata}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": meta}, separators=(",", ":")).encode()


def entry(name: str, namespace: str = "ns", version: str = "1", uid: str = "u", **metadata: Any) -> Entry:
    return read_entry(raw(name, namespace, version, uid, **metadata), LabelSets())


def by_letters(found: Entry) -> Mapping[str, Sequence[str]]:
    return {"letters": sorted(set(found.labels.get("letters", "")))}


def names(entries: Sequence[Entry]) -> list[str]:
    return sorted(e.key[1] for e in entries)


# --- store


def test_get_finds_what_was_put_also_by_an_object_key() -> None:
    # client-go: TestCache (doTestStore)
    store = Store()
    store.put(entry("a"))
    found = store.get(ObjectKey("ns", "a"))
    assert found is not None
    assert found.key == ("ns", "a")


def test_put_replaces_the_entry_of_the_same_key() -> None:
    # client-go: TestCache (doTestStore)
    store = Store()
    store.put(entry("a", version="1"))
    store.put(entry("a", version="2"))
    assert [e.resource_version for e in store] == ["2"]


def test_remove_of_an_unknown_key_does_nothing() -> None:
    store = Store()
    store.put(entry("a"))
    store.remove(("ns", "b"))
    assert len(store) == 1


def test_replace_all_leaves_exactly_the_new_content() -> None:
    # client-go: TestCache (doTestStore, Replace)
    store = Store()
    store.put(entry("foo"))
    store.replace_all({e.key: e for e in [entry("bar"), entry("baz")]})
    assert names(store.entries()) == ["bar", "baz"]


def test_entries_of_one_namespace_are_only_its_own() -> None:
    # client-go: TestListAll, L4
    store = Store()
    store.put(entry("a", "one"))
    store.put(entry("b", "two"))
    assert names(store.entries("one")) == ["a"]


def test_replace_all_does_not_change_a_list_that_a_reader_took_before() -> None:
    # client-go: TestRealFIFO_ReplaceAtomic
    store = Store()
    store.put(entry("a"))
    before = iter(store)
    store.replace_all({e.key: e for e in [entry("b")]})
    assert [e.key[1] for e in before] == ["a"]


# --- indexes


def test_an_entry_is_found_under_each_of_its_index_values() -> None:
    # client-go: TestMultiIndexKeys, TestIndex
    store = Store()
    store.add_indexes(["letters"], by_letters)
    store.put(entry("tre", labels={"letters": "ert"}))
    store.put(entry("ert", labels={"letters": "er"}))
    assert names(store.by_index("letters", "e")) == ["ert", "tre"]


def test_an_update_moves_an_entry_between_index_values() -> None:
    # client-go: TestThreadSafeStoreIndexingFunctionsWithMultipleValues
    store = Store()
    store.add_indexes(["letters"], by_letters)
    store.put(entry("a", labels={"letters": "xy"}))
    store.put(entry("a", labels={"letters": "yz"}))
    assert {v: names(store.by_index("letters", v)) for v in "xyz"} == {"x": [], "y": ["a"], "z": ["a"]}


def test_an_index_hands_out_the_newest_entry_when_its_values_did_not_change() -> None:
    store = Store()
    store.add_indexes(["letters"], by_letters)
    store.put(entry("a", version="1", labels={"letters": "x"}))
    store.put(entry("a", version="2", labels={"letters": "x"}))
    assert [e.resource_version for e in store.by_index("letters", "x")] == ["2"]


def test_deleting_the_last_entry_of_an_index_value_removes_the_value() -> None:
    # client-go: TestThreadSafeStoreDeleteRemovesEmptySetsFromIndex (S6)
    store = Store()
    store.add_indexes(["letters"], by_letters)
    store.put(entry("a", labels={"letters": "x"}))
    store.remove(("ns", "a"))
    assert store.indexed_values("letters") == []


def test_deleting_one_of_two_keeps_the_index_value() -> None:
    # client-go: TestThreadSafeStoreAddKeepsNonEmptySetPostDeleteFromIndex
    store = Store()
    store.add_indexes(["letters"], by_letters)
    store.put(entry("a", labels={"letters": "x"}))
    store.put(entry("b", labels={"letters": "x"}))
    store.remove(("ns", "a"))
    assert names(store.by_index("letters", "x")) == ["b"]


def test_an_index_that_is_added_late_covers_what_is_there() -> None:
    # client-go: TestIndexer (S5)
    store = Store()
    store.put(entry("a", labels={"letters": "x"}))
    store.add_indexes(["letters"], by_letters)
    assert names(store.by_index("letters", "x")) == ["a"]


def test_replace_all_rebuilds_the_indexes() -> None:
    # S2
    store = Store()
    store.add_indexes(["letters"], by_letters)
    store.put(entry("a", labels={"letters": "x"}))
    store.replace_all({e.key: e for e in [entry("b", labels={"letters": "y"})]})
    assert store.indexed_values("letters") == ["y"]


def test_index_values_and_keys_can_be_listed() -> None:
    # client-go: TestGetIndexFuncValues (S7)
    store = Store()
    store.add_indexes(["letters"], by_letters)
    store.put(entry("b", labels={"letters": "x"}))
    store.put(entry("a", labels={"letters": "xy"}))
    assert (sorted(store.indexed_values("letters")), store.indexed_keys("letters", "x")) == (
        ["x", "y"],
        [("ns", "a"), ("ns", "b")],
    )


def test_an_unknown_index_is_an_error_that_names_the_known_ones() -> None:
    # S4
    store = Store()
    store.add_indexes(["letters"], by_letters)
    with pytest.raises(KubewrightError, match="'color' does not exist.*letters"):
        store.by_index("color", "red")


def test_an_index_name_is_given_once() -> None:
    # S5: indexer conflict
    store = Store()
    store.add_indexes(["letters"], by_letters)
    with pytest.raises(KubewrightError, match="letters exists already"):
        store.add_indexes(["letters"], by_letters)


# --- headers


def read_items(
    items: Sequence[Raw], shared: LabelSets, api_version: str, kind: str
) -> tuple[list[Entry], list[DecodeError]]:
    page = b'{"items":[' + b",".join(map(bytes, items)) + b"]}"
    return read_entries(page, items, shared, api_version, kind)


def test_a_document_without_a_name_has_no_usable_header() -> None:
    # client-go: TestKeyError
    with pytest.raises(DecodeError, match="no usable header"):
        read_entry(b'{"metadata":{"resourceVersion":"1"}}', LabelSets())


def test_a_document_without_a_resource_version_has_no_usable_header() -> None:
    with pytest.raises(DecodeError, match="no usable header"):
        read_entry(b'{"metadata":{"name":"a"}}', LabelSets())


def test_labels_that_are_no_map_of_strings_count_as_none() -> None:
    found = read_entry(b'{"metadata":{"name":"a","resourceVersion":"1","labels":{"x":1}}}', LabelSets())
    assert found.labels == {}


def test_equal_label_sets_are_shared() -> None:
    shared = LabelSets()
    one = read_entry(raw("a", labels={"app": "x"}), shared)
    two = read_entry(raw("b", labels={"app": "x"}), shared)
    assert one.labels is two.labels


def test_the_table_of_label_sets_is_bounded() -> None:
    shared = LabelSets(limit=4)
    found = [read_entry(raw(f"o{n}", labels={"n": str(n)}), shared) for n in range(10)]
    assert [e.labels["n"] for e in found] == [str(n) for n in range(10)]


def test_items_of_a_built_in_list_get_the_api_version_and_kind_that_their_events_have() -> None:
    # T6
    item = Raw(b'{"metadata":{"name":"a","resourceVersion":"1"}}')
    (found,), _ = read_items([item], LabelSets(), "v1", "Pod")
    assert found.raw == b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","resourceVersion":"1"}}'


def test_items_that_say_their_kind_somewhere_else_are_kept_as_they_are() -> None:
    text = b'{"metadata":{"name":"a","resourceVersion":"1"},"kind":"Pod","apiVersion":"v1"}'
    (found,), _ = read_items([Raw(text)], LabelSets(), "v1", "Pod")
    assert found.raw == text


def test_one_item_without_header_does_not_hide_the_others() -> None:
    # O3b
    entries, unusable = read_items([Raw(raw("a")), Raw(b'{"metadata":null}'), Raw(raw("b"))], LabelSets(), "v1", "Pod")
    assert (names(entries), len(unusable)) == (["a", "b"], 1)


def test_an_entry_does_not_show_its_content() -> None:
    # a Secret's bytes must reach no log
    assert "token" not in repr(entry("a", annotations={"token": "abc"}))
