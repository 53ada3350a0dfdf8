"""The embedded server's storage: one counter, a window of history, consistent reads of the past."""

from __future__ import annotations

import pytest

from kubewright.testing.server.store import Collection, Entry, ResourceName, Storage, StoredEvent, prefix_range

PODS = ResourceName("", "pods")


class Clock:
    """A number that tests move."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def storage(clock: Clock) -> Storage:
    return Storage(clock)


def put(storage: Storage, collection: Collection, key: str) -> Entry:
    namespace, _, name = key.rpartition("/")
    revision = storage.revision + 1
    entry = Entry(namespace, name, f"uid-{name}", revision, None, f'"{key}@{revision}"'.encode())
    storage.put(collection, entry)
    return entry


def remove(storage: Storage, collection: Collection, key: str) -> None:
    old = collection.entries[key]
    storage.remove(collection, Entry(old.namespace, old.name, old.uid, storage.revision + 1, None, old.raw))


def test_every_write_of_any_kind_gets_the_next_revision(storage: Storage) -> None:
    pods, maps = storage.collection(PODS), storage.collection(ResourceName("", "configmaps"))
    revisions = [
        put(storage, pods, "a/x").revision,
        put(storage, maps, "a/y").revision,
        put(storage, pods, "a/z").revision,
    ]
    assert revisions == [2, 3, 4]


def test_a_revision_that_does_not_follow_is_a_bug_and_stops(storage: Storage) -> None:
    with pytest.raises(AssertionError, match="does not follow"):
        storage.put(storage.collection(PODS), Entry("a", "x", "u", 9, None, b"{}"))


def test_keys_stay_in_the_order_of_etcd_whatever_the_order_of_writes(storage: Storage) -> None:
    pods = storage.collection(PODS)
    for key in ("b/x", "a-b/x", "a/z", "a/x", "c/x"):
        put(storage, pods, key)
    assert pods.keys == ["a-b/x", "a/x", "a/z", "b/x", "c/x"]


def test_a_namespace_range_takes_no_neighbour_with_the_same_prefix(storage: Storage) -> None:
    pods = storage.collection(PODS)
    for key in ("a/x", "a-b/x", "ab/x", "a/y"):
        put(storage, pods, key)
    assert pods.between(*prefix_range("a")) == ["a/x", "a/y"]


def test_history_tells_what_every_key_held_at_an_old_revision(storage: Storage) -> None:
    pods = storage.collection(PODS)
    first = put(storage, pods, "a/x")
    at = storage.revision
    put(storage, pods, "a/x")
    put(storage, pods, "a/new")
    remove(storage, pods, "a/x")
    assert pods.changed_since(at) == {"a/x": first, "a/new": None}


def test_events_after_a_revision_come_in_order_and_once(storage: Storage) -> None:
    pods = storage.collection(PODS)
    put(storage, pods, "a/x")
    at = storage.revision
    put(storage, pods, "a/y")
    put(storage, pods, "a/x")
    remove(storage, pods, "a/y")
    assert [(e.type, e.key) for e in pods.events_after(at)] == [
        ("ADDED", "a/y"),
        ("MODIFIED", "a/x"),
        ("DELETED", "a/y"),
    ]


def test_history_older_than_the_window_is_forgotten_and_nothing_younger(storage: Storage, clock: Clock) -> None:
    pods = storage.collection(PODS)
    put(storage, pods, "a/old")
    forgotten = storage.revision
    clock.time = 200
    put(storage, pods, "a/young")
    clock.time = 301
    storage.tick()
    assert pods.oldest == forgotten
    assert [event.key for event in pods.events] == ["a/young"]


def test_a_resource_keeps_no_more_events_than_its_capacity(clock: Clock) -> None:
    storage = Storage(clock, capacity=3)
    pods = storage.collection(PODS)
    for name in "abcde":
        put(storage, pods, f"n/{name}")
    assert [event.key for event in pods.events] == ["n/c", "n/d", "n/e"]
    assert pods.oldest == 3


def test_expiring_history_expires_everything_up_to_now(storage: Storage) -> None:
    pods = storage.collection(PODS)
    put(storage, pods, "a/x")
    storage.expire_history()
    assert pods.oldest == storage.revision
    assert not pods.events


def test_a_restart_from_a_backup_goes_back_in_revisions(storage: Storage) -> None:
    pods = storage.collection(PODS)
    for name in "abc":
        put(storage, pods, f"n/{name}")
    storage.restart(2)
    assert put(storage, pods, "n/d").revision == 3


def test_a_watcher_hears_of_later_writes_until_it_forgets(storage: Storage) -> None:
    pods = storage.collection(PODS)
    put(storage, pods, "a/before")
    heard: list[StoredEvent] = []
    forget = storage.watch(pods, heard.append)
    put(storage, pods, "a/during")
    forget()
    forget()
    put(storage, pods, "a/after")
    assert [event.key for event in heard] == ["a/during"]
