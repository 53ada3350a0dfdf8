"""JSON to objects and back, in the steps that an informer needs: split first, look at a header, decode only on demand.

A list page is split into raw items in one pass; a watch event is read in two steps (type and raw object, then header or
object), because the objects of ERROR and BOOKMARK are none of the kind. Raw slices pin the buffer they point into: whoever
keeps one copies it (`bytes(raw)`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Raw

from ..errors import DecodeError
from ..model import decoder_of
from ..open import dec_hook, enc_hook

__all__ = [
    "Header",
    "ListPage",
    "RawEvent",
    "decode",
    "encode",
    "from_builtins",
    "header",
    "reader",
    "split_event",
    "split_list",
    "to_builtins",
]

T = TypeVar("T")

_encoder = msgspec.json.Encoder(enc_hook=enc_hook)


class _Owner(msgspec.Struct, gc=False):
    kind: str | None = None
    name: str | None = None
    uid: str | None = None
    controller: bool | None = None


class _HeaderMeta(msgspec.Struct, gc=False, rename="camel"):
    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    labels: dict[str, str] | None = None
    annotations: Raw = Raw()  # msgspec reads `Raw | None` as null only
    owner_references: list[_Owner] | None = None


class Header(msgspec.Struct, gc=False):
    """What a cache must know of an object without decoding it. `metadata` fields are None where absent or null."""

    metadata: _HeaderMeta


class _ListMeta(msgspec.Struct, gc=False, rename="camel"):
    resource_version: str | None = None
    continue_: str | None = msgspec.field(default=None, name="continue")
    remaining_item_count: int | None = None


class ListPage(msgspec.Struct, gc=False):
    """One page of a list: raw items (slices of the page), and the list's own metadata. `items` is None for `null`."""

    items: list[Raw] | None = None
    metadata: _ListMeta = msgspec.field(default_factory=_ListMeta)
    kind: str | None = None

    @property
    def raw_items(self) -> list[Raw]:
        return self.items or []


class RawEvent(msgspec.Struct, gc=False):
    """One watch event: `type` is ADDED, MODIFIED, DELETED, BOOKMARK or ERROR; `object` is still raw."""

    type: str
    object: Raw


_header_decoder = msgspec.json.Decoder(Header)
_list_decoder = msgspec.json.Decoder(ListPage)
_event_decoder = msgspec.json.Decoder(RawEvent)


def decode(model: type[T], raw: bytes | Raw) -> T:
    """Reads one document as `model` (a model class or `dict[str, Any]`). Raises DecodeError with the JSON path.

    Decoders are built at first use of a model (about 10 ms for Pod) and kept.
    """
    try:
        return cast("T", decoder_of(model, dec_hook).decode(raw))
    except msgspec.DecodeError as error:
        raise _decode_error(model, error) from error


def reader(model: type[T]) -> Callable[[bytes | Raw], T]:
    """`decode` of one model, for those who read many documents: what is looked up there for each is looked up here once."""
    read = cast("Callable[[bytes | Raw], T]", decoder_of(model, dec_hook).decode)

    def decode_one(raw: bytes | Raw) -> T:
        try:
            return read(raw)
        except msgspec.DecodeError as error:
            raise _decode_error(model, error) from error

    return decode_one


def encode(obj: object) -> bytes:
    """Compact JSON of a model, an open class or plain data. Raises TypeError for what JSON cannot say."""
    return _encoder.encode(obj)


def to_builtins(obj: object) -> Any:
    """Plain dicts, lists and scalars, with wire names: what `encode` would write."""
    return msgspec.to_builtins(obj, enc_hook=enc_hook)


def from_builtins(model: type[T], data: Any) -> T:
    """The reverse of `to_builtins`. Raises DecodeError with the path."""
    decoder_of(model, dec_hook)  # convert() alone is not safe from many threads
    try:
        return msgspec.convert(data, model, dec_hook=dec_hook)
    except msgspec.ValidationError as error:
        raise _decode_error(model, error) from error


def header(raw: bytes | Raw) -> Header:
    """Name, namespace, uid, resourceVersion, labels and owners of a document. Raises DecodeError when it has none."""
    try:
        return _header_decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise _decode_error(Header, error) from error


def split_list(page: bytes) -> ListPage:
    """Splits a list page into raw items. Raises DecodeError when the page is no list."""
    try:
        found = _list_decoder.decode(page)
    except msgspec.DecodeError as error:
        raise _decode_error(ListPage, error) from error
    # `{}` or a Status, taken for an empty list, would empty a cache.
    if found.items is None and b'"items"' not in page:
        raise DecodeError(f"the answer is {found.kind or 'an object'} without items, not a list of objects")
    return found


def split_event(line: bytes | Raw) -> RawEvent:
    """Reads the outer half of a watch event. Raises DecodeError for what is none."""
    try:
        return _event_decoder.decode(line)
    except msgspec.DecodeError as error:
        raise _decode_error(RawEvent, error) from error


def _decode_error(model: Any, error: msgspec.DecodeError) -> DecodeError:
    text = str(error)
    path = text.partition(" - at `")[2].rstrip("`") if " - at `" in text else ""
    # Each open class on the way adds its own half of the path, innermost first.
    if "` - at `$" in path:
        halves = path.split("` - at `")
        path = "$" + "".join(half.removeprefix("$") for half in reversed(halves))
        text = text.partition(" - at `")[0] + f" - at `{path}`"
    return DecodeError(f"cannot read as {getattr(model, '__name__', model)}: {text}", path=path)
