"""CustomResourceDefinitions: from an object in storage to a kind that is served.

A real server does this with five controllers that race; here it happens in the request that writes the CRD, in the
same visible steps: the create answers without conditions, then the names are accepted and the kind is established, each
an update that watchers see. When ``kubectl apply`` returns, the kind is served, which no test ever minded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from kubewright.clock import Clock
from kubewright.core.resource import PrinterColumn, Resource
from kubewright.testing.server.crd_names import Names, decide_names
from kubewright.testing.server.crd_validation import validate_crd
from kubewright.testing.server.crd_warnings import schema_warnings
from kubewright.testing.server.discovery import version_priority
from kubewright.testing.server.documents import entries, is_object, section
from kubewright.testing.server.messages import ServerRequest
from kubewright.testing.server.metadata import timestamp
from kubewright.testing.server.registry import Registry, ServedResource
from kubewright.testing.server.selectable import path
from kubewright.validation import Cause, Scale

Json: TypeAlias = dict[str, Any]

GROUP: Final = "apiextensions.k8s.io"
PLURAL: Final = "customresourcedefinitions"
CLEANUP_FINALIZER: Final = "customresourcecleanup.apiextensions.k8s.io"
CRD_VERBS: Final = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


class CrdAdmission:
    """What a CRD must satisfy, and what the server adds to it (apiextensions ``customresourcedefinition`` strategy)."""

    def default(self, obj: Json) -> None:
        """Fill in the names that follow from others, and the conversion (Go: ``SetDefaults_CustomResourceDefinition``)."""
        spec: Json = obj.setdefault("spec", {})
        names: Json = spec.setdefault("names", {})
        kind = str(names.get("kind", ""))
        if not names.get("singular"):
            names["singular"] = kind.lower()
        if not names.get("listKind") and kind:
            names["listKind"] = f"{kind}List"
        if not spec.get("conversion"):
            spec["conversion"] = {"strategy": "None"}
        service = section(spec, "conversion", "webhook", "clientConfig").get("service")
        if is_object(service):
            service.setdefault("port", 443)
        if spec.get("preserveUnknownFields") is False:
            del spec["preserveUnknownFields"]

    def prepare(self, obj: Json, old: Json | None) -> None:
        """Keep count of the versions that objects are stored in; a new CRD has no other status."""
        spec: Json = obj["spec"]
        if old is None:
            obj["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": []}
        stored: list[str] = obj.setdefault("status", {}).setdefault("storedVersions", [])
        storage = [v.get("name") for v in spec.get("versions") or () if v.get("storage")]
        stored += [name for name in storage[:1] if name not in stored]

    def validate(self, obj: Json, old: Json | None) -> list[Cause]:
        """Everything a real server would refuse the CRD for."""
        return validate_crd(obj, old)

    def prepare_delete(self, obj: Json, now: float) -> bool:
        """Hold the CRD back until its instances are gone, in place; no other mark, and no new generation."""
        obj["metadata"]["deletionTimestamp"] = timestamp(now)
        finalizers: list[str] = obj["metadata"].setdefault("finalizers", [])
        if CLEANUP_FINALIZER not in finalizers:
            finalizers.append(CLEANUP_FINALIZER)
        set_condition(
            obj,
            "Terminating",
            "True",
            "InstanceDeletionPending",
            "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
            now,
        )
        return True

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        """What a real server warns of, and that CEL rules are kept but not enforced, once a version."""
        known = set[str]() if old is None else set(schema_warnings(old))
        notes = [note for note in schema_warnings(obj) if note not in known]
        for version in entries(obj, "spec", "versions"):
            count = _count_rules(section(version, "schema", "openAPIV3Schema"))
            if count:
                notes.append(
                    f"{count} x-kubernetes-validations rules of version {version.get('name')} are served "
                    "but not enforced by the embedded API server"
                )
        if section(obj, "spec", "conversion").get("strategy") == "Webhook":
            notes.append(
                "the conversion webhook is not called by the embedded API server: versions differ in apiVersion only"
            )
        return notes


def _count_rules(schema: Mapping[str, Any]) -> int:
    count = len(schema.get("x-kubernetes-validations") or ())
    count += sum(_count_rules(sub) for sub in section(schema, "properties").values())
    return count + sum(
        _count_rules(sub) for sub in (section(schema, "items"), section(schema, "additionalProperties")) if sub
    )


class Writes(Protocol):
    """What the CRD controller needs of the API."""

    @property
    def clock(self) -> Clock: ...

    def handle(self, request: ServerRequest, /) -> object: ...
    def update_object(self, obj: Json, /) -> Json: ...
    def read_objects(self, served: ServedResource, /) -> list[Json]: ...
    def remove_objects(self, served: ServedResource, /) -> int: ...
    def end_watches(self, group: str, plural: str, /) -> None: ...
    def forget(self, group: str, plural: str, /) -> None: ...


class CrdController:
    """Keeps the registry in line with the CRDs in storage. Called after every commit (``API.on_stored``)."""

    def __init__(self, registry: Registry, api: Writes) -> None:
        self._registry = registry
        self._api = api

    def __call__(self, event: str, served: ServedResource, obj: Json) -> None:
        if served.resource.group != GROUP or served.resource.plural != PLURAL:
            if event == "DELETED" and not served.builtin:
                self._instance_gone(served)
            return
        if event == "DELETED":
            self._stop_serving(obj)
            return
        if obj["metadata"].get("deletionTimestamp"):
            self._clean_up(obj)
            return
        self._establish(obj)

    def _establish(self, crd: Json) -> None:
        decided = decide_names(crd, self._others(crd))
        if decided is not None:
            self._set_names(crd, decided)
            # the update is announced, and this controller called again, for the next step
            self._write_status(crd)
            return
        conditions = {c["type"]: c for c in crd["status"].get("conditions") or ()}
        if conditions.get("NamesAccepted", {}).get("status") != "True":
            return
        self._serve(crd)
        if conditions.get("Established", {}).get("status") != "True":
            self._condition(crd, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted")
            self._write_status(crd)

    def _write_status(self, crd: Json) -> None:
        """Through the API, as the real server's controllers do it: their writes show in managedFields."""
        path = f"/apis/{GROUP}/v1/{PLURAL}/{crd['metadata']['name']}/status"
        query = (("fieldManager", "kube-apiserver"),)
        headers = {"content-type": "application/json"}
        self._api.handle(ServerRequest("PUT", path, query, headers, msgspec.json.encode(crd)))

    def _others(self, crd: Json) -> list[Json]:
        return [
            other
            for other in self._read_all()
            if other["metadata"]["name"] != crd["metadata"]["name"] and other["spec"]["group"] == crd["spec"]["group"]
        ]

    def _read_all(self) -> list[Json]:
        served = self._registry.lookup(GROUP, "v1", PLURAL)
        assert served is not None
        return self._api.read_objects(served)

    def _set_names(self, crd: Json, names: Names) -> None:
        crd["status"]["acceptedNames"] = names.accepted
        accepted = "False" if names.conflict else "True"
        self._condition(crd, "NamesAccepted", accepted, names.reason, names.message)
        established = next((c for c in crd["status"]["conditions"] if c["type"] == "Established"), None)
        if established is None or established["status"] != "True":
            if names.conflict:
                self._condition(crd, "Established", "False", "NotAccepted", "not all names are accepted")
            else:
                self._condition(crd, "Established", "False", "Installing", "the initial names have been accepted")

    def _condition(self, crd: Json, kind: str, status: str, reason: str, message: str) -> None:
        set_condition(crd, kind, status, reason, message, self._api.clock.time())

    def _serve(self, crd: Json) -> None:
        spec, names = crd["spec"], crd["status"]["acceptedNames"]
        group, plural = spec["group"], names["plural"]
        old = self._registry.versions(group, plural)
        if old and all(served.origin == spec for served in old):
            return
        self._registry.install(group, plural, served_versions(spec, names))
        if old:  # a real server makes new storage for a changed CRD, and ends the watches on the old one
            self._api.end_watches(group, plural)

    def _stop_serving(self, crd: Json) -> None:
        group, plural = crd["spec"]["group"], crd["spec"]["names"]["plural"]
        self._registry.remove(group, plural)
        self._api.forget(group, plural)
        for other in self._others(crd):
            # names that were taken may be free now
            self._establish(other)

    def _clean_up(self, crd: Json) -> None:
        """Delete all instances; the CRD itself goes when the last one has gone (instances may have finalizers)."""
        if CLEANUP_FINALIZER not in (crd["metadata"].get("finalizers") or ()):
            return
        served = self._registry.versions(crd["spec"]["group"], crd["spec"]["names"]["plural"])
        if served and self._api.remove_objects(served[0]):
            return
        # the last instance may have ended this CRD already, on its way out
        for current in self._read_all():
            if current["metadata"]["uid"] == crd["metadata"]["uid"]:
                current["metadata"]["finalizers"].remove(CLEANUP_FINALIZER)
                self._api.update_object(current)

    def _instance_gone(self, served: ServedResource) -> None:
        name = f"{served.resource.plural}.{served.resource.group}"
        for crd in self._read_all():
            if crd["metadata"]["name"] == name and crd["metadata"].get("deletionTimestamp"):
                self._clean_up(crd)


