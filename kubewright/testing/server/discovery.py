"""Discovery: which groups, versions and kinds there are, in the old form (one request a group-version) and the aggregated.

kubectl, client-go and controller-runtime find a kind's path here before they can do anything with it. Documents are
built when asked for and kept until the registry changes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec

from kubewright.testing.server import builtins, reviews
from kubewright.testing.server.messages import JSON, ServerRequest, ServerResponse
from kubewright.testing.server.registry import Registry, ServedResource

Json: TypeAlias = dict[str, Any]

AGGREGATED: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_STATUS_VERBS: Final = ("get", "patch", "update")
_ORDER: Final = (
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "storagemigration.k8s.io",
)
"""In which the real server lists its groups: when two groups have a kind of one name, clients take the first."""


class Discovery:
    """Answers the discovery paths; None for every other path."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[tuple[str, bool], ServerResponse | None] = {}
        registry.on_change(self._known.clear)

    def answer(self, request: ServerRequest) -> ServerResponse | None:
        """The document for ``/api``, ``/apis``, ``/apis/GROUP`` or a group-version."""
        parts = request.path.strip("/").split("/")
        if parts[0] not in ("api", "apis") or len(parts) > (2 if parts[0] == "api" else 3):
            return None
        aggregated = len(parts) == 1 and _wants_aggregated(request.headers.get("accept", ""))
        if parts == ["api"] and not aggregated:
            # the address by which the client came, as the real server has it
            address = {"clientCIDR": "0.0.0.0/0", "serverAddress": request.headers.get("host", "")}
            return _respond({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]})
        key = ("/".join(parts), aggregated)
        if key not in self._known:
            self._known[key] = self._document(parts, aggregated)
        return self._known[key]

    def _document(self, parts: list[str], aggregated: bool) -> ServerResponse | None:
        match parts:
            case ["api"]:
                return _respond(self._aggregated([""]), AGGREGATED)
            case ["api", version]:
                return self._resource_list("", version)
            case ["apis"]:
                groups = [group for group in self.groups() if group]
                if aggregated:
                    return _respond(self._aggregated(groups), AGGREGATED)
                documents = [self._group(group) for group in groups]
                return _respond({"kind": "APIGroupList", "apiVersion": "v1", "groups": documents})
            case ["apis", group]:
                if group not in self.groups():
                    return None
                return _respond({"kind": "APIGroup", "apiVersion": "v1", **self._group(group)})
            case ["apis", group, version]:
                return self._resource_list(group, version)
            case _:
                return None

    def groups(self) -> dict[str, list[str]]:
        """Group -> versions, best version first; the order in which the real server lists them, CRD groups last."""
        found: dict[str, set[str]] = {}
        builtin: set[str] = set()
        for served in (*self._registry.all(), *reviews.SERVED):
            found.setdefault(served.resource.group, set()).add(served.resource.version)
            if served.builtin:
                builtin.add(served.resource.group)
        order = sorted(found, key=lambda g: (g not in builtin, _ORDER.index(g) if g in _ORDER else 99, g))
        return {group: sorted(found[group], key=version_priority, reverse=True) for group in order}

    def resources(self, group: str, version: str) -> list[ServedResource]:
        """The kinds of one group-version, sorted by plural."""
        known = (*self._registry.all(), *reviews.SERVED)
        found = [s for s in known if s.resource.group == group and s.resource.version == version]
        return sorted(found, key=lambda served: served.resource.plural)

    def _group(self, group: str) -> Json:
        versions = [{"groupVersion": f"{group}/{version}", "version": version} for version in self.groups()[group]]
        return {"name": group, "versions": versions, "preferredVersion": versions[0]}

    def _resource_list(self, group: str, version: str) -> ServerResponse | None:
        served = self.resources(group, version)
        if not served:
            return None
        resources: list[Json] = []
        for each in served:
            resources.append(_legacy(each))
            resources += [_legacy_subresource(each, name) for name in each.resource.subresources]
        document: Json = {"kind": "APIResourceList", "apiVersion": "v1"}
        if not group:
            del document["apiVersion"]
        document |= {"groupVersion": f"{group}/{version}" if group else version, "resources": resources}
        return _respond(document)

    def _aggregated(self, groups: Sequence[str]) -> Json:
        known = self.groups()
        items: list[Json] = []
        for group in groups:
            versions = [
                {
                    "version": version,
                    "resources": [_aggregate(each) for each in self.resources(group, version)],
                    "freshness": "Current",
                }
                for version in known[group]
            ]
            items.append({"metadata": {"name": group} if group else {}, "versions": versions})
        kind = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2"}
        return {**kind, "metadata": {}, "items": items}


