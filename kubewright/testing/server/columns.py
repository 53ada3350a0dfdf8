"""What printers of built-in kinds are made of: columns, and the small things that cells say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from kubewright.testing.server import builtins
from kubewright.testing.server.ages import age
from kubewright.testing.server.documents import entries, section

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a Table; a priority above 0 shows only with ``-o wide``."""

    name: str
    type: str
    description: str = ""
    priority: int = 0
    format: str = ""

    def definition(self) -> Json:
        """As it goes into ``columnDefinitions``."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


def _described(field: str) -> str:
    """What the API's own documentation says of a field of ObjectMeta."""
    return str(builtins.schema("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")["properties"][field]["description"])


@cache
def name_column() -> Column:
    """The first column of every table."""
    return Column("Name", "string", _described("name"), format="name")


@cache
def age_column(kind: str = "string") -> Column:
    """Built-in kinds send the age ready to print, CRDs without columns of their own send it as a date."""
    return Column("Age", kind, _described("creationTimestamp"))


def created_at_column() -> Column:
    """The creation time itself, for kinds that show nothing else."""
    return Column("Created At", "date", _described("creationTimestamp"))


@dataclass(frozen=True, slots=True)
class Printer:
    """The columns of a kind, and what is in them; the name comes first unless ``named`` is off."""

    columns: tuple[Column, ...]
    cells: Callable[[Json], list[Any]]
    named: bool = True


def at(obj: Json, *path: str) -> Any:
    """The value at a path; None where there is none."""
    return section(obj, *path[:-1]).get(path[-1])


def count(obj: Json, *path: str) -> int:
    """The number at a path; 0 where there is none."""
    value = at(obj, *path)
    return value if isinstance(value, int) else 0


def age_of(obj: Json) -> str:
    """How old an object is."""
    return age(at(obj, "metadata", "creationTimestamp"))


def join(values: Sequence[Any], empty: str = "<none>") -> str:
    """Values with commas between, empty ones left out."""
    return ",".join(str(value) for value in values if value) or empty


def labels(found: Json | None) -> str:
    """Labels, sorted, as ``key=value``."""
    return ",".join(f"{key}={value}" for key, value in sorted((found or {}).items())) or "<none>"


_OPERATORS: Final = {"In": "in", "NotIn": "notin"}


def label_selector(found: Json | None) -> str:
    """A LabelSelector in selector syntax (apimachinery ``FormatLabelSelector``)."""
    parts = [f"{key}={value}" for key, value in sorted(section(found or {}, "matchLabels").items())]
    for each in entries(found or {}, "matchExpressions"):
        key, operator = each.get("key", ""), each.get("operator", "")
        if operator in _OPERATORS:
            parts.append(f"{key} {_OPERATORS[operator]} ({','.join(sorted(each.get('values') or ()))})")
        else:
            parts.append(f"!{key}" if operator == "DoesNotExist" else str(key))
    return ",".join(parts) or "<none>"


def selector(obj: Json) -> str:
    """The selector of a workload."""
    return label_selector(at(obj, "spec", "selector"))


def container_names(found: list[Json]) -> tuple[str, str]:
    """Names and images of containers."""
    return join([c.get("name") for c in found], ""), join([c.get("image") for c in found], "")


def containers(obj: Json) -> tuple[str, str]:
    """Names and images of a workload's containers."""
    return container_names(entries(obj, "spec", "template", "spec", "containers"))


def with_more(values: list[str], empty: str = "<none>") -> str:
    """The first three values, and how many there are besides."""
    more = f" + {len(values) - 3} more..." if len(values) > 3 else ""
    return (",".join(values[:3]) or empty) + more


_MODES: Final = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def access_modes(modes: list[str] | None) -> str:
    """Access modes of a volume in their short form, in the order in which Go prints them."""
    return ",".join(short for mode, short in _MODES.items() if mode in (modes or ()))


def columns(text: str) -> tuple[Column, ...]:
    """``Name:type:format`` with bars between, both may be missing; ``+`` in front means wide only."""
    found: list[Column] = []
    for word in text.split("|"):
        name, kind, form = (*word.strip().split(":"), "", "")[:3]
        priority = int(name.startswith("+"))
        found.append(Column(name.removeprefix("+"), kind or "string", priority=priority, format=form))
    return tuple(found)
