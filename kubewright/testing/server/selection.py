"""Which objects a list, watch or deletecollection is about: namespace, name, label selector, field selector.

One predicate for all three, so that a list and the watch that follows it never disagree. Field values beyond name and
namespace are read out of the object only when a selector names them.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubewright.selectors import (
    FieldSelectorMatcher,
    LabelSelectorMatcher,
    SelectorError,
    parse_field_selector,
    parse_label_selector,
)
from kubewright.testing.server import statuses
from kubewright.testing.server.messages import ServerRequest
from kubewright.testing.server.registry import ServedResource
from kubewright.testing.server.represent import decode
from kubewright.testing.server.selectorerrors import field_selector_error, label_selector_error
from kubewright.testing.server.store import Entry

_META = ("metadata.name", "metadata.namespace")


@dataclass(frozen=True, slots=True)
class Selection:
    """A predicate over stored objects. ``namespace`` and ``name`` are empty when anything matches."""

    served: ServedResource
    namespace: str
    name: str
    labels: LabelSelectorMatcher
    fields: FieldSelectorMatcher

    @property
    def has_selectors(self) -> bool:
        """Whether something beyond the namespace selects (then a list cannot count what remains)."""
        return not (self.labels.empty and self.fields.empty)

    @property
    def is_single(self) -> bool:
        """Whether it names one object; the real server then looks that up, and there is no next page."""
        return bool(self.name) and (bool(self.namespace) or not self.served.resource.namespaced)

    def matches(self, entry: Entry) -> bool:
        """Whether the object is selected."""
        if self.namespace and entry.namespace != self.namespace:
            return False
        if self.name and entry.name != self.name:
            return False
        if not self.labels.empty and not self.labels.matches(entry.labels):
            return False
        return self.fields.empty or self._matches_fields(entry)

    def _matches_fields(self, entry: Entry) -> bool:
        values = {"metadata.name": entry.name, "metadata.namespace": entry.namespace}
        if any(requirement.field not in _META for requirement in self.fields.requirements):
            values.update(self.served.fields(decode(entry.raw)))
        return self.fields.matches(lambda field: values.get(field, ""))


def parse_selectors(request: ServerRequest) -> tuple[LabelSelectorMatcher, FieldSelectorMatcher]:
    """The selectors of a request; raises 400 for those that do not parse, the first thing that is looked at."""
    try:
        labels = parse_label_selector(request.param("labelSelector"))
    except SelectorError as error:
        raise statuses.bad_request(label_selector_error(request.param("labelSelector")) or str(error)) from error
    try:
        fields = parse_field_selector(request.param("fieldSelector"))
    except SelectorError as error:
        raise statuses.bad_request(field_selector_error(request.param("fieldSelector"), str(error))) from error
    return labels, fields


def selection(served: ServedResource, namespace: str, request: ServerRequest, *, name: str = "") -> Selection:
    """The selection of a request; raises 400 for selectors that do not parse or name unknown fields."""
    labels, fields = parse_selectors(request)
    for requirement in fields.requirements:
        field = requirement.field
        if field and field not in _META and field not in served.selectable:
            if served.builtin and not served.selectable:
                known = ", ".join(statuses.quote(name) for name in _META)
                text = f"{statuses.quote(field)} is not a known field selector: only {known}"
                raise statuses.bad_request(text)
            raise statuses.bad_request(f"field label not supported: {field}")
    if name:
        exact = [r for r in fields.requirements if r.field == "metadata.name" and r.operator == "="]
        if not fields.empty and not any(r.value == name for r in exact):
            raise statuses.bad_request("fieldSelector metadata.name doesn't match requested name")
    for requirement in fields.requirements:
        if requirement.operator == "=" and requirement.field == "metadata.name":
            name = name or requirement.value
        if requirement.operator == "=" and requirement.field == "metadata.namespace":
            namespace = namespace or requirement.value
    return Selection(served, namespace, name, labels, fields)
