"""The built-in API as read: named definitions and the resources that serve them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from codegen.ir import Node


@dataclass(frozen=True, slots=True)
class Definition:
    """One entry of ``components.schemas``, e.g. ``io.k8s.api.core.v1.PodSpec``."""

    name: str
    node: Node

    @property
    def class_name(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def home(self) -> tuple[str, str]:
        """(label, version) of the group-version whose module holds it: ``("core", "v1")``."""
        label, _, version = self.name.rpartition(".")[0].rpartition(".")
        return label.rpartition(".")[2], version


@dataclass(frozen=True, slots=True)
class Subresource:
    """What discovery says of ``pods/eviction``: its verbs and the kind of its body."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class ApiResource:
    """One resource of a built-in group-version; ``definition`` names the schema of its kind."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    verbs: tuple[str, ...]
    definition: str
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[Subresource, ...] = ()


@dataclass(frozen=True, slots=True)
class BuiltInApi:
    """Everything an API server serves without CRDs.  ``files`` maps (group, version) to the document it came from."""

    definitions: Mapping[str, Definition]
    resources: tuple[ApiResource, ...]
    files: Mapping[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
