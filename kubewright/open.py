"""Open classes: typed properties and, beside them, whatever else the object holds (`.extra`).

A schema may say both `properties` and `x-kubernetes-preserve-unknown-fields: true`: some keys are known, the rest belongs to
somebody else and must survive. msgspec calls no hook for a Struct, so an open class is no Struct: it wraps a hidden Struct of
the known fields and keeps the other keys in a dict. `dec_hook` and `enc_hook` (used by `core.codec`) carry it over the wire.
Trees without open nodes pay nothing; an open node costs about 1.3 us and an untyped parse of its subtree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, dataclass_transform

import msgspec

from .model import Model, decoder_of, field

__all__ = ["Open", "dec_hook", "enc_hook"]


def _property(name: str) -> property:
    def read(self: Any) -> Any:
        return getattr(self._known_part, name)

    def write(self: Any, value: Any) -> None:
        setattr(self._known_part, name, value)

    return property(read, write)


class _OpenMeta(type):
    """Builds the hidden Struct of an open class and properties that reach into it."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> _OpenMeta:
        config.pop("kw_only", None)  # generated code says it for checkers; every open class is keyword-only
        annotations: dict[str, Any] = namespace.get("__annotations__", {})
        names = [n for n, hint in annotations.items() if not n.startswith("_") and not str(hint).startswith("ClassVar")]
        if not names:
            return super().__new__(mcls, name, bases, namespace, **config)
        inherited = tuple(
            b.known for b in bases if isinstance(b, _OpenMeta) and "known" in vars(b) and b.known is not Model
        )
        body: dict[str, Any] = {
            "__annotations__": {n: annotations[n] for n in names},
            "__module__": namespace.get("__module__"),
            "__qualname__": f"{namespace.get('__qualname__', name)}._Known",
        }
        body.update({n: namespace.pop(n) for n in names if n in namespace})
        make: Any = type(Model)
        known = make(name, inherited or (Model,), body)
        cls = super().__new__(mcls, name, bases, namespace, **config)
        cls.known = known
        cls.wire_names = frozenset(known.__struct_encode_fields__)
        for attribute in known.__struct_fields__:
            setattr(cls, attribute, _property(attribute))
        return cls

    if TYPE_CHECKING:
        known: Any
        wire_names: frozenset[str]


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class _Open(metaclass=_OpenMeta):
    __slots__ = ("_known_part", "extra")

    if not TYPE_CHECKING:  # what follows is the class's machinery; checkers see a keyword-only dataclass

        def __init__(self, *, extra: dict[str, Any] | None = None, **known: Any) -> None:
            self._known_part = type(self).known(**known)
            self.extra = {} if extra is None else extra

        def __eq__(self, other: object) -> bool:
            if type(other) is not type(self):
                return NotImplemented
            return self._known_part == other._known_part and self.extra == other.extra

        __hash__ = None  # mutable, like every model

        def __repr__(self) -> str:
            shown = [f"{n}={getattr(self._known_part, n)!r}" for n in type(self).known.__struct_fields__]
            return f"{type(self).__name__}({', '.join([*shown, f'extra={self.extra!r}'])})"

        def __reduce__(self) -> tuple[Any, ...]:
            fields = {n: getattr(self._known_part, n) for n in type(self).known.__struct_fields__}
            return _rebuild, (type(self), fields, self.extra)

        def __copy__(self) -> Any:
            return _rebuild(
                type(self), {n: getattr(self._known_part, n) for n in type(self).known.__struct_fields__}, self.extra
            )


class Open(_Open):
    """Base of generated open classes. `.extra` holds the keys that the schema does not name, as plain JSON values."""

    __slots__ = ()

    if TYPE_CHECKING:
        extra: dict[str, Any] = field(default_factory=dict[str, Any])


def _rebuild(cls: Any, fields: dict[str, Any], extra: dict[str, Any]) -> Any:
    return cls(extra=dict(extra), **fields)


def dec_hook(target: Any, raw: Any) -> Any:
    """msgspec's `dec_hook`: builds an open class out of a parsed object. Raises ValueError with the inner path."""
    if not issubclass(target, _Open):
        raise NotImplementedError(f"{target!r} is no type that a model can hold")
    if type(raw) is not dict:
        raise ValueError(f"Expected `object`, got `{type(raw).__name__}`")
    return _read(target, cast("dict[str, Any]", raw))


def _read(target: Any, document: dict[str, Any]) -> Any:
    decoder_of(target.known, dec_hook)  # convert() alone is not safe from many threads
    try:
        known = msgspec.convert(document, target.known, dec_hook=dec_hook)
    except msgspec.ValidationError as error:
        # As ValueError, or msgspec leaves the outer half of the path out of the message.
        raise ValueError(str(error)) from error
    made = object.__new__(target)
    made._known_part = known
    made.extra = {key: value for key, value in document.items() if key not in target.wire_names}
    return made


def enc_hook(value: Any) -> Any:
    """msgspec's `enc_hook`: an open class as one plain object, known fields after the unknown ones."""
    if not isinstance(type(value), _OpenMeta):
        raise NotImplementedError(f"{type(value).__name__} cannot be written as JSON")
    known = msgspec.to_builtins(value._known_part, enc_hook=enc_hook)
    return {**value.extra, **known}
