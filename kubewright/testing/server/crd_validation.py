"""What a real API server refuses a CustomResourceDefinition for (apiextensions ``apis/apiextensions/validation``).

Go validates an internal form of the CRD, and it shows: what is the same in all versions (always, when there is one
version) stands at the top there, so its field is ``spec.validation`` and not ``spec.versions[0].schema``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from kubewright.testing.server.crd_schema import validate_schema
from kubewright.testing.server.crd_selectable import validate_selectable_fields
from kubewright.testing.server.documents import Json, entries, section
from kubewright.testing.server.metadata import name_problems
from kubewright.validation import Cause
from kubewright.validation.causes import forbidden, invalid, invalid_struct, not_supported, required
from kubewright.validation.names import dns1035_problems

_APPROVAL: Final = "api-approved.kubernetes.io"
_COLUMN_TYPES: Final = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS: Final = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_HOISTED: Final = ("schema", "subresources", "additionalPrinterColumns", "selectableFields")


def validate_crd(crd: Json, old: Json | None) -> list[Cause]:
    """Every cause, in the order and the words of the real server; ``old`` is the CRD before an update."""
    spec, status = section(crd, "spec"), section(crd, "status")
    names = section(spec, "names")
    causes: list[Cause] = []
    name = crd["metadata"].get("name", "")
    if old is None and name and name != f"{names.get('plural', '')}.{spec.get('group', '')}":
        causes.append(invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group'))
    causes += _spec(spec)
    if old is not None:
        causes += _immutable(spec, old)
    causes += _names(section(status, "acceptedNames"), "status.acceptedNames")
    causes += _stored_versions(status.get("storedVersions") or [], entries(spec, "versions"))
    causes += _approval(crd, old)
    if spec.get("preserveUnknownFields") and not (old and section(old, "spec").get("preserveUnknownFields")):
        why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        causes.append(invalid("spec.preserveUnknownFields", True, why))
    return causes


def _immutable(spec: Json, old: Json) -> Iterator[Cause]:
    before = section(old, "spec")
    conditions = {condition["type"]: condition["status"] for condition in entries(old, "status", "conditions")}
    fields = [("group",), ("names", "plural")]
    if conditions.get("Established") == "True":
        fields = [("scope",), ("names", "kind"), *fields]
    for path in fields:
        new_value = section(spec, *path[:-1]).get(path[-1], "")
        if new_value != section(before, *path[:-1]).get(path[-1], ""):
            yield invalid(".".join(("spec", *path)), new_value, "field is immutable")


def _spec(spec: Json) -> Iterator[Cause]:
    group = spec.get("group") or ""
    if not group:
        yield required("spec.group")
    elif problems := name_problems("subdomain", group):
        yield invalid("spec.group", group, ",".join(problems))
    elif "." not in group:
        yield invalid("spec.group", group, "should be a domain with at least one dot")
    scope = spec.get("scope") or ""
    if not scope:
        yield required("spec.scope")
    elif scope not in ("Cluster", "Namespaced"):
        yield not_supported("spec.scope", scope, ("Cluster", "Namespaced"))
    versions = entries(spec, "versions")
    shared = _shared(versions)
    if not section(shared, "schema", "openAPIV3Schema"):
        for index, version in enumerate(versions):
            if "openAPIV3Schema" not in section(version, "schema"):
                yield required(f"spec.versions[{index}].schema.openAPIV3Schema")
    for index, version in enumerate(versions):
        yield from _version(version, f"spec.versions[{index}]", shared)
    yield from _version_set(versions, shared, given=spec.get("versions") is not None)
    names = section(spec, "names")
    for key in ("plural", "singular", "kind", "listKind"):
        if not names.get(key):
            yield required(f"spec.names.{key}")
    yield from _names(names, "spec.names")
    any_status = any("status" in section(version, "subresources") for version in versions)
    yield from _parts(shared, "spec", "validation", status=any_status)
    yield from _conversion(section(spec, "conversion"))


def _shared(versions: list[Json]) -> Json:
    """What all versions have in common, field by field: Go moves it from the versions to the top of the spec."""
    if not versions:
        return {}
    first = versions[0]
    return {key: first.get(key) for key in _HOISTED if all(v.get(key) == first.get(key) for v in versions)}


def _version(version: Json, path: str, shared: Json) -> Iterator[Cause]:
    name = version.get("name") or ""
    if problems := dns1035_problems(name):
        yield invalid(f"{path}.name", name, ",".join(problems))
    warning = version.get("deprecationWarning")
    for problem in _warning_problems(bool(version.get("deprecated")), warning):
        yield invalid(f"{path}.deprecationWarning", warning, problem)
    own = {key: version.get(key) for key in _HOISTED if key not in shared}
    subresources = shared.get("subresources") if "subresources" in shared else version.get("subresources")
    yield from _parts(own, path, "schema", status="status" in (subresources or {}))


def _parts(owner: Json, path: str, schema_name: str, *, status: bool) -> Iterator[Cause]:
    schema = section(owner, "schema", "openAPIV3Schema")
    if schema:
        yield from validate_schema(schema, f"{path}.{schema_name}", status=status)
    yield from _subresources(section(owner, "subresources"), f"{path}.subresources")
    for index, column in enumerate(entries(owner, "additionalPrinterColumns")):
        yield from _column(column, f"{path}.additionalPrinterColumns[{index}]")
    if owner.get("selectableFields"):
        fields = entries(owner, "selectableFields")
        # Go looks for the schema beside the fields; here both were moved, or neither was
        yield from validate_selectable_fields(fields, schema, f"{path}.selectableFields")


def _warning_problems(deprecated: bool, warning: Any) -> Iterator[str]:
    if warning is None:
        return
    if not deprecated:
        yield "can only be set for deprecated versions"
        return
    if len(warning) > 256:
        yield "must be <= 256 characters long"
    if not warning:
        yield "must not be an empty string"
    for index, char in enumerate(warning):
        if not char.isprintable():
            yield f"must only contain printable UTF-8 characters; non-printable character found at index {index}"
            return


def _version_set(versions: list[Json], shared: Json, *, given: bool) -> Iterator[Cause]:
    names = [version.get("name") for version in versions]
    shown = [_internal_version(version, shared) for version in versions] if given else None
    if len(set(names)) != len(names):
        yield invalid_struct("spec.versions", shown, "must contain unique version names")
    if sum(bool(version.get("storage")) for version in versions) != 1:
        yield invalid_struct("spec.versions", shown, "must have exactly one version marked as storage version")
    if names and (problems := dns1035_problems(str(names[0] or ""))) and names[0]:
        # the internal form repeats the first version's name
        yield invalid("spec.version", names[0], ",".join(problems))


def _internal_version(version: Json, shared: Json) -> Json:
    """How Go prints a version of its internal form."""
    return {
        "Name": version.get("name", ""),
        "Served": bool(version.get("served")),
        "Storage": bool(version.get("storage")),
        "Deprecated": bool(version.get("deprecated")),
        "DeprecationWarning": version.get("deprecationWarning"),
        **{key[0].upper() + key[1:]: None if key in shared else version.get(key) for key in _HOISTED},
    }


def _names(names: Json, path: str) -> Iterator[Cause]:
    mixed = "may have mixed case, but should otherwise match: "
    for key in ("plural", "singular", "kind", "listKind"):
        value = names.get(key) or ""
        prefix = mixed if key in ("kind", "listKind") else ""
        if value and (problems := dns1035_problems(value.lower() if prefix else value)):
            yield invalid(f"{path}.{key}", value, prefix + ",".join(problems))
    yield from _labels(names.get("shortNames") or [], f"{path}.shortNames")
    if names.get("kind") and names["kind"] == names.get("listKind"):
        yield invalid(f"{path}.listKind", names["listKind"], "kind and listKind may not be the same")
    yield from _labels(names.get("categories") or [], f"{path}.categories")


def _labels(values: list[str], path: str) -> Iterator[Cause]:
    for index, value in enumerate(values):
        if problems := dns1035_problems(value):
            yield invalid(f"{path}[{index}]", value, ",".join(problems))


def _column(column: Json, path: str) -> Iterator[Cause]:
    if not column.get("name"):
        yield required(f"{path}.name")
    kind, format_ = column.get("type") or "", column.get("format") or ""
    if not kind:
        yield required(f"{path}.type", f"must be one of {','.join(_COLUMN_TYPES)}")
    elif kind not in _COLUMN_TYPES:
        yield invalid(f"{path}.type", kind, f"must be one of {','.join(_COLUMN_TYPES)}")
    if format_ and format_ not in _COLUMN_FORMATS:
        yield invalid(f"{path}.format", format_, f"must be one of {','.join(_COLUMN_FORMATS)}")
    if not column.get("jsonPath"):
        yield required(f"{path}.JSONPath")
    elif not column["jsonPath"].startswith("."):
        yield invalid(f"{path}.JSONPath", column["jsonPath"], "must be a simple json path starting with .")


def _subresources(subresources: Json, path: str) -> Iterator[Cause]:
    if subresources.get("scale") is None:
        return
    scale = section(subresources, "scale")
    for key, root in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        value = scale.get(key) or ""
        if not value:
            yield required(f"{path}.scale.{key}")
        elif not value.startswith("."):
            yield invalid(f"{path}.scale.{key}", value, "must be a simple json path starting with .")
        elif not value.startswith(root):
            yield invalid(f"{path}.scale.{key}", value, f"should be a json path under {root[:-1]}")
    selector = scale.get("labelSelectorPath") or ""
    if selector and not selector.startswith("."):
        yield invalid(f"{path}.scale.labelSelectorPath", selector, "must be a simple json path starting with .")
    elif selector and not selector.startswith((".spec.", ".status.")):
        why = "should be a json path under either .spec or .status"
        yield invalid(f"{path}.scale.labelSelectorPath", selector, why)


def _conversion(conversion: Json) -> Iterator[Cause]:
    if not conversion:
        return
    path, strategy = "spec.conversion", conversion.get("strategy") or ""
    if not strategy:
        yield required(f"{path}.strategy")
    elif strategy not in ("None", "Webhook"):
        yield not_supported(f"{path}.strategy", strategy, ("None", "Webhook"))
    webhook = section(conversion, "webhook")
    versions: list[str] = webhook.get("conversionReviewVersions") or []
    if strategy != "Webhook":
        if webhook.get("clientConfig") is not None:
            yield forbidden(f"{path}.webhookClientConfig", "should not be set when strategy is not set to Webhook")
        if versions:
            why = "should not be set when strategy is not set to Webhook"
            yield forbidden(f"{path}.conversionReviewVersions", why)
        return
    yield from _webhook_client(webhook.get("clientConfig"), f"{path}.webhookClientConfig")
    where, seen = f"{path}.conversionReviewVersions", set[str]()
    if not versions:
        yield required(where)
        return
    for index, version in enumerate(versions):
        if version in seen:
            yield invalid(f"{where}[{index}]", version, "duplicate version")
            continue
        seen.add(version)
        for problem in dns1035_problems(version):
            yield invalid(f"{where}[{index}]", version, problem)
    if not seen & {"v1", "v1beta1"}:
        yield invalid(where, versions, "must include at least one of v1, v1beta1")


def _webhook_client(client: Json | None, path: str) -> Iterator[Cause]:
    if client is None:
        yield required(path, "required when strategy is set to Webhook")
        return
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        yield required(path, "exactly one of url or service is required")
    elif service is not None:
        # kube-apiserver passes name and namespace in the wrong order here; the fields of the causes follow
        if not service.get("namespace"):
            yield required(f"{path}.service.name")
        if not service.get("name"):
            yield required(f"{path}.service.namespace")
    elif urlsplit(str(url)).scheme != "https":
        why = "'https' is the only allowed URL scheme; desired format: https://host[/path]"
        yield invalid(f"{path}.url", urlsplit(str(url)).scheme, why)


def _stored_versions(stored: list[str], versions: list[Json]) -> Iterator[Cause]:
    path = "status.storedVersions"
    if not stored:
        yield invalid(path, stored or None, "must have at least one stored version")
        return
    known = {version.get("name") for version in versions}
    for version in versions:
        if version.get("storage") and version.get("name") not in stored:
            yield invalid(path, stored, f"must have the storage version {version.get('name')}")
    for index, name in enumerate(stored):
        if name not in known:
            why = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions "
                f"until a storage migration ensures no data remains persisted in {name} and removes {name} from "
                "status.storedVersions"
            )
            yield invalid(f"{path}[{index}]", name, why)


def _approval(crd: Json, old: Json | None) -> Iterator[Cause]:
    group = str(section(crd, "spec").get("group") or "")
    if re.search(r"(^|\.)(k8s|kubernetes)\.io$", group) is None:
        return
    value = str(section(crd, "metadata", "annotations").get(_APPROVAL, ""))
    state = _approval_state(value)
    if old is not None and _approval_state(str(section(old, "metadata", "annotations").get(_APPROVAL, ""))) == state:
        return
    path, more = f"metadata.annotations[{_APPROVAL}]", "see https://github.com/kubernetes/enhancements/pull/1111"
    if state == "missing":
        yield required(path, f'protected groups must have approval annotation "{_APPROVAL}", {more}')
    elif state == "invalid":
        why = (
            f'protected groups must have approval annotation "{_APPROVAL}" with either a URL or a reason starting with '
            f'"unapproved", {more}'
        )
        yield invalid(path, value, why)


def _approval_state(value: str) -> str:
    if not value:
        return "missing"
    if value.startswith("unapproved"):
        return "bypassed"
    parts = urlsplit(value)
    return "approved" if parts.scheme and parts.netloc else "invalid"
