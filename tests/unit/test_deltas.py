"""What happened, decided from what was there and what the server says."""

from __future__ import annotations

from collections.abc import Sequence

from kubewright.core.deltas import Change, Kind, apply_event, apply_list, current_as_adds, current_as_resync
from kubewright.core.store import Entry, LabelSets, Store, read_entry


def entry(name: str, version: str = "1", uid: str = "u1", namespace: str = "ns", body: str = "") -> Entry:
    text = (
        f'{{"kind":"Pod","metadata":{{"name":"{name}","namespace":"{namespace}","uid":"{uid}",'
        f'"resourceVersion":"{version}"}},"spec":"{body}"}}'
    )
    return read_entry(text.encode(), LabelSets())


def store_of(*entries: Entry) -> Store:
    store = Store()
    store.replace_all({e.key: e for e in entries})
    return store


def told(changes: Sequence[Change]) -> list[tuple[str, str, bool]]:
    return [(c.kind.name, c.key[1], c.unknown) for c in changes]


def test_an_unknown_object_is_an_add_whatever_the_event_says() -> None:
    assert told(apply_event(Store(), entry("a"), deleted=False)) == [("ADDED", "a", False)]


def test_a_known_object_with_a_new_version_is_an_update_with_its_old_state() -> None:
    # I4
    old, new = entry("a", "1"), entry("a", "2")
    (change,) = apply_event(store_of(old), new, deleted=False)
    assert (change.kind, change.old, change.new) == (Kind.UPDATED, old, new)


def test_the_same_version_again_is_no_change() -> None:
    assert apply_event(store_of(entry("a", "1")), entry("a", "1"), deleted=False) == ()


def test_the_same_version_with_other_content_is_an_update() -> None:
    # a server that was restored from a backup gives numbers a second time
    assert told(apply_event(store_of(entry("a", body="x")), entry("a", body="y"), deleted=False)) == [
        ("UPDATED", "a", False)
    ]


def test_the_same_content_in_another_order_is_no_change() -> None:
    one = b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","resourceVersion":"1"}}'
    two = b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","resourceVersion":"1"}}'
    store = store_of(read_entry(one, LabelSets()))
    assert apply_event(store, read_entry(two, LabelSets()), deleted=False) == ()


def test_another_uid_is_a_delete_and_an_add() -> None:
    # O8; I5 is one update in client-go
    store = store_of(entry("a", "1", "u1"))
    assert told(apply_event(store, entry("a", "5", "u2"), deleted=False)) == [
        ("DELETED", "a", True),
        ("ADDED", "a", False),
    ]


def test_a_delete_carries_the_final_state() -> None:
    old, final = entry("a", "1"), entry("a", "2")
    store = store_of(old)
    (change,) = apply_event(store, final, deleted=True)
    assert (change.kind, change.old, change.new, change.unknown, len(store)) == (Kind.DELETED, old, final, False, 0)


def test_a_delete_of_what_nobody_knows_is_nothing() -> None:
    # client-go: TestRealFIFO_DeleteExistingNonPropagated; Q10 passes it on
    assert apply_event(Store(), entry("a"), deleted=True) == ()


def test_a_late_delete_of_an_earlier_incarnation_is_ignored() -> None:
    store = store_of(entry("a", "5", "u2"))
    assert apply_event(store, entry("a", "3", "u1"), deleted=True) == ()
    assert len(store) == 1


def test_a_delete_of_a_later_incarnation_deletes_the_one_that_is_known() -> None:
    store = store_of(entry("a", "1", "u1"))
    assert told(apply_event(store, entry("a", "9", "u2"), deleted=True)) == [("DELETED", "a", True)]
    assert len(store) == 0


def test_a_list_tells_only_what_differs() -> None:
    # O2c: a relist of unchanged objects fires nothing
    store = store_of(entry("same", "1"), entry("changed", "1"), entry("gone", "1"))
    changes = apply_list(store, [entry("same", "1"), entry("changed", "2"), entry("new", "3")])
    assert told(changes) == [("DELETED", "gone", True), ("UPDATED", "changed", False), ("ADDED", "new", False)]


def test_a_list_that_lacks_an_object_is_a_delete_with_its_last_known_state() -> None:
    # client-go: TestRealFIFO_ReplaceMakesDeletions (Q6)
    last = entry("a", "7")
    (change,) = apply_list(store_of(last), [])
    assert (change.old, change.new, change.unknown) == (last, None, True)


def test_deletes_of_a_list_come_before_its_adds() -> None:
    # client-go: TestReplaceEvents (Q3)
    changes = apply_list(store_of(entry("a", "1", "u1")), [entry("a", "2", "u2"), entry("b", "3", "u3")])
    assert [c.kind for c in changes] == [Kind.DELETED, Kind.ADDED, Kind.ADDED]


def test_a_list_of_one_namespace_leaves_the_others_alone() -> None:
    store = store_of(entry("a", namespace="one"), entry("b", namespace="two"))
    assert told(apply_list(store, [], "one")) == [("DELETED", "a", True)]
    assert [e.key for e in store] == [("two", "b")]


def test_an_unchanged_object_keeps_its_entry_and_what_is_known_about_it() -> None:
    known = entry("a", "1")
    store = store_of(known, entry("b", "1"))
    apply_list(store, [entry("a", "1")])
    assert store.get(("ns", "a")) is known


def test_a_key_that_a_list_has_twice_counts_once() -> None:
    store = Store()
    assert told(apply_list(store, [entry("a", "1"), entry("a", "2")])) == [("ADDED", "a", False)]
    assert [e.resource_version for e in store] == ["2"]


def test_a_late_handler_is_told_every_object_as_an_add() -> None:
    # I2, O5
    assert told(current_as_adds(store_of(entry("a"), entry("b")))) == [("ADDED", "a", False), ("ADDED", "b", False)]


def test_a_resync_tells_every_object_out_of_memory() -> None:
    # client-go: TestRealFIFO_Resync (Q7)
    (change,) = current_as_resync(store_of(entry("a")))
    assert (change.kind, change.old) == (Kind.SYNC, change.new)


def test_a_resync_of_an_empty_store_tells_nothing() -> None:
    # client-go: TestRealFIFO_ResyncNonExisting
    assert current_as_resync(Store()) == []
