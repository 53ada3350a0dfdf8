"""The thread-safe, typed side of a store of wire bytes: what listers read and informers write.

Every read hands out a fresh object, so a reader may change what it got and nobody else sees it (O9, C12). Objects that do not
fit their model are quarantined at their first typed decode: kept as bytes, reported once, skipped by `list`, an error for
`get`; one bad object never stops a type (O3b, C9).
"""

from __future__ import annotations

import builtins
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar, cast, get_origin

import msgspec

from .core.codec import encode, reader
from .core.managedfields import reader_without_managed_fields
from .core.resource import Resource
from .core.store import Entry, Key, Store
from .errors import DecodeError, KubewrightError, NotFound
from .objects import ObjectKey, SeenOrigin, set_origin
from .selectors import LabelRequirement, LabelSelectorLike, parse_label_selector

__all__ = ["Cache", "HeaderIndexer", "IndexFunction", "Undecodable", "index_by_label", "index_by_owner"]

T = TypeVar("T")

log = logging.getLogger("kubewright.cache")


@dataclass(frozen=True, slots=True)
class HeaderIndexer:
    """An index function over the header of an object: it costs no decoding. Make one with `index_by_label`, `index_by_owner`."""

    values: Callable[[Entry], Sequence[str]]


IndexFunction: TypeAlias = Callable[[T], Iterable[str]]
"""The values under which an object is found. It gets a fresh object; what it raises is logged and counted, and the object
is then found under no value of this index (C8)."""


def index_by_label(label: str) -> HeaderIndexer:
    """An index by the value of one label; objects without it are not in it."""

    def values(entry: Entry) -> Sequence[str]:
        value = entry.labels.get(label)
        return () if value is None else (value,)

    return HeaderIndexer(values)


class _Owner(msgspec.Struct, gc=False):
    uid: str | None = None


class _OwnersMeta(msgspec.Struct, gc=False, rename="camel"):
    owner_references: list[_Owner] | None = None


class _Owners(msgspec.Struct, gc=False):
    metadata: _OwnersMeta


_owners_decoder = msgspec.json.Decoder(_Owners)


def index_by_owner() -> HeaderIndexer:
    """An index by the uid of each owner (ownerReferences)."""

    def values(entry: Entry) -> Sequence[str]:
        if b'"ownerReferences"' not in entry.raw:
            return ()
        try:
            owners = _owners_decoder.decode(entry.raw).metadata.owner_references or ()
        except msgspec.DecodeError:
            return ()
        return [owner.uid for owner in owners if owner.uid]

    return HeaderIndexer(values)


@dataclass(frozen=True, slots=True)
class Undecodable:
    """One quarantined object, as the hook gets it. `raw` is what the server sent; it may be secret."""

    resource: Resource | None
    key: ObjectKey
    resource_version: str
    error: DecodeError
    raw: bytes = field(repr=False)