def set_condition(crd: Json, kind: str, status: str, reason: str, message: str, now: float) -> None:
    """Set one condition of a CRD in place; the transition time changes only with the status."""
    conditions: list[Json] = crd["status"].get("conditions") or []
    crd["status"]["conditions"] = conditions
    found = next((c for c in conditions if c["type"] == kind), None)
    if found is None:
        found = {"type": kind, "status": "", "lastTransitionTime": None}
        conditions.append(found)
    if found["status"] != status:
        found["lastTransitionTime"] = timestamp(now)
    found.update(status=status, reason=reason, message=message)


def served_versions(spec: Json, names: Json) -> list[ServedResource]:
    """The kind in each of its served versions, as the registry wants it."""
    storage = next(version["name"] for version in spec["versions"] if version["storage"])
    versions: dict[str, ServedResource] = {}
    for version in spec["versions"]:
        versions[version["name"]] = _served(spec, names, version, storage, versions)
    return [versions[version["name"]] for version in spec["versions"] if version["served"]]


def _deprecated(spec: Json, resource: Resource) -> str:
    """The warning of a deprecated version that has none of its own: it names the best version to go to, if any."""
    better = [
        other["name"]
        for other in spec["versions"]
        if other["served"]
        and not other.get("deprecated")
        and version_priority(other["name"]) > version_priority(resource.version)
    ]
    text = f"{resource.api_version} {resource.kind} is deprecated"
    if not better:
        return text
    return f"{text}; use {resource.group}/{max(better, key=version_priority)} {resource.kind}"


