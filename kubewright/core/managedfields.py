"""Decodes objects without their managedFields.

They are a quarter of an object, reading them costs as much as all the rest of a small one (performance.md, section 4), and hardly
a controller looks at them. A decoder skips what its type does not know; so objects are decoded as a subclass whose metadata
calls the field something else, and are given their real class afterwards. The two classes have the same fields at the same
places, which is checked before the first use; where they have not, the object is decoded whole and the field dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast, get_args

import msgspec

from ..model import Model, decoder_of, field
from ..objects import ManagedFieldsEntry, ObjectMeta, set_origin
from ..open import dec_hook
from .codec import reader

__all__ = ["reader_without_managed_fields"]

T = TypeVar("T")


class _Meta(ObjectMeta, kw_only=True):
    managed_fields: list[ManagedFieldsEntry] | None = field(name="-managedFields", default=None)


def reader_without_managed_fields(model: type[T]) -> Callable[[bytes], T]:
    """A function that reads one document as `model`, without metadata.managedFields; the object knows the document as its origin.

    It raises DecodeError as `codec.decode`.
    """
    whole = reader(model)
    slim = _slim(model)

    def drop(raw: bytes) -> T:
        made = whole(raw)
        _drop(made)
        set_origin(made, raw)
        return made

    if slim is None:
        return drop
    decode = cast("Callable[[bytes], Any]", decoder_of(slim, dec_hook).decode)

    def skip(raw: bytes) -> T:
        try:
            made = decode(raw)
        except msgspec.DecodeError:
            return drop(raw)  # says in the model's own words what is wrong
        made.__class__ = model
        meta = made.metadata
        if meta is not None:
            meta.__class__ = ObjectMeta
            meta._origin = raw
        return cast("T", made)

    return skip


def _slim(model: Any) -> type | None:
    """The subclass to decode as, or None where there is none: no Struct, no typed metadata, or classes that are not alike."""
    if not (isinstance(model, type) and issubclass(model, Model)):
        return None
    metadata = next((found for found in msgspec.structs.fields(model) if found.name == "metadata"), None)
    if metadata is None or not {metadata.type, *get_args(metadata.type)} & {ObjectMeta}:
        return None
    try:
        make: Any = type(Model)
        body = {
            "__annotations__": {"metadata": _Meta | None},
            "__module__": model.__module__,
            "__qualname__": model.__qualname__,
            "metadata": field(name=metadata.encode_name, default=None),
        }
        slim = make(model.__name__, (model,), body)
        made = decoder_of(slim, dec_hook).decode(b'{"metadata":{"name":"a","managedFields":[{}],"uid":"b"}}')
        made.__class__ = model
        made.metadata.__class__ = ObjectMeta
        alike = slim.__struct_fields__ == model.__struct_fields__ and slim.__basicsize__ == model.__basicsize__
        return slim if alike and made.metadata == ObjectMeta(name="a", uid="b") else None
    except (TypeError, msgspec.MsgspecError):
        return None


def _drop(made: Any) -> None:
    if isinstance(made, dict):
        metadata = cast("dict[str, Any]", made).get("metadata")
    else:
        metadata = getattr(made, "metadata", None)
    if isinstance(metadata, ObjectMeta):
        metadata.managed_fields = None
    elif isinstance(metadata, dict):
        cast("dict[str, Any]", metadata).pop("managedFields", None)
