"""The generator's own picture of a schema: a handful of node kinds, each with one Python meaning.

A structural schema says one thing in many ways (``anyOf`` for int-or-string, ``x-kubernetes-*`` beside a
``type``, ``nullable`` everywhere).  These nodes say it in one way, so the planner decides names and nothing else.

Nodes are frozen, hashable and compare **by shape**: documentation never takes part in ``==`` or ``hash``, so two
objects that differ only in their descriptions are one class.  Properties are sorted by wire name, so the order in
a YAML file does not matter either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

ScalarType: TypeAlias = Literal["string", "integer", "number", "boolean"]
EnumValue: TypeAlias = str | int | float | bool

META_V1: Final = "io.k8s.apimachinery.pkg.apis.meta.v1."
OBJECT_META: Final = META_V1 + "ObjectMeta"


@dataclass(frozen=True, slots=True)
class Doc:
    """Everything of a schema that shapes no type; it ends up as text in docstrings.

    ``default`` is the JSON text of the server's default (never materialised by the client), ``limits`` are phrases
    like ``minimum: 1``, ``rules`` are CEL rules and the validation-only ``oneOf``/``anyOf``/``not``/``allOf``.
    All of it is untrusted text: it may hold quotes, backslashes, template syntax and control characters.
    """

    description: str = ""
    default: str | None = None
    format: str = ""
    limits: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != _NO_DOC


_NO_DOC: Final = Doc()


@dataclass(frozen=True, slots=True)
class Scalar:
    """A JSON string, integer, number or boolean; formats are documentation (``doc.format``)."""

    type: ScalarType
    nullable: bool = False
    doc: Doc = field(default=_NO_DOC, compare=False)


@dataclass(frozen=True, slots=True)
class IntOrString:
    """``x-kubernetes-int-or-string``: ports, quantities, percentages."""

    nullable: bool = False
    doc: Doc = field(default=_NO_DOC, compare=False)


@dataclass(frozen=True, slots=True)
class Enum:
    """One of ``values`` (document order, no duplicates, all of ``type``)."""

    type: ScalarType
    values: tuple[EnumValue, ...]
    nullable: bool = False
    doc: Doc = field(default=_NO_DOC, compare=False)


@dataclass(frozen=True, slots=True)
class Any_:  # noqa: N801 - `Any` is taken by typing in every module that would import this
    """Any JSON value: a node without a type, or preserve-unknown-fields without one."""

    nullable: bool = False
    doc: Doc = field(default=_NO_DOC, compare=False)


@dataclass(frozen=True, slots=True)
class Map:
    """A JSON object with free keys; a free-form object is ``Map(Any_())``."""

    value: Node
    nullable: bool = False
    doc: Doc = field(default=_NO_DOC, compare=False)


@dataclass(frozen=True, slots=True)
class Array:
    """A JSON array.  ``list_type`` is ``atomic``, ``set``, ``map`` or empty; keys only for ``map``."""

    items: Node
    nullable: bool = False
    list_type: str = field(default="", compare=False)
    list_map_keys: tuple[str, ...] = field(default=(), compare=False)
    doc: Doc = field(default=_NO_DOC, compare=False)


@dataclass(frozen=True, slots=True)
class Property:
    """One key of an object, by its wire name."""

    name: str
    node: Node
    required: bool = False


@dataclass(frozen=True, slots=True)
class Object:
    """A JSON object with known properties (sorted by wire name; never empty, that is a Map).

    ``open``: it also has ``x-kubernetes-preserve-unknown-fields``, so other keys are data and not mistakes.
    """

    properties: tuple[Property, ...]
    open: bool = False
    nullable: bool = False
    doc: Doc = field(default=_NO_DOC, compare=False)

    def get(self, name: str) -> Property | None:
        """The property with this wire name."""
        return next((p for p in self.properties if p.name == name), None)


@dataclass(frozen=True, slots=True)
class Embedded:
    """``x-kubernetes-embedded-resource`` without properties of its own: a whole object of some kind, as a document.

    With properties it is an :class:`Object` that also has ``apiVersion``, ``kind`` and ``metadata``.
    """

    nullable: bool = False
    doc: Doc = field(default=_NO_DOC, compare=False)


@dataclass(frozen=True, slots=True)
class Ref:
    """A named definition, e.g. :data:`OBJECT_META`; the only way a type can be recursive.

    CRDs only use it for ``metadata``; the built-in API's OpenAPI documents use it everywhere.
    """

    name: str
    nullable: bool = False
    doc: Doc = field(default=_NO_DOC, compare=False)


Node: TypeAlias = Scalar | IntOrString | Enum | Any_ | Map | Array | Object | Embedded | Ref


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below ``node``, in order."""
    match node:
        case Map():
            yield node.value
        case Array():
            yield node.items
        case Object():
            for prop in node.properties:
                yield prop.node
        case _:
            return
