"""Which names a CRD gets: two CRDs of one group cannot share a plural, a singular, a short name or a kind.

The first one keeps the names; the second is not established until they are free (apiextensions ``naming_controller``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from kubewright.testing.server.documents import entries, section

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """The outcome: accepted names, and the NamesAccepted condition."""

    accepted: Json
    reason: str = "NoConflicts"
    message: str = "no conflicts found"

    @property
    def conflict(self) -> bool:
        return self.reason != "NoConflicts"


def decide_names(crd: Json, others: list[Json]) -> Names | None:
    """Accept what is free; None when nothing is left to decide. ``others`` are the other CRDs of the group."""
    requested: Json = crd["spec"]["names"]
    current = section(crd, "status", "acceptedNames")
    if requested == current:
        return None
    taken, taken_kinds = set[str](), set[str]()
    for other in others:
        names = section(other, "status", "acceptedNames")
        taken |= {names.get("plural", ""), names.get("singular", ""), *(names.get("shortNames") or ())}
        taken_kinds |= {names.get("kind", ""), names.get("listKind", "")}
    accepted = dict(current)
    reason, message = "NoConflicts", "no conflicts found"
    for key, used, why in (
        ("plural", taken, "PluralConflict"),
        ("singular", taken, "SingularConflict"),
        ("shortNames", taken, "ShortNamesConflict"),
        ("kind", taken_kinds, "KindConflict"),
        ("listKind", taken_kinds, "ListKindConflict"),
    ):
        problem = _problem(requested.get(key), current.get(key), used)
        if problem:
            reason, message = why, problem
        elif requested.get(key):
            accepted[key] = requested[key]
        else:
            accepted.pop(key, None)
    if requested.get("categories"):
        accepted["categories"] = requested["categories"]
    else:
        accepted.pop("categories", None)
    result = Names(accepted, reason, message)
    condition = next((c for c in entries(crd, "status", "conditions") if c["type"] == "NamesAccepted"), None)
    known = condition is not None and (condition["reason"], condition["message"]) == (reason, message)
    return None if known and accepted == current else result


def _problem(wanted: Any, current: Any, used: set[str]) -> str:
    if isinstance(wanted, list):
        names = cast(list[str], wanted)
        problems = [f'"{name}" is already in use' for name in names if name not in (current or ()) and name in used]
        return problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]" if problems else ""
    return f'"{wanted}" is already in use' if wanted and wanted != current and wanted in used else ""