def _wants_aggregated(accept: str) -> bool:
    for clause in accept.split(","):
        kind, *parameters = (part.strip() for part in clause.split(";"))
        wanted = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        if kind == JSON and wanted.get("as") == "APIGroupDiscoveryList" and wanted.get("v") == "v2":
            return True
        if kind in (JSON, "*/*") and not wanted:
            return False
    return False


def _respond(document: Json, content_type: str = JSON) -> ServerResponse:
    return ServerResponse(200, msgspec.json.encode(document), (("content-type", content_type),))


def _legacy(served: ServedResource) -> Json:
    resource = served.resource
    document: Json = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        document["shortNames"] = list(resource.short_names)
    if resource.categories:
        document["categories"] = list(resource.categories)
    # what a client may compare to see whether objects are stored in another version than before
    stored_as = f"{resource.group}/{served.storage_version}/{resource.kind}"
    document["storageVersionHash"] = base64.b64encode(hashlib.sha256(stored_as.encode()).digest()[:8]).decode()
    return document


def _legacy_subresource(served: ServedResource, name: str) -> Json:
    resource = served.resource
    document: Json = {"name": f"{resource.plural}/{name}", "singularName": "", "namespaced": resource.namespaced}
    group, version, kind, verbs = _subresource(served, name)
    if group:
        document |= {"group": group, "version": version}
    return {**document, "kind": kind, "verbs": list(verbs)}


def _subresource(served: ServedResource, name: str) -> tuple[str, str, str, Sequence[str]]:
    """Group and version (empty: those of the resource), kind and verbs of a subresource."""
    resource = served.resource
    entry = builtins.subresource(resource.api_version, f"{resource.plural}/{name}") if served.builtin else None
    if entry is not None:
        return entry.group, entry.version, entry.kind, entry.verbs
    if name == "scale":
        return "autoscaling", "v1", "Scale", _STATUS_VERBS
    return "", "", resource.kind, _STATUS_VERBS


def _aggregate(served: ServedResource) -> Json:
    resource = served.resource
    document: Json = {
        "resource": resource.plural,
        # empty = the group and version around it: so the real server writes built-in kinds, and only them
        "responseKind": {
            "group": "" if served.builtin else resource.group,
            "version": "" if served.builtin else resource.version,
            "kind": resource.kind,
        },
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        document["shortNames"] = list(resource.short_names)
    if resource.categories:
        document["categories"] = list(resource.categories)
    subresources: list[Json] = []
    for name in resource.subresources:
        group, version, kind, verbs = _subresource(served, name)
        if not served.builtin:
            group, version = group or resource.group, version or resource.version
        about = {"group": group, "version": version, "kind": kind}
        subresources.append({"subresource": name, "responseKind": about, "verbs": list(verbs)})
    if subresources:
        document["subresources"] = subresources
    return document


_VERSION: Final = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")


def version_priority(version: str) -> tuple[int, int, int, str]:
    """A key that sorts versions as Kubernetes does, best last: v10 > v2 > v1beta2 > v1beta1 > v1alpha1 > other."""
    found = _VERSION.fullmatch(version)
    if found is None:
        # other names sort alphabetically, first is best
        return 0, 0, 0, "".join(chr(0x10FFFF - ord(c)) for c in version) + chr(0x10FFFF)
    stage = {None: 3, "beta": 2, "alpha": 1}[found[2]]
    return stage, int(found[1]), int(found[3] or 0), ""
