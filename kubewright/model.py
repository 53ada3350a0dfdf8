"""The base of every generated model, and the two annotations that mean one thing to a checker and another at run time.

A cluster is often newer than the code that talks to it. So models are strict where a person writes them (a checker demands
required fields and knows the values of an enum) and lenient where the wire fills them (a missing or null required field is
None, an unknown enum value is a plain string). `Req` and `OneOf` carry that difference; `Model` gives it a run-time form.

msgspec facts this file leans on: `omit_defaults` leaves out a field equal to its default, but never one whose default comes
from a factory (other than an empty list, dict or set); `kw_only` is not inherited, so the metaclass sets it for every class.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar, cast, get_origin

import msgspec
from msgspec import NODEFAULT, UNSET, UnsetType, field

__all__ = ["UNSET", "Model", "OneOf", "Req", "Sensitive", "UnsetType", "field"]

T = TypeVar("T")

if TYPE_CHECKING:
    # For checkers a required field has no default and an enum is its Literal.
    Req = Annotated[T, "required"]
    OneOf = Annotated[T, "one of"]
else:

    class Req:
        """`Req[T]`: required for checkers and constructors; at run time `T | None` with the default None."""

        def __class_getitem__(cls, item: Any) -> Any:
            return item | None if not isinstance(item, str) else f"{item} | None"

    class OneOf:
        """`OneOf[Literal[...]]`: the Literal for checkers; at run time any string, because servers add values."""

        def __class_getitem__(cls, item: Any) -> Any:
            return str


if TYPE_CHECKING:
    _Lenient = (
        msgspec.Struct
    )  # checkers know Struct's own rules (dataclass_transform); the metaclass is not their business
else:
    _IDENTITY = ("api_version", "kind")
    _FieldInfo = type(field())  # what msgspec.field() returns; the class has no public name

    def _constant(value: str) -> Callable[[], str]:
        return lambda: value

    def _lenient_default(name: str, given: Any) -> Any:
        """What stands for a field's default at run time; `given` is what the class body says (NODEFAULT for nothing)."""
        wire: str | None = None
        default, factory = given, NODEFAULT
        if isinstance(given, _FieldInfo):
            wire, default, factory = given.name, given.default, given.default_factory
        if factory is not NODEFAULT:
            return given
        if default is NODEFAULT:
            return field(name=wire, default=None)
        if name in _IDENTITY and isinstance(default, str):
            # apiVersion and kind always go onto the wire: a factory's result is never left out.
            return field(name=wire, default_factory=_constant(default))
        return given

    def _is_required(given: Any) -> bool:
        if isinstance(given, _FieldInfo):
            return given.default is NODEFAULT and given.default_factory is NODEFAULT
        return given is NODEFAULT

    def _is_classvar(annotation: Any) -> bool:
        if isinstance(annotation, str):
            return annotation.startswith(("ClassVar", "typing.ClassVar", "t.ClassVar"))
        return annotation is ClassVar or get_origin(annotation) is ClassVar

    class _ModelMeta(type(msgspec.Struct)):
        """Gives fields without a default the default None and makes every model keyword-only."""

        def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:
            for attribute, annotation in namespace.get("__annotations__", {}).items():
                if not attribute.startswith("__") and not _is_classvar(annotation):
                    given = namespace.get(attribute, NODEFAULT)
                    namespace[attribute] = _lenient_default(attribute, given)
                    if _is_required(given) and isinstance(annotation, str) and not annotation.startswith("Req["):
                        # Required without `Req`: as lenient as with it.
                        namespace["__annotations__"][attribute] = f"{annotation} | None"
            config["kw_only"] = True
            return super().__new__(mcls, name, bases, namespace, **config)

    class _Lenient(msgspec.Struct, metaclass=_ModelMeta):
        pass


class Model(_Lenient, omit_defaults=True, repr_omit_defaults=True, gc=False):
    """Base of generated models: attributes in snake_case, wire names kept, None (absent) left out on encoding.

    API objects are trees, so they are not tracked by the garbage collector (`gc=False`): a reference cycle built by hand
    through a model would never be freed.
    """


class Sensitive(Model):
    """Base of models whose content is secret (core/v1 Secret): `repr` names the keys and never shows a value."""

    def __repr__(self) -> str:
        # Annotations may hold the whole object (kubectl's last-applied-configuration), so of the metadata only the name.
        shown: list[str] = []
        for name in self.__struct_fields__:
            value: object = getattr(self, name)
            if value is None or value is UNSET:
                continue
            if name == "metadata":
                value = f"{getattr(value, 'namespace', None) or ''}/{getattr(value, 'name', None) or ''}".lstrip("/")
            elif isinstance(value, dict):
                value = dict.fromkeys(cast("dict[str, object]", value), "***")
            shown.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_building = threading.RLock()


def decoder_of(model: Any, dec_hook: Callable[[Any, Any], Any] | None = None) -> msgspec.json.Decoder[Any]:
    """The JSON decoder of a type, built at first use and kept (about 10 ms for Pod). Safe from many threads.

    msgspec 0.22 stores what it learns about a Struct on the class before it has learned all of it; a second thread that builds a
    decoder reaching the same class meanwhile reads freed memory. So all decoders of models are built here, one at a time;
    and whoever calls `msgspec.convert` with a model asks for its decoder first.
    """
    made = _decoders.get(model)
    if made is None:
        with _building:
            made = _decoders.get(model)
            if made is None:
                made = msgspec.json.Decoder(model, dec_hook=dec_hook)
                _decoders[model] = made
    return made