class Cache(Generic[T]):
    """Objects of one kind, read as `model` (a model class, or `dict[str, Any]`).

    `transform` changes each object that is handed out (or returns another one); it sees a fresh object and must not depend
    on how often it is called (I14). `managed_fields`: hand out metadata.managedFields too. `on_undecodable` is called once an
    object version, must not block and must not raise.
    """

    def __init__(
        self,
        model: type[T],
        resource: Resource | None = None,
        *,
        transform: Callable[[T], T] | None = None,
        managed_fields: bool = False,
        on_undecodable: Callable[[Undecodable], None] | None = None,
    ) -> None:
        self.model = model
        self.resource = resource
        self.lock = threading.RLock()
        self.store = Store()
        self.index_errors = 0
        self.undecodable_total = 0
        self._transform = transform
        self._managed_fields = managed_fields
        self._on_undecodable = on_undecodable
        self._read: Callable[[bytes], T] | None = None
        self._plain = (get_origin(model) or model) is dict
        self._indexers: dict[str, IndexFunction[T] | HeaderIndexer] = {}
        self._quarantine: dict[Key, Entry] = {}

    # --- reading

    def __len__(self) -> int:
        return len(self.store)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and self.store.get(cast("Key", key)) is not None

    def keys(self) -> list[ObjectKey]:
        """The keys of all objects, quarantined ones too."""
        with self.lock:
            return [ObjectKey(*entry.key) for entry in self.store]

    def get(self, key: Key | ObjectKey) -> T:
        """A fresh copy of one object. Raises NotFound, and DecodeError for a quarantined one."""
        entry = self.store.get(key)
        if entry is None:
            what = str(self.resource) if self.resource is not None else "object"
            raise NotFound(
                f'{what} "{key[1]}" not found (in the cache)',
                code=404,
                reason="NotFound",
                verb="get",
                resource=what,
                namespace=key[0],
                name=key[1],
            )
        return self.decode(entry)

    def resource_version_of(self, key: Key | ObjectKey) -> str | None:
        """The version of one object, without decoding it; None when it is not there."""
        entry = self.store.get(key)
        return None if entry is None else entry.resource_version

    def list(self, label_selector: LabelSelectorLike = None, namespace: str | None = None) -> builtins.list[T]:
        """Fresh copies of all objects that are selected, in no order; only those are decoded. Quarantined ones are left out.

        Raises SelectorError for a selector that the server would refuse too.
        """
        matcher = parse_label_selector(label_selector)
        with self.lock:
            entries = self.store.entries(namespace)
        for requirement in matcher.requirements:
            entries = _selected(entries, requirement)
        return self.decode_all(entries)

    def by_index(self, name: str, value: str) -> builtins.list[T]:
        """Fresh copies of the objects under one value of an index. Raises KubewrightError for an unknown index."""
        with self.lock:
            entries = self.store.by_index(name, value)
        return self.decode_all(entries)

    def indexed_values(self, name: str) -> builtins.list[str]:
        """The values of an index that some object has, sorted."""
        with self.lock:
            return sorted(self.store.indexed_values(name))

    def indexed_keys(self, name: str, value: str) -> builtins.list[ObjectKey]:
        """The keys of the objects under one value, sorted; decodes nothing."""
        with self.lock:
            return [ObjectKey(*key) for key in self.store.indexed_keys(name, value)]

    @property
    def undecodable(self) -> builtins.list[ObjectKey]:
        """The objects that are quarantined now, sorted."""
        with self.lock:
            return [ObjectKey(*key) for key in sorted(self._quarantine)]

    # --- decoding

    def decode(self, entry: Entry) -> T:
        """The typed object of an entry, fresh. Raises DecodeError (and quarantines) when it does not fit the model."""
        fault = entry.fault
        if fault is not None:
            raise DecodeError(str(fault), path=fault.path)
        read = self._read or self._reader()
        try:
            made = read(entry.raw)
            return made if self._transform is None else self._transformed(made, entry.raw)
        except DecodeError as error:
            self._put_into_quarantine(entry, error)
            raise

    def _reader(self) -> Callable[[bytes], T]:
        """Makes what reads an entry and gives the object its origin. Late: a decoder of a big model takes milliseconds to make."""
        read = _remembering(reader(self.model)) if self._managed_fields else reader_without_managed_fields(self.model)
        self._read = read
        return read

    def decode_all(self, entries: Iterable[Entry]) -> builtins.list[T]:
        """As `decode`, leaving out what cannot be decoded."""
        made: builtins.list[T] = []
        for entry in entries:
            try:
                made.append(self.decode(entry))
            except DecodeError:
                continue
        return made

    def _transformed(self, made: T, raw: bytes) -> T:
        assert self._transform is not None
        try:
            made = self._transform(made)
            if made is None:  # pyright: ignore[reportUnnecessaryComparison]  # a forgotten return
                raise TypeError("it returned None, not the object")
            if not self._plain:
                # What the transform left out, the reader never saw: an update must not take it away on the server.
                set_origin(made, SeenOrigin.of(raw, encode(made)))
        except Exception as error:
            raise DecodeError(f"the transform raised {type(error).__name__}: {error}") from error
        return made

    def _put_into_quarantine(self, entry: Entry, error: DecodeError) -> None:
        with self.lock:
            if entry.fault is not None:
                return
            entry.fault = DecodeError(str(error), path=error.path)
            self.undecodable_total += 1
            if self.store.get(entry.key) is entry:
                self._quarantine[entry.key] = entry
        key = ObjectKey(*entry.key)
        log.warning("%s %s (resourceVersion %s) is quarantined: %s", self.resource, key, entry.resource_version, error)
        if self._on_undecodable is not None:
            try:
                self._on_undecodable(Undecodable(self.resource, key, entry.resource_version, entry.fault, entry.raw))
            except Exception:
                log.exception("%s: the hook on_undecodable raised for %s", self.resource, key)

    # --- writing: for the informer, which holds `lock`

    def released(self, keys: Iterable[Key]) -> None:
        """These keys have a new version, or are gone: a quarantine of the old one is over."""
        if self._quarantine:
            for key in keys:
                held = self._quarantine.get(key)
                if held is not None and self.store.get(key) is not held:
                    del self._quarantine[key]

    # --- indexes

    def add_indexers(self, indexers: Mapping[str, IndexFunction[T] | HeaderIndexer]) -> None:
        """Adds indexes, at any time; what is there is indexed at once. Raises KubewrightError when a name is taken."""
        with self.lock:
            taken = sorted(set(indexers) & set(self._indexers))
            if taken:
                raise KubewrightError(f"index {', '.join(taken)} exists already: an index name is given once")
            before = dict(self._indexers)
            self._indexers.update(indexers)
            try:
                self.store.add_indexes(indexers, self._index_values)
            except BaseException:
                self._indexers = before
                raise

    def _index_values(self, entry: Entry) -> Mapping[str, Sequence[str]]:
        values: dict[str, Sequence[str]] = {}
        for name, indexer in self._indexers.items():
            try:
                if isinstance(indexer, HeaderIndexer):
                    values[name] = indexer.values(entry)
                else:
                    found = indexer(self.decode(entry))
                    # What cannot be hashed fails here, for this object alone, and not in the store, for the whole type.
                    values[name] = [found] if isinstance(found, str) else builtins.list(dict.fromkeys(found))
            except DecodeError:
                continue
            except Exception:
                self.index_errors += 1
                log.exception("%s: index function %r raised for %s", self.resource, name, ObjectKey(*entry.key))
        return values


def _remembering(read: Callable[[bytes], T]) -> Callable[[bytes], T]:
    def read_one(raw: bytes) -> T:
        made = read(raw)
        set_origin(made, raw)
        return made

    return read_one


def _selected(entries: list[Entry], requirement: LabelRequirement) -> list[Entry]:
    """Matches headers, without a call per object for the usual operators: 50,000 of them are a few milliseconds."""
    key, operator, values = requirement.key, requirement.operator, requirement.values
    if operator in ("=", "==", "in"):
        if len(values) == 1:
            (value,) = values
            return [entry for entry in entries if entry.labels.get(key) == value]
        return [entry for entry in entries if entry.labels.get(key) in values]
    if operator in ("!=", "notin"):
        return [entry for entry in entries if entry.labels.get(key) not in values]
    if operator == "exists":
        return [entry for entry in entries if key in entry.labels]
    if operator == "!":
        return [entry for entry in entries if key not in entry.labels]
    return [entry for entry in entries if requirement.matches(entry.labels)]
