"""What the API says about one kind: its names, where it lives, what can be done with it.

client-go guesses the plural from the kind; here it comes from the CRD (or from discovery), so irregular plurals work.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

__all__ = ["PrinterColumn", "Resource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterColumn:
    """A column that `kubectl get` shows (CRD `additionalPrinterColumns`)."""

    name: str
    type: str
    json_path: str
    description: str = ""
    format: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource type of one version. `group` is "" for the core group.

    `verbs` empty means: not known, all are assumed. `subresources` are names such as "status" and "scale".
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    singular: str = ""
    list_kind: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    printer_columns: tuple[PrinterColumn, ...] = ()
    selectable_fields: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """ "v1" for the core group, "group/version" otherwise."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def gvk(self) -> tuple[str, str, str]:
        """(group, version, kind)"""
        return self.group, self.version, self.kind

    @property
    def root(self) -> str:
        """The path of the group-version: "/api/v1" or "/apis/group/version"."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path of the collection, or of one object and its subresource. Segments are percent-encoded."""
        parts = [self.root]
        if namespace:
            parts.append(f"namespaces/{quote(namespace, safe='')}")
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=":"))
        if subresource:
            parts.append(subresource)
        return "/".join(parts)

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural
