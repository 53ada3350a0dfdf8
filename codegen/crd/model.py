"""A CustomResourceDefinition, reduced to what a typed client needs to know.

Values of this module are the only thing that travels from reading to planning.  They hold checked wire names
(the API server's rules for groups, versions, kinds and plurals), never Python names.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from codegen.ir import Object


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """Where something was read: a file, a document in it (from 1) and a JSON pointer in that."""

    file: str
    document: int = 1
    pointer: str = ""

    def at(self, *segments: str | int) -> Source:
        """The place below this one; segments are escaped as RFC 6901 asks."""
        tail = "".join(f"/{str(s).replace('~', '~0').replace('/', '~1')}" for s in segments)
        return replace(self, pointer=self.pointer + tail)

    def __str__(self) -> str:
        return f"{self.file}#{self.document}:{self.pointer}" if self.pointer else f"{self.file}#{self.document}"


@dataclass(frozen=True, slots=True)
class Scale:
    """``subresources.scale`` of a version: JSON paths like ``.spec.replicas``."""

    spec_replicas_path: str
    status_replicas_path: str
    label_selector_path: str = ""


@dataclass(frozen=True, slots=True)
class PrinterColumn:
    """One of ``additionalPrinterColumns``."""

    name: str
    type: str
    json_path: str
    description: str = ""
    format: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class CrdVersion:
    """One version of a CRD.

    ``schema`` always has ``apiVersion``, ``kind`` and ``metadata`` (a :class:`~codegen.ir.Ref` to ObjectMeta),
    whatever the document says; a version without a schema is an open object of just these.
    """

    name: str
    schema: Object
    served: bool = True
    storage: bool = False
    deprecated: bool = False
    deprecation_warning: str = ""
    has_status: bool = False
    scale: Scale | None = None
    printer_columns: tuple[PrinterColumn, ...] = ()
    selectable_fields: tuple[str, ...] = ()
    has_schema: bool = True


@dataclass(frozen=True, slots=True)
class Crd:
    """One CRD with the versions that will be generated (sorted by name)."""

    group: str
    kind: str
    plural: str
    versions: tuple[CrdVersion, ...]
    scope: Literal["Namespaced", "Cluster"] = "Namespaced"
    singular: str = ""
    list_kind: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    source: Source = field(default=Source("-"), compare=False)
    # Every file this CRD came from: versions of one CRD may be spread over documents.
    files: tuple[str, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """The name of the CRD object itself: ``plural.group``."""
        return f"{self.plural}.{self.group}"

    @property
    def namespaced(self) -> bool:
        return self.scope == "Namespaced"
