"""One cause of a refusal, in the words a real API server uses.

Validation never raises on the first problem: like apimachinery's ``field.ErrorList`` it collects every cause, so that a
user fixes a manifest once. The texts are API: people grep for them and tests compare them, hence one place for them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kubewright.validation.gotext import go_number

Reason: TypeAlias = Literal[
    "FieldValueNotFound",
    "FieldValueRequired",
    "FieldValueDuplicate",
    "FieldValueInvalid",
    "FieldValueNotSupported",
    "FieldValueForbidden",
    "FieldValueTooLong",
    "FieldValueTooMany",
    "FieldValueTypeInvalid",
    "InternalError",
]


@dataclass(frozen=True, slots=True)
class Cause:
    """An entry of ``Status.details.causes`` (meta/v1 StatusCause; apimachinery ``field.Error``)."""

    field: str
    reason: Reason
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def quote(value: object) -> str:
    """Write a bad value as the server does: strings quoted, scalars bare, structures as JSON with sorted keys."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return go_number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def required(field: str, detail: str = "") -> Cause:
    """A value that must be there is missing."""
    return Cause(field, "FieldValueRequired", "Required value" + (f": {detail}" if detail else ""))


def invalid(field: str, value: object, detail: str) -> Cause:
    """A value is there but malformed."""
    return Cause(field, "FieldValueInvalid", f"Invalid value: {quote(value)}" + (f": {detail}" if detail else ""))


def invalid_struct(field: str, value: object, detail: str) -> Cause:
    """Like ``invalid`` for a value that Go prints from a struct: the fields in their order, not sorted."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Cause(field, "FieldValueInvalid", f"Invalid value: {text}: {detail}")


def type_invalid(field: str, value: object, detail: str) -> Cause:
    """A value has the wrong JSON type."""
    return Cause(field, "FieldValueTypeInvalid", f"Invalid value: {quote(value)}" + (f": {detail}" if detail else ""))


def not_supported(field: str, value: object, supported: Sequence[object]) -> Cause:
    """A value is not one of those allowed."""
    words = ", ".join(quote(v if isinstance(v, str) else quote(v)) for v in supported)
    return Cause(
        field,
        "FieldValueNotSupported",
        f"Unsupported value: {quote(value)}" + (f": supported values: {words}" if supported else ""),
    )


def forbidden(field: str, detail: str) -> Cause:
    """A value is not allowed here, whatever it is."""
    return Cause(field, "FieldValueForbidden", "Forbidden" + (f": {detail}" if detail else ""))


def duplicate(field: str, value: object) -> Cause:
    """A value that must be unique occurs twice."""
    return Cause(field, "FieldValueDuplicate", f"Duplicate value: {quote(value)}")


def too_long(field: str, maximum: int) -> Cause:
    """A string is longer than allowed (the value itself is not repeated)."""
    unit = "byte" if maximum == 1 else "bytes"
    return Cause(field, "FieldValueTooLong", f"Too long: may not be more than {maximum} {unit}")


def too_many(field: str, actual: int, maximum: int) -> Cause:
    """A list or map has more entries than allowed."""
    unit = "item" if maximum == 1 else "items"
    return Cause(field, "FieldValueTooMany", f"Too many: {actual}: must have at most {maximum} {unit}")


def summary(causes: Sequence[Cause]) -> str:
    """Join causes as apimachinery's aggregate error does: one bare, several in brackets, repeats left out."""
    texts = list(dict.fromkeys(str(c) for c in causes))
    return texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
