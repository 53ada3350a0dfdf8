"""Checking values against a schema, with the messages a real API server gives.

A port in behaviour (not in code) of kube-openapi's ``validate.SchemaValidator`` as apiextensions-apiserver drives it,
including what surprises: which branch of a failed ``anyOf`` is reported (the one with most checks passed), that failed
combinators have no field (``<nil>``), and ratcheting: an error in a part of the object that an update did not change
is forgiven (KEP-4008).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kubewright.validation.causes import (
    Cause,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
    type_invalid,
)
from kubewright.validation.formats import matches_format
from kubewright.validation.gotext import go_number, go_quote
from kubewright.validation.jsontypes import JsonObject, JsonValue
from kubewright.validation.patterns import mismatch
from kubewright.validation.ratcheting import ABSENT, Old, equal, old_items, unchanged
from kubewright.validation.structural import Structural

_Code: TypeAlias = Literal["required", "type", "enum", "too long", "too many", "invalid", "composite"]

_INT64 = 1 << 63
_INT32 = 1 << 31
_FLOAT32_MAX = 3.4028234663852886e38


@dataclass(frozen=True, slots=True)
class Failure:
    """One error of the schema validator; ``name`` is the dotted path, as it occurs in the message."""

    code: _Code
    name: str
    message: str
    value: JsonValue = ""
    size: int = 0
    limit: int = 0
    allowed: Sequence[JsonValue] = ()

    def cause(self, prefix: str) -> Cause:
        """The cause that the API reports for it (apiextensions ``kubeOpenAPIResultToFieldErrors``)."""
        if self.code == "composite":
            return invalid(prefix or "<nil>", "", self.message)
        name = self.name.removeprefix(".")
        field = f"{prefix}.{name}" if prefix and name else prefix or name or "<nil>"
        match self.code:
            case "required":
                return required(field)
            case "enum":
                return not_supported(field, self.value, self.allowed)
            case "too long":
                return too_long(field, self.limit)
            case "too many":
                return too_many(field, self.size, self.limit)
            case "type":
                return type_invalid(field, self.value, self.message)
            case _:
                return invalid(field, self.value, self.message)


class _Run:
    """What one schema had to say about one value: failures without repeats, and how many checks passed."""

    __slots__ = ("failures", "matches")

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.matches = 0

    def fail(self, failure: Failure) -> None:
        if all(failure.message != known.message for known in self.failures):
            self.failures.append(failure)

    def merge(self, other: _Run) -> None:
        for failure in other.failures:
            self.fail(failure)
        self.matches += other.matches


def check(schema: Structural, value: JsonValue, old: Old = ABSENT) -> list[Failure]:
    """Every failure of a whole object or status; ``old`` is its counterpart before an update."""
    run = _Run()
    _check(run, schema, value, "", old)
    return run.failures


def _check(run: _Run, schema: Structural, value: JsonValue, path: str, old: Old) -> None:
    """Check one value; forgive its failures when it is what it was (ratcheting)."""
    if old is ABSENT:
        _check_value(run, schema, value, path, old)
        return
    own = _Run()
    _check_value(own, schema, value, path, old)
    if own.failures and unchanged(schema, value, old):
        own.failures.clear()
    run.merge(own)


def _check_value(run: _Run, schema: Structural, value: JsonValue, path: str, old: Old) -> None:
    if value is None:
        if schema.types and not schema.nullable:
            _fail_type(run, path, ",".join(schema.types), "null")
        else:
            run.matches += 1
        _check_enum(run, schema, value, path)
        return
    if schema.types or schema.format:
        _check_type(run, schema, value, path)
        run.matches += 1
    if schema.all_of or schema.any_of or schema.one_of or schema.refused is not None:
        _check_combined(run, schema, value, path, old)
    run.matches += 2
    if isinstance(value, str):
        _check_string(run, schema, value, path)
        run.matches += 1
        if schema.format:
            run.matches += 1
            if not matches_format(schema.format, value):
                message = f"{path} in body must be of type {schema.format}: {go_quote(value)}"
                run.fail(Failure("type", path, message, value))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        _check_number(run, schema, value, path)
        run.matches += 2
    elif isinstance(value, list):
        _check_list(run, schema, value, path, old)
        run.matches += 2
    _check_enum(run, schema, value, path)
    run.matches += 1
    if isinstance(value, dict):
        _check_object(run, schema, value, path, old)
        run.matches += 1
    run.matches += 1


def _fail_type(run: _Run, path: str, wanted: str, found: str) -> None:
    run.fail(Failure("type", path, f"{path} in body must be of type {wanted}: {go_quote(found)}", found))


def _kind(value: JsonValue) -> tuple[str, str]:
    """JSON type and Go format of a decoded value."""
    if isinstance(value, bool):
        return "boolean", ""
    if isinstance(value, str):
        return "string", ""
    if isinstance(value, int):
        return ("integer", "int64") if -_INT64 <= value < _INT64 else ("number", "float64")
    if isinstance(value, float):
        return "number", "float64"
    return ("array", "") if isinstance(value, list) else ("object", "")


def _check_type(run: _Run, schema: Structural, value: JsonValue, path: str) -> None:
    kind, go_format = _kind(value)
    types = schema.types
    float_as_int = (
        isinstance(value, (int, float)) and kind == "number" and "integer" in types and _is_json_integer(value)
    )
    int_as_float = kind == "integer" and "number" in types
    textual = kind in ("string", "array")
    fits = kind in types or float_as_int or int_as_float
    if not textual and schema.format and not (fits or go_format == schema.format):
        _fail_type(run, path, schema.format, go_format)
        return
    if schema.format and textual and "number" not in types and "integer" not in types:
        run.matches += 1
        return
    if not fits:
        _fail_type(run, path, ",".join(types), kind)
        return
    run.matches += 1


def _is_json_integer(value: float) -> bool:
    """swag ``IsFloat64AJSONInteger``: close enough to an integer that JSON can carry."""
    if math.isnan(value) or math.isinf(value) or abs(value) > 9007199254740991:
        return False
    nearest = float(int(value))
    if value == nearest:
        return True
    difference = abs(value - nearest)
    return bool(nearest) and difference / (abs(value) + abs(nearest)) < 1e-9


def _check_string(run: _Run, schema: Structural, value: str, path: str) -> None:
    if schema.max_length is not None and len(value) > schema.max_length:
        message = f"{path} in body should be at most {schema.max_length} chars long"
        run.fail(Failure("too long", path, message, limit=schema.max_length))
    elif schema.min_length is not None and len(value) < schema.min_length:
        run.fail(Failure("invalid", path, f"{path} in body should be at least {schema.min_length} chars long", value))
    elif schema.pattern:
        problem = mismatch(schema.pattern, value)
        if problem is not None:
            run.fail(Failure("invalid", path, f"{path} in body should match '{problem}'", value))


def _check_number(run: _Run, schema: Structural, value: int | float, path: str) -> None:
    kind = schema.types[0] if len(schema.types) == 1 else ""
    if kind == "integer":
        limit = _INT32 if schema.format == "int32" else _INT64
        if not _is_integral(value) or not -limit <= value < limit:
            wanted = f"with format {schema.format}" if schema.format else "(default format)"
            run.fail(Failure("composite", "", f"Checked value must be of type integer {wanted} in {path}"))
    elif kind == "number" and schema.format == "float" and abs(value) > _FLOAT32_MAX:
        run.fail(Failure("composite", "", f"Checked value must be of type number with format float in {path}"))
    integral = isinstance(value, int)
    if schema.multiple_of is not None:
        factor = int(schema.multiple_of) if integral else schema.multiple_of
        if factor <= 0:
            text = f"factor MultipleOf declared for {path} must be positive: {go_number(factor)}"
            run.fail(Failure("invalid", path, text, factor))
        elif not (value % factor == 0 if integral else _multiple(value, factor)):
            text = f"{path} in body should be a multiple of {go_number(factor)}"
            run.fail(Failure("invalid", path, text, value))
    if schema.maximum is not None:
        bound = int(schema.maximum) if integral else schema.maximum
        if value >= bound if schema.exclusive_maximum else value > bound:
            words = "less than" if schema.exclusive_maximum else "less than or equal to"
            run.fail(Failure("invalid", path, f"{path} in body should be {words} {go_number(bound)}", value))
    if schema.minimum is not None:
        bound = int(schema.minimum) if integral else schema.minimum
        if value <= bound if schema.exclusive_minimum else value < bound:
            words = "greater than" if schema.exclusive_minimum else "greater than or equal to"
            run.fail(Failure("invalid", path, f"{path} in body should be {words} {go_number(bound)}", value))


def _is_integral(value: int | float) -> bool:
    return isinstance(value, int) or value.is_integer()


def _multiple(value: float, factor: float) -> bool:
    return _is_json_integer(value / factor if factor >= 1 else 1 / factor * value)


def _check_enum(run: _Run, schema: Structural, value: JsonValue, path: str) -> None:
    if schema.enum is None:
        return
    # null never matches, even when the enum lists it (kube-openapi skips untyped values)
    if value is not None and any(_same_json(value, allowed) for allowed in schema.enum):
        return
    words = " ".join("<nil>" if v is None else str(v) for v in schema.enum)
    run.fail(Failure("enum", path, f"{path} in body should be one of [{words}]", value, allowed=schema.enum))


def _same_json(left: JsonValue, right: JsonValue) -> bool:
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def _check_list(run: _Run, schema: Structural, value: list[JsonValue], path: str, old: Old) -> None:
    if schema.items is not None:
        counterparts = old_items(schema, value, old)
        for index, item in enumerate(value):
            _check(run, schema.items, item, f"{path}[{index}]", counterparts[index])
    size = len(value)
    if schema.min_items is not None and size < schema.min_items:
        run.fail(Failure("invalid", path, f"{path} in body should have at least {schema.min_items} items", size))
    if schema.max_items is not None and size > schema.max_items:
        message = f"{path} in body should have at most {schema.max_items} items"
        run.fail(Failure("too many", path, message, size=size, limit=schema.max_items))
    if schema.unique_items and any(equal(a, b) for i, a in enumerate(value) for b in value[:i]):
        run.fail(Failure("invalid", path, f"{path} in body shouldn't contain duplicates"))


def _check_object(run: _Run, schema: Structural, value: JsonObject, path: str, old: Old) -> None:
    size = len(value)
    if schema.min_properties is not None and size < schema.min_properties:
        message = f"{path} in body should have at least {schema.min_properties} properties"
        run.fail(Failure("invalid", path, message, size))
    if schema.max_properties is not None and size > schema.max_properties:
        message = f"{path} in body should have at most {schema.max_properties} properties"
        run.fail(Failure("too many", path, message, size=size, limit=schema.max_properties))
    before: JsonObject = old if isinstance(old, dict) else {}
    properties = schema.properties
    for key, sub in value.items():
        below = properties.get(key)
        if below is not None:
            where = f"{path}.{key}" if path else key
            # the type fields of the root are never ratcheted: both versions were converted to the same one
            previous: Old = ABSENT if not path and key in ("kind", "apiVersion") else before.get(key, ABSENT)
            _check(run, below, sub, where, previous)
        elif schema.additional is not None:
            _check(run, schema.additional, sub, f"{path}.{key}", before.get(key, ABSENT))
        elif not schema.additional_allowed:
            run.fail(Failure("invalid", path, f"{path}.{key} in body is a forbidden property", key))
    for key in schema.required:
        if key not in value:
            where = f"{path}.{key}"
            run.fail(Failure("required", where, f"{where} in body is required"))


def _check_combined(run: _Run, schema: Structural, value: JsonValue, path: str, old: Old) -> None:
    def attempt(branch: Structural) -> _Run:
        result = _Run()
        _check_value(result, branch, value, path, old)
        return result

    name = go_quote(path)
    if schema.any_of:
        best: _Run | None = None
        for branch in schema.any_of:
            result = attempt(branch)
            if not result.failures:
                run.matches += result.matches
                break
            if best is None or result.matches > best.matches:
                best = result
        else:
            run.fail(Failure("composite", "", f"{name} must validate at least one schema (anyOf)"))
            if best is not None:
                run.merge(best)
    if schema.one_of:
        _check_one_of(run, [attempt(branch) for branch in schema.one_of], name)
    if schema.all_of:
        results = [attempt(branch) for branch in schema.all_of]
        for result in results:
            run.merge(result)
        passed = sum(not result.failures for result in results)
        if passed != len(results):
            suffix = "" if passed else ". None validated"
            run.fail(Failure("composite", "", f"{name} must validate all the schemas (allOf){suffix}"))
    if schema.refused is not None and not attempt(schema.refused).failures:
        run.fail(Failure("composite", "", f"{name} must not validate the schema (not)"))


def _check_one_of(run: _Run, results: list[_Run], name: str) -> None:
    passed = [result for result in results if not result.failures]
    if len(passed) == 1:
        run.merge(passed[0])
        return
    found = f"Found {len(passed)} valid alternatives" if passed else "Found none valid"
    run.fail(Failure("composite", "", f"{name} must validate one and only one schema (oneOf). {found}"))
    # The branch that came nearest; one that failed after a first success is reported as well only if none succeeded.
    best: _Run | None = None
    for result in results:
        if not result.failures:
            break
        if best is None or result.matches > best.matches:
            best = result
    if best is not None and not passed:
        run.merge(best)
