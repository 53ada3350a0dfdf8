"""The plan: everything the templates may see.  All names are final and everything is sorted; layout is all that is left.

Types are small trees and not text, because they are written in two languages: as model annotations (lenient on reading)
and as apply types (exact).  The writers are in `codegen.render`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from codegen.crd.model import PrinterColumn
from codegen.errors import CodegenError

PlainName: TypeAlias = Literal["str", "int", "int | float", "bool", "int | str", "int | float | str", "Any"]


@dataclass(frozen=True, slots=True)
class Plain:
    """A type that needs no import: ``str``, ``int``, ``int | str`` (int-or-string), ``Any`` …"""

    name: PlainName


@dataclass(frozen=True, slots=True)
class Choice:
    """A string enum: a ``Literal`` for type checkers, any string at run time."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    item: TypePlan


@dataclass(frozen=True, slots=True)
class MapOf:
    value: TypePlan


@dataclass(frozen=True, slots=True)
class Nullable:
    """Inside lists and maps: the value may be null.  (A nullable *field* says so on its :class:`FieldPlan`.)"""

    inner: TypePlan


@dataclass(frozen=True, slots=True)
class Own:
    """A class of the same module."""

    name: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """A class of another module: a Kubernetes type, or what ``type_map`` names.

    ``apply_module`` holds its apply type, ``<name>Apply``; empty if there is none (then any mapping is accepted).
    """

    module: str
    name: str
    apply_module: str = ""


TypePlan: TypeAlias = Plain | Choice | ListOf | MapOf | Nullable | Own | Foreign


def mentioned(plan: TypePlan) -> Iterator[TypePlan]:
    """``plan`` and every type inside it."""
    yield plan
    match plan:
        case ListOf():
            yield from mentioned(plan.item)
        case MapOf():
            yield from mentioned(plan.value)
        case Nullable():
            yield from mentioned(plan.inner)
        case _:
            return


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One attribute.  ``constant`` is the value of apiVersion and kind of a root; every other field defaults to None."""

    name: str
    wire: str
    type: TypePlan
    required: bool = False
    nullable: bool = False
    constant: str | None = None
    doc: str = ""


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """One class of a models module; ``open`` ones also have ``.extra``.  ``path`` is where the schema has it first.

    ``sensitive`` ones never show their values (Secret).
    """

    name: str
    fields: tuple[FieldPlan, ...]
    open: bool = False
    root: bool = False
    sensitive: bool = False
    doc: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class ResourcePlan:
    """What becomes a ``kubewright.core.resource.Resource``: wire names only."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    singular: str = ""
    list_kind: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    printer_columns: tuple[PrinterColumn, ...] = ()
    selectable_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KindPlan:
    """One kind: its model and the thin classes around it.

    ``attribute`` is its name on the group (``tstests``), ``client_class`` the client of all its objects (``TsTests``),
    ``scope_class`` that of one namespace (``TsTestScope``; empty for cluster-scoped kinds).  ``client_bases`` and
    ``scope_bases`` are class names of ``kubewright.client``.  A kind that cannot be watched has no ``lister_class``.
    """

    resource: ResourcePlan
    attribute: str
    model: str
    client_class: str
    scope_class: str
    lister_class: str
    client_bases: tuple[str, ...]
    scope_bases: tuple[str, ...]
    lister_base: str
    summary: str = ""
    deprecation: str = ""


@dataclass(frozen=True, slots=True)
class GroupVersionPlan:
    """One module in each of ``models/``, ``clientset/``, ``listers/``, ``informers/`` and ``applyconfigurations/``.

    A group-version may have only some: no kinds, no clients.  ``apply_classes`` are the classes that get apply types where
    these are not those of ``classes`` (the shared meta/v1 types are written by hand, their apply types are not).
    """

    module: str
    class_name: str
    group: str
    version: str
    kinds: tuple[KindPlan, ...]
    classes: tuple[ClassPlan, ...]
    files: tuple[str, ...]
    apply_classes: tuple[ClassPlan, ...] = ()

    @property
    def watched(self) -> bool:
        """Whether any kind of it has an informer."""
        return any(kind.lister_class for kind in self.kinds)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, slots=True)
class PackagePlan:
    """One generated package.  ``built_in`` is kubewright's own (``kubewright/api``): it stands on nothing but the runtime."""

    group_versions: tuple[GroupVersionPlan, ...]
    files: tuple[str, ...]
    built_in: bool = False

    @property
    def api_versions(self) -> tuple[str, ...]:
        """Those that have kinds."""
        return tuple(gv.api_version for gv in self.group_versions if gv.kinds)


@dataclass(frozen=True, slots=True)
class Lengthened:
    """A group whose first label clashes: its modules are called ``module`` and would have been ``short_module``.

    If the output still has ``short_module``, this run renames an attribute of the clientset; the reader should hear of it
    and of the pin ``[tool.kubewright.group-names] "<group>" = "<label>"``.
    """

    group: str
    short_module: str
    module: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The package and what could not be planned: ``errors`` did not stop the rest."""

    package: PackagePlan
    errors: tuple[CodegenError, ...] = field(default=())
    lengthened: tuple[Lengthened, ...] = field(default=())