def _scale(scale: Json) -> Scale:
    return Scale(scale["specReplicasPath"], scale["statusReplicasPath"], scale.get("labelSelectorPath", ""))


def _served(
    spec: Json, names: Json, version: Json, storage: str, versions: Mapping[str, ServedResource]
) -> ServedResource:
    subresources: Json = version.get("subresources") or {}
    scale: Json | None = subresources.get("scale")
    schema = section(version, "schema", "openAPIV3Schema") or None
    selectable = tuple(field["jsonPath"] for field in version.get("selectableFields") or ())
    resource = Resource(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        namespaced=spec["scope"] == "Namespaced",
        singular=names.get("singular", ""),
        list_kind=names.get("listKind", ""),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        verbs=CRD_VERBS,
        subresources=tuple(name for name in ("status", "scale") if subresources.get(name) is not None),
        printer_columns=tuple(
            PrinterColumn(
                name=column["name"],
                type=column["type"],
                json_path=column["jsonPath"],
                description=column.get("description", ""),
                format=column.get("format", ""),
                priority=column.get("priority", 0),
            )
            for column in version.get("additionalPrinterColumns") or ()
        ),
        selectable_fields=selectable,
    )
    warning = ""
    if version.get("deprecated"):
        warning = version.get("deprecationWarning") or _deprecated(spec, resource)
    return ServedResource(
        resource=resource,
        storage_version=storage,
        builtin=False,
        load_schema=lambda: None if spec.get("preserveUnknownFields") else schema,
        scale=None if scale is None else _scale(scale),
        deprecation_warning=warning,
        selectable={name: path(name) for name in (each.removeprefix(".") for each in selectable)},
        origin=spec,
        versions=versions,
    )
