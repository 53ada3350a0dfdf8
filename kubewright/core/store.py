"""What a cache holds: wire bytes with a small header, found by key, by namespace and by whatever an index function says.

Objects are kept as the bytes that came over the wire. So nobody can corrupt the cache, unknown fields survive, the garbage
collector has almost nothing to walk, and 50,000 objects cost little more than their JSON (performance.md, section 4 and 6).
The store is pure: no lock, no thread, no typed object; `kubewright.cache.Cache` is its thread-safe shell.

Promises are client-go's (tools/cache/thread_safe_store.go), by the ids of reference client-go.md: S2 a Replace rebuilds all
indexes in one step, S4 an unknown index is an error, S5 an index name is given once, S6 empty index values are removed, S7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

import msgspec
from msgspec import Raw

from ..errors import DecodeError, KubewrightError

__all__ = ["Entry", "IndexValues", "Key", "LabelSets", "Store", "read_entries", "read_entry"]

Key: TypeAlias = tuple[str, str]
"""(namespace, name), "" for cluster-scoped objects. A plain tuple: unlike ObjectKey (which equals it, hash and all) the
garbage collector stops looking at it."""

IndexValues: TypeAlias = Callable[["Entry"], Mapping[str, Sequence[str]]]
"""For one entry: index name -> the values under which it is found."""


class Entry(msgspec.Struct, gc=False):
    """One cached object. `labels` is shared between entries: never hand it out.

    `fault` says why the object cannot be decoded as its model, once somebody tried.
    """

    key: Key
    uid: str
    resource_version: str
    labels: dict[str, str]
    raw: bytes
    fault: DecodeError | None = None

    def __repr__(self) -> str:  # never the bytes: they may be a Secret's
        return f"Entry({'/'.join(filter(None, self.key))} uid={self.uid} resourceVersion={self.resource_version})"


_ABSENT = Raw()


class _Meta(msgspec.Struct, gc=False, rename="camel"):
    name: str
    resource_version: str
    namespace: str | None = None
    uid: str | None = None
    labels: Raw = _ABSENT  # no union with None: msgspec reads `Raw | None` as null only


class _Head(msgspec.Struct, gc=False):
    metadata: _Meta


class _Bare(msgspec.Struct, gc=False, rename="camel"):
    metadata: _Meta
    api_version: str | None = None
    kind: str | None = None


H = TypeVar("H")


class _Page(msgspec.Struct, Generic[H], gc=False):
    items: list[H] | None = None


_head_decoder = msgspec.json.Decoder(_Head)
_bare_decoder = msgspec.json.Decoder(_Bare)
_heads_decoder = msgspec.json.Decoder(_Page[_Head])
_bares_decoder = msgspec.json.Decoder(_Page[_Bare])
_labels_decoder = msgspec.json.Decoder(dict[str, str])
_EMPTY: dict[str, str] = {}
_IDENTIFIED = (b'{"apiVersion":', b'{"kind":')


class LabelSets:
    """Makes equal label sets one dict, and equal namespaces one string. Bounded: it forgets all when it is full.

    Pods of one ReplicaSet differ in nothing here; the table is keyed by the raw JSON, so a known set is not even parsed.
    """

    __slots__ = ("_limit", "names", "sets")

    def __init__(self, limit: int = 8192) -> None:
        self._limit = limit
        self.sets: dict[bytes, dict[str, str]] = {}
        self.names: dict[str | None, str] = {None: ""}

    def labels(self, raw: Raw) -> dict[str, str]:
        """The labels that `raw` says; none for what is no map of strings (its typed decode will complain)."""
        text = bytes(raw)
        known = self.sets.get(text)
        if known is None:
            try:
                known = _labels_decoder.decode(text)
            except msgspec.DecodeError:
                return _EMPTY
            if len(self.sets) >= self._limit:
                self.sets.clear()
            self.sets[text] = known
        return known

    def namespace(self, name: str | None) -> str:
        known = self.names.get(name)
        if known is None:
            if len(self.names) >= self._limit:
                self.names.clear()
            self.names[name] = known = name or ""
        return known


def read_entry(raw: bytes, shared: LabelSets) -> Entry:
    """Reads the header of one document that is kept. Raises DecodeError when it has no name or resourceVersion, or is no JSON."""
    try:
        meta = _head_decoder.decode(raw).metadata
    except msgspec.DecodeError as error:
        raise _unusable(error) from error
    return _entry(meta, raw, shared)


def _entry(meta: _Meta, raw: bytes, shared: LabelSets) -> Entry:
    # Once an object of a list and once an event: the look-ups that nearly always hit are made here, without a call.
    name, version, labels, namespace = meta.name, meta.resource_version, meta.labels, meta.namespace
    if not name or not version:
        raise DecodeError("no usable header: metadata.name or metadata.resourceVersion is empty")
    where = shared.names.get(namespace)
    return Entry(
        (shared.namespace(namespace) if where is None else where, name),
        meta.uid or "",
        version,
        _EMPTY if labels is _ABSENT else shared.sets.get(bytes(labels)) or shared.labels(labels),
        raw,
    )


def _unusable(error: msgspec.DecodeError) -> DecodeError:
    return DecodeError(f"no usable header (metadata.name, metadata.resourceVersion): {error}")


def read_entries(
    page: bytes, items: Sequence[Raw], shared: LabelSets, api_version: str, kind: str
) -> tuple[list[Entry], list[DecodeError]]:
    """Reads the items of a list page: (entries, what was wrong with those that have no usable header).

    Items of built-in lists lack apiVersion and kind, which the events of a watch have: they are put in front, in the order
    that the API server writes, so that an object is the same bytes however it came (client-go.md, T6).
    """
    entries: list[Entry] = []
    unusable: list[DecodeError] = []
    add = entries.append
    if items and bytes(memoryview(items[0])[:14]).startswith(_IDENTIFIED):
        for item, head in zip(items, _heads(_heads_decoder, page, len(items)), strict=True):
            try:
                raw = bytes(item)
                if head is not None and raw.startswith(_IDENTIFIED):
                    add(_entry(head.metadata, raw, shared))
                else:
                    add(_read_bare(item, None, shared, api_version, kind))
            except DecodeError as error:
                unusable.append(error)
    else:
        for item, bare in zip(items, _heads(_bares_decoder, page, len(items)), strict=True):
            try:
                add(_read_bare(item, bare, shared, api_version, kind))
            except DecodeError as error:
                unusable.append(error)
    return entries, unusable


def _heads(decoder: msgspec.json.Decoder[_Page[H]], page: bytes, count: int) -> Sequence[H] | Sequence[None]:
    """The headers of all items in one decode; none, if one of them is not as it should be: then each is read alone."""
    try:
        heads = decoder.decode(page).items or []
    except msgspec.DecodeError:
        heads = []
    return heads if len(heads) == count else [None] * count


def _read_bare(item: Raw, has: _Bare | None, shared: LabelSets, api_version: str, kind: str) -> Entry:
    """Reads an item that may lack apiVersion and kind; where it does, they are in what is kept."""
    if has is None:
        try:
            has = _bare_decoder.decode(item)
        except msgspec.DecodeError as error:
            raise _unusable(error) from error
    head = b"{"
    if has.kind is None:
        head += b'"kind":' + msgspec.json.encode(kind) + b","
    if has.api_version is None:
        head += b'"apiVersion":' + msgspec.json.encode(api_version) + b","
    if len(head) == 1:
        return _entry(has.metadata, bytes(item), shared)
    return _entry(has.metadata, b"".join((head, memoryview(item)[1:])), shared)


class _Index:
    """One named index: value -> the entries under it, and per key the values it was filed under."""

    __slots__ = ("entries", "values")

    def __init__(self) -> None:
        self.entries: dict[str, dict[Key, Entry]] = {}
        self.values: dict[Key, tuple[str, ...]] = {}

    def put(self, key: Key, entry: Entry, values: Sequence[str]) -> None:
        filed = tuple(values)
        before = self.values.get(key)
        if before is not None and before != filed:
            self._unfile(key, [value for value in before if value not in filed])
        for value in filed:
            bucket = self.entries.get(value)
            if bucket is None:
                self.entries[value] = {key: entry}
            else:
                bucket[key] = entry
        if filed:
            self.values[key] = filed
        else:
            self.values.pop(key, None)

    def remove(self, key: Key) -> None:
        self._unfile(key, self.values.pop(key, ()))

    def _unfile(self, key: Key, values: Iterable[str]) -> None:
        for value in values:
            bucket = self.entries.get(value)
            if bucket is not None:
                bucket.pop(key, None)
                if not bucket:  # S6: a value that nobody has leaves nothing behind
                    del self.entries[value]


def _by_namespace(entries: Mapping[Key, Entry]) -> dict[str, dict[Key, Entry]]:
    found: dict[str, dict[Key, Entry]] = {}
    for key, entry in entries.items():
        bucket = found.get(key[0])
        if bucket is None:
            found[key[0]] = {key: entry}
        else:
            bucket[key] = entry
    return found


class Store:
    """Entries by key, with a namespace index and any number of named ones. Not thread-safe.

    `index_values` computes the named indexes; it must not raise (the shell turns what user functions raise into no values).
    """

    __slots__ = ("_by_namespace", "_entries", "_index_values", "_indexes")

    def __init__(self) -> None:
        self._entries: dict[Key, Entry] = {}
        self._by_namespace: dict[str, dict[Key, Entry]] | None = None  # a tenth of the memory: not before somebody asks
        self._indexes: dict[str, _Index] = {}
        self._index_values: IndexValues | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def get(self, key: Key) -> Entry | None:
        return self._entries.get(key)

    def entries(self, namespace: str | None = None) -> list[Entry]:
        """All entries, or those of one namespace, unordered (L3). The first time, the second takes as long as the first."""
        if namespace is None:
            return list(self._entries.values())
        if self._by_namespace is None:
            self._by_namespace = _by_namespace(self._entries)
        return list(self._by_namespace.get(namespace, {}).values())

    def put(self, entry: Entry) -> None:
        key = entry.key
        self._entries[key] = entry
        if self._by_namespace is not None:
            bucket = self._by_namespace.get(key[0])
            if bucket is None:
                self._by_namespace[key[0]] = {key: entry}
            else:
                bucket[key] = entry
        if self._index_values is not None:
            values = self._index_values(entry)
            for name, index in self._indexes.items():
                index.put(key, entry, values.get(name, ()))

    def remove(self, key: Key) -> None:
        """Forgets a key; nothing happens when it is not there."""
        if self._entries.pop(key, None) is None:
            return
        if self._by_namespace is not None:
            bucket = self._by_namespace[key[0]]
            del bucket[key]
            if not bucket:
                del self._by_namespace[key[0]]
        for index in self._indexes.values():
            index.remove(key)

    def replace_all(self, entries: dict[Key, Entry]) -> None:
        """Holds exactly `entries` from now on; the dict is kept. Readers of the old content keep it whole: nothing is changed in
        place (S2)."""
        indexes = {name: _Index() for name in self._indexes}
        if self._index_values is not None:
            for key, entry in entries.items():
                values = self._index_values(entry)
                for name, index in indexes.items():
                    index.put(key, entry, values.get(name, ()))
        self._indexes = indexes
        self._by_namespace = None if self._by_namespace is None else _by_namespace(entries)
        self._entries = entries

    # --- indexes

    @property
    def index_names(self) -> list[str]:
        return list(self._indexes)

    def add_indexes(self, names: Iterable[str], index_values: IndexValues) -> None:
        """Adds named indexes and files everything that is there. `index_values` replaces the previous function, so it must
        also compute the older indexes. Raises KubewrightError when a name is taken; nothing is changed then (S5)."""
        added = list(names)
        taken = sorted(set(added) & set(self._indexes))
        if taken:
            raise KubewrightError(f"index {', '.join(taken)} exists already: an index name is given once")
        fresh = {name: _Index() for name in added}
        for key, entry in self._entries.items():
            values = index_values(entry)
            for name, index in fresh.items():
                index.put(key, entry, values.get(name, ()))
        self._indexes = {**self._indexes, **fresh}
        self._index_values = index_values

    def by_index(self, name: str, value: str) -> list[Entry]:
        """The entries filed under `value`. Raises KubewrightError for an index that does not exist (S4)."""
        return list(self._index(name).entries.get(value, {}).values())

    def indexed_values(self, name: str) -> list[str]:
        """All values of an index that some entry has, unordered. Raises KubewrightError for an unknown index."""
        return list(self._index(name).entries)

    def indexed_keys(self, name: str, value: str) -> list[Key]:
        """The keys filed under `value`, sorted (S7). Raises KubewrightError for an unknown index."""
        return sorted(self._index(name).entries.get(value, {}))

    def _index(self, name: str) -> _Index:
        index = self._indexes.get(name)
        if index is None:
            known = ", ".join(sorted(self._indexes)) or "none"
            raise KubewrightError(f"index {name!r} does not exist (there are: {known}); add it with add_indexers()")
        return index
